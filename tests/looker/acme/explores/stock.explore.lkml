include: "/views/*.view"

explore: inventory_items {
  label: "Stock"
  description: "Items in the centers."
  join: products { relationship: many_to_one sql_on: ${inventory_items.product_id} = ${products.id} ;; }
  join: distribution_centers { relationship: many_to_one sql_on: ${inventory_items.center_id} = ${distribution_centers.id} ;; }
}

explore: user_rank {
  hidden: yes
}

explore: +inventory_items {
  tags: ["stock"]
}
