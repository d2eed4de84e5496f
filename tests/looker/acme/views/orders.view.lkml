include: "/views/base.view"

view: orders {
  extends: [base]
  sql_table_name: @{schema}.orders ;;
  label: "Orders"
  drill_fields: [detail*]

  dimension: id {
    primary_key: yes
    type: number
    value_format_name: id
    description: "Number of the order."
    sql: ${TABLE}.id ;;
  }

  dimension: user_id { hidden: yes type: number sql: ${TABLE}.user_id ;; }

  dimension: status {
    type: string
    description: "How far the order has come."
    sql: ${TABLE}.status ;;
    suggestions: ["complete", "processing", "returned", "cancelled"]
    html: <b>{{ rendered_value }}</b> ;;
    link: { label: "In the shop" url: "https://shop.example/orders?status={{ value }}" }
  }

  dimension: channel {
    type: string
    description: "Where it was ordered."
    sql: COALESCE(${TABLE}.channel, 'unknown') ;;
  }

  dimension: is_complete {
    type: yesno
    description: "Whether it was delivered."
    sql: ${status} = 'complete' ;;
  }

  dimension: is_first {
    type: yesno
    description: "Whether it is the first order of its buyer."
    sql: ${TABLE}.order_number = 1 ;;
  }

  dimension_group: shipped {
    type: time
    timeframes: [raw, date, week, month]
    datatype: date
    convert_tz: no
    sql: ${TABLE}.shipped_on ;;
  }

  dimension_group: to_ship {
    type: duration
    intervals: [hour, day]
    sql_start: ${created_raw} ;;
    sql_end: ${shipped_raw} ;;
  }

  dimension: shipping_cost { hidden: yes type: number sql: ${TABLE}.shipping_cost ;; }

  dimension: age_of_buyer {
    type: tier
    description: "Age of the buyer when ordering, in classes."
    tiers: [18, 30, 45, 60]
    style: integer
    sql: ${TABLE}.buyer_age ;;
  }

  parameter: grain {
    type: unquoted
    allowed_value: { label: "Day" value: "day" }
    allowed_value: { label: "Month" value: "month" }
    default_value: "day"
  }

  dimension: created_by_grain {
    type: string
    sql:
      {% if grain._parameter_value == 'month' %} ${created_month}
      {% else %} ${created_date} {% endif %} ;;
  }

  measure: count {
    type: count
    description: "Orders, whatever became of them."
    drill_fields: [id, created_date, status]
  }

  measure: completed_orders {
    type: count
    description: "Orders that were delivered."
    filters: [is_complete: "yes"]
  }

  measure: open_orders {
    type: count
    description: "Orders that are neither delivered nor cancelled."
    filters: [status: "-complete,-cancelled"]
  }

  measure: buyers {
    type: count_distinct
    description: "Different buyers."
    sql: ${user_id} ;;
  }

  measure: first_orders {
    type: count
    description: "First orders of buyers."
    filters: [is_first: "yes"]
  }

  measure: total_shipping_cost {
    type: sum
    description: "What shipping cost."
    sql: ${shipping_cost} ;;
    value_format_name: eur
  }

  measure: completion_rate {
    type: number
    description: "Part of the orders that was delivered."
    sql: 1.0 * ${completed_orders} / NULLIF(${count}, 0) ;;
    value_format_name: percent_1
  }

  measure: orders_per_buyer {
    type: number
    description: "Orders per buyer."
    sql: COUNT(*) * 1.0 / NULLIF(COUNT(DISTINCT ${TABLE}.user_id), 0) ;;
    value_format_name: decimal_2
  }

  measure: orders_last_year {
    type: period_over_period
    description: "Orders of the year before."
    based_on: count
    based_on_time: created_year
    period: year
    kind: previous
  }

  measure: orders_growth {
    type: period_over_period
    description: "Growth against the month before."
    based_on: count
    based_on_time: created_month
    period: month
    kind: relative_change
    value_format_name: percent_1
  }

  measure: running_orders {
    type: running_total
    sql: ${count} ;;
  }

  measure: last_order {
    type: date
    description: "Day of the latest order."
    sql: MAX(${created_raw}) ;;
    convert_tz: no
  }

  measure: orders_last_week {
    type: count
    filters: [created_date: "7 days"]
  }

  set: detail { fields: [id, status, created_time, users.name] }
}
