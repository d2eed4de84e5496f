//! User events as Segment leaves them: late, twice, without a user, with clocks that are wrong.
//!
//! **Invariant:** an event arrives at most three days after it happened by the device's clock, and at most an hour
//! before, as `metrics/tables.yml` promises.

use super::{
    World,
    calendar::{self, DAY, HOUR, MINUTE, TAKEN_AT},
    random::Random,
    row::{day, instant, integer, or_null, text},
    shipments::Parcel,
};
use crate::warehouse::{Error, duckdb::NewRows};

/// Users of the app per account.
const USERS_PER_CUSTOMER: u64 = 2;

struct User {
    id: String,
    anonymous_id: String,
    first_seen: i64,
}

impl User {
    fn nth(world: &World, index: u64) -> Self {
        let mut random = Random::of("users", index);
        // Six in ten were there when the app began to count.
        let days = if random.chance(600) { random.between(0, 11) } else { random.between(12, 600) };
        let began = calendar::instant(calendar::date(2024, 1, 20).into(), calendar::zone("Europe/Berlin"));
        let created = super::customers::created_on(world, index % world.customers);
        let created = calendar::instant(created.into(), calendar::zone("Europe/Berlin"));
        Self {
            id: format!("u-{index:06}"),
            anonymous_id: format!("a-{:012x}", random.next() >> 16),
            first_seen: (began + days * DAY + random.between(0, DAY - 1)).max(created),
        }
    }
}

/// Writes `segment.identifies`: one call when a user signs in first, and some more.
pub(super) fn write_identifies(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    for index in 0..world.customers * USERS_PER_CUSTOMER {
        let user = User::nth(world, index);
        let mut random = Random::of("identifies", index);
        let customer = i64::try_from(index % world.customers).expect("small") + 1;
        // One user in thirty is nobody's: the trait was never sent.
        let customer = (index % 30 != 11).then_some(customer);
        let role = random.pick(&[(Some("booker"), 600), (Some("manager"), 200), (Some("finance"), 100), (None, 100)]);
        for nth in 0..random.between(1, 3) {
            let at = user.first_seen + nth * random.between(DAY, 40 * DAY);
            if at < TAKEN_AT {
                rows.push(&[
                    text(format!("i-{:016x}", random.next())),
                    text(&*user.id),
                    text(&*user.anonymous_id),
                    or_null(customer, integer),
                    or_null(role, text),
                    instant(at),
                    instant(at + random.between(50, 4_000)),
                ])?;
            }
        }
    }
    Ok(())
}

/// Writes `segment.tracks`.
pub(super) fn write_tracks(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    for index in world.counted(world.parcels) {
        let mut random = Random::of("tracks", index);
        let parcel = Parcel::nth(world, index);
        let booking = parcel.booking_id();
        if random.chance(550) {
            let user = user_of(world, &parcel, parcel.booked, &mut random);
            let properties = format!("{{\"booking_id\":\"{booking}\",\"service\":\"{}\"}}", parcel.service);
            write_track(rows, "Shipment Booked", user.as_ref(), parcel.booked, &properties, &mut random)?;
            if random.chance(850) {
                let printed = parcel.booked + random.between(MINUTE, 2 * HOUR);
                let properties = format!("{{\"booking_id\":\"{booking}\"}}");
                write_track(rows, "Label Printed", user.as_ref(), printed, &properties, &mut random)?;
            }
        }
        if random.chance(350) {
            let looked = parcel.booked + random.between(HOUR, 3 * DAY);
            write_track(
                rows,
                "Tracking Viewed",
                None,
                looked,
                &format!("{{\"booking_id\":\"{booking}\"}}"),
                &mut random,
            )?;
        }
        if let Some(delivered) = parcel.delivered
            && random.chance(80)
        {
            let answered = delivered + random.between(HOUR, 2 * DAY);
            let late = delivered > parcel.promised;
            let score = if late {
                random.pick(&[(0, 10), (2, 15), (4, 15), (6, 25), (8, 25), (9, 7), (10, 3)])
            } else {
                random.pick(&[(3, 4), (6, 10), (7, 13), (8, 18), (9, 25), (10, 30)])
            };
            let properties = if random.chance(15) {
                format!("{{\"booking_id\":\"{booking}\"}}")
            } else {
                format!("{{\"booking_id\":\"{booking}\",\"score\":{score}}}")
            };
            let user = user_of(world, &parcel, answered, &mut random);
            write_track(rows, "NPS Answered", user.as_ref(), answered, &properties, &mut random)?;
        }
    }
    Ok(())
}

/// Writes `segment.pages`.
pub(super) fn write_pages(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    for index in world.counted(world.parcels) {
        let mut random = Random::of("pages", index);
        let parcel = Parcel::nth(world, index);
        for _ in 0..random.pick(&[(0, 600), (1, 280), (3, 120)]) {
            let at = parcel.booked - random.between(MINUTE, HOUR);
            let user = if random.chance(500) { user_of(world, &parcel, at, &mut random) } else { None };
            let (name, path) = random.pick(&[
                ((Some("Home"), "/"), 40),
                ((Some("Quote"), "/quote"), 30),
                ((Some("Tracking"), "/track"), 20),
                ((None, "/legacy"), 10),
            ]);
            let received = at + random.between(20, 5_000);
            rows.push(&[
                text(format!("p-{:016x}", random.next())),
                or_null(name, text),
                text(path),
                or_null(user.as_ref(), |user| text(&*user.id)),
                text(anonymous_id(user.as_ref(), &mut random)),
                instant(at),
                instant(received),
                day(calendar::utc(received).date()),
            ])?;
        }
    }
    Ok(())
}

/// Returns a user of the parcel's account who was known by then; one event in twenty-five has none.
fn user_of(world: &World, parcel: &Parcel, at: i64, random: &mut Random) -> Option<User> {
    let customer = parcel.customer?;
    if random.chance(40) {
        return None;
    }
    let first = random.below(USERS_PER_CUSTOMER);
    (0..USERS_PER_CUSTOMER)
        .map(|nth| User::nth(world, customer + (first + nth) % USERS_PER_CUSTOMER * world.customers))
        .find(|user| user.first_seen <= at)
}

fn anonymous_id(user: Option<&User>, random: &mut Random) -> String {
    user.map_or_else(|| format!("a-{:012x}", random.next() >> 16), |user| user.anonymous_id.clone())
}

fn write_track(
    rows: &mut NewRows<'_>,
    event: &str,
    user: Option<&User>,
    at: i64,
    properties: &str,
    random: &mut Random,
) -> Result<(), Error> {
    if at >= TAKEN_AT {
        return Ok(());
    }
    // Phones without a network keep their events; old apps do not send the clock of the device.
    let delay = if random.chance(20) { random.between(HOUR, 69 * HOUR) } else { random.between(30, 9_000) };
    let skew = random.between(-20 * MINUTE, 20 * MINUTE);
    let original = if random.chance(80) { None } else { Some(if random.chance(100) { at + skew } else { at }) };
    let received = at + delay;
    let id = format!("m-{:016x}", random.next());
    let anonymous = anonymous_id(user, random);
    let again = random.chance(7).then(|| received + random.between(1_000, HOUR));
    for received in [Some(received), again].into_iter().flatten() {
        rows.push(&[
            text(&*id),
            text(event),
            or_null(user, |user| text(&*user.id)),
            text(&*anonymous),
            or_null(original, instant),
            instant(at),
            instant(received),
            day(calendar::utc(received).date()),
            text(properties),
        ])?;
    }
    Ok(())
}
