include: "/views/generated/order_items.view.lkml"

view: +order_items {

  dimension_group: created {
    timeframes: [raw, time, minute, hour, date, week, month, quarter, year, fiscal_quarter, fiscal_year, hour_of_day, day_of_week, day_of_month, day_of_year, month_num, quarter_of_year, week_of_year]
  }

  measure: order_shipping {
    type: sum_distinct
    description: "Shipping cost of the orders of the items."
    sql_distinct_key: ${order_id} ;;
    sql: ${orders.shipping_cost} ;;
  }
}
