# Created once by entente. Yours to write in: what stands here is added to view claims_by_refunded_and_shipments and is never overwritten.
# sha256 7210a6f8e9cd2761

include: "/views/generated/claims_by_refunded_and_shipments.view.lkml"

view: +claims_by_refunded_and_shipments {
}
