# Created once by entente. Yours to write in: what stands here is added to view claims_by_shipments_booked_and_shipments and is never overwritten.
# sha256 35e1b5e9b266dc2a

include: "/views/generated/claims_by_shipments_booked_and_shipments.view.lkml"

view: +claims_by_shipments_booked_and_shipments {
}
