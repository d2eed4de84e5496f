include: "/views/generated/users.view.lkml"

view: +users {

  dimension_group: created {
    timeframes: [raw, time, minute, hour, date, week, month, quarter, year, fiscal_quarter, fiscal_year, hour_of_day, day_of_week, day_of_month, day_of_year, month_num, quarter_of_year, week_of_year]
  }

  dimension: is_test {
    hidden: yes
    type: yesno
    sql: ${TABLE}.is_test ;;
  }

  dimension: email {
    action: {
      label: "Write"
      url: "https://mail.example/send"
      form_param: { name: "text" type: textarea }
    }
  }

  dimension: country {
    map_layer_name: countries
  }

  dimension: zip {
    type: zipcode
  }

  dimension: location {
    type: location
    sql_latitude: ${TABLE}.latitude ;;
    sql_longitude: ${TABLE}.longitude ;;
  }

  filter: signup_range {
    type: date
  }
}
