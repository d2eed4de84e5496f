//! The moment that a request is planned for.
//!
//! Plans are kept, so they are made for the start of a slot and hold until the next begins. Every zone's day and hour begins
//! with a quarter of an hour; a request that tells minutes or seconds has slots as short as those.
//!
//! **Invariant:** no period that a request tells ends within a slot.

use crate::{
    plan::{KeyKind, Request},
    project::Size,
    time::{DateTime, Granularity, RangeUnit, RelativeRange, TimeRange, Utc},
};

const QUARTER_OF_AN_HOUR: i64 = 15 * 60;

/// Returns the moment for which a request is planned that is asked now.
pub(super) fn moment_of(request: &Request, now: DateTime<Utc>) -> DateTime<Utc> {
    let of_range = match &request.time {
        Some(
            TimeRange::Current(RangeUnit::Granularity(unit))
            | TimeRange::Last(RelativeRange { unit: RangeUnit::Granularity(unit), .. }),
        ) => Some(*unit),
        Some(TimeRange::Current(_) | TimeRange::Last(_) | TimeRange::Between { .. } | TimeRange::Since(_)) | None => {
            None
        }
    };
    let of_keys = request.keys.iter().filter_map(|key| match key.kind {
        KeyKind::Time(size) => size.standard(),
        KeyKind::Dimension { granularity, .. } => granularity.and_then(Size::standard),
        KeyKind::TimePart(_) => None,
    });
    let slot = match of_keys.chain(of_range).filter_map(Granularity::seconds).min() {
        Some(..60) => 1,
        Some(60..3600) => 60,
        Some(3600..) | None => QUARTER_OF_AN_HOUR,
    };
    let seconds = now.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(slot), 0).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::RequestText;

    #[test]
    fn a_plan_holds_as_long_as_the_shortest_period_of_its_request() {
        let now = "2026-01-15T12:44:31Z".parse().expect("a moment");
        for (by, time, expected) in [
            ("time.day", "last 3 days", "12:30:00"),
            ("time.hour", "last 3 hours", "12:30:00"),
            ("time.day", "last 2 minutes", "12:44:00"),
            ("time.minute", "2026-01-15", "12:44:00"),
            ("booked_at.minute15", "2026-01-15", "12:44:00"),
            ("time.minute", "last 90 seconds", "12:44:31"),
        ] {
            let text = RequestText {
                metrics: vec!["revenue".to_owned()],
                by: vec![by.to_owned()],
                time: Some(time.to_owned()),
                ..RequestText::default()
            };
            let request = text.parse().expect("a request");
            assert_eq!(moment_of(&request, now).format("%H:%M:%S").to_string(), expected, "{by}, {time}");
        }
    }
}
