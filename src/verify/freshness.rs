//! The latest row of a table is as fresh as declared.
//!
//! **Invariant:** the present moment is an argument, so that an age can be tested.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use super::{
    Check, Context, Draft, Judge, Judged, Kind, Status,
    finding::{Example, Fault},
};
use crate::{
    plan::partition_condition,
    project::{Freshness, Table},
    sql::{AggregateFunction, From, Select, SqlExpr},
    time::{DateTime, Duration, Tz, Unit, Utc, shift_date},
    warehouse::Rows,
};

/// The name of the table in the query.
const ALIAS: &str = "loaded";

/// Returns a check for each table with a freshness.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let tables = context.project.tables.values();
    tables.filter_map(|table| table.freshness.as_ref().map(|freshness| check(context, table, freshness))).collect()
}

/// `SELECT COUNT(*) AS n_rows, MAX(loaded_at) AS latest FROM t`
fn check(context: &Context<'_>, table: &Table, freshness: &Freshness) -> Check {
    let column = |name: &str| SqlExpr::column(ALIAS, name);
    let days = context.days_of(table.partition.as_ref().is_some_and(|partition| partition.required));
    let bound =
        table.partition.as_ref().and_then(|partition| partition_condition(partition, &column(&partition.column), days));
    let latest = SqlExpr::aggregate(AggregateFunction::Max, Some(column(&freshness.column)));
    let select = Select {
        items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows"), latest.named("latest")],
        from: Some(From::Table { name: table.name.clone(), alias: ALIAS.to_owned() }),
        filter: bound,
        ..Select::default()
    };
    let aged = Aged { freshness: freshness.clone(), now: context.options.now, zone: context.project.time_zone };
    let name = format!("freshness of `{}`: {}", table.name, freshness.column);
    Draft { kind: Kind::Freshness, name, span: table.span }.check(context, Ok((select, Judge::Freshness(aged))))
}

/// How old a table may be.
#[derive(Clone, Debug)]
pub(super) struct Aged {
    freshness: Freshness,
    now: DateTime<Utc>,
    zone: Tz,
}

impl Aged {
    /// Reads the answer.
    pub(super) fn judge(&self, rows: &Rows) -> Judged {
        let cell = |at: usize| rows.columns.get(at).filter(|_| rows.len > 0).and_then(|column| column.text(0));
        let n_rows = cell(0).and_then(|text| text.parse().ok()).unwrap_or(0);
        let Some(shown) = cell(1) else {
            return Judged { n_rows, unread: Some("there are no rows with a time".to_owned()), ..Judged::default() };
        };
        let Some(latest) = instant(&shown, self.zone) else {
            let reason = format!("the latest value is no time: {shown}");
            return Judged { n_rows, unread: Some(reason), ..Judged::default() };
        };
        let help = if latest > self.now {
            "Mend the clock by which the rows are stamped."
        } else {
            "Load newer rows, or declare a greater age."
        };
        let Some((status, message)) = self.age(latest) else { return Judged { n_rows, ..Judged::default() } };
        let values = vec![(self.freshness.column.clone(), Some(shown))];
        let fault = Fault { status, message, n_values: 1, n_rows: 0, examples: vec![Example { values, n_rows: 0 }] };
        Judged { n_rows, faults: vec![fault], unread: None, help: Some(help.to_owned()) }
    }

    /// Returns what is wrong with the age of the latest row.
    fn age(&self, latest: DateTime<Utc>) -> Option<(Status, String)> {
        let age = self.now - latest;
        if age < TimeDelta::zero() {
            let message = format!("the latest row lies {} in the future, so its age is not known", spoken(-age));
            return Some((Status::Doubtful, message));
        }
        let is_older = |limit: &Duration| latest < before(self.now, *limit, self.zone);
        let told = |limit: &Duration| format!("the latest row is {} old, more than {limit}", spoken(age));
        if let Some(limit) = self.freshness.error_after.as_ref().filter(|limit| is_older(limit)) {
            return Some((Status::Broken, told(limit)));
        }
        self.freshness.warn_after.as_ref().filter(|limit| is_older(limit)).map(|limit| (Status::Doubtful, told(limit)))
    }
}

/// Returns the moment that lies a span before another; days and longer units are those of the zone's calendar.
fn before(now: DateTime<Utc>, span: Duration, zone: Tz) -> DateTime<Utc> {
    let clock = match span.unit {
        Unit::Second => TimeDelta::try_seconds(span.count),
        Unit::Minute => TimeDelta::try_minutes(span.count),
        Unit::Hour => TimeDelta::try_hours(span.count),
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => {
            let local = now.with_timezone(&zone).naive_local();
            let moved = shift_date(local.date(), span, -1).and_time(local.time());
            return zone.from_local_datetime(&moved).earliest().map_or(moved.and_utc(), |moment| moment.to_utc());
        }
    };
    clock.and_then(|clock| now.checked_sub_signed(clock)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Reads a time of an answer: an instant; a wall-clock time of the project's zone; or a day, which counts from its start.
fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if text.ends_with('Z') {
        return text.parse().ok();
    }
    let time = text.replacen('T', " ", 1);
    let local = NaiveDateTime::parse_from_str(&time, "%Y-%m-%d %H:%M:%S%.f")
        .ok()
        .or_else(|| Some(time.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN)))?;
    Some(zone.from_local_datetime(&local).earliest().map_or(local.and_utc(), |moment| moment.to_utc()))
}

/// Tells a span in its two largest units: `3 days 4 hours`.
fn spoken(span: TimeDelta) -> String {
    let (days, hours, minutes) = (span.num_days(), span.num_hours() % 24, span.num_minutes() % 60);
    let unit = |count: i64, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
    match (days, hours, minutes) {
        (0, 0, minutes) => unit(minutes, "minute"),
        (0, hours, 0) => unit(hours, "hour"),
        (0, hours, minutes) => format!("{} {}", unit(hours, "hour"), unit(minutes, "minute")),
        (days, 0, _) => unit(days, "day"),
        (days, hours, _) => format!("{} {}", unit(days, "day"), unit(hours, "hour")),
    }
}
