SELECT
  customers.c_name AS customers_name,
  by_key.customers_number,
  by_key.orders_number,
  by_key.orders_ordered_on,
  by_key.orders_total_price,
  COALESCE(by_key.quantity, 0) AS quantity
FROM (
  SELECT
    orders.o_custkey AS customers_number,
    line_items.l_orderkey AS orders_number,
    orders.o_orderdate AS orders_ordered_on,
    orders.o_totalprice AS orders_total_price,
    SUM(line_items.l_quantity) AS quantity
  FROM lineitem AS line_items
  JOIN orders ON line_items.l_orderkey = orders.o_orderkey
  JOIN (
    SELECT
      line_items.l_orderkey AS member_1,
      COALESCE(SUM(line_items.l_quantity), 0) AS quantity
    FROM lineitem AS line_items
    GROUP BY 1
  ) AS orders_quantity ON orders.o_orderkey = orders_quantity.member_1
  WHERE COALESCE(orders_quantity.quantity, 0) > $1
  GROUP BY 1, 2, 3, 4
) AS by_key
JOIN customer AS customers ON by_key.customers_number = customers.c_custkey
ORDER BY orders_total_price DESC NULLS LAST, orders_ordered_on NULLS LAST, customers_name NULLS LAST, customers_number NULLS LAST, orders_number NULLS LAST
LIMIT 100
