# Created once by entente. Yours to write in: what stands here is added to view page_views and is never overwritten.
# sha256 aab02f4baf9a52dd

include: "/views/generated/page_views.view.lkml"

view: +page_views {
}
