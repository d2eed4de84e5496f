view: user_rank {
  derived_table: {
    explore_source: orders {
      column: user_id { field: orders.user_id }
      column: orders { field: orders.count }
      derived_column: place { sql: RANK() OVER (ORDER BY orders DESC) ;; }
    }
  }
  dimension: user_id { primary_key: yes hidden: yes type: number sql: ${TABLE}.user_id ;; }
  dimension: place { type: number sql: ${TABLE}.place ;; }
}
