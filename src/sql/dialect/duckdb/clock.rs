//! Times within a day: the start of hours and minutes, and rows of moments.

use super::time::in_zone;
use crate::{
    sql::{
        Expr, Literal, SqlExpr,
        dialect::periods::{clock_unit, in_units, second_before},
        print::{Level, Writer},
    },
    time::{Granularity, Tz},
};

/// Writes the start of the hours, minutes or second of an instant, as its own clock counts.
pub(super) fn truncate_instant(writer: &mut Writer, zone: Tz, granularity: Granularity, instant: &SqlExpr) -> Level {
    // Taking off what has passed of the local hour is right for zones of half hours, and tells the two
    // hours apart that bear the same name when clocks go back.
    writer.expr(instant, Level::Add);
    writer.put(" - (");
    in_zone(writer, zone.name(), instant);
    writer.put(" - ");
    cut(writer, granularity, |writer| {
        in_zone(writer, zone.name(), instant);
    });
    writer.put(")");
    Level::Add
}

/// Writes the start of the hours, minutes or second of a wall-clock time. Buckets are counted from a midnight.
/// See <https://duckdb.org/docs/stable/sql/functions/timestamp#time_bucketbucket_width-timestamp-origin>.
pub(super) fn cut(writer: &mut Writer, granularity: Granularity, time: impl FnOnce(&mut Writer)) {
    let (unit, every) = clock_unit(granularity);
    if every == 1 {
        writer.put("date_trunc('");
        writer.put(&unit.to_lowercase());
        writer.put("', ");
    } else {
        writer.put("time_bucket(INTERVAL ");
        writer.number(every);
        writer.put(" ");
        writer.put(unit);
        writer.put(", ");
    }
    time(writer);
    writer.put(")");
}

/// Writes a row for every so many seconds.
pub(super) fn moments(writer: &mut Writer, (first, end): (&Literal, &Literal), seconds: i64, column: &str) {
    let (count, unit) = in_units(seconds);
    writer.put("(SELECT unnest(generate_series(");
    writer.expr(&Expr::Literal(first.clone()), Level::Or);
    writer.put(", ");
    writer.expr(&Expr::Literal(second_before(end)), Level::Or);
    writer.put(", INTERVAL ");
    writer.number(count);
    writer.put(" ");
    writer.put(unit);
    writer.put(")) AS ");
    writer.identifier(column);
    writer.put(")");
}
