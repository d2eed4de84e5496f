include: "/explores/generated/order_items.explore.lkml"
include: "/views/generated/distribution_centers.view.lkml"
include: "/views/refined/distribution_centers.view.lkml"
include: "/views/generated/products.view.lkml"
include: "/views/refined/products.view.lkml"
include: "/views/generated/user_facts.view.lkml"
include: "/views/refined/user_facts.view.lkml"
include: "/views/generated/users.view.lkml"
include: "/views/refined/users.view.lkml"

explore: +order_items {
  fields: [ALL_FIELDS*, -orders_users.measures*, -inventory_items_products.measures*, -inventory_items_distribution_centers.measures*, -orders_users_user_facts.measures*, -orders_users_referrer.measures*, -orders_users_referrer_user_facts.measures*]
  always_filter: { filters: [order_items.created_date: "90 days"] }
  access_filter: { field: users.country user_attribute: country }
  aggregate_table: revenue_by_month {
    query: {
      dimensions: [created_month]
      measures: [revenue, items_sold]
    }
    materialization: { datagroup_trigger: nightly }
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
}
