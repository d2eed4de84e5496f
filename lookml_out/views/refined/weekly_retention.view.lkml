# Created once by entente. Yours to write in: what stands here is added to view weekly_retention and is never overwritten.
# sha256 f6b89577c444f892

include: "/views/generated/weekly_retention.view.lkml"

view: +weekly_retention {
}
