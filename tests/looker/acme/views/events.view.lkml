view: events {
  sql_table_name: @{schema}.events ;;
  dimension: event_id { primary_key: yes type: string sql: ${TABLE}.event_id ;; }
  dimension: session_id { hidden: yes type: string sql: ${TABLE}.session_id ;; }
  dimension: user_id { hidden: yes type: number sql: ${TABLE}.user_id ;; }
  dimension: kind { type: string description: "What happened." sql: ${TABLE}.kind ;; }
  dimension: tags { hidden: yes type: string sql: ${TABLE}.tags ;; }
  dimension_group: event { type: time timeframes: [raw, time, date, month] datatype: timestamp sql: ${TABLE}.created_at ;; }
  measure: event_count { type: count description: "Events." }
  measure: purchases { type: count description: "Events that are purchases." filters: [kind: "purchase"] }
  measure: conversion_rate {
    type: number
    description: "Purchases per visit."
    sql: COUNT(CASE WHEN ${kind} = 'purchase' THEN 1 END) / NULLIF(COUNT(CASE WHEN ${kind} = 'visit' THEN 1 END), 0) ;;
    value_format_name: percent_2
  }
}

view: event_tags {
  dimension: tag { type: string sql: ${TABLE} ;; }
}
