view: orders {
  sql_table_name: @{schema}.orders ;;
  filter: chosen { type: string }
  parameter: measure_of {
    type: unquoted
    allowed_value: { value: "amount" }
    allowed_value: { value: "shipping" }
    default_value: "amount"
  }
  dimension: id { primary_key: yes type: number sql: ${TABLE}.id ;; }
  dimension: customer_id { type: number }
  dimension: status { type: string sql: ${TABLE}.status ;; }
  dimension: amount { type: number sql: ${TABLE}.amount ;; }
  dimension: size { type: tier tiers: [10, 50] style: integer sql: ${amount} ;; }
  dimension: kind {
    case: {
      when: { sql: ${amount} < 10 ;; label: "small" }
      when: { sql: ${amount} < 50 ;; label: "middle" }
      else: "large"
    }
  }
  dimension: kind_of_hidden { sql: ${kind} ;; }
  dimension: tested { type: yesno sql: ${TABLE}.is_test ;; }
  dimension: is_chosen { type: yesno sql: {% condition chosen %} ${status} {% endcondition %} ;; }
  dimension_group: created {
    type: time
    timeframes: [raw, time, hour, date, week, month, quarter, year, fiscal_year, fiscal_quarter, day_of_week_index, hour_of_day]
    datatype: timestamp
    sql: ${TABLE}.created_at ;;
  }
  dimension_group: due { type: time timeframes: [raw, date, month] datatype: date convert_tz: no sql: ${TABLE}.due_on ;; }
  dimension_group: to_due { type: duration intervals: [day, week] sql_start: CAST(${created_raw} AS DATE) ;; sql_end: ${due_raw} ;; }
  measure: count { type: count }
  measure: open { type: count filters: [status: "open"] }
  measure: total { type: sum sql: ${amount} ;; }
  measure: average { type: average sql: ${amount} ;; }
  measure: biggest { type: max sql: ${amount} ;; }
  measure: middle { type: median sql: ${amount} ;; }
  measure: p90 { type: percentile percentile: 90 sql: ${amount} ;; }
  measure: p75 { type: percentile percentile: 75 sql: ${amount} ;; }
  measure: buyers { type: count_distinct sql: ${customer_id} ;; }
  measure: chosen_total { type: sum sql: ${TABLE}.{% parameter measure_of %} ;; }
  measure: per_order { type: number sql: 1.0 * ${total} / NULLIF(${count}, 0) ;; }
  measure: last_year {
    type: period_over_period
    based_on: total
    based_on_time: created_year
    period: year
    kind: previous
  }
  measure: growth {
    type: period_over_period
    based_on: total
    based_on_time: created_month
    period: month
    kind: difference
  }
  set: hidden_ones { fields: [kind_of_hidden] }
}

view: loose {
  sql_table_name: orders ;;
  dimension: id { type: number }
  measure: total { type: sum sql: ${TABLE}.amount ;; }
}

view: customers {
  dimension: id { primary_key: yes type: number }
  dimension: parent_id { type: number }
  dimension: name {}
  dimension: region {}
  dimension: secret { required_access_grants: [sees] }
  measure: count { type: count }
  measure: credit { type: sum sql: ${TABLE}.credit ;; }
}

view: items {
  dimension: id { primary_key: yes type: number }
  dimension: order_id { type: number }
  dimension: shipping { type: number }
  measure: count { type: count }
  measure: quantity { type: sum sql: ${TABLE}.quantity ;; }
  measure: shipped { type: sum_distinct sql_distinct_key: ${order_id} ;; sql: ${shipping} ;; }
}

view: best {
  derived_table: {
    explore_source: orders {
      column: customer_id { field: orders.customer_id }
      column: total { field: orders.total }
      derived_column: place { sql: RANK() OVER (ORDER BY total DESC) ;; }
    }
  }
  dimension: customer_id { primary_key: yes type: number }
  dimension: place { type: number }
  measure: of_the_best { type: sum sql: ${TABLE}.total ;; }
}
