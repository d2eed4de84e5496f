SELECT COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS revenue
FROM lineitem AS line_items
JOIN part AS parts ON line_items.l_partkey = parts.p_partkey
WHERE line_items.l_shipmode IN ($1, $2)
  AND line_items.l_shipinstruct = $3
  AND (parts.p_brand = $4 AND parts.p_container IN ($5, $6, $7, $8) AND line_items.l_quantity >= $9 AND line_items.l_quantity <= $10 AND parts.p_size >= $9 AND parts.p_size <= $11 OR parts.p_brand = $12 AND parts.p_container IN ($13, $14, $15, $16) AND line_items.l_quantity >= $17 AND line_items.l_quantity <= $18 AND parts.p_size >= $9 AND parts.p_size <= $17 OR parts.p_brand = $19 AND parts.p_container IN ($20, $21, $22, $23) AND line_items.l_quantity >= $18 AND line_items.l_quantity <= $24 AND parts.p_size >= $9 AND parts.p_size <= $25)
