//! A world → the statements that make its tables.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Claim, Customer, Parcel, World};

const TABLES: [(&str, &str); 12] = [
    (
        "parcels",
        "id BIGINT, customer_id BIGINT, origin_id BIGINT, destination_id BIGINT, booked_at TIMESTAMPTZ, done_on DATE, \
         weight BIGINT, price DECIMAL(20,2), kind VARCHAR, ok BOOLEAN, currency VARCHAR, loaded_on DATE, \
         loaded_clock TIMESTAMP, loaded_at TIMESTAMPTZ, void BOOLEAN",
    ),
    ("claims", "id BIGINT, parcel_id BIGINT, filed_at TIMESTAMP, amount DECIMAL(30,2), reason VARCHAR, void BOOLEAN"),
    ("customers", "id BIGINT, parent_id BIGINT, country VARCHAR, void BOOLEAN"),
    ("depots", "id BIGINT, region VARCHAR"),
    ("rates", "currency VARCHAR, day DATE, eur DECIMAL(12,4), tier VARCHAR"),
    ("plans", "currency VARCHAR, valid_from DATE, valid_to DATE, title VARCHAR"),
    ("statuses", "id BIGINT, parcel_id BIGINT, valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ, load BIGINT"),
    ("notes", "parcel_id BIGINT, tone VARCHAR"),
    ("segments", "id BIGINT, title VARCHAR"),
    ("memberships", "customer_id BIGINT, segment_id BIGINT"),
    ("shares", "customer_id BIGINT, center VARCHAR, share DECIMAL(5,4)"),
    ("retail", "day DATE, retail_month DATE, retail_year BIGINT"),
];

impl World {
    /// The statements that make the tables, in place of those that are there.
    pub(in crate::battery) fn seed(&self) -> String {
        let mut sql = String::new();
        for (table, columns) in TABLES {
            sql.push_str(&format!("CREATE OR REPLACE TABLE {table} ({columns});\n"));
        }
        let void = |index: usize| if index.is_multiple_of(2) { "true" } else { "NULL" };
        let parcels = self.parcels.iter().map(|row| self.parcel(row, "false"));
        let left_out = self.void.parcels.iter().enumerate().map(|(index, row)| self.parcel(row, void(index)));
        insert(&mut sql, "parcels", parcels.chain(left_out));
        let claims = self.claims.iter().map(|row| claim(row, "false"));
        let left_out = self.void.claims.iter().enumerate().map(|(index, row)| claim(row, void(index)));
        insert(&mut sql, "claims", claims.chain(left_out));
        let customers = self.customers.iter().map(|row| customer(row, "false"));
        let left_out = self.void.customers.iter().enumerate().map(|(index, row)| customer(row, void(index)));
        insert(&mut sql, "customers", customers.chain(left_out));
        let depots = self.depots.iter().map(|row| vec![row.id.to_string(), text(row.region.as_deref())]);
        insert(&mut sql, "depots", depots);
        let rates = self.rates.iter().map(|row| {
            let eur = decimal(row.eur.map(i128::from), 4);
            vec![text(Some(&row.currency)), date(Some(row.day)), eur, text(row.tier.as_deref())]
        });
        insert(&mut sql, "rates", rates);
        let plans = self
            .plans
            .iter()
            .map(|row| vec![text(Some(&row.currency)), date(Some(row.from)), date(row.to), text(row.title.as_deref())]);
        insert(&mut sql, "plans", plans);
        self.insert_many(&mut sql);
        sql.push_str(&self.retail.seed());
        sql
    }
}

impl World {
    fn parcel(&self, row: &Parcel, void: &str) -> Vec<String> {
        let (day, clock, at) = self.places(row);
        vec![
            row.id.to_string(),
            number(row.customer),
            number(row.origin),
            number(row.destination),
            instant(row.booked_at),
            date(row.done_on),
            number(row.weight),
            decimal(row.price.map(i128::from), 2),
            text(row.kind.as_deref()),
            row.ok.map_or("NULL".into(), |ok| ok.to_string()),
            text(row.currency.as_deref()),
            date(Some(day)),
            format!("TIMESTAMP '{}'", clock.format("%F %T")),
            instant(Some(at)),
            void.to_owned(),
        ]
    }

    fn insert_many(&self, sql: &mut String) {
        let statuses = self.statuses.iter().map(|row| {
            vec![row.id.to_string(), number(row.parcel), instant(Some(row.from)), instant(row.to), number(row.load)]
        });
        insert(sql, "statuses", statuses);
        let notes = self.notes.iter().map(|row| vec![row.parcel.to_string(), text(row.tone.as_deref())]);
        insert(sql, "notes", notes);
        let segments = self.segments.iter().map(|row| vec![row.id.to_string(), text(row.title.as_deref())]);
        insert(sql, "segments", segments);
        let memberships = self.memberships.iter().map(|row| vec![number(row.customer), number(row.segment)]);
        insert(sql, "memberships", memberships);
        let shares = self
            .shares
            .iter()
            .map(|row| vec![number(row.customer), text(Some(&row.center)), decimal(row.part.map(i128::from), 4)]);
        insert(sql, "shares", shares);
    }
}

fn insert(sql: &mut String, table: &str, rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<String> = rows.map(|row| format!("  ({})", row.join(", "))).collect();
    if !rows.is_empty() {
        sql.push_str(&format!("INSERT INTO {table} VALUES\n{};\n", rows.join(",\n")));
    }
}

fn claim(row: &Claim, void: &str) -> Vec<String> {
    vec![
        row.id.to_string(),
        number(row.parcel),
        row.filed_at.map_or("NULL".into(), |at| format!("TIMESTAMP '{}'", at.format("%F %T"))),
        decimal(row.amount, 2),
        text(row.reason.as_deref()),
        void.to_owned(),
    ]
}

fn customer(row: &Customer, void: &str) -> Vec<String> {
    vec![row.id.to_string(), number(row.parent), text(row.country.as_deref()), void.to_owned()]
}

fn number(value: Option<i64>) -> String {
    value.map_or("NULL".into(), |value| value.to_string())
}

/// A number of so many digits behind the point, in units of the last.
pub(in crate::battery) fn decimal(value: Option<i128>, digits: u32) -> String {
    value.map_or("NULL".into(), |units| {
        let sign = if units < 0 { "-" } else { "" };
        let one = 10_u128.pow(digits);
        let units = units.unsigned_abs();
        format!("{sign}{}.{:0width$}", units / one, units % one, width = digits as usize)
    })
}

fn instant(value: Option<DateTime<Utc>>) -> String {
    value.map_or("NULL".into(), |at| format!("TIMESTAMPTZ '{}+00'", at.format("%F %T")))
}

fn date(value: Option<NaiveDate>) -> String {
    value.map_or("NULL".into(), |day| format!("DATE '{day}'"))
}

fn text(value: Option<&str>) -> String {
    value.map_or("NULL".into(), |value| format!("'{}'", value.replace('\'', "''")))
}
