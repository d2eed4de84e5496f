//! Dates and times.

use super::clock;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Function, Literal, SqlExpr,
        dialect::{
            TimeCall,
            periods::{days_to_monday, months_from_january},
        },
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
        TimeCall::LocalTime(zone, instant) => {
            writer.expr(instant, Level::Primary);
            at_zone(writer, zone.name())
        }
        TimeCall::InstantOf(zone, time) => {
            // Of a date it would take the midnight of the session's zone.
            wall_clock(writer, time, Level::Primary);
            at_zone(writer, zone.name())
        }
        TimeCall::Truncate { time, granularity, week_start, fiscal_start_month } => {
            truncate(writer, time, granularity, week_start, fiscal_start_month)
        }
        TimeCall::TruncateInstant { zone, granularity, instant } => {
            clock::truncate_instant(writer, zone, granularity, instant)
        }
        TimeCall::AddUnits(unit, time, count) => add_units(writer, time, unit, count),
        TimeCall::PeriodsBetween { from, to, granularity, week_start, fiscal_start_month } => {
            periods_between(writer, [from, to], granularity, week_start, fiscal_start_month)
        }
        TimeCall::MicrosecondsBetween { from, to, .. } => {
            // EXTRACT gives a numeric with six decimals.
            // See <https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-EXTRACT>.
            writer.put("CAST(EXTRACT(EPOCH FROM ");
            writer.expr(to, Level::Add);
            writer.put(" - ");
            writer.expr(from, Level::Multiply);
            writer.put(") * 1000000 AS bigint)");
            Level::Primary
        }
        TimeCall::Part { time, part, week_start } => extract(writer, time, part, week_start),
    }
}

/// Writes a date: the expression itself if it is known to be one.
fn date(writer: &mut Writer, time: &SqlExpr) {
    if known_type(time) == Some(ColumnType::Date) {
        writer.expr(time, Level::Primary);
    } else {
        writer.cast(time, "DATE");
    }
}

/// Writes a wall-clock time. Of a date, most functions would take the midnight of the session's zone.
pub(super) fn wall_clock(writer: &mut Writer, time: &SqlExpr, min: Level) {
    if known_type(time) == Some(ColumnType::DateTime) {
        writer.expr(time, min);
    } else {
        writer.cast(time, "TIMESTAMP");
    }
}

/// Writes any wall-clock time of a day, where what counts is the same for all of them.
fn within_day(writer: &mut Writer, time: &SqlExpr, min: Level) {
    match time {
        Expr::Call { function: Function::DateOf, args } => args.iter().for_each(|time| wall_clock(writer, time, min)),
        _ => wall_clock(writer, time, min),
    }
}

pub(super) fn at_zone(writer: &mut Writer, zone: &str) -> Level {
    writer.put(" AT TIME ZONE ");
    writer.string(zone);
    // It binds tighter than `*` and looser than a sign.
    Level::Multiply
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
            return clock::truncate(writer, granularity, time);
        }
        Granularity::Day => {
            date(writer, time);
            return Level::Primary;
        }
        Granularity::Week => "week",
        Granularity::Month => "month",
        Granularity::Quarter | Granularity::FiscalQuarter => "quarter",
        Granularity::Year | Granularity::FiscalYear => "year",
    };
    // A shift that makes the period one that Postgres knows, and back: weeks begin on Monday, years in January.
    let days = days_to_monday(granularity, week_start);
    let months = months_from_january(granularity, fiscal_start_month);
    writer.put("CAST(date_trunc('");
    writer.put(unit);
    writer.put("', ");
    shifted(writer, time, days, months);
    writer.put(")");
    if months > 0 {
        interval(writer, " + ", months, "MONTH");
    }
    writer.put(" AS DATE)");
    if days > 0 {
        writer.put(" - ");
        writer.number(days);
        return Level::Add;
    }
    Level::Primary
}

fn shifted(writer: &mut Writer, time: &SqlExpr, days: i64, months: i64) {
    within_day(writer, time, if days + months > 0 { Level::Add } else { Level::Or });
    if days > 0 {
        interval(writer, " + ", days, "DAY");
    } else if months > 0 {
        interval(writer, " - ", months, "MONTH");
    }
}

pub(super) fn interval(writer: &mut Writer, sign: &str, count: i64, unit: &str) {
    writer.put(sign);
    writer.put("INTERVAL '");
    writer.number(count);
    writer.put(" ");
    writer.put(unit);
    writer.put("'");
}

