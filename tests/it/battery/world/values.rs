//! The values that worlds are made of: mostly those on which planners stumble.

use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

use crate::battery::random::Random;

/// Zones of whole, half and three quarter hours, of both hemispheres, with and without changes of the clock.
pub(in crate::battery) const ZONES: [Tz; 8] = [
    chrono_tz::UTC,
    chrono_tz::Europe::Berlin,
    chrono_tz::Asia::Kolkata,
    chrono_tz::Australia::Lord_Howe,
    chrono_tz::America::New_York,
    chrono_tz::Africa::Cairo,
    chrono_tz::Pacific::Chatham,
    chrono_tz::America::St_Johns,
];

/// Ends of years and months, the leap day, days on which clocks move.
const EDGES: [(i32, u32, u32); 11] = [
    (2023, 12, 31),
    (2024, 1, 1),
    (2024, 1, 31),
    (2024, 2, 29),
    (2024, 3, 1),
    (2024, 3, 10),
    (2024, 3, 31),
    (2024, 4, 7),
    (2024, 4, 26),
    (2024, 5, 1),
    (2024, 7, 9),
];

/// Case, quotes, nothing, a blank at the end, one letter in two forms, a letter of two halves, a wildcard.
pub(in crate::battery) const KINDS: [&str; 10] =
    ["a", "A", "b", "it's", "", "a ", "\u{e9}", "e\u{301}", "\u{1f642}", "%"];
pub(in crate::battery) const COUNTRIES: [&str; 3] = ["DE", "FR", "\\"];
pub(in crate::battery) const REGIONS: [&str; 2] = ["N", "S"];
/// What the principal may see where there is a policy.
pub(in crate::battery) const SEEN_REGION: &str = REGIONS[0];
pub(in crate::battery) const REASONS: [&str; 2] = ["lost", "late"];
pub(in crate::battery) const CURRENCIES: [&str; 2] = ["EUR", "USD"];
pub(in crate::battery) const PLANS: [&str; 2] = ["basic", "pro"];
pub(in crate::battery) const TONES: [&str; 2] = ["warm", "cold"];
pub(in crate::battery) const TIERS: [&str; 2] = ["high", "low"];

/// In hundredths.
pub(super) const PRICES: [i64; 6] = [0, 1, 199, 100_000_000_001, -50, 100_000_000_000_001];
/// In hundredths.
pub(super) const AMOUNTS: [i128; 6] = [0, 1, 250, 100_000_000_001, -300, 100_000_000_000_000_000_000_007];
/// The last is the first whole number that a float does not hold.
pub(super) const WEIGHTS: [i64; 6] = [0, 1, 2, 3, 5, 9_007_199_254_740_993];

pub(super) fn kind(random: &mut Random) -> Option<String> {
    let kinds = if random.chance(70) { &KINDS[..4] } else { &KINDS };
    random.pick_or_none(20, kinds).map(str::to_owned)
}

pub(in crate::battery) fn day(random: &mut Random) -> NaiveDate {
    if random.chance(60) {
        let (year, month, day) = *random.pick(&EDGES);
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    } else {
        NaiveDate::from_ymd_opt(2023, 12, 15).expect("a day") + Duration::days(random.value_below(150))
    }
}

/// An instant, often at the midnight of one of the zones, or a second from it.
pub(super) fn instant(random: &mut Random) -> DateTime<Utc> {
    let day = day(random);
    let zone = *random.pick(&ZONES);
    let hour = match random.below(10) {
        0..5 => 0,
        5 => 23,
        _ => u32::try_from(random.below(24)).expect("an hour"),
    };
    let local = day.and_hms_opt(hour, *random.pick(&[0, 0, 30, 45, 59]), 0).expect("a time");
    let at = zone.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc));
    at + Duration::seconds(*random.pick(&[0, 0, -1, 1]))
}
