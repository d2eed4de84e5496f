//! Dates and times.

use super::clock;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Function, SqlExpr,
        dialect::{
            TimeCall,
            periods::{days_to_monday, months_from_january},
        },
        print::{Level, Writer, known_type},
    },
    time::{Granularity, NaiveDate, TimePart, Unit, Weekday},
};

/// Writes a function of dates and times.
pub(super) fn write(writer: &mut Writer, call: TimeCall<'_>) -> Level {
    match call {
        TimeCall::DateOf(time) => {
            date(writer, time);
            Level::Primary
        }
        TimeCall::LocalTime(zone, instant) => {
            // With two arguments the answer carries its offset, so that its wall clock is that of the zone.
            // See <https://docs.snowflake.com/en/sql-reference/functions/convert_timezone>.
            writer.put("CAST(");
            in_zone(writer, zone.name(), instant);
            writer.put(" AS TIMESTAMP_NTZ)");
            Level::Primary
        }
        TimeCall::InstantOf(zone, time) => instant_of(writer, zone.name(), time),
        TimeCall::Truncate { time, granularity, week_start, fiscal_start_month } => {
            truncate(writer, time, granularity, week_start, fiscal_start_month)
        }
        TimeCall::TruncateInstant { zone, granularity, instant } => {
            clock::truncate_instant(writer, zone, granularity, instant)
        }
        TimeCall::AddUnits(unit, time, count) => {
            writer.put("DATEADD('");
            writer.put(unit_name(unit));
            writer.put("', ");
            writer.expr(count, Level::Or);
            writer.put(", ");
            writer.expr(time, Level::Or);
            writer.put(")");
            Level::Primary
        }
        TimeCall::PeriodsBetween { from, to, granularity, week_start, fiscal_start_month } => {
            periods_between(writer, from, to, granularity, week_start, fiscal_start_month)
        }
        TimeCall::MicrosecondsBetween { from, to, .. } => {
            // Counts borders of microseconds, which is what lies between.
            // See <https://docs.snowflake.com/en/sql-reference/functions/timestampdiff>.
            writer.put("TIMESTAMPDIFF(microsecond, ");
            writer.expr(from, Level::Or);
            writer.put(", ");
            writer.expr(to, Level::Or);
            writer.put(")");
            Level::Primary
        }
        TimeCall::Part { time, part, week_start } => extract(writer, time, part, week_start),
    }
}

/// Writes a date: the expression itself if it is known to be one.
pub(super) fn date(writer: &mut Writer, time: &SqlExpr) {
    match time {
        Expr::Call { function: Function::LocalTime(zone), args } => {
            let [instant] = args.as_slice() else { unreachable!("a local time has one argument") };
            writer.put("CAST(");
            in_zone(writer, zone.name(), instant);
            writer.put(" AS DATE)");
        }
        _ if known_type(time) == Some(ColumnType::Date) => writer.expr(time, Level::Primary),
        _ => {
            writer.cast(time, "DATE");
        }
    }
}

/// Writes `CONVERT_TIMEZONE('zone', instant)`: the instant with the zone's offset.
pub(super) fn in_zone(writer: &mut Writer, zone: &str, instant: &SqlExpr) {
    writer.put("CONVERT_TIMEZONE(");
    writer.string(zone);
    writer.put(", ");
    // Parts of a sum stay together where the function is written as an operator.
    let is_sum = matches!(instant, Expr::Call { .. });
    writer.put(if is_sum { "(" } else { "" });
    writer.expr(instant, Level::Or);
    writer.put(if is_sum { "))" } else { ")" });
}

/// Writes the instant of a wall-clock time. A cast to an instant would take the session's zone, so the time that has
/// passed since 1970 in UTC is added to the instant of that moment.
fn instant_of(writer: &mut Writer, zone: &str, time: &SqlExpr) -> Level {
    writer.put("DATEADD('MICROSECOND', DATEDIFF('MICROSECOND', TO_TIMESTAMP_NTZ(0), ");
    writer.put("CONVERT_TIMEZONE(");
    writer.string(zone);
    writer.put(", 'UTC', ");
    if known_type(time) == Some(ColumnType::DateTime) {
        writer.expr(time, Level::Or);
    } else {
        writer.cast(time, "TIMESTAMP_NTZ");
    }
    writer.put(")), TO_TIMESTAMP_TZ('1970-01-01 00:00:00+00:00', 'YYYY-MM-DD HH24:MI:SSTZH:TZM'))");
    Level::Primary
}

fn truncate(
    writer: &mut Writer,
    time: &SqlExpr,
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    let unit = match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => {
            clock::cut(writer, granularity, |writer| writer.expr(time, Level::Or));
            return Level::Primary;
        }
        Granularity::Day => {
            date(writer, time);
            return Level::Primary;
        }
        Granularity::Week => return week(writer, time, week_start),
        Granularity::Month => "MONTH",
        Granularity::Quarter | Granularity::FiscalQuarter => "QUARTER",
        Granularity::Year | Granularity::FiscalYear => "YEAR",
    };
    let months = months_from_january(granularity, fiscal_start_month);
    if months > 0 {
        writer.put("DATEADD('MONTH', ");
        writer.number(months);
        writer.put(", ");
    }
    writer.put("DATE_TRUNC('");
    writer.put(unit);
    writer.put("', ");
    shifted(writer, time, months);
    writer.put(if months > 0 { "))" } else { ")" });
    Level::Primary
}

