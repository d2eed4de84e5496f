include: "/explores/generated/inventory_items.explore.lkml"

explore: +inventory_items {
  tags: ["stock"]
}
