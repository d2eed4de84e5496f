# Every table has these columns.
view: base {
  extension: required

  dimension_group: created {
    type: time
    timeframes: [raw, time, date, week, month, quarter, year, hour_of_day, week_of_year]
    datatype: timestamp
    sql: ${TABLE}.created_at ;;
  }

  dimension: is_test {
    hidden: yes
    type: yesno
    sql: ${TABLE}.is_test ;;
  }
}
