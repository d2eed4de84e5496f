//! Small worlds: parcels, claims on them, customers, depots and rates, with nulls, dangling keys, empty tables, and times
//! on the edges of days.

mod complete;
mod many;
mod models;
mod partition;
mod policy;
mod retail;
mod seed;
mod values;

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::random::Random;
pub(super) use partition::{Column, Partitions, Promised, Shift, Size};
pub(super) use policy::{Policy, ROLE};
pub(super) use retail::Retail;
pub(super) use seed::decimal;
pub(super) use values::{COUNTRIES, CURRENCIES, KINDS, PLANS, REASONS, REGIONS, SEEN_REGION, TIERS, TONES, ZONES, day};

#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) id: i64,
    pub(super) customer: Option<i64>,
    pub(super) origin: Option<i64>,
    pub(super) destination: Option<i64>,
    pub(super) booked_at: Option<DateTime<Utc>>,
    pub(super) done_on: Option<NaiveDate>,
    pub(super) weight: Option<i64>,
    /// In hundredths.
    pub(super) price: Option<i64>,
    pub(super) kind: Option<String>,
    pub(super) ok: Option<bool>,
    pub(super) currency: Option<String>,
    /// When it was put into its partition.
    pub(super) loaded_at: DateTime<Utc>,
}

#[derive(Clone)]
pub(super) struct Claim {
    pub(super) id: i64,
    pub(super) parcel: Option<i64>,
    /// A wall clock.
    pub(super) filed_at: Option<NaiveDateTime>,
    /// In hundredths.
    pub(super) amount: Option<i128>,
    pub(super) reason: Option<String>,
}

#[derive(Clone)]
pub(super) struct Customer {
    pub(super) id: i64,
    pub(super) parent: Option<i64>,
    pub(super) country: Option<String>,
}

#[derive(Clone)]
pub(super) struct Depot {
    pub(super) id: i64,
    pub(super) region: Option<String>,
}

/// One row per currency and day.
#[derive(Clone)]
pub(super) struct Rate {
    pub(super) currency: String,
    pub(super) day: NaiveDate,
    /// In ten thousandths.
    pub(super) eur: Option<i64>,
    pub(super) tier: Option<String>,
}

/// A plan of a currency, valid from a day up to, not including, another.
#[derive(Clone)]
pub(super) struct PlanVersion {
    pub(super) currency: String,
    pub(super) from: NaiveDate,
    pub(super) to: Option<NaiveDate>,
    pub(super) title: Option<String>,
}

/// What a parcel was like from a moment up to, not including, another.
#[derive(Clone)]
pub(super) struct Status {
    pub(super) id: i64,
    pub(super) parcel: Option<i64>,
    pub(super) from: DateTime<Utc>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) load: Option<i64>,
}

/// At most one for a parcel.
#[derive(Clone)]
pub(super) struct Note {
    pub(super) parcel: i64,
    pub(super) tone: Option<String>,
}

#[derive(Clone)]
pub(super) struct Segment {
    pub(super) id: i64,
    pub(super) title: Option<String>,
}

#[derive(Clone)]
pub(super) struct Membership {
    pub(super) customer: Option<i64>,
    pub(super) segment: Option<i64>,
}

/// The part of a customer that a center has.
#[derive(Clone)]
pub(super) struct Share {
    pub(super) customer: Option<i64>,
    pub(super) center: String,
    /// In ten thousandths.
    pub(super) part: Option<i64>,
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) zone: Tz,
    /// Days from Monday to the first day of a week.
    pub(super) week_start: u32,
    pub(super) fiscal_start: u32,
    pub(super) parcels: Vec<Parcel>,
    pub(super) claims: Vec<Claim>,
    pub(super) customers: Vec<Customer>,
    pub(super) depots: Vec<Depot>,
    pub(super) rates: Vec<Rate>,
    pub(super) plans: Vec<PlanVersion>,
    pub(super) statuses: Vec<Status>,
    pub(super) notes: Vec<Note>,
    pub(super) segments: Vec<Segment>,
    pub(super) memberships: Vec<Membership>,
    pub(super) shares: Vec<Share>,
    pub(super) retail: Retail,
    /// Rows that the models' `where` leaves out, with keys of others.
    pub(super) void: Void,
    /// What is shown of the depots, and of what points to them.
    pub(super) policy: Option<Policy>,
    /// Whether joins promise that every row has its match, where it has.
    pub(super) promises_matches: bool,
    /// The partitions of parcels, if they are told.
    pub(super) partitions: Option<Partitions>,
    /// Lines of the definitions that a smaller case does without.
    pub(super) left_out: BTreeSet<&'static str>,
}

#[derive(Clone)]
pub(super) struct Void {
    pub(super) parcels: Vec<Parcel>,
    pub(super) claims: Vec<Claim>,
    pub(super) customers: Vec<Customer>,
}

pub(super) fn make(random: &mut Random) -> World {
    let depots = (1..=random.value_below(3) + 1)
        .map(|id| Depot { id, region: random.pick_or_none(20, &values::REGIONS.map(str::to_owned)) })
        .collect();
    let n_customers = random.value_below(4);
    let customers = (1..=n_customers).map(|id| customer(random, id)).collect();
    let late = random.value_below(3);
    let n_parcels = random.value_below(14);
    let parcels: Vec<Parcel> = (1..=n_parcels).map(|id| parcel(random, id, late)).collect();
    let claims = (1..=random.value_below(9)).map(|id| claim(random, id)).collect();
    let void = Void {
        parcels: [1, 2, 99].map(|id| parcel(random, id, late)).into(),
        claims: [1, 3, 98].map(|id| claim(random, id)).into(),
        customers: [1, 4, 9].map(|id| customer(random, id)).into(),
    };
    let zone = *random.pick(&ZONES);
    let mut world = World {
        void,
        zone,
        week_start: if random.chance(60) { 0 } else { *random.pick(&[5, 6]) },
        fiscal_start: if random.chance(60) { 1 } else { *random.pick(&[2, 4, 10]) },
        rates: rates(random, &parcels),
        plans: plans(random, &parcels),
        statuses: statuses(random, zone),
        notes: many::notes(random, &parcels),
        segments: many::segments(random),
        memberships: many::memberships(random),
        shares: many::shares(random),
        retail: retail::make(random),
        parcels,
        claims,
        customers,
        depots,
        policy: policy::make(random),
        promises_matches: random.chance(40),
        partitions: Some(Partitions::late(late)),
        left_out: BTreeSet::new(),
    };
    if world.promises_matches {
        complete::mend(random, &mut world);
    }
    world
}

