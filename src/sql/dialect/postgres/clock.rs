//! Times within a day: the start of hours and minutes, and rows of moments.

use super::time::{at_zone, interval, wall_clock};
use crate::{
    sql::{
        Expr, Literal, SqlExpr,
        dialect::periods::{clock_unit, in_units, second_before},
        print::{Level, Writer},
    },
    time::{Granularity, Tz},
};

/// Writes the start of the hours, minutes or second of an instant, as its own clock counts.
///
/// Within an hour the offset is kept, so the two hours that bear one name stay apart.
/// See <https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-TRUNC>.
pub(super) fn truncate_instant(writer: &mut Writer, zone: Tz, granularity: Granularity, instant: &SqlExpr) -> Level {
    let whole = |writer: &mut Writer| {
        writer.expr(instant, Level::Or);
        writer.put(", ");
        writer.string(zone.name());
    };
    cut(writer, granularity, whole, |writer| {
        writer.expr(instant, Level::Primary);
        at_zone(writer, zone.name());
    })
}

/// Writes the start of the hours, minutes or second of a wall-clock time.
pub(super) fn truncate(writer: &mut Writer, granularity: Granularity, time: &SqlExpr) -> Level {
    let clock = |writer: &mut Writer| wall_clock(writer, time, Level::Or);
    cut(writer, granularity, clock, clock)
}

/// Writes `date_trunc('hour', t)`, or of several `date_trunc('hour', t) + INTERVAL '15 MINUTE' * floor(EXTRACT(MINUTE FROM
/// t) / 15)`, since `date_bin` is younger than the oldest version that is written for.
fn cut(
    writer: &mut Writer,
    granularity: Granularity,
    time: impl FnOnce(&mut Writer),
    clock: impl FnOnce(&mut Writer),
) -> Level {
    let (unit, every) = clock_unit(granularity);
    let whole = match (granularity, every) {
        (_, 1) => unit.to_lowercase(),
        (Granularity::Minute(_), _) => "hour".to_owned(),
        _ => "day".to_owned(),
    };
    writer.put("date_trunc('");
    writer.put(&whole);
    writer.put("', ");
    time(writer);
    writer.put(")");
    if every == 1 {
        return Level::Primary;
    }
    interval(writer, " + ", every, unit);
    writer.put(" * floor(EXTRACT(");
    writer.put(unit);
    writer.put(" FROM ");
    clock(writer);
    writer.put(") / ");
    writer.number(every);
    writer.put(")");
    Level::Add
}

/// Writes a row for every so many seconds.
pub(super) fn moments(writer: &mut Writer, (first, end): (&Literal, &Literal), seconds: i64, column: &str) {
    let (count, unit) = in_units(seconds);
    writer.put("(SELECT generate_series(");
    writer.expr(&Expr::Literal(first.clone()), Level::Or);
    writer.put(", ");
    writer.expr(&Expr::Literal(second_before(end)), Level::Or);
    interval(writer, ", ", count, unit);
    writer.put(") AS ");
    writer.identifier(column);
    writer.put(")");
}
