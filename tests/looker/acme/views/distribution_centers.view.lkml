view: distribution_centers {
  sql_table_name: @{schema}.distribution_centers ;;
  dimension: id { primary_key: yes type: number sql: ${TABLE}.id ;; }
  dimension: name { type: string label: "Center" description: "Name of the center." sql: ${TABLE}.name ;; }
}
