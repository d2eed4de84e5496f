//! Dates and times.

use super::clock;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Literal, SqlExpr,
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
        TimeCall::LocalTime(zone, time) | TimeCall::InstantOf(zone, time) => in_zone(writer, zone.name(), time),
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
        TimeCall::MicrosecondsBetween { from, to, .. } => {
            writer.put("epoch_us(");
            writer.expr(to, Level::Or);
            writer.put(") - epoch_us(");
            writer.expr(from, Level::Or);
            writer.put(")");
            Level::Add
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

pub(super) fn timestamp(writer: &mut Writer, time: &SqlExpr) {
    if known_type(time) == Some(ColumnType::DateTime) {
        writer.expr(time, Level::Or);
    } else {
        writer.cast(time, "TIMESTAMP");
    }
}

pub(super) fn in_zone(writer: &mut Writer, zone: &str, time: &SqlExpr) -> Level {
    writer.put("timezone(");
    writer.string(zone);
    writer.put(", ");
    writer.expr(time, Level::Or);
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
    let unit = match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => {
            clock::cut(writer, granularity, |writer| writer.expr(time, Level::Or));
            return Level::Primary;
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
    // A shift that makes the period one that DuckDB knows, and back: weeks begin on Monday, years in January.
    let days = days_to_monday(granularity, week_start);
    let months = months_from_january(granularity, fiscal_start_month);
    writer.put("CAST(date_trunc('");
    writer.put(unit);
    writer.put("', ");
    shifted(writer, time, days, months);
    writer.put(")");
    if months > 0 {
        writer.put(" + INTERVAL ");
        writer.number(months);
        writer.put(" MONTH");
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
    if days > 0 {
        date(writer, time);
        writer.put(" + ");
        writer.number(days);
    } else if months > 0 {
        writer.expr(time, Level::Add);
        writer.put(" - INTERVAL ");
        writer.number(months);
        writer.put(" MONTH");
    } else {
        writer.expr(time, Level::Or);
    }
}

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
    writer.put(if keeps_date { "CAST(" } else { "" });
    writer.expr(time, Level::Add);
    if let Some(count) = constant {
        writer.put(if count < 0 { " - INTERVAL " } else { " + INTERVAL " });
        writer.number(count.saturating_abs());
        writer.put(" ");
    } else {
        writer.put(" + INTERVAL (");
        writer.expr(count, Level::Or);
        writer.put(") ");
    }
    writer.put(unit_name(unit));
    if keeps_date {
        writer.put(" AS DATE)");
        return Level::Primary;
    }
    Level::Add
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

/// `date_diff('month', a, b)` counts the boundaries between its arguments. Its weeks begin on Thursday, as the epoch
/// did, so weeks are counted between Mondays: `date_sub('week', date_trunc('week', a), date_trunc('week', b))`.
/// See <https://duckdb.org/docs/stable/sql/functions/date#date_diffpart-startdate-enddate>.
fn periods_between(
    writer: &mut Writer,
    from: &SqlExpr,
    to: &SqlExpr,
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    let days = days_to_monday(granularity, week_start);
    let months = months_from_january(granularity, fiscal_start_month);
    writer.put(match granularity {
        Granularity::Second => "date_diff('second', ",
        Granularity::Minute(_) => "date_diff('minute', ",
        Granularity::Hour(_) => "date_diff('hour', ",
        Granularity::Day => "date_diff('day', ",
        Granularity::Week => "date_sub('week', date_trunc('week', ",
        Granularity::Month => "date_diff('month', ",
        Granularity::Quarter | Granularity::FiscalQuarter => "date_diff('quarter', ",
        Granularity::Year | Granularity::FiscalYear => "date_diff('year', ",
    });
    let is_week = granularity == Granularity::Week;
    shifted(writer, from, days, months);
    writer.put(if is_week { "), date_trunc('week', " } else { ", " });
    shifted(writer, to, days, months);
    writer.put(if is_week { "))" } else { ")" });
    Level::Primary
}

fn extract(writer: &mut Writer, time: &SqlExpr, part: TimePart, week_start: Weekday) -> Level {
    // ISODOW counts Monday as 1.
    let shift = days_to_monday(Granularity::Week, week_start);
    let shifts = part == TimePart::DayOfWeek && shift > 0;
    writer.put(if shifts { "(" } else { "" });
    writer.put(match part {
        TimePart::MinuteOfHour => "EXTRACT(MINUTE FROM ",
        TimePart::HourOfDay => "EXTRACT(HOUR FROM ",
        TimePart::DayOfWeek => "EXTRACT(ISODOW FROM ",
        TimePart::DayOfMonth => "EXTRACT(DAY FROM ",
        TimePart::DayOfYear => "EXTRACT(DOY FROM ",
        TimePart::MonthOfYear => "EXTRACT(MONTH FROM ",
        TimePart::QuarterOfYear => "EXTRACT(QUARTER FROM ",
    });
    writer.expr(time, Level::Or);
    writer.put(")");
    if shifts {
        writer.put(" + ");
        writer.number(shift - 1);
        writer.put(") % 7 + 1");
        return Level::Add;
    }
    Level::Primary
}
