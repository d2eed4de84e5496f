//! Times within a day: the start of hours and minutes, and rows of moments.

use super::time::in_zone;
use crate::{
    sql::{
        Expr, Literal, SqlExpr,
        dialect::periods::{clock_unit, in_units},
        print::{Level, Writer},
    },
    time::{Granularity, Tz},
};

/// Writes the start of the hours, minutes or second of an instant, as its own clock counts: what has passed of them is
/// taken off, so the two hours that bear one name stay apart.
pub(super) fn truncate_instant(writer: &mut Writer, zone: Tz, granularity: Granularity, instant: &SqlExpr) -> Level {
    let clock = |writer: &mut Writer| {
        writer.put("CAST(");
        in_zone(writer, zone.name(), instant);
        writer.put(" AS TIMESTAMP_NTZ)");
    };
    writer.put("DATE_TRUNC('SECOND', DATEADD('MICROSECOND', DATEDIFF('MICROSECOND', ");
    clock(writer);
    writer.put(", ");
    cut(writer, granularity, clock);
    writer.put("), ");
    writer.expr(instant, Level::Or);
    // What is left is less than a microsecond.
    writer.put("))");
    Level::Primary
}

/// Writes the start of the hours, minutes or second of a wall-clock time: `DATE_TRUNC('HOUR', t)`, or of several
/// `DATEADD('HOUR', -MOD(HOUR(t), 6), DATE_TRUNC('HOUR', t))`.
pub(super) fn cut(writer: &mut Writer, granularity: Granularity, time: impl Fn(&mut Writer)) {
    let (unit, every) = clock_unit(granularity);
    if every > 1 {
        writer.put("DATEADD('");
        writer.put(unit);
        writer.put("', -MOD(");
        writer.put(unit);
        writer.put("(");
        time(writer);
        writer.put("), ");
        writer.number(every);
        writer.put("), ");
    }
    writer.put("DATE_TRUNC('");
    writer.put(unit);
    writer.put("', ");
    time(writer);
    writer.put(if every > 1 { "))" } else { ")" });
}

/// Writes a row for every so many seconds. The generator takes a constant only.
/// See <https://docs.snowflake.com/en/sql-reference/functions/generator>.
pub(super) fn moments(writer: &mut Writer, (first, end): (&Literal, &Literal), seconds: i64, column: &str) {
    let span = match (first, end) {
        (Literal::Timestamp(first), Literal::Timestamp(end)) | (Literal::DateTime(first), Literal::DateTime(end)) => {
            (*end - *first).num_seconds()
        }
        _ => 0,
    };
    let (count, unit) = in_units(seconds);
    writer.put("(SELECT DATEADD('");
    writer.put(unit);
    writer.put("', ");
    if count > 1 {
        writer.number(count);
        writer.put(" * (ROW_NUMBER() OVER (ORDER BY NULL) - 1), ");
    } else {
        writer.put("ROW_NUMBER() OVER (ORDER BY NULL) - 1, ");
    }
    writer.expr(&Expr::Literal(first.clone()), Level::Or);
    writer.put(") AS ");
    writer.identifier(column);
    writer.put(" FROM TABLE(GENERATOR(ROWCOUNT => ");
    writer.number((span + seconds - 1) / seconds.max(1));
    writer.put(")))");
}
