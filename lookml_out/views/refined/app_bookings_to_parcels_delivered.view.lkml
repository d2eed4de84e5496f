# Created once by entente. Yours to write in: what stands here is added to view app_bookings_to_parcels_delivered and is never overwritten.
# sha256 068fa7994fbba589

include: "/views/generated/app_bookings_to_parcels_delivered.view.lkml"

view: +app_bookings_to_parcels_delivered {
}
