SELECT
  DATE_TRUNC(CAST(orders.o_orderdate AS DATE), YEAR) AS time_year,
  SAFE_DIVIDE(CAST(COALESCE(SUM(CASE WHEN suppliers_nation.n_name = 'BRAZIL' THEN line_items.l_extendedprice * (1 - line_items.l_discount) END), 0) AS FLOAT64), SUM(line_items.l_extendedprice * (1 - line_items.l_discount))) AS brazilian_share
FROM lineitem AS line_items
JOIN orders ON line_items.l_orderkey = orders.o_orderkey
JOIN customer AS customers ON orders.o_custkey = customers.c_custkey
JOIN nation ON customers.c_nationkey = nation.n_nationkey
JOIN region ON nation.n_regionkey = region.r_regionkey
JOIN part AS parts ON line_items.l_partkey = parts.p_partkey
JOIN supplier AS suppliers ON line_items.l_suppkey = suppliers.s_suppkey
JOIN nation AS suppliers_nation ON suppliers.s_nationkey = suppliers_nation.n_nationkey
WHERE orders.o_orderdate >= DATE '1995-01-01'
  AND orders.o_orderdate < DATE '1997-01-01'
  AND region.r_name = @p1
  AND parts.p_type = @p2
GROUP BY 1
ORDER BY time_year NULLS LAST
