view: products {
  sql_table_name: @{schema}.products ;;
  dimension: id { type: number hidden: yes sql: ${TABLE}.id ;; }
  dimension: category { type: string description: "Category of the product." sql: ${TABLE}.category ;; }
  dimension: brand { type: string description: "Brand of the product." sql: TRIM(${TABLE}.brand) ;; }
  dimension: sku { type: string description: "Stock keeping unit." sql: ${TABLE}.sku ;; suggestable: no }
  measure: skus { type: count_distinct description: "Different stock keeping units." sql: ${sku} ;; }
}
