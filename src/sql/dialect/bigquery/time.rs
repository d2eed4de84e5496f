//! Dates and times.

use super::clock;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Function, Literal, SqlExpr,
        dialect::{TimeCall, periods::months_from_january},
        print::{Level, Writer, known_type},
    },
    time::{Granularity, TimePart, Unit, Weekday},
};

/// Writes a function of dates and times.
pub(super) fn write(writer: &mut Writer, call: TimeCall<'_>) -> Level {
    match call {
        TimeCall::DateOf(time) => {
            date(writer, time);
            Level::Primary
        }
        TimeCall::LocalTime(zone, instant) => in_zone(writer, "DATETIME(", instant, ", ", zone.name()),
        TimeCall::InstantOf(zone, time) => in_zone(writer, "TIMESTAMP(", time, ", ", zone.name()),
        TimeCall::Truncate { time, granularity, week_start, fiscal_start_month } => {
            truncate(writer, time, granularity, week_start, fiscal_start_month)
        }
        TimeCall::TruncateInstant { zone, granularity, instant } => {
            clock::truncate_instant(writer, zone, granularity, instant)
        }
        TimeCall::AddUnits(unit, time, count) => add_units(writer, time, unit, count),
        TimeCall::PeriodsBetween { from, to, granularity, week_start, fiscal_start_month } => {
            periods_between(writer, from, to, granularity, week_start, fiscal_start_month)
        }
        TimeCall::MicrosecondsBetween { instants, from, to } => {
            writer.put(if instants { "TIMESTAMP_DIFF(" } else { "DATETIME_DIFF(" });
            writer.expr(to, Level::Or);
            writer.put(", ");
            writer.expr(from, Level::Or);
            writer.put(", MICROSECOND)");
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
            in_zone(writer, "DATE(", instant, ", ", zone.name());
        }
        _ if known_type(time) == Some(ColumnType::Date) => writer.expr(time, Level::Or),
        _ => {
            writer.cast(time, "DATE");
        }
    }
}

/// Writes `NAME(time, 'zone')`.
fn in_zone(writer: &mut Writer, open: &str, time: &SqlExpr, between: &str, zone: &str) -> Level {
    writer.put(open);
    writer.expr(time, Level::Or);
    writer.put(between);
    writer.string(zone);
    writer.put(")");
    Level::Primary
}

fn truncate(
    writer: &mut Writer,
    time: &SqlExpr,
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => clock::cut(writer, granularity, time),
        Granularity::Day => date(writer, time),
        Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => {
            let months = months_from_january(granularity, fiscal_start_month);
            writer.put(if months > 0 { "DATE_ADD(" } else { "" });
            writer.put("DATE_TRUNC(");
            shifted(writer, time, months);
            writer.put(", ");
            writer.put(period_name(granularity, week_start));
            writer.put(")");
            if months > 0 {
                interval(writer, months, "MONTH");
                writer.put(")");
            }
        }
    }
    Level::Primary
}

/// Writes a date, moved back to the calendar period of its fiscal one.
fn shifted(writer: &mut Writer, time: &SqlExpr, months: i64) {
    if months == 0 {
        return date(writer, time);
    }
    writer.put("DATE_SUB(");
    date(writer, time);
    interval(writer, months, "MONTH");
    writer.put(")");
}

pub(super) fn interval(writer: &mut Writer, count: i64, unit: &str) {
    writer.put(", INTERVAL ");
    writer.number(count);
    writer.put(" ");
    writer.put(unit);
}

fn period_name(granularity: Granularity, week_start: Weekday) -> &'static str {
    match granularity {
        Granularity::Second => "SECOND",
        Granularity::Minute(_) => "MINUTE",
        Granularity::Hour(_) => "HOUR",
        Granularity::Day => "DAY",
        Granularity::Week => match week_start {
            Weekday::Mon => "WEEK(MONDAY)",
            Weekday::Tue => "WEEK(TUESDAY)",
            Weekday::Wed => "WEEK(WEDNESDAY)",
            Weekday::Thu => "WEEK(THURSDAY)",
            Weekday::Fri => "WEEK(FRIDAY)",
            Weekday::Sat => "WEEK(SATURDAY)",
            Weekday::Sun => "WEEK(SUNDAY)",
        },
        Granularity::Month => "MONTH",
        Granularity::Quarter | Granularity::FiscalQuarter => "QUARTER",
        Granularity::Year | Granularity::FiscalYear => "YEAR",
    }
}

