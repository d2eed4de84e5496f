//! Depots and currencies.

use chrono_tz::Tz;

use super::{
    calendar,
    row::{day, integer, null, text},
};
use crate::{
    sql::Literal,
    warehouse::{Error, duckdb::NewRows},
};

/// A depot.
pub(super) struct Depot {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) region: Option<&'static str>,
    pub(super) country: &'static str,
    pub(super) zone: Tz,
    pub(super) currency: &'static str,
    /// How much of the traffic goes through it.
    pub(super) weight: u64,
}

/// Regions that are planned for.
pub(super) const REGIONS: [&str; 6] = ["NW", "NE", "W", "SW", "S", "INT"];

/// Currencies with their worth in millionths of a euro.
pub(super) const CURRENCIES: [(&str, i64); 8] = [
    ("EUR", 1_000_000),
    ("GBP", 1_170_000),
    ("PLN", 232_000),
    ("CHF", 1_050_000),
    ("SEK", 88_000),
    ("USD", 920_000),
    ("INR", 10_900),
    ("AUD", 600_000),
];

/// A row of the table below: code, name, region, country, zone, currency, weight.
type Row = (&'static str, &'static str, Option<&'static str>, &'static str, &'static str, &'static str, u64);

const DEPOTS: [Row; 26] = [
    ("HAM1", "Hamburg", Some("NW"), "DE", "Europe/Berlin", "EUR", 90),
    ("BRE1", "Bremen", Some("NW"), "DE", "Europe/Berlin", "EUR", 35),
    ("HAJ1", "Hannover", Some("NW"), "DE", "Europe/Berlin", "EUR", 50),
    ("AMS1", "Amsterdam", Some("NW"), "NL", "Europe/Amsterdam", "EUR", 60),
    ("LON1", "London", Some("NW"), "GB", "Europe/London", "GBP", 55),
    ("BER1", "Berlin", Some("NE"), "DE", "Europe/Berlin", "EUR", 100),
    ("LEJ1", "Leipzig", Some("NE"), "DE", "Europe/Berlin", "EUR", 45),
    ("WAW1", "Warszawa", Some("NE"), "PL", "Europe/Warsaw", "PLN", 50),
    ("POZ1", "Poznań", Some("NE"), "PL", "Europe/Warsaw", "PLN", 20),
    ("STO1", "Stockholm", Some("NE"), "SE", "Europe/Stockholm", "SEK", 25),
    ("CGN1", "Köln", Some("W"), "DE", "Europe/Berlin", "EUR", 85),
    ("DTM1", "Dortmund", Some("W"), "DE", "Europe/Berlin", "EUR", 60),
    ("BRU1", "Bruxelles", Some("W"), "BE", "Europe/Brussels", "EUR", 35),
    ("PAR1", "Paris", Some("W"), "FR", "Europe/Paris", "EUR", 70),
    ("LYS1", "Lyon", Some("SW"), "FR", "Europe/Paris", "EUR", 30),
    ("STR1", "Stuttgart", Some("SW"), "DE", "Europe/Berlin", "EUR", 55),
    ("ZRH1", "Zürich", Some("SW"), "CH", "Europe/Zurich", "CHF", 30),
    ("LIS1", "Lisboa", Some("SW"), "PT", "Europe/Lisbon", "EUR", 20),
    ("MUC1", "München", Some("S"), "DE", "Europe/Berlin", "EUR", 80),
    ("VIE1", "Wien", Some("S"), "AT", "Europe/Vienna", "EUR", 40),
    ("MIL1", "Milano", Some("S"), "IT", "Europe/Rome", "EUR", 45),
    ("NYC1", "New York", Some("INT"), "US", "America/New_York", "USD", 20),
    ("BLR1", "Bengaluru", Some("INT"), "IN", "Asia/Kolkata", "INR", 12),
    ("ADL1", "Adelaide", Some("INT"), "AU", "Australia/Adelaide", "AUD", 8),
    ("PRG1", "Praha", None, "CZ", "Europe/Prague", "EUR", 18),
    ("OSL1", "Oslo", None, "NO", "Europe/Oslo", "EUR", 6),
];

/// Returns all depots.
pub(super) fn depots() -> Vec<Depot> {
    DEPOTS
        .iter()
        .map(|&(id, name, region, country, zone, currency, weight)| Depot {
            id,
            name,
            region,
            country,
            zone: calendar::zone(zone),
            currency,
            weight,
        })
        .collect()
}

/// Writes `marts.dim_depots`.
pub(super) fn write(depots: &[Depot], rows: &mut NewRows<'_>) -> Result<(), Error> {
    for (depot, index) in depots.iter().zip(0_i64..) {
        let capacity = i64::try_from(depot.weight).expect("a small number") * 150;
        let opened = calendar::date(2009, 3, 1) + chrono::Months::new(u32::try_from(index * 7 % 170).expect("small"));
        let region: Literal = depot.region.map_or_else(null, text);
        rows.push(&[
            text(depot.id),
            text(depot.name),
            region,
            text(depot.country),
            text(depot.zone.name()),
            integer(capacity),
            day(opened),
        ])?;
    }
    Ok(())
}
