//! The range of a scan → what of it a rollup holds, and what is read from the rows themselves.
//!
//! Of `[3 May, 20 July)` a rollup by months that holds all before 1 July has June; `[3 May, 1 June)` and `[1 July, 20 July)`
//! are read from the rows.
//!
//! **Invariant:** the parts are the range, and no two have a day in common.

use crate::{
    catalog::ColumnType,
    plan::time::day_start,
    project::RollupTime,
    sql::Literal,
    time::{Calendar, DateRange, DateTime, Granularity, NaiveDate, Tz, Utc, add_periods, local_midnight, period_start},
};

/// A range in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// Whole periods that are stored.
    pub(super) stored: DateRange,
    /// The days that are not.
    pub(super) fresh: Vec<DateRange>,
    /// Whether rows without a time count.
    pub(super) with_timeless: bool,
}

impl Parts {
    /// Returns how many days are not stored; of a range without an end, more for each one before it.
    pub(super) fn fresh_days(&self) -> i64 {
        let days = |range: &DateRange| {
            let (from, to) = (range.from.unwrap_or(NaiveDate::MIN), range.to.unwrap_or(NaiveDate::MAX));
            to.signed_duration_since(from).num_days()
        };
        self.fresh.iter().map(days).sum()
    }
}

/// How a time is cut, and in which zone it is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The type of the time.
    pub(super) time_type: ColumnType,
    /// The zone of the query.
    pub(super) zone: Tz,
    /// Where weeks and fiscal years begin.
    pub(super) calendar: Calendar,
}

/// Cuts a range into what a rollup holds, which is filled up to a day, and the rest; says why it holds nothing of it.
pub(super) fn parts(range: DateRange, time: &RollupTime, filled: NaiveDate, asked: Asked) -> Result<Parts, String> {
    let is_instant = asked.time_type == ColumnType::Timestamp;
    if is_instant && asked.zone != time.time_zone {
        return Err(format!("its periods are cut in {}, and those asked for in {}", time.time_zone, asked.zone));
    }
    if range.is_within_days() {
        return Err("the range begins or ends within a day".to_owned());
    }
    let size = time.granularity;
    let floor = |day| period_start(day, size, asked.calendar);
    let low = range.from.map(|from| if floor(from) == from { from } else { add_periods(floor(from), size, 1) });
    let until = floor(filled);
    let high = range.to.map_or(until, |to| floor(to).min(until));
    if low.is_some_and(|low| low >= high) {
        return Err(if range.from.is_some_and(|from| from >= until) {
            format!("it holds what is before {until}, and the range begins later")
        } else {
            format!("the range has no whole {} that it holds", size.name())
        });
    }
    if is_instant && !low.iter().chain([&high]).all(|day| begins_once(*day, asked.zone)) {
        return Err(format!("the clocks of {} are changed about a midnight at which it is cut", asked.zone));
    }
    let before = range.from.zip(low).filter(|(from, low)| from < low);
    let before = before.map(|(from, low)| DateRange::days(Some(from), Some(low)));
    let behind = range.to.is_none_or(|to| high < to).then(|| DateRange::days(Some(high), range.to));
    Ok(Parts {
        stored: DateRange::days(low, Some(high)),
        fresh: before.into_iter().chain(behind).collect(),
        with_timeless: range.from.is_none() && range.to.is_none(),
    })
}

/// Returns the day whose start a constant is, in the type of a time, if a period of a size begins with it.
pub(super) fn day_of(literal: &Literal, size: Granularity, asked: Asked) -> Option<NaiveDate> {
    let day = match literal {
        Literal::Date(day) => *day,
        Literal::DateTime(time) => time.date(),
        Literal::Timestamp(time) => time.and_utc().with_timezone(&asked.zone).date_naive(),
        _ => return None,
    };
    let is_cut =
        period_start(day, size, asked.calendar) == day && day_start(asked.time_type, day, asked.zone) == *literal;
    (is_cut && (asked.time_type != ColumnType::Timestamp || begins_once(day, asked.zone))).then_some(day)
}

/// Returns whether all instants before the start of a day have earlier dates, and all behind it that date or a later one.
///
/// Where clocks are put back over midnight, an hour of the day before comes again after the day has begun.
fn begins_once(day: NaiveDate, zone: Tz) -> bool {
    let start = local_midnight(day, zone);
    let minute = chrono::TimeDelta::minutes(1);
    let date = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    (1..=240).all(|n| date(start - minute * n) < day) && (0..240).all(|n| date(start + minute * n) >= day)
}

#[cfg(test)]
mod tests;
