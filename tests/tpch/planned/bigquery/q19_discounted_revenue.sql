SELECT COALESCE(SUM(line_items.l_extendedprice * (1 - line_items.l_discount)), 0) AS revenue
FROM lineitem AS line_items
JOIN part AS parts ON line_items.l_partkey = parts.p_partkey
WHERE line_items.l_shipmode IN (@p1, @p2)
  AND line_items.l_shipinstruct = @p3
  AND (parts.p_brand = @p4 AND parts.p_container IN (@p5, @p6, @p7, @p8) AND line_items.l_quantity >= @p9 AND line_items.l_quantity <= @p10 AND parts.p_size >= @p9 AND parts.p_size <= @p11 OR parts.p_brand = @p12 AND parts.p_container IN (@p13, @p14, @p15, @p16) AND line_items.l_quantity >= @p17 AND line_items.l_quantity <= @p18 AND parts.p_size >= @p9 AND parts.p_size <= @p17 OR parts.p_brand = @p19 AND parts.p_container IN (@p20, @p21, @p22, @p23) AND line_items.l_quantity >= @p18 AND line_items.l_quantity <= @p24 AND parts.p_size >= @p9 AND parts.p_size <= @p25)
