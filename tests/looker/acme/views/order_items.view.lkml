include: "/views/base.view"

view: order_items {
  extends: [base]
  sql_table_name: @{schema}.order_items ;;

  dimension: id { primary_key: yes hidden: yes type: number sql: ${TABLE}.id ;; }
  dimension: order_id { hidden: yes type: number sql: ${TABLE}.order_id ;; }
  dimension: inventory_item_id { hidden: yes type: number sql: ${TABLE}.inventory_item_id ;; }

  dimension: sale_price {
    type: number
    description: "Price at which it was sold, without tax."
    sql: ${TABLE}.sale_price ;;
    value_format_name: eur
  }

  dimension: gross_price {
    type: number
    description: "Price with tax."
    sql: ${sale_price} * @{vat} ;;
    value_format_name: eur
  }

  dimension_group: returned {
    type: time
    timeframes: [raw, date, month]
    sql: ${TABLE}.returned_at ;;
    datatype: timestamp
  }

  dimension: is_returned {
    type: yesno
    description: "Whether it came back."
    sql: ${returned_raw} IS NOT NULL ;;
  }

  dimension: margin {
    type: number
    description: "Price less cost."
    sql: ${sale_price} - ${inventory_items.cost} ;;
    value_format_name: eur
    required_access_grants: [can_see_margin]
  }

  measure: items_sold { type: count description: "Items that were sold." }

  measure: revenue {
    type: sum
    label: "Revenue"
    group_label: "Money"
    description: "Price of what was sold, returns included."
    sql: ${sale_price} ;;
    value_format_name: eur
  }

  measure: gross_revenue {
    type: sum
    group_label: "Money"
    description: "Revenue with tax."
    sql: ${gross_price} ;;
    value_format_name: eur
  }

  measure: returned_revenue {
    type: sum
    group_label: "Money"
    description: "Price of what came back."
    sql: ${sale_price} ;;
    filters: [is_returned: "yes"]
    value_format_name: eur
  }

  measure: net_revenue {
    type: number
    group_label: "Money"
    description: "Revenue without what came back."
    sql: ${revenue} - ${returned_revenue} ;;
    value_format_name: eur
  }

  measure: return_rate {
    type: number
    description: "Part of the items that came back."
    sql: SUM(CASE WHEN ${is_returned} THEN 1 ELSE 0 END) / NULLIF(COUNT(*), 0) ;;
    value_format_name: percent_1
  }

  measure: average_sale_price {
    type: average
    description: "Mean price of an item."
    sql: ${sale_price} ;;
    value_format: "#,##0.00 \"EUR\""
  }

  measure: total_margin {
    type: sum
    description: "Price less cost of what was sold."
    sql: ${margin} ;;
    value_format_name: millions
    required_access_grants: [can_see_margin]
  }

  measure: large_items {
    type: count
    description: "Items above 50."
    filters: [sale_price: ">50"]
  }

  measure: median_price {
    type: median
    description: "Price in the middle."
    sql: ${sale_price} ;;
  }

  measure: order_shipping {
    type: sum_distinct
    description: "Shipping cost of the orders of the items."
    sql_distinct_key: ${order_id} ;;
    sql: ${orders.shipping_cost} ;;
  }
}
