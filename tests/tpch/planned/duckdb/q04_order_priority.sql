SELECT
  orders.o_orderpriority AS priority,
  COUNT(*) AS orders
FROM orders
WHERE orders.o_orderdate >= DATE '1993-07-01'
  AND orders.o_orderdate < DATE '1993-10-01'
  AND EXISTS (
    SELECT 1 AS found
    FROM lineitem AS line_items
    WHERE line_items.l_orderkey = orders.o_orderkey
      AND line_items.l_commitdate < line_items.l_receiptdate
  )
GROUP BY 1
ORDER BY priority NULLS LAST
