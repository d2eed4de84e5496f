//! Small worlds: parcels, claims on them, customers and depots, with nulls, dangling keys, and times on the edges of days.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::random::Random;

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
    /// The partition: the day of the booking in UTC, or up to `late` days later.
    pub(super) loaded_on: NaiveDate,
}

pub(super) struct Claim {
    pub(super) id: i64,
    pub(super) parcel: Option<i64>,
    /// A wall clock.
    pub(super) filed_at: Option<NaiveDateTime>,
    /// In hundredths.
    pub(super) amount: Option<i64>,
    pub(super) reason: Option<String>,
}

pub(super) struct Customer {
    pub(super) id: i64,
    pub(super) parent: Option<i64>,
    pub(super) country: Option<String>,
}

pub(super) struct Depot {
    pub(super) id: i64,
    pub(super) region: Option<String>,
}

pub(super) struct World {
    pub(super) zone: Tz,
    /// Days from Monday to the first day of a week.
    pub(super) week_start: u32,
    pub(super) fiscal_start: u32,
    pub(super) late: i64,
    pub(super) parcels: Vec<Parcel>,
    pub(super) claims: Vec<Claim>,
    pub(super) customers: Vec<Customer>,
    pub(super) depots: Vec<Depot>,
    /// Rows that the models' `where` leaves out, with keys of others.
    pub(super) void: Void,
}

pub(super) struct Void {
    parcels: Vec<Parcel>,
    claims: Vec<Claim>,
    customers: Vec<Customer>,
}

pub(super) const ZONES: [Tz; 6] = [
    chrono_tz::UTC,
    chrono_tz::Europe::Berlin,
    chrono_tz::Asia::Kolkata,
    chrono_tz::Australia::Lord_Howe,
    chrono_tz::America::New_York,
    chrono_tz::Africa::Cairo,
];

const EDGES: [(i32, u32, u32); 9] = [
    (2023, 12, 31),
    (2024, 1, 1),
    (2024, 1, 31),
    (2024, 2, 29),
    (2024, 3, 1),
    (2024, 3, 31),
    (2024, 4, 7),
    (2024, 4, 26),
    (2024, 5, 1),
];

pub(super) const KINDS: [&str; 5] = ["a", "A", "b", "it's", ""];
pub(super) const COUNTRIES: [&str; 3] = ["DE", "FR", "\\"];
pub(super) const REGIONS: [&str; 2] = ["N", "S"];
pub(super) const REASONS: [&str; 2] = ["lost", "late"];

pub(super) fn make(random: &mut Random) -> World {
    let depots = (1..=random.value_below(3) + 1)
        .map(|id| Depot { id, region: random.pick_or_none(20, &REGIONS.map(str::to_owned)) })
        .collect();
    let n_customers = random.value_below(4);
    let customers = (1..=n_customers)
        .map(|id| Customer {
            id,
            parent: random.pick_or_none(40, &[1, 2, 9]),
            country: random.pick_or_none(25, &COUNTRIES.map(str::to_owned)),
        })
        .collect();
    let late = random.value_below(3);
    let n_parcels = random.value_below(14);
    let parcels: Vec<Parcel> = (1..=n_parcels).map(|id| parcel(random, id, late)).collect();
    let claims = (1..=random.value_below(9))
        .map(|id| Claim {
            id,
            parcel: random.pick_or_none(10, &[1, 1, 2, 3, 4, 5, 99]),
            filed_at: if random.chance(12) { None } else { Some(instant(random).naive_utc()) },
            amount: random.pick_or_none(15, &[0, 1, 250, 100_000_000_001, -300]),
            reason: random.pick_or_none(25, &REASONS.map(str::to_owned)),
        })
        .collect();
    let void = Void {
        parcels: [1, 2, 99].map(|id| parcel(random, id, late)).into(),
        claims: [1, 3, 98].map(|id| claim(random, id)).into(),
        customers: [1, 4, 9].map(|id| customer(random, id)).into(),
    };
    World {
        void,
        zone: *random.pick(&ZONES),
        week_start: if random.chance(60) { 0 } else { *random.pick(&[5, 6]) },
        fiscal_start: if random.chance(60) { 1 } else { *random.pick(&[2, 4, 10]) },
        late,
        parcels,
        claims,
        customers,
        depots,
    }
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
        filed_at: if random.chance(12) { None } else { Some(instant(random).naive_utc()) },
        amount: random.pick_or_none(15, &[0, 1, 250, 100_000_000_001, -300]),
        reason: random.pick_or_none(25, &REASONS.map(str::to_owned)),
    }
}

