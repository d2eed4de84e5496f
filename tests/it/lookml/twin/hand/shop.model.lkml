connection: "local"
week_start_day: sunday
fiscal_month_offset: -11
include: "/views.lkml"
include: "/refined.lkml"

access_grant: sees { user_attribute: sees allowed_values: ["yes"] }

explore: orders {
  always_filter: { filters: [orders.tested: "no"] }
  fields: [ALL_FIELDS*, -orders.hidden_ones*]
  join: customers {
    relationship: many_to_one
    sql_on: ${orders.customer_id} = ${customers.id} ;;
  }
  join: items {
    relationship: one_to_many
    type: left_outer
    sql_on: ${orders.id} = ${items.order_id} ;;
  }
  join: parent {
    from: customers
    relationship: many_to_one
    sql_on: ${customers.parent_id} = ${parent.id} ;;
  }
  join: best { relationship: many_to_one sql_on: ${customers.id} = ${best.customer_id} ;; }
  aggregate_table: daily {
    query: {
      dimensions: [created_date, status]
      measures: [count, total, average, biggest]
      filters: [orders.tested: "no"]
      timezone: "America/New_York"
    }
  }
}

explore: guarded {
  view_name: orders
  access_filter: { field: customers.region user_attribute: region }
  join: customers { relationship: many_to_one sql_on: ${orders.customer_id} = ${customers.id} ;; }
}

explore: by_region {
  extends: [guarded]
  view_name: orders
  sql_always_where: {% if orders.total._in_query %} ${orders.status} <> 'void' {% else %} TRUE {% endif %} ;;
}

explore: loose {
  join: items { relationship: one_to_many sql_on: ${loose.id} = ${items.order_id} ;; }
}
