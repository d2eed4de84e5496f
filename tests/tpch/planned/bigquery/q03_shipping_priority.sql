SELECT
  line_items.l_orderkey AS orders_number,
  orders.o_orderdate AS orders_ordered_on,
  orders.o_shippriority AS orders_ship_priority,
  COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS revenue
FROM lineitem AS line_items
JOIN orders ON line_items.l_orderkey = orders.o_orderkey
JOIN customer AS customers ON orders.o_custkey = customers.c_custkey
WHERE customers.c_mktsegment = @p1
  AND orders.o_orderdate < @p2
  AND line_items.l_shipdate >= @p3
GROUP BY 1, 2, 3
ORDER BY revenue DESC NULLS LAST, orders_ordered_on NULLS LAST, orders_number NULLS LAST, orders_ship_priority NULLS LAST
LIMIT 10
