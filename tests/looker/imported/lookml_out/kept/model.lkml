datagroup: nightly {
  sql_trigger: SELECT MAX(loaded_at) FROM shop.loads ;;
  max_cache_age: "24 hours"
}

named_value_format: millions {
  value_format: "0.0,,\"M\""
}
