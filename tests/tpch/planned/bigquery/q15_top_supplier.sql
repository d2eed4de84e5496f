SELECT
  suppliers.s_suppkey AS suppliers_number,
  suppliers.s_name AS suppliers_name,
  suppliers.s_address AS suppliers_address,
  suppliers.s_phone AS suppliers_phone,
  COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS revenue
FROM lineitem AS line_items
LEFT JOIN supplier AS suppliers ON line_items.l_suppkey = suppliers.s_suppkey
WHERE line_items.l_shipdate >= DATE '1996-01-01'
  AND line_items.l_shipdate < DATE '1996-04-01'
GROUP BY 1, 2, 3, 4
ORDER BY revenue DESC NULLS LAST, suppliers_number NULLS LAST, suppliers_name NULLS LAST, suppliers_address NULLS LAST, suppliers_phone NULLS LAST
LIMIT 1
