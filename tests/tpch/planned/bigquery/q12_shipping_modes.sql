SELECT
  line_items.l_shipmode AS ship_mode,
  COUNT(CASE WHEN orders.o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 END) AS urgent_lines_received,
  COUNT(CASE WHEN (orders.o_orderpriority IN ('1-URGENT', '2-HIGH')) IS NOT TRUE THEN 1 END) AS other_lines_received
FROM lineitem AS line_items
JOIN orders ON line_items.l_orderkey = orders.o_orderkey
WHERE line_items.l_receiptdate >= DATE '1994-01-01'
  AND line_items.l_receiptdate < DATE '1995-01-01'
  AND line_items.l_shipmode IN (@p1, @p2)
  AND line_items.l_commitdate < line_items.l_receiptdate
  AND line_items.l_shipdate < line_items.l_commitdate
GROUP BY 1
ORDER BY ship_mode NULLS LAST
