- dashboard: sales
  title: Sales
  elements:
    - title: Revenue
      type: single_value
      model: acme
      explore: order_items
      fields: [order_items.revenue]
