include: "/explores/generated/order_items.explore.lkml"
include: "/views/generated/distribution_centers.view.lkml"
include: "/views/refined/distribution_centers.view.lkml"
include: "/views/generated/inventory_items.view.lkml"
include: "/views/refined/inventory_items.view.lkml"
include: "/views/generated/order_items.view.lkml"
include: "/views/refined/order_items.view.lkml"
include: "/views/generated/orders.view.lkml"
include: "/views/refined/orders.view.lkml"
include: "/views/generated/products.view.lkml"
include: "/views/refined/products.view.lkml"
include: "/views/generated/user_facts.view.lkml"
include: "/views/refined/user_facts.view.lkml"
include: "/views/generated/users.view.lkml"
include: "/views/refined/users.view.lkml"

explore: +order_items {
  always_filter: { filters: [order_items.created_date: "90 days"] }

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
