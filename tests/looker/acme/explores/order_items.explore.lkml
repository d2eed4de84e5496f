include: "/views/*.view"

explore: order_items {
  label: "Sales"
  description: "Items that were sold, with their orders, buyers and products."
  sql_always_where: NOT ${order_items.is_test} ;;
  always_filter: { filters: [order_items.created_date: "90 days"] }
  access_filter: { field: users.country user_attribute: country }

  join: orders {
    type: left_outer
    relationship: many_to_one
    sql_on: ${order_items.order_id} = ${orders.id} ;;
  }
  join: users {
    type: left_outer
    relationship: many_to_one
    sql_on: ${orders.user_id} = ${users.id} ;;
  }
  join: user_facts {
    type: left_outer
    relationship: one_to_one
    sql_on: ${users.id} = ${user_facts.user_id} ;;
  }
  join: inventory_items {
    type: left_outer
    relationship: many_to_one
    sql_on: ${order_items.inventory_item_id} = ${inventory_items.id} ;;
  }
  join: products {
    type: left_outer
    relationship: many_to_one
    sql_on: ${inventory_items.product_id} = ${products.id} ;;
  }
  join: distribution_centers {
    type: left_outer
    relationship: many_to_one
    sql_on: ${inventory_items.center_id} = ${distribution_centers.id} ;;
  }

  aggregate_table: revenue_by_month {
    query: {
      dimensions: [created_month]
      measures: [revenue, items_sold]
    }
    materialization: { datagroup_trigger: nightly }
  }
}

explore: orders {
  description: "Orders and their buyers."
  join: users {
    relationship: many_to_one
    sql_on: ${orders.user_id} = ${users.id} ;;
  }
  join: user_facts {
    relationship: one_to_one
    sql_on: ${users.id} = ${user_facts.user_id} ;;
  }
  join: order_items {
    relationship: one_to_many
    sql_on: ${orders.id} = ${order_items.order_id} ;;
  }
  join: referrer {
    from: users
    view_label: "Referrer"
    relationship: many_to_one
    sql_on: ${users.referred_by} = ${referrer.id} ;;
  }
}

explore: events {
  join: buyers {
    from: users
    relationship: many_to_one
    sql_on: ${events.user_id} = ${buyers.id} ;;
  }
  join: sessions {
    relationship: many_to_one
    sql_on: ${events.session_id} = ${sessions.session_id} ;;
  }
  join: event_tags {
    relationship: one_to_many
    sql: LEFT JOIN UNNEST(${events.tags}) AS event_tags ON TRUE ;;
  }
}

explore: completed_orders {
  view_name: orders
  label: "Delivered orders"
  sql_always_where: ${orders.status} = 'complete' ;;
}

view: +users {
  dimension: referred_by { hidden: yes type: number sql: ${TABLE}.referred_by ;; }
}
