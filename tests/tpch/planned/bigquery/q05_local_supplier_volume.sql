SELECT
  nation.n_name AS suppliers_nation_name,
  COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS ordered_revenue
FROM lineitem AS line_items
JOIN orders ON line_items.l_orderkey = orders.o_orderkey
JOIN customer AS customers ON orders.o_custkey = customers.c_custkey
JOIN supplier AS suppliers ON line_items.l_suppkey = suppliers.s_suppkey
JOIN nation ON suppliers.s_nationkey = nation.n_nationkey
JOIN region ON nation.n_regionkey = region.r_regionkey
WHERE orders.o_orderdate >= DATE '1994-01-01'
  AND orders.o_orderdate < DATE '1995-01-01'
  AND customers.c_nationkey = suppliers.s_nationkey
  AND region.r_name = @p1
GROUP BY 1
ORDER BY ordered_revenue DESC NULLS LAST, suppliers_nation_name NULLS LAST
