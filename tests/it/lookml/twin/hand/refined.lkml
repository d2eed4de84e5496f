view: +orders {
  measure: open { filters: [amount: ">20"] }
  measure: large { type: count filters: [kind: "large,middle"] }
}

view: +customers {
  dimension: name { sql: UPPER(${TABLE}.name) ;; }
}
