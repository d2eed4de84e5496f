WITH by_key AS (
  SELECT
    line_items.l_suppkey AS suppliers_number,
    SUM(line_items.l_extendedprice * (1 - line_items.l_discount)) AS revenue
  FROM lineitem AS line_items
  WHERE line_items.l_shipdate >= DATE '1996-01-01'
    AND line_items.l_shipdate < DATE '1996-04-01'
  GROUP BY 1
),

line_items_groups AS (
  SELECT
    by_key.suppliers_number,
    suppliers.s_name AS suppliers_name,
    suppliers.s_address AS suppliers_address,
    suppliers.s_phone AS suppliers_phone,
    by_key.revenue
  FROM by_key
  JOIN supplier AS suppliers ON by_key.suppliers_number = suppliers.s_suppkey
),

line_items_groups_2 AS (
  SELECT MAX(members.revenue) AS revenue_of_best_supplier
  FROM (
    SELECT
      by_key.suppliers_number AS member_1,
      COALESCE(by_key.revenue, 0) AS revenue
    FROM by_key
  ) AS members
  WHERE members.member_1 IS NOT NULL
),

related AS (
  SELECT
    line_items_groups.suppliers_number,
    line_items_groups.suppliers_name,
    line_items_groups.suppliers_address,
    line_items_groups.suppliers_phone,
    line_items_groups.revenue,
    line_items_groups_2.revenue_of_best_supplier
  FROM line_items_groups
  CROSS JOIN line_items_groups_2
)

SELECT
  suppliers_number,
  suppliers_name,
  suppliers_address,
  suppliers_phone,
  COALESCE(revenue, 0) AS revenue
FROM related
WHERE COALESCE(revenue, 0) = revenue_of_best_supplier
ORDER BY suppliers_number NULLS LAST, suppliers_name NULLS LAST, suppliers_address NULLS LAST, suppliers_phone NULLS LAST