/// Writes the first day of a week by the number of the day in it: where a week begins is a setting of the session,
/// save for the days of ISO weeks.
/// See <https://docs.snowflake.com/en/sql-reference/functions-date-time#calendar-weeks-and-weekdays>.
fn week(writer: &mut Writer, time: &SqlExpr, week_start: Weekday) -> Level {
    let shift = days_to_monday(Granularity::Week, week_start);
    writer.put("DATEADD('DAY', ");
    if shift == 0 {
        writer.put("1 - DAYOFWEEKISO(");
        date(writer, time);
        writer.put("), ");
    } else {
        writer.put("-MOD(DAYOFWEEKISO(");
        date(writer, time);
        writer.put(")");
        plus(writer, shift - 1);
        writer.put(", 7), ");
    }
    date(writer, time);
    writer.put(")");
    Level::Primary
}

/// Writes a date, moved back to the calendar period of its fiscal one.
fn shifted(writer: &mut Writer, time: &SqlExpr, months: i64) {
    if months == 0 {
        return date(writer, time);
    }
    writer.put("DATEADD('MONTH', ");
    writer.number(-months);
    writer.put(", ");
    date(writer, time);
    writer.put(")");
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "SECOND",
        Unit::Minute => "MINUTE",
        Unit::Hour => "HOUR",
        Unit::Day => "DAY",
        Unit::Week => "WEEK",
        Unit::Month => "MONTH",
        Unit::Quarter => "QUARTER",
        Unit::Year => "YEAR",
    }
}

/// `DATEDIFF('MONTH', a, b)` counts the boundaries between its arguments; those of weeks are a setting of the session,
/// so weeks are counted from a day on which one began.
/// See <https://docs.snowflake.com/en/sql-reference/functions/datediff>.
fn periods_between(
    writer: &mut Writer,
    from: &SqlExpr,
    to: &SqlExpr,
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    if granularity == Granularity::Week {
        writer.put("CAST(");
        weeks_since_first(writer, to, week_start);
        writer.put(" - ");
        weeks_since_first(writer, from, week_start);
        writer.put(" AS NUMBER(38, 0))");
        return Level::Primary;
    }
    let months = months_from_january(granularity, fiscal_start_month);
    writer.put(match granularity {
        Granularity::Second => "DATEDIFF('SECOND', ",
        Granularity::Minute(_) => "DATEDIFF('MINUTE', ",
        Granularity::Hour(_) => "DATEDIFF('HOUR', ",
        Granularity::Day | Granularity::Week => "DATEDIFF('DAY', ",
        Granularity::Month => "DATEDIFF('MONTH', ",
        Granularity::Quarter | Granularity::FiscalQuarter => "DATEDIFF('QUARTER', ",
        Granularity::Year | Granularity::FiscalYear => "DATEDIFF('YEAR', ",
    });
    for (at, time) in [from, to].into_iter().enumerate() {
        writer.put(if at > 0 { ", " } else { "" });
        if granularity.is_within_a_day() {
            writer.expr(time, Level::Or);
        } else {
            shifted(writer, time, months);
        }
    }
    writer.put(")");
    Level::Primary
}

/// Writes how many weeks have begun since the first one of 1970, which is below zero before it.
fn weeks_since_first(writer: &mut Writer, time: &SqlExpr, week_start: Weekday) {
    let first = NaiveDate::from_ymd_opt(1970, 1, 1)
        .expect("a date")
        .iter_days()
        .find(|day| chrono::Datelike::weekday(day) == week_start)
        .expect("seven days hold every weekday");
    writer.put("FLOOR(DATEDIFF('DAY', ");
    writer.expr(&SqlExpr::date(first), Level::Or);
    writer.put(", ");
    date(writer, time);
    writer.put(") / 7)");
}

fn extract(writer: &mut Writer, time: &SqlExpr, part: TimePart, week_start: Weekday) -> Level {
    // The days of ISO weeks count Monday as 1, whatever the session says.
    let shift = days_to_monday(Granularity::Week, week_start);
    let shifts = part == TimePart::DayOfWeek && shift > 0;
    writer.put(if shifts { "MOD(" } else { "" });
    writer.put(match part {
        TimePart::MinuteOfHour => "MINUTE(",
        TimePart::HourOfDay => "HOUR(",
        TimePart::DayOfWeek => "DAYOFWEEKISO(",
        TimePart::DayOfMonth => "DAYOFMONTH(",
        TimePart::DayOfYear => "DAYOFYEAR(",
        TimePart::MonthOfYear => "MONTH(",
        TimePart::QuarterOfYear => "QUARTER(",
    });
    writer.expr(time, Level::Or);
    writer.put(")");
    if shifts {
        plus(writer, shift - 1);
        writer.put(", 7) + 1");
        return Level::Add;
    }
    Level::Primary
}

fn plus(writer: &mut Writer, count: i64) {
    if count > 0 {
        writer.put(" + ");
        writer.number(count);
    }
}
