view: inventory_items {
  sql_table_name: @{schema}.inventory_items ;;
  dimension: id { primary_key: yes hidden: yes type: number sql: ${TABLE}.id ;; }
  dimension: product_id { hidden: yes type: number sql: ${TABLE}.product_id ;; }
  dimension: center_id { hidden: yes type: number sql: ${TABLE}.center_id ;; }
  dimension: cost { type: number description: "What it cost us." sql: ${TABLE}.cost ;; value_format_name: eur }
  dimension: is_sold { type: yesno description: "Whether it was sold." sql: ${TABLE}.sold_at IS NOT NULL ;; }
  measure: stock { type: count description: "Items that are not sold." filters: [is_sold: "no"] }
  measure: stock_value { type: sum description: "Cost of what is not sold." sql: ${cost} ;; filters: [is_sold: "no"] value_format_name: eur_0 }
}
