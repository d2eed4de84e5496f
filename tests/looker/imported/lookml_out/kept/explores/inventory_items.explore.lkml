include: "/explores/generated/inventory_items.explore.lkml"

explore: +inventory_items {
  fields: [ALL_FIELDS*]
  tags: ["stock"]
}
