SELECT
  line_items.l_returnflag AS return_flag,
  line_items.l_linestatus AS status,
  COALESCE(SUM(line_items.l_quantity), 0) AS quantity,
  COALESCE(SUM(line_items.l_extendedprice), 0) AS gross_revenue,
  COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS revenue,
  COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount) * (1 + line_items.l_tax)), 0) AS charge,
  AVG(line_items.l_quantity) AS average_quantity,
  AVG(line_items.l_extendedprice) AS average_price,
  AVG(line_items.l_discount) AS average_discount,
  COUNT(*) AS lines
FROM lineitem AS line_items
WHERE line_items.l_shipdate < CAST($1 AS DATE)
GROUP BY 1, 2
ORDER BY return_flag NULLS LAST, status NULLS LAST