fn parcel(random: &mut Random, id: i64, late: i64) -> Parcel {
    let booked_at = if random.chance(10) { None } else { Some(instant(random)) };
    let first_day = booked_at.map_or(NaiveDate::from_ymd_opt(2024, 2, 1).expect("a day"), |at| at.date_naive());
    let slack = random.value_below(late + 1);
    Parcel {
        id,
        customer: random.pick_or_none(12, &[1, 2, 3, 4]),
        origin: random.pick_or_none(10, &[1, 2, 3, 9]),
        destination: random.pick_or_none(10, &[1, 2, 3]),
        booked_at,
        done_on: if random.chance(25) { None } else { Some(day(random)) },
        weight: random.pick_or_none(15, &[0, 1, 2, 3, 5, 9_007_199_254_740_993]),
        price: random.pick_or_none(15, &[0, 1, 199, 100_000_000_001, -50]),
        kind: random.pick_or_none(20, &KINDS.map(str::to_owned)),
        ok: random.pick_or_none(25, &[true, false]),
        loaded_on: first_day + Duration::days(slack),
    }
}

pub(super) fn day(random: &mut Random) -> NaiveDate {
    if random.chance(60) {
        let (year, month, day) = *random.pick(&EDGES);
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    } else {
        NaiveDate::from_ymd_opt(2023, 12, 15).expect("a day") + Duration::days(random.value_below(150))
    }
}

/// An instant, often at the midnight of one of the zones, or a second from it.
fn instant(random: &mut Random) -> DateTime<Utc> {
    let day = day(random);
    let zone = *random.pick(&ZONES);
    let hour = if random.chance(60) { 0 } else { u32::try_from(random.below(24)).expect("an hour") };
    let local = day.and_hms_opt(hour, *random.pick(&[0, 0, 30, 59]), 0).expect("a time");
    let at = zone.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc));
    at + Duration::seconds(*random.pick(&[0, 0, -1, 1]))
}

impl World {
    /// The statements that make the tables.
    pub(super) fn seed(&self) -> String {
        let mut sql = String::from(
            "CREATE TABLE parcels (id BIGINT, customer_id BIGINT, origin_id BIGINT, destination_id BIGINT, \
             booked_at TIMESTAMPTZ, done_on DATE, weight BIGINT, price DECIMAL(18,2), kind VARCHAR, ok BOOLEAN, \
             loaded_on DATE, void BOOLEAN);\n\
             CREATE TABLE claims (id BIGINT, parcel_id BIGINT, filed_at TIMESTAMP, amount DECIMAL(18,2), reason VARCHAR, \
             void BOOLEAN);\n\
             CREATE TABLE customers (id BIGINT, parent_id BIGINT, country VARCHAR, void BOOLEAN);\n\
             CREATE TABLE depots (id BIGINT, region VARCHAR);\n",
        );
        let kept = std::iter::repeat("false");
        let left_out = ["true", "NULL"].into_iter().cycle();
        for (p, void) in self.parcels.iter().zip(kept.clone()).chain(self.void.parcels.iter().zip(left_out.clone())) {
            let row = [
                p.id.to_string(),
                number(p.customer),
                number(p.origin),
                number(p.destination),
                p.booked_at.map_or("NULL".into(), |at| format!("TIMESTAMPTZ '{}+00'", at.format("%F %T"))),
                date(p.done_on),
                number(p.weight),
                money(p.price),
                text(p.kind.as_deref()),
                p.ok.map_or("NULL".into(), |ok| ok.to_string()),
                date(Some(p.loaded_on)),
                void.to_owned(),
            ];
            sql.push_str(&format!("INSERT INTO parcels VALUES ({});\n", row.join(", ")));
        }
        for (c, void) in self.claims.iter().zip(kept.clone()).chain(self.void.claims.iter().zip(left_out.clone())) {
            let row = [
                c.id.to_string(),
                number(c.parcel),
                c.filed_at.map_or("NULL".into(), |at| format!("TIMESTAMP '{}'", at.format("%F %T"))),
                money(c.amount),
                text(c.reason.as_deref()),
                void.to_owned(),
            ];
            sql.push_str(&format!("INSERT INTO claims VALUES ({});\n", row.join(", ")));
        }
        for (c, void) in self.customers.iter().zip(kept).chain(self.void.customers.iter().zip(left_out)) {
            let row = [c.id.to_string(), number(c.parent), text(c.country.as_deref()), void.to_owned()];
            sql.push_str(&format!("INSERT INTO customers VALUES ({});\n", row.join(", ")));
        }
        for d in &self.depots {
            let row = [d.id.to_string(), text(d.region.as_deref())];
            sql.push_str(&format!("INSERT INTO depots VALUES ({});\n", row.join(", ")));
        }
        sql
    }