/// Rates of days on which something is booked in one of the zones, and of the days around.
fn rates(random: &mut Random, parcels: &[Parcel]) -> Vec<Rate> {
    let booked = parcels.iter().filter_map(|parcel| parcel.booked_at).map(|at| at.date_naive());
    let days: BTreeSet<NaiveDate> = booked.flat_map(|day| [-1, 0, 1].map(|more| day + Duration::days(more))).collect();
    let mut rates = Vec::new();
    for day in days {
        for currency in CURRENCIES {
            if random.chance(70) {
                let tier = random.pick_or_none(20, &TIERS.map(str::to_owned));
                rates.push(Rate {
                    currency: currency.to_owned(),
                    day,
                    eur: random.pick_or_none(10, &[1, 10_000, 12_345]),
                    tier,
                });
            }
        }
    }
    rates
}

/// Versions that begin and end on days on which something is done, some with gaps between them.
pub(super) fn plans(random: &mut Random, parcels: &[Parcel]) -> Vec<PlanVersion> {
    let mut plans = Vec::new();
    for currency in CURRENCIES {
        let done = parcels.iter().filter_map(|parcel| parcel.done_on).filter(|_| random.chance(50));
        let days: Vec<NaiveDate> = done.collect::<BTreeSet<NaiveDate>>().into_iter().collect();
        for (position, from) in days.iter().enumerate() {
            if random.chance(20) {
                continue;
            }
            plans.push(PlanVersion {
                currency: currency.to_owned(),
                from: *from,
                to: days.get(position + 1).copied(),
                title: random.pick_or_none(15, &PLANS.map(str::to_owned)),
            });
        }
    }
    plans
}

/// Versions of parcels that are there and of one that is not, one after another, with gaps between some of them.
fn statuses(random: &mut Random, zone: Tz) -> Vec<Status> {
    let mut statuses = Vec::new();
    for parcel in [Some(1), Some(2), Some(3), Some(99), None] {
        let moments: BTreeSet<DateTime<Utc>> = (0..random.below(4)).map(|_| moment_of_status(random, zone)).collect();
        let moments: Vec<DateTime<Utc>> = moments.into_iter().collect();
        for (position, from) in moments.iter().enumerate() {
            if random.chance(20) {
                continue;
            }
            let id = i64::try_from(statuses.len()).expect("few rows") + 1;
            let to = moments.get(position + 1).copied();
            let load = random.pick_or_none(15, &values::WEIGHTS);
            statuses.push(Status { id, parcel, from: *from, to, load });
        }
    }
    statuses
}

/// A moment at which a status begins, often the first of a day in the zone of the world, where a period ends.
fn moment_of_status(random: &mut Random, zone: Tz) -> DateTime<Utc> {
    let at = values::instant(random);
    let midnight = at.with_timezone(&zone).date_naive().and_time(NaiveTime::MIN);
    let first = zone.from_local_datetime(&midnight).earliest();
    first.filter(|_| random.chance(40)).map_or(at, |first| first.with_timezone(&Utc))
}

fn customer(random: &mut Random, id: i64) -> Customer {
    Customer {
        id,
        parent: random.pick_or_none(40, &[1, 2, 9]),
        country: random.pick_or_none(25, &COUNTRIES.map(str::to_owned)),
    }
}

fn claim(random: &mut Random, id: i64) -> Claim {
    Claim {
        id,
        parcel: random.pick_or_none(10, &[1, 1, 2, 3, 4, 5, 99]),
        filed_at: if random.chance(12) { None } else { Some(values::instant(random).naive_utc()) },
        amount: random.pick_or_none(15, &values::AMOUNTS),
        reason: random.pick_or_none(25, &REASONS.map(str::to_owned)),
    }
}

fn parcel(random: &mut Random, id: i64, late: i64) -> Parcel {
    let booked_at = if random.chance(10) { None } else { Some(values::instant(random)) };
    let first_day = booked_at.map_or(NaiveDate::from_ymd_opt(2024, 2, 1).expect("a day"), |at| at.date_naive());
    let slack = random.value_below(late + 1);
    Parcel {
        id,
        customer: random.pick_or_none(12, &[1, 2, 3, 4]),
        origin: random.pick_or_none(10, &[1, 2, 3, 9]),
        destination: random.pick_or_none(10, &[1, 2, 3]),
        booked_at,
        done_on: if random.chance(25) { None } else { Some(day(random)) },
        weight: random.pick_or_none(15, &values::WEIGHTS),
        price: random.pick_or_none(15, &values::PRICES),
        kind: values::kind(random),
        ok: random.pick_or_none(25, &[true, false]),
        currency: random.pick_or_none(10, &["EUR", "eur", "usd", "GBP"].map(str::to_owned)),
        loaded_at: (first_day + Duration::days(slack)).and_time(NaiveTime::MIN).and_utc(),
    }
}
