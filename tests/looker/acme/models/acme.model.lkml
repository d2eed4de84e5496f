connection: "acme_warehouse"
label: "Acme shop"
week_start_day: monday
fiscal_month_offset: 1

include: "/views/*.view"
include: "/explores/*.explore"
include: "/dashboards/*.dashboard"

datagroup: nightly {
  sql_trigger: SELECT MAX(loaded_at) FROM shop.loads ;;
  max_cache_age: "24 hours"
}

persist_with: nightly

access_grant: can_see_margin {
  user_attribute: department
  allowed_values: ["finance", "board"]
}

named_value_format: millions {
  value_format: "0.0,,\"M\""
}
