//! Accounts: groups, their members, and a few odd ones.

use chrono::{Days, NaiveDate};

use super::{
    World, calendar,
    random::Random,
    row::{day, integer, or_null, text},
};
use crate::warehouse::{Error, duckdb::NewRows};

const FIRST: [&str; 32] = [
    "Nordlicht",
    "Alpen",
    "Hanse",
    "Rhein",
    "Isar",
    "Elbe",
    "Polar",
    "Solar",
    "Grüner",
    "Blauer",
    "Rote",
    "Weiße",
    "Kleine",
    "Große",
    "Neue",
    "Alte",
    "Stadt",
    "Land",
    "Wald",
    "See",
    "Berg",
    "Hafen",
    "Markt",
    "Kessel",
    "Linden",
    "Eichen",
    "Birken",
    "Möwen",
    "Falken",
    "Adler",
    "Fuchs",
    "Dachs",
];
const SECOND: [&str; 32] = [
    "Räder",
    "Bücher",
    "Möbel",
    "Schuhe",
    "Optik",
    "Pharma",
    "Elektronik",
    "Garten",
    "Kaffee",
    "Tee",
    "Wein",
    "Spielwaren",
    "Papier",
    "Textil",
    "Werkzeug",
    "Ersatzteile",
    "Kosmetik",
    "Schmuck",
    "Uhren",
    "Lampen",
    "Sport",
    "Outdoor",
    "Foto",
    "Musik",
    "Mode",
    "Keramik",
    "Tiernahrung",
    "Saatgut",
    "Backwaren",
    "Feinkost",
    "Technik",
    "Labor",
];

/// Customers opened over the two years are the last part of all; the others were there before.
const LATECOMERS_PER_MILLE: u64 = 300;

/// Returns the index of the depot at which a customer books.
pub(super) fn home(world: &World, customer: u64) -> usize {
    let weights: Vec<(usize, u64)> = world.depots.iter().map(|depot| depot.weight).enumerate().collect();
    Random::of("home", customer).pick(&weights)
}

/// Returns the day on which an account was opened.
pub(super) fn created_on(world: &World, customer: u64) -> NaiveDate {
    let mut random = Random::of("created", customer);
    let early = world.customers - world.customers * LATECOMERS_PER_MILLE / 1_000;
    if customer < early {
        calendar::date(2021, 1, 4) + Days::new(random.below(1_100))
    } else {
        calendar::day((customer - early) * calendar::DAYS / (world.customers - early))
    }
}

/// Writes `marts.dim_customers`. The first twelfth are groups; the last account names a parent that is not there.
pub(super) fn write(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    let groups = (world.customers / 12).max(2);
    for customer in 0..world.customers {
        let mut random = Random::of("customers", customer);
        let number = i64::try_from(customer).expect("a small number");
        let parent = if customer + 1 == world.customers {
            Some(9_999_999)
        } else if customer >= groups && random.chance(400) {
            Some(i64::try_from(random.below(groups)).expect("a small number") + 1)
        } else {
            None
        };
        let country = match customer % 50 {
            17 => None,
            33 => Some("XX"),
            _ => Some(world.depots[home(world, customer)].country),
        };
        let segment =
            if customer < groups { "enterprise" } else { random.pick(&[("mid_market", 300), ("small", 700)]) };
        let name = name(customer);
        let host = name.to_lowercase().replace(' ', "-").replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
        let host = host.replace('ß', "ss");
        rows.push(&[
            integer(number + 1),
            or_null(parent, integer),
            text(name),
            or_null(country, text),
            text(segment),
            text(format!("versand@{host}.example")),
            day(created_on(world, customer)),
        ])?;
    }
    Ok(())
}

/// Returns a name that no other account has: `Hanse Räder`, `Hanse Räder 2`.
fn name(customer: u64) -> String {
    let words = u64::try_from(FIRST.len() * SECOND.len()).expect("a small number");
    // 331 has no divisor in common with the number of pairs, so every pair is met once before any is met again.
    let pair = usize::try_from(customer * 331 % words).expect("a small number");
    let (first, second) = (FIRST[pair % FIRST.len()], SECOND[pair / FIRST.len()]);
    match customer / words {
        0 => format!("{first} {second}"),
        round => format!("{first} {second} {}", round + 1),
    }
}