fn add_units(writer: &mut Writer, time: &SqlExpr, unit: Unit, count: &SqlExpr) -> Level {
    let function = match (known_type(time), unit) {
        (Some(ColumnType::Date), Unit::Second | Unit::Minute | Unit::Hour) | (Some(ColumnType::DateTime), _) => {
            "DATETIME_"
        }
        (Some(ColumnType::Date), _) => "DATE_",
        (Some(ColumnType::Timestamp), Unit::Second | Unit::Minute | Unit::Hour | Unit::Day) => "TIMESTAMP_",
        // The operator takes dates, wall-clock times and instants; of a date it makes a wall-clock time.
        // See <https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#interval_arithmetic_operators>.
        _ => {
            writer.expr(time, Level::Add);
            if let Expr::Literal(Literal::Integer(count)) = count {
                let (times, name) = interval_unit(unit);
                let count = count.saturating_mul(times);
                writer.put(if count < 0 { " - INTERVAL " } else { " + INTERVAL " });
                writer.number(count.saturating_abs());
                writer.put(" ");
                writer.put(name);
            } else {
                writer.put(" + INTERVAL ");
                interval_count(writer, count, unit);
            }
            return Level::Add;
        }
    };
    writer.put(function);
    if let Expr::Literal(Literal::Integer(count)) = count {
        writer.put(if *count < 0 { "SUB(" } else { "ADD(" });
        writer.expr(time, Level::Or);
        interval(writer, count.saturating_abs(), unit_name(unit));
    } else {
        writer.put("ADD(");
        writer.expr(time, Level::Or);
        writer.put(", INTERVAL ");
        writer.expr(count, Level::Unary);
        writer.put(" ");
        writer.put(unit_name(unit));
    }
    writer.put(")");
    Level::Primary
}

/// Returns what an INTERVAL is made of, which knows no weeks and quarters everywhere.
fn interval_unit(unit: Unit) -> (i64, &'static str) {
    match unit {
        Unit::Second => (1, "SECOND"),
        Unit::Minute => (1, "MINUTE"),
        Unit::Hour => (1, "HOUR"),
        Unit::Day => (1, "DAY"),
        Unit::Week => (7, "DAY"),
        Unit::Month => (1, "MONTH"),
        Unit::Quarter => (3, "MONTH"),
        Unit::Year => (1, "YEAR"),
    }
}

fn interval_count(writer: &mut Writer, count: &SqlExpr, unit: Unit) {
    let (times, name) = interval_unit(unit);
    if times > 1 {
        writer.put("(");
        writer.expr(count, Level::Multiply);
        writer.put(" * ");
        writer.number(times);
        writer.put(")");
    } else {
        writer.put("(");
        writer.expr(count, Level::Or);
        writer.put(")");
    }
    writer.put(" ");
    writer.put(name);
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

/// `DATE_DIFF(b, a, MONTH)` counts the boundaries between its arguments.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions#date_diff>.
fn periods_between(
    writer: &mut Writer,
    from: &SqlExpr,
    to: &SqlExpr,
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    if granularity.is_within_a_day() {
        writer.put("DATETIME_DIFF(");
        for time in [to, from] {
            clock::cut(writer, granularity, time);
            writer.put(", ");
        }
        writer.put(period_name(granularity, week_start));
        writer.put(")");
        return Level::Primary;
    }
    let months = months_from_january(granularity, fiscal_start_month);
    writer.put("DATE_DIFF(");
    shifted(writer, to, months);
    writer.put(", ");
    shifted(writer, from, months);
    writer.put(", ");
    writer.put(period_name(granularity, week_start));
    writer.put(")");
    Level::Primary
}

fn extract(writer: &mut Writer, time: &SqlExpr, part: TimePart, week_start: Weekday) -> Level {
    // DAYOFWEEK counts Sunday as 1.
    let shift = i64::from((7 - week_start.num_days_from_sunday()) % 7);
    let shifts = part == TimePart::DayOfWeek && shift > 0;
    writer.put(if shifts { "MOD(" } else { "" });
    writer.put(match part {
        TimePart::MinuteOfHour => "EXTRACT(MINUTE FROM ",
        TimePart::HourOfDay => "EXTRACT(HOUR FROM ",
        TimePart::DayOfWeek => "EXTRACT(DAYOFWEEK FROM ",
        TimePart::DayOfMonth => "EXTRACT(DAY FROM ",
        TimePart::DayOfYear => "EXTRACT(DAYOFYEAR FROM ",
        TimePart::MonthOfYear => "EXTRACT(MONTH FROM ",
        TimePart::QuarterOfYear => "EXTRACT(QUARTER FROM ",
    });
    writer.expr(time, Level::Or);
    writer.put(")");
    if shifts {
        writer.put(" + ");
        writer.number(shift - 1);
        writer.put(", 7) + 1");
        return Level::Add;
    }
    Level::Primary
}
