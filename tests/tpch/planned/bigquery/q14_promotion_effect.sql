SELECT SAFE_DIVIDE(CAST(100 * COALESCE(SUM(CASE WHEN parts.p_type LIKE 'PROMO%' THEN line_items.l_extendedprice * (1 - line_items.l_discount) END), 0) AS FLOAT64), SUM(line_items.l_extendedprice * (1 - line_items.l_discount))) AS promotion_revenue_percent
FROM lineitem AS line_items
JOIN part AS parts ON line_items.l_partkey = parts.p_partkey
WHERE line_items.l_shipdate >= DATE '1995-09-01'
  AND line_items.l_shipdate < DATE '1995-10-01'
