include: "/views/base.view"

view: users {
  extends: [base]
  sql_table_name: @{schema}.users ;;

  dimension: id { primary_key: yes hidden: yes type: number sql: ${TABLE}.id ;; }

  dimension: name {
    type: string
    description: "Name of the buyer."
    sql: ${TABLE}.first_name || ' ' || ${TABLE}.last_name ;;
    tags: ["pii", "name"]
  }

  dimension: email {
    type: string
    description: "Address of the buyer."
    sql: ${TABLE}.email ;;
    tags: ["pii", "email"]
    action: {
      label: "Write"
      url: "https://mail.example/send"
      form_param: { name: "text" type: textarea }
    }
  }

  dimension: email_domain {
    type: string
    description: "Provider of the address."
    sql: regexp_extract(${email}, '@(.*)$', 1) ;;
  }

  dimension: country {
    type: string
    description: "Country of the buyer."
    sql: ${TABLE}.country ;;
    map_layer_name: countries
  }

  dimension: zip { type: zipcode description: "Zip code of the buyer." sql: ${TABLE}.zip ;; }

  dimension: age { type: number description: "Age of the buyer." sql: ${TABLE}.age ;; }

  dimension: segment {
    description: "Size of the household."
    case: {
      when: { sql: ${TABLE}.household >= 4 ;; label: "Family" }
      when: { sql: ${TABLE}.household >= 2 ;; label: "Couple" }
      else: "Single"
    }
  }

  dimension: location {
    type: location
    sql_latitude: ${TABLE}.latitude ;;
    sql_longitude: ${TABLE}.longitude ;;
  }

  filter: signup_range { type: date }

  measure: count { type: count description: "Buyers." }
  measure: average_age { type: average description: "Mean age of buyers." sql: ${age} ;; value_format_name: decimal_1 }
}

view: +users {
  dimension: country { label: "Home country" }
  measure: grown_up_users {
    type: count
    description: "Buyers who are 18 or older."
    filters: [age: ">=18"]
  }
}
