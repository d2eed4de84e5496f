# One row per buyer, with what they ever bought.
view: user_facts {
  derived_table: {
    sql: SELECT o.user_id AS user_id, COUNT(*) AS lifetime_orders, MIN(o.created_at) AS first_order_at
      FROM ${orders.SQL_TABLE_NAME} AS o
      GROUP BY o.user_id ;;
    datagroup_trigger: nightly
  }
  dimension: user_id { primary_key: yes hidden: yes type: number sql: ${TABLE}.user_id ;; }
  dimension: lifetime_orders { type: number description: "Orders of all time." sql: ${TABLE}.lifetime_orders ;; }
  dimension: is_loyal { type: yesno description: "Whether there are three orders or more." sql: ${lifetime_orders} >= 3 ;; }
  measure: loyal_users { type: count description: "Buyers with three orders or more." filters: [is_loyal: "yes"] }
}
