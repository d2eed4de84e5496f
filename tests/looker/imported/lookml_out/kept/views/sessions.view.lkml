view: sessions {
  derived_table: {
    sql: SELECT session_id, MIN(created_at) AS started_at, COUNT(*) AS events
      FROM shop.events
      WHERE {% condition started_date %} created_at {% endcondition %}
      GROUP BY 1 ;;
  }

  dimension: session_id {
    primary_key: yes
    type: string
    sql: ${TABLE}.session_id ;;
  }

  dimension_group: started {
    type: time
    timeframes: [raw, date]
    sql: ${TABLE}.started_at ;;
  }

  measure: count {
    type: count
  }
}
