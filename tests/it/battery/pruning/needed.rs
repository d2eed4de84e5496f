//! Which partitions may hold rows of a span of time, found by trying moments at its ends.

use chrono::{DateTime, Duration, NaiveDateTime, NaiveTime, TimeZone, Utc};
use entente::sql::Literal;

use super::scans::Held;
use crate::battery::world::{Column, Partitions, Shift};

/// The moments that are tried at an end: often within the hours by which clocks move, then through the days that a month
/// moves to one and the same.
const NEAR: std::ops::Range<i32> = 0..16;
const NEAR_STEP: Duration = Duration::minutes(15);
const FAR: std::ops::Range<i32> = 4..96;
const FAR_STEP: Duration = Duration::hours(1);

/// How many partitions a bound may have on each side beyond those that may hold rows.
const SPARE: i32 = 1;

/// Says what is wrong with a bound on the partitions of rows of a span: it leaves out some, or has too many.
pub(super) fn mistake(partitions: &Partitions, time: &Held, bound: &Held) -> Option<String> {
    let size = partitions.size;
    if let Some(first) = &time.from {
        let Some(from) = &bound.from else { return Some(format!("{time:?} has no first partition")) };
        let needed = reached(partitions, first, partitions.from, 1).min()?;
        let read = clock(partitions, from);
        if read < size.further(needed, -SPARE) || read > size.further(needed, skipped(partitions)) {
            return Some(format!("of {time:?} the first partition is {needed}, and those from {from:?} on are read"));
        }
    }
    if let Some(end) = &time.to {
        let Some(to) = &bound.to else { return Some(format!("{time:?} has no last partition")) };
        let needed = reached(partitions, end, partitions.to, -1).max()?;
        let read = clock(partitions, to);
        if read > size.further(needed, 1 + SPARE) || read < size.further(needed, 1 - skipped(partitions)) {
            return Some(format!("of {time:?} the last partition is {needed}, and those before {to:?} are read"));
        }
    }
    None
}

/// How many partitions a bound may leave out, since the clock skips an hour when it is put forward: no instant is in them.
fn skipped(partitions: &Partitions) -> i32 {
    i32::from(partitions.column == Column::Instant)
}

/// The partitions of moments from an end on, or before it.
fn reached(
    partitions: &Partitions,
    end: &Literal,
    shift: Option<Shift>,
    sign: i32,
) -> impl Iterator<Item = NaiveDateTime> {
    let shift = shift.unwrap_or(Shift::Days(0));
    let tick = if sign < 0 { Duration::microseconds(1) } else { Duration::zero() };
    let steps = NEAR.map(|step| NEAR_STEP * step).chain(FAR.map(|step| FAR_STEP * step));
    steps.map(move |step| {
        let away = step * sign - tick;
        let place = match end {
            Literal::Timestamp(utc) => shift.of_instant(utc.and_utc() + away, partitions.zone),
            Literal::DateTime(time) => shift.of_clock(*time + away),
            Literal::Date(day) => shift.of_clock(day.and_time(NaiveTime::MIN) + away),
            other => panic!("{other:?} is no time"),
        };
        partitions.size.start(place)
    })
}

/// What the clock of the partitions' zone shows at a constant of the partition column.
fn clock(partitions: &Partitions, value: &Literal) -> NaiveDateTime {
    match value {
        Literal::Date(day) => day.and_time(NaiveTime::MIN),
        Literal::DateTime(clock) => *clock,
        Literal::Timestamp(utc) => {
            let at: DateTime<Utc> = utc.and_utc();
            partitions.zone.from_utc_datetime(&at.naive_utc()).naive_local()
        }
        other => panic!("{other:?} is no place of a partition"),
    }
}
