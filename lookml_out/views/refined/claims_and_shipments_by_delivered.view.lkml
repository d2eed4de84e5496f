# Created once by entente. Yours to write in: what stands here is added to view claims_and_shipments_by_delivered and is never overwritten.
# sha256 f05ff6a2cc68a2f1

include: "/views/generated/claims_and_shipments_by_delivered.view.lkml"

view: +claims_and_shipments_by_delivered {
}
