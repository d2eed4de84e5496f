SELECT
  nation.n_name AS suppliers_nation_name,
  orders_customers_nation.n_name AS customers_nation_name,
  DATE_TRUNC(CAST(line_items.l_shipdate AS DATE), YEAR) AS time_year,
  COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS revenue
FROM lineitem AS line_items
JOIN supplier AS suppliers ON line_items.l_suppkey = suppliers.s_suppkey
JOIN nation ON suppliers.s_nationkey = nation.n_nationkey
JOIN orders ON line_items.l_orderkey = orders.o_orderkey
JOIN customer AS customers ON orders.o_custkey = customers.c_custkey
JOIN nation AS orders_customers_nation ON customers.c_nationkey = orders_customers_nation.n_nationkey
WHERE line_items.l_shipdate >= DATE '1995-01-01'
  AND line_items.l_shipdate < DATE '1997-01-01'
  AND (nation.n_name = @p1 AND orders_customers_nation.n_name = @p2 OR nation.n_name = @p2 AND orders_customers_nation.n_name = @p1)
GROUP BY 1, 2, 3
ORDER BY suppliers_nation_name NULLS LAST, customers_nation_name NULLS LAST, time_year NULLS LAST
