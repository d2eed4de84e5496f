include: "/views/generated/orders.view.lkml"

view: +orders {
  drill_fields: [detail*]

  dimension_group: created {
    timeframes: [raw, time, minute, hour, date, week, month, quarter, year, fiscal_quarter, fiscal_year, hour_of_day, day_of_week, day_of_month, day_of_year, month_num, quarter_of_year, week_of_year]
  }

  dimension: is_test {
    hidden: yes
    type: yesno
    sql: ${TABLE}.is_test ;;
  }

  dimension_group: to_ship {
    type: duration
    intervals: [hour, day]
    sql_start: ${created_raw} ;;
    sql_end: ${shipped_raw} ;;
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

  measure: running_orders {
    type: running_total
    sql: ${orders_count} ;;
  }

  measure: last_order {
    convert_tz: no
  }

  measure: orders_last_week {
    type: count
    filters: [created_date: "7 days"]
  }
  set: detail { fields: [id, status, created_time, users.name] }
}
