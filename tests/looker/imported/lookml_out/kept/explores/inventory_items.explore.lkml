include: "/explores/generated/inventory_items.explore.lkml"
include: "/views/generated/distribution_centers.view.lkml"
include: "/views/refined/distribution_centers.view.lkml"
include: "/views/generated/inventory_items.view.lkml"
include: "/views/refined/inventory_items.view.lkml"
include: "/views/generated/products.view.lkml"
include: "/views/refined/products.view.lkml"

explore: +inventory_items {
  tags: ["stock"]
}