    /// The project file.
    pub(super) fn config(&self) -> String {
        let week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let months = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        format!(
            "language: 1\nname: world\nconnection: local\nconnections: {{ local: {{ type: duckdb, path: world.duckdb }} }}\n\
             time_zone: {}\nweek_start: {}\nfiscal_year_start: {}\n",
            self.zone,
            week[self.week_start as usize],
            months[self.fiscal_start as usize - 1]
        )
    }

    /// The models.
    pub(super) fn models(&self) -> String {
        let late = self.late;
        format!(
            "tables:\n  \
             - name: parcels\n    partition: {{ column: loaded_on, granularity: day, holds: {{ booked_at: {{ to: {late} days }} }} }}\n\
             models:\n  \
             - name: parcels\n    description: Parcels.\n    table: parcels\n    primary_key: id\n    where: not void\n    time: booked_at\n    \
               joins:\n      - {{ to: customers, key: customer_id }}\n      - {{ to: depots, key: origin_id, as: origin }}\n      \
               - {{ to: depots, key: destination_id, as: destination }}\n    dimensions:\n      \
               - {{ name: kind, type: string }}\n      - {{ name: ok, type: boolean }}\n      \
               - {{ name: booked_at, type: time }}\n      - {{ name: done_on, type: time }}\n      \
               - {{ name: weight_class, type: number, expr: weight, buckets: [2, 5] }}\n      \
               - {{ name: is_claimed, type: boolean, expr: exists(claims) }}\n  \
             - name: claims\n    description: Claims.\n    table: claims\n    primary_key: id\n    where: not void\n    time: filed_at\n    \
               joins:\n      - {{ to: parcels, key: parcel_id }}\n    dimensions:\n      \
               - {{ name: reason, type: string }}\n      - {{ name: filed_at, type: time }}\n  \
             - name: customers\n    description: Customers.\n    table: customers\n    primary_key: id\n    where: not void\n    \
               joins:\n      - {{ to: customers, key: parent_id, as: parent }}\n    dimensions:\n      \
               - {{ name: country, type: string }}\n  \
             - name: depots\n    description: Depots.\n    table: depots\n    primary_key: id\n    dimensions:\n      \
               - {{ name: region, type: string }}\n"
        )
    }
}

fn number(value: Option<i64>) -> String {
    value.map_or("NULL".into(), |value| value.to_string())
}

fn money(value: Option<i64>) -> String {
    value.map_or("NULL".into(), |cents| {
        let sign = if cents < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
    })
}

fn date(value: Option<NaiveDate>) -> String {
    value.map_or("NULL".into(), |day| format!("DATE '{day}'"))
}

fn text(value: Option<&str>) -> String {
    value.map_or("NULL".into(), |value| format!("'{}'", value.replace('\'', "''")))
}