/// Of a date and an interval comes a wall-clock time, of a date and a whole number a date.
fn add_units(writer: &mut Writer, time: &SqlExpr, unit: Unit, count: &SqlExpr) -> Level {
    let keeps_date = known_type(time) == Some(ColumnType::Date) && unit.seconds().is_none();
    let constant = match count {
        Expr::Literal(Literal::Integer(count)) => Some(*count),
        _ => None,
    };
    if let (true, Some(days), Some(count)) = (keeps_date, unit.days(), constant) {
        let days = days.saturating_mul(count);
        writer.expr(time, Level::Add);
        writer.put(if days < 0 { " - " } else { " + " });
        writer.number(days.saturating_abs());
        return Level::Add;
    }
    let (times, name) = interval_unit(unit);
    writer.put(if keeps_date { "CAST(" } else { "" });
    writer.expr(time, Level::Add);
    if let Some(count) = constant {
        let count = count.saturating_mul(times);
        interval(writer, if count < 0 { " - " } else { " + " }, count.saturating_abs(), name);
    } else {
        writer.put(" + ");
        writer.expr(count, Level::Multiply);
        interval(writer, " * ", times, name);
    }
    if keeps_date {
        writer.put(" AS DATE)");
        return Level::Primary;
    }
    Level::Add
}

/// Returns what an interval is made of, which knows no quarters.
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

/// Counts periods by their numbers: there is no function for it, and `age` counts whole months between two days.
fn periods_between(
    writer: &mut Writer,
    [from, to]: [&SqlExpr; 2],
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    let cut = |granularity, time: &SqlExpr| {
        Expr::call(Function::Truncate { granularity, week_start, fiscal_start_month }, vec![time.clone()])
    };
    match granularity {
        Granularity::Day => {
            date(writer, to);
            writer.put(" - ");
            date(writer, from);
            return Level::Add;
        }
        Granularity::Week => {
            writer.put("(");
            writer.infix(&cut(granularity, to), " - ", &cut(granularity, from), Level::Add, Level::Multiply);
            writer.put(") / 7");
            return Level::Multiply;
        }
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => {
            writer.put("CAST(EXTRACT(EPOCH FROM ");
            writer.infix(&cut(granularity, to), " - ", &cut(granularity, from), Level::Add, Level::Multiply);
            writer.put(") / ");
            writer.number(i64::from(granularity.seconds().unwrap_or(1)));
            writer.put(" AS BIGINT)");
        }
        Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => {
            let months = months_from_january(granularity, fiscal_start_month);
            let part = |writer: &mut Writer, open: &str, time, close: &str| {
                writer.put(open);
                shifted(writer, time, 0, months);
                writer.put(close);
            };
            let within = match granularity {
                Granularity::Month => Some((") * 12", "EXTRACT(MONTH FROM ")),
                Granularity::Quarter | Granularity::FiscalQuarter => Some((") * 4", "EXTRACT(QUARTER FROM ")),
                _ => None,
            };
            let times = within.map_or(")", |(times, _)| times);
            part(writer, "CAST(EXTRACT(YEAR FROM ", to, times);
            part(writer, " - EXTRACT(YEAR FROM ", from, times);
            if let Some((_, name)) = within {
                writer.put(" + ");
                part(writer, name, to, ")");
                writer.put(" - ");
                part(writer, name, from, ")");
            }
            writer.put(" AS BIGINT)");
        }
    }
    Level::Primary
}

fn extract(writer: &mut Writer, time: &SqlExpr, part: TimePart, week_start: Weekday) -> Level {
    // ISODOW counts Monday as 1.
    let shift = days_to_monday(Granularity::Week, week_start);
    let shifts = part == TimePart::DayOfWeek && shift > 0;
    writer.put(if shifts { "(CAST(EXTRACT(" } else { "CAST(EXTRACT(" });
    writer.put(match part {
        TimePart::MinuteOfHour => "MINUTE",
        TimePart::HourOfDay => "HOUR",
        TimePart::DayOfWeek => "ISODOW",
        TimePart::DayOfMonth => "DAY",
        TimePart::DayOfYear => "DOY",
        TimePart::MonthOfYear => "MONTH",
        TimePart::QuarterOfYear => "QUARTER",
    });
    writer.put(" FROM ");
    if part.is_within_a_day() {
        wall_clock(writer, time, Level::Or);
    } else {
        within_day(writer, time, Level::Or);
    }
    writer.put(") AS BIGINT)");
    if shifts {
        writer.put(" + ");
        writer.number(shift - 1);
        writer.put(") % 7 + 1");
        return Level::Add;
    }
    Level::Primary
}
