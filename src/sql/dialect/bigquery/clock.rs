//! Times within a day: the start of hours and minutes, and rows of moments.

use super::time::interval;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Literal, SqlExpr,
        dialect::periods::{clock_unit, in_units, second_before},
        print::{Level, Writer},
    },
    time::{Granularity, Tz},
};

/// Writes the start of the hours, minutes or second of an instant, as its own clock counts.
pub(super) fn truncate_instant(writer: &mut Writer, zone: Tz, granularity: Granularity, instant: &SqlExpr) -> Level {
    let (unit, every) = clock_unit(granularity);
    writer.put(if every > 1 { "TIMESTAMP_SUB(TIMESTAMP_TRUNC(" } else { "TIMESTAMP_TRUNC(" });
    writer.expr(instant, Level::Or);
    writer.put(", ");
    writer.put(unit);
    writer.put(", ");
    writer.string(zone.name());
    writer.put(")");
    if every > 1 {
        passed(writer, (unit, every), |writer| {
            writer.expr(instant, Level::Or);
            writer.put(" AT TIME ZONE ");
            writer.string(zone.name());
        });
    }
    Level::Primary
}

/// Writes the start of the hours, minutes or second of a wall-clock time.
pub(super) fn cut(writer: &mut Writer, granularity: Granularity, time: &SqlExpr) {
    let (unit, every) = clock_unit(granularity);
    writer.put(if every > 1 { "DATETIME_SUB(DATETIME_TRUNC(" } else { "DATETIME_TRUNC(" });
    writer.expr(time, Level::Or);
    writer.put(", ");
    writer.put(unit);
    writer.put(")");
    if every > 1 {
        passed(writer, (unit, every), |writer| writer.expr(time, Level::Or));
    }
}

/// Writes how many units of a clock have passed of a period of several, as what is taken off:
/// `, INTERVAL MOD(EXTRACT(HOUR FROM t), 6) HOUR)`.
fn passed(writer: &mut Writer, (unit, every): (&str, i64), time: impl FnOnce(&mut Writer)) {
    writer.put(", INTERVAL MOD(EXTRACT(");
    writer.put(unit);
    writer.put(" FROM ");
    time(writer);
    writer.put("), ");
    writer.number(every);
    writer.put(") ");
    writer.put(unit);
    writer.put(")");
}

/// Writes a row for every so many seconds. There are arrays of instants only, so wall clocks are taken as those of UTC.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/array_functions#generate_timestamp_array>.
pub(super) fn moments(writer: &mut Writer, (first, end): (&Literal, &Literal), seconds: i64, column: &str) {
    let is_clock = first.column_type() == ColumnType::DateTime;
    let (count, unit) = in_units(seconds);
    let instant = |literal: Literal| match literal {
        Literal::DateTime(time) => Expr::Literal(Literal::Timestamp(time)),
        other => Expr::Literal(other),
    };
    writer.put("(SELECT ");
    writer.put(if is_clock { "DATETIME(" } else { "" });
    writer.identifier(column);
    if is_clock {
        writer.put(", 'UTC') AS ");
        writer.identifier(column);
    }
    writer.put(" FROM UNNEST(GENERATE_TIMESTAMP_ARRAY(");
    writer.expr(&instant(first.clone()), Level::Or);
    writer.put(", ");
    writer.expr(&instant(second_before(end)), Level::Or);
    interval(writer, count, unit);
    writer.put(")) AS ");
    writer.identifier(column);
    writer.put(")");
}
