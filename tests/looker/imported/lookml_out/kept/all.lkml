# What stays LookML: `entente.yml` has the model include this file.

include: "/kept/views/event_tags.view.lkml"
include: "/kept/views/sessions.view.lkml"
include: "/kept/views/user_rank.view.lkml"
include: "/kept/explores/completed_orders.explore.lkml"
include: "/kept/explores/events.explore.lkml"
include: "/kept/explores/inventory_items.explore.lkml"
include: "/kept/explores/order_items.explore.lkml"
include: "/kept/explores/orders.explore.lkml"
include: "/kept/explores/user_rank.explore.lkml"
include: "/kept/model.lkml"
