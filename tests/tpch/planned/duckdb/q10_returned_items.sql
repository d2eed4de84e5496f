SELECT
  by_key.customers_number,
  customers.c_name AS customers_name,
  customers.c_acctbal AS customers_balance,
  nation.n_name AS customers_nation_name,
  customers.c_address AS customers_address,
  customers.c_phone AS customers_phone,
  customers.c_comment AS customers_comment,
  COALESCE(by_key.ordered_revenue, 0) AS lost_revenue
FROM (
  SELECT
    orders.o_custkey AS customers_number,
    SUM(line_items.l_extendedprice * (1 - line_items.l_discount)) AS ordered_revenue
  FROM lineitem AS line_items
  JOIN orders ON line_items.l_orderkey = orders.o_orderkey
  WHERE orders.o_orderdate >= DATE '1993-10-01'
    AND orders.o_orderdate < DATE '1994-01-01'
    AND line_items.l_returnflag = 'R'
  GROUP BY 1
) AS by_key
JOIN customer AS customers ON by_key.customers_number = customers.c_custkey
JOIN nation ON customers.c_nationkey = nation.n_nationkey
ORDER BY lost_revenue DESC NULLS LAST, customers_number NULLS LAST, customers_name NULLS LAST, customers_balance NULLS LAST, customers_nation_name NULLS LAST, customers_address NULLS LAST, customers_phone NULLS LAST, customers_comment NULLS LAST
LIMIT 20
