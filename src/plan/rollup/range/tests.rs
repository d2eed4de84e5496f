use super::*;
use crate::{
    ids::{DimensionId, Id},
    project::{Route, TimeAxis},
    time::Weekday,
};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn asked(time_type: ColumnType, zone: Tz) -> Asked {
    let calendar = Calendar { week_start: Weekday::Mon, fiscal_start_month: 1 };
    Asked { time_type, zone, calendar }
}

fn cut(range: (Option<&str>, Option<&str>), granularity: Granularity, until: &str) -> Result<Parts, String> {
    let axis = TimeAxis { route: Route::here(), dimension: DimensionId::from_index(0) };
    let time = RollupTime { axis, granularity, time_zone: Tz::Europe__Berlin };
    let range = DateRange::days(range.0.map(day), range.1.map(day));
    parts(range, &time, day(until), asked(ColumnType::Timestamp, Tz::Europe__Berlin))
}

fn days(from: &str, to: &str) -> DateRange {
    DateRange::days(Some(day(from)), Some(day(to)))
}

#[test]
fn whole_periods_are_stored_and_the_rest_is_fresh() {
    let found = cut((Some("2025-05-03"), Some("2025-07-20")), Granularity::Month, "2025-07-01").expect("it has June");
    assert_eq!(found.stored, days("2025-06-01", "2025-07-01"));
    assert_eq!(found.fresh, [days("2025-05-03", "2025-06-01"), days("2025-07-01", "2025-07-20")]);
    assert!(!found.with_timeless);
}

#[test]
fn what_is_stored_ends_where_rows_may_change() {
    let found = cut((Some("2025-05-01"), Some("2025-06-01")), Granularity::Day, "2025-05-20").expect("it has days");
    assert_eq!(found.stored, days("2025-05-01", "2025-05-20"));
    assert_eq!(found.fresh, [days("2025-05-20", "2025-06-01")]);
    assert_eq!(found.fresh_days(), 12);
}

#[test]
fn without_a_range_rows_without_a_time_count() {
    let found = cut((None, None), Granularity::Day, "2025-05-20").expect("it has days");
    assert_eq!(found.stored, DateRange::days(None, Some(day("2025-05-20"))));
    assert_eq!(found.fresh, [DateRange::days(Some(day("2025-05-20")), None)]);
    assert!(found.with_timeless);
}

#[test]
fn a_range_without_a_whole_period_is_read_from_rows() {
    assert!(cut((Some("2025-05-03"), Some("2025-05-30")), Granularity::Month, "2025-07-01").is_err());
    assert!(cut((Some("2025-08-01"), Some("2025-09-01")), Granularity::Month, "2025-07-01").is_err());
    // A week that ends in the next year is no part of it.
    let found = cut((Some("2025-01-01"), Some("2026-01-01")), Granularity::Week, "2026-03-01").expect("it has weeks");
    assert_eq!(found.stored, days("2025-01-06", "2025-12-29"));
}

#[test]
fn days_begin_once_unless_clocks_go_back_over_midnight() {
    assert!(begins_once(day("2025-10-26"), Tz::Europe__Berlin));
    assert!(begins_once(day("2025-03-30"), Tz::Europe__Berlin));
    // Until 2011 clocks went back there at one minute past midnight.
    assert!(!begins_once(day("2010-11-07"), Tz::America__St_Johns));
}

#[test]
fn a_constant_is_a_day_if_a_period_begins_with_it() {
    let berlin = asked(ColumnType::Timestamp, Tz::Europe__Berlin);
    let at = |text: &str| Literal::Timestamp(text.parse().expect("a time"));
    assert_eq!(day_of(&at("2025-05-31T22:00:00"), Granularity::Month, berlin), Some(day("2025-06-01")));
    assert_eq!(day_of(&at("2025-05-31T22:00:00"), Granularity::Quarter, berlin), None);
    assert_eq!(day_of(&at("2025-06-01T00:00:00"), Granularity::Month, berlin), None);
}
