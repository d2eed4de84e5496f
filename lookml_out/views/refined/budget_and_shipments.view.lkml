# Created once by entente. Yours to write in: what stands here is added to view budget_and_shipments and is never overwritten.
# sha256 386e8eca561e60bd

include: "/views/generated/budget_and_shipments.view.lkml"

view: +budget_and_shipments {
}
