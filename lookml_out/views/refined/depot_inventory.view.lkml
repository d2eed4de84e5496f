# Created once by entente. Yours to write in: what stands here is added to view depot_inventory and is never overwritten.
# sha256 66a94e998021b382

include: "/views/generated/depot_inventory.view.lkml"

view: +depot_inventory {
}
