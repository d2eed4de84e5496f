SELECT COALESCE(SUM(line_items.l_extendedprice * line_items.l_discount), 0) AS discount_given
FROM lineitem AS line_items
WHERE line_items.l_shipdate >= DATE '1994-01-01'
  AND line_items.l_shipdate < DATE '1995-01-01'
  AND line_items.l_discount >= CAST($1 AS DECIMAL(2, 2))
  AND line_items.l_discount <= CAST($2 AS DECIMAL(2, 2))
  AND line_items.l_quantity < $3
