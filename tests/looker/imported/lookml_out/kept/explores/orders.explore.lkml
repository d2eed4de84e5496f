include: "/explores/generated/orders.explore.lkml"
include: "/views/generated/order_items.view.lkml"
include: "/views/refined/order_items.view.lkml"
include: "/views/generated/user_facts.view.lkml"
include: "/views/refined/user_facts.view.lkml"
include: "/views/generated/users.view.lkml"
include: "/views/refined/users.view.lkml"

explore: +orders {
  fields: [ALL_FIELDS*, -users_user_facts.measures*, -users_referrer.measures*, -users_referrer_user_facts.measures*]

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
