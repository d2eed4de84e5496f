//! Parcels, from booking to delivery.
//!
//! Parcel 17 of a scale is always the same parcel, so claims and events are made from it without reading it back.
//!
//! **Invariant:** times keep the promises of `metrics/tables.yml`: delivered within 60 days, promised within 20.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{
    World,
    calendar::{self, DAY, HOUR, MINUTE, TAKEN_AT},
    customers,
    random::Random,
    row::{boolean, day, hundredths, instant, integer, or_null, quotient, text},
};
use crate::warehouse::{Error, duckdb::NewRows};

/// A parcel; times are in milliseconds.
pub(super) struct Parcel {
    pub(super) id: i64,
    /// The index of the customer.
    pub(super) customer: Option<u64>,
    pub(super) origin: usize,
    pub(super) destination: usize,
    pub(super) service: &'static str,
    pub(super) currency: &'static str,
    pub(super) price_cents: Option<i64>,
    pub(super) weight_grams: Option<i64>,
    pub(super) is_insured: Option<bool>,
    pub(super) is_test: bool,
    pub(super) status: &'static str,
    pub(super) attempts: i64,
    pub(super) booked: i64,
    pub(super) handed_over: Option<i64>,
    pub(super) promised: i64,
    pub(super) delivered: Option<i64>,
    pub(super) loaded: i64,
}

/// Services with their tariff, price in euro cents, and days until the promised time.
pub(super) const SERVICES: [(&str, &str, i64, i64); 4] = [
    ("economy", "ECO", 420, 7),
    ("standard", "STD", 590, 4),
    ("express", "EXP", 1_290, 2),
    ("same_day", "SDY", 1_890, 1),
];

/// How many of a hundred thousand bookings are made in each local hour.
const HOURS: [u64; 24] =
    [20, 10, 10, 10, 10, 20, 80, 200, 450, 600, 650, 600, 450, 500, 600, 650, 600, 450, 300, 250, 200, 120, 80, 40];

impl Parcel {
    /// Makes the parcel with this index.
    pub(super) fn nth(world: &World, index: u64) -> Self {
        let mut random = Random::of("shipments", index);
        let date = world.day_of(index, world.parcels);
        let customer = pick_customer(world, date, &mut random);
        let origin = match customer {
            Some(customer) if random.chance(900) => customers::home(world, customer),
            Some(_) | None => pick_depot(world, &mut random),
        };
        let destination = pick_destination(world, origin, &mut random);
        let (from, to) = (&world.depots[origin], &world.depots[destination]);
        let booked = booked(index, date, from.zone, &mut random);

        let kind = random.pick(&[(0, 180), (1, 520), (2, 230), (3, 70)]);
        // Nobody crosses a region within a day.
        let kind = if kind == 3 && from.region != to.region { 2 } else { kind };
        let (service, _, base_cents, days) = SERVICES[kind];
        let overseas = from.country != to.country && (from.region == Some("INT") || to.region == Some("INT"));
        let window = if kind == 3 { 12 * HOUR } else { (days + if overseas { 5 } else { 0 }) * DAY };
        let promised = booked + window;

        let weight_grams = weight(index, &mut random);
        let price_cents = price(base_cents, weight_grams, from.country != to.country, date, from.currency, &mut random);
        let fate = random.below(1_000);
        let handed = booked + random.between(HOUR, 30 * HOUR);
        let arrived = booked + window / 100 * lead_percent(date, to.id, &mut random);
        let arrived = if fate == 999 { booked + random.between(30, 52) * DAY } else { arrived };
        let arrived = calendar::in_daytime(arrived.max(handed + HOUR), to.zone);
        let (status, attempts) = match fate {
            0..20 => ("cancelled", 0),
            20..24 => ("lost", 0),
            24..36 => ("returned", 3),
            _ if arrived < TAKEN_AT => ("delivered", random.pick(&[(1, 840), (2, 120), (3, 40)])),
            _ if handed < TAKEN_AT => ("in_transit", 0),
            _ => ("booked", 0),
        };
        let scanned = status != "cancelled" && status != "booked" && !random.chance(30);
        let late_load = if random.chance(10) { random.between(1, 5) * DAY } else { 0 };
        Self {
            id: i64::try_from(index).expect("a small number") + 1,
            customer,
            origin,
            destination,
            service,
            currency: from.currency,
            price_cents,
            weight_grams,
            is_insured: random.pick(&[(Some(false), 600), (Some(true), 200), (None, 200)]),
            is_test: random.chance(8),
            status,
            attempts,
            booked,
            handed_over: scanned.then_some(handed),
            promised,
            delivered: (status == "delivered").then_some(arrived),
            loaded: booked + random.between(5 * MINUTE, HOUR) + late_load,
        }
    }

    /// Returns the number of the booking.
    pub(super) fn booking_id(&self) -> String {
        format!("B{:08}", self.id)
    }
}

