include: "/views/generated/orders.view.lkml"
include: "/views/refined/orders.view.lkml"

explore: completed_orders {
  view_name: orders
  label: "Delivered orders"
  sql_always_where: ${orders.status} = 'complete' ;;
}