/// Writes `marts.fct_shipments`.
pub(super) fn write(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    for index in world.counted(world.parcels) {
        let parcel = Parcel::nth(world, index);
        let service = SERVICES.iter().find(|(name, ..)| *name == parcel.service).expect("it was taken from there");
        // One account in four hundred bookings is not in the table of customers any more.
        let gone = Random::of("gone", index).chance(3);
        let customer = parcel.customer.map(|customer| i64::try_from(customer).expect("a small number") + 1);
        let customer = if gone { Some(8_000_001) } else { customer };
        rows.push(&[
            integer(parcel.id),
            text(parcel.booking_id()),
            or_null(customer, integer),
            text(world.depots[parcel.origin].id),
            text(world.depots[parcel.destination].id),
            text(parcel.service),
            text(service.1),
            text(parcel.currency),
            or_null(parcel.price_cents, hundredths),
            or_null(parcel.weight_grams, |grams| quotient(grams, 1_000)),
            or_null(parcel.is_insured, boolean),
            boolean(parcel.is_test),
            text(parcel.status),
            integer(parcel.attempts),
            day(calendar::utc(parcel.booked).date()),
            instant(parcel.booked),
            or_null(parcel.handed_over, instant),
            instant(parcel.promised),
            or_null(parcel.delivered, instant),
            or_null(parcel.delivered, |delivered| quotient(delivered - parcel.booked, HOUR)),
            instant(parcel.loaded),
        ])?;
    }
    Ok(())
}

fn pick_customer(world: &World, date: NaiveDate, random: &mut Random) -> Option<u64> {
    if random.chance(60) {
        return None;
    }
    (0..4).map(|_| random.skewed(world.customers)).find(|customer| customers::created_on(world, *customer) <= date)
}

fn pick_depot(world: &World, random: &mut Random) -> usize {
    let weights: Vec<(usize, u64)> = world.depots.iter().map(|depot| depot.weight).enumerate().collect();
    random.pick(&weights)
}

fn pick_destination(world: &World, origin: usize, random: &mut Random) -> usize {
    if random.chance(450) {
        return pick_depot(world, random);
    }
    let region = world.depots[origin].region;
    let near = world.depots.iter().enumerate().filter(|(_, depot)| depot.region == region);
    let weights: Vec<(usize, u64)> = near.map(|(index, depot)| (index, depot.weight)).collect();
    random.pick(&weights)
}

/// Returns the instant of booking: by the local clock of the depot, often enough on the edges of days.
fn booked(index: u64, date: NaiveDate, zone: chrono_tz::Tz, random: &mut Random) -> i64 {
    let berlin = calendar::zone("Europe/Berlin");
    if index % 97 == 13 {
        return calendar::instant(date.and_time(NaiveTime::MIN), berlin);
    }
    if index % 89 == 31 {
        return calendar::instant(date.and_time(NaiveTime::MIN), berlin) - 1;
    }
    if calendar::is_clock_change(date) && !index.is_multiple_of(3) {
        // From an hour before the change to three hours after, as it is in all zones of Europe.
        return date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
            + random.between(0, 4 * HOUR / 1_000) * 1_000;
    }
    let hours: Vec<(i64, u64)> = (0..).zip(HOURS).collect();
    let seconds = random.pick(&hours) * 3_600 + random.between(0, 3_599);
    calendar::instant(date.and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds), zone)
}

fn weight(index: u64, random: &mut Random) -> Option<i64> {
    if random.chance(15) {
        return None;
    }
    // Exactly on the bounds of the weight classes now and then.
    match index % 159 {
        53 => Some(1_000),
        106 => Some(5_000),
        158 => Some(20_000),
        _ => Some(100 + i64::try_from(random.skewed(31_400)).expect("a small number")),
    }
}

fn price(
    base_cents: i64,
    weight_grams: Option<i64>,
    crosses_border: bool,
    date: NaiveDate,
    currency: &str,
    random: &mut Random,
) -> Option<i64> {
    match random.below(1_000) {
        0..4 => return None,
        4..7 => return Some(0),
        _ => {}
    }
    let euro_cents = base_cents + weight_grams.unwrap_or(2_000) * 60 / 1_000;
    let euro_cents = if crosses_border { euro_cents * 2 } else { euro_cents };
    let raised = if date >= calendar::date(2025, 2, 1) { 106 } else { 100 };
    let euro_cents = euro_cents * raised * random.between(90, 112) / 10_000;
    Some(euro_cents * 1_000_000 / super::finance::worth(currency))
}

/// Returns how much of the promised time a delivery took, in percent.
fn lead_percent(date: NaiveDate, destination: &str, random: &mut Random) -> i64 {
    let busy = chrono::Datelike::month(&date) == 12;
    let weak = matches!(destination, "LIS1" | "WAW1" | "NYC1");
    let late = 70 + if busy { 90 } else { 0 } + if weak { 110 } else { 0 };
    if random.chance(late) { random.between(101, 260) } else { random.between(20, 92) }
}
