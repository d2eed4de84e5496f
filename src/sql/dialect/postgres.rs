//! Postgres 12 and later.

use super::{
    Function, Level, Literal, OrderNames, OrderTerm, SqlExpr, Syntax, Writer, is_plain, number,
    periods::{days_to_monday, months_from_january},
    quoted, reserved, write_date, write_time,
};
use crate::{
    catalog::ColumnType,
    sql::{Expr, print::known_type},
    time::{Granularity, TimePart, Unit, Weekday},
};

/// See <https://www.postgresql.org/docs/current/sql.html>.
pub(super) struct Postgres;

impl Syntax for Postgres {
    fn identifier(&self, out: &mut String, name: &str) {
        // Names without quotes are folded to lower case.
        // See <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>.
        if is_plain(name, reserved::POSTGRES) {
            out.push_str(name);
        } else {
            quoted(out, name, '"');
        }
    }

    fn table(&self, out: &mut String, name: &str) {
        for (at, part) in name.split('.').enumerate() {
            out.push_str(if at > 0 { "." } else { "" });
            self.identifier(out, part);
        }
    }

    fn string(&self, out: &mut String, text: &str) {
        // Whether a backslash escapes in a plain constant is a setting of the session; in E'…' it always does. A NUL,
        // which no text of Postgres holds, is refused by the server.
        // See <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE>.
        if text.contains(['\\', '\0']) {
            out.push('E');
            quoted(out, &text.replace('\\', "\\\\").replace('\0', "\\000"), '\'');
        } else {
            quoted(out, text, '\'');
        }
    }

    fn literal(&self, out: &mut String, literal: &Literal) -> Level {
        match literal {
            Literal::Null => out.push_str("NULL"),
            Literal::Boolean(true) => out.push_str("TRUE"),
            Literal::Boolean(false) => out.push_str("FALSE"),
            // Its digits alone would be a NUMERIC.
            Literal::Integer(i64::MIN) => out.push_str("CAST('-9223372036854775808' AS BIGINT)"),
            Literal::Integer(value) => return number::integer(out, *value),
            Literal::Decimal(text) => {
                out.push_str(text);
                return if text.starts_with('-') { Level::Unary } else { Level::Primary };
            }
            Literal::Float(bits) => {
                // A plain `1.5e0` would be a NUMERIC.
                let value = f64::from_bits(*bits);
                out.push_str("CAST('");
                if value.is_finite() {
                    number::float(out, value);
                } else {
                    out.push_str(if value.is_nan() {
                        "NaN"
                    } else if value > 0.0 {
                        "Infinity"
                    } else {
                        "-Infinity"
                    });
                }
                out.push_str("' AS DOUBLE PRECISION)");
            }
            Literal::String(text) => self.string(out, text),
            Literal::Date(date) => {
                out.push_str("DATE '");
                write_date(out, *date);
                out.push('\'');
            }
            Literal::DateTime(time) => {
                out.push_str("TIMESTAMP '");
                write_time(out, *time);
                out.push('\'');
            }
            Literal::Timestamp(time) => {
                out.push_str("TIMESTAMPTZ '");
                write_time(out, *time);
                out.push_str("+00'");
            }
        }
        Level::Primary
    }

    fn parameter(&self, out: &mut String, number: usize, value: &Literal) {
        use std::fmt::Write;
        // A text has no type of its own, so that it also compares with columns of enumerations.
        let type_name = match value {
            Literal::Null | Literal::String(_) => {
                write!(out, "${number}").expect("a String takes all text");
                return;
            }
            Literal::Boolean(_) => "BOOLEAN",
            Literal::Integer(_) => "BIGINT",
            Literal::Decimal(_) => "NUMERIC",
            Literal::Float(_) => "DOUBLE PRECISION",
            Literal::Date(_) => "DATE",
            Literal::DateTime(_) => "TIMESTAMP",
            Literal::Timestamp(_) => "TIMESTAMPTZ",
        };
        write!(out, "CAST(${number} AS {type_name})").expect("a String takes all text");
    }

    fn shares_parameter(&self, value: &Literal) -> bool {
        // One number has one type, which a text takes from the column beside it.
        !matches!(value, Literal::String(_))
    }

    fn cast(&self, writer: &mut Writer, arg: &SqlExpr, to: ColumnType) -> Level {
        let type_name = match to {
            ColumnType::String | ColumnType::Unknown if known_type(arg) == Some(ColumnType::Date) => {
                // The style of a plain CAST is a setting of the session.
                writer.put("to_char(");
                writer.expr(arg, Level::Or);
                writer.put(", 'YYYY-MM-DD')");
                return Level::Primary;
            }
            ColumnType::Integer => {
                integer(writer, arg);
                return Level::Primary;
            }
            ColumnType::String | ColumnType::Unknown => "TEXT",
            // The scale of BigQuery's NUMERIC.
            ColumnType::Decimal => "NUMERIC(38, 9)",
            ColumnType::Float => "DOUBLE PRECISION",
            ColumnType::Boolean => "BOOLEAN",
            ColumnType::Date => "DATE",
            ColumnType::DateTime => "TIMESTAMP",
            ColumnType::Timestamp => "TIMESTAMPTZ",
            ColumnType::Json => "JSON",
        };
        writer.cast(arg, type_name)
    }

    fn is_true(&self, writer: &mut Writer, arg: &SqlExpr, negated: bool) -> Level {
        writer.postfix(arg, negated, " IS TRUE", " IS NOT TRUE")
    }

    fn divide(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        // With one side in floating point the other follows.
        if known_type(left) == Some(ColumnType::Float) {
            writer.expr(left, Level::Multiply);
        } else {
            writer.cast(left, "DOUBLE PRECISION");
        }
        writer.put(" / NULLIF(");
        writer.expr(right, Level::Or);
        writer.put(", 0)");
        Level::Multiply
    }

    fn modulo(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        writer.expr(left, Level::Multiply);
        writer.put(" % NULLIF(");
        writer.expr(right, Level::Or);
        writer.put(", 0)");
        Level::Multiply
    }

    fn like_pattern(&self, writer: &mut Writer, pattern: &SqlExpr) {
        // Without it a backslash would escape.
        // See <https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-LIKE>.
        writer.expr(pattern, Level::Concat);
        writer.put(" ESCAPE ''");
    }

    fn call(&self, writer: &mut Writer, function: Function, args: &[SqlExpr]) -> Level {
        match (function, args) {
            (Function::Coalesce, _) => writer.function("COALESCE", args),
            (Function::NullIf, _) => writer.function("NULLIF", args),
            (Function::Lower, _) => writer.function("lower", args),
            (Function::Upper, _) => writer.function("upper", args),
            // Only blanks go: see <https://www.postgresql.org/docs/current/functions-string.html>.
            (Function::Trim, _) => writer.function("btrim", args),
            (Function::Length, _) => writer.function("length", args),
            (Function::Sha256, [text]) => {
                // See <https://www.postgresql.org/docs/current/functions-binarystring.html>.
                writer.put("encode(sha256(convert_to(");
                writer.expr(text, Level::Or);
                writer.put(", 'UTF8')), 'hex')");
                Level::Primary
            }
            (Function::Concat, _) => concat(writer, args),
            (Function::Substring, [text, from_and_length @ ..]) => {
                writer.put("substring(");
                writer.expr(text, Level::Or);
                at_least(writer, from_and_length);
                writer.put(")");
                Level::Primary
            }
            (Function::Replace, _) => writer.function("replace", args),
            (Function::StartsWith, _) => writer.function("starts_with", args),
            (Function::EndsWith, [text, suffix]) => ends_with(writer, text, suffix),
            (Function::Contains, _) => {
                writer.function("strpos", args);
                writer.put(" > 0");
                Level::Comparison
            }
            (Function::JsonText, [document, key]) => json_text(writer, document, key),
            (Function::Abs, _) => writer.function("abs", args),
            (Function::Round, [x, digits @ ..]) => round(writer, x, digits),
            (Function::Floor, _) => writer.function("floor", args),
            (Function::Ceil, _) => writer.function("ceil", args),
            (Function::Greatest, _) => writer.null_if_any("GREATEST", args),
            (Function::Least, _) => writer.null_if_any("LEAST", args),
            (Function::DateOf, [time]) => {
                date(writer, time);
                Level::Primary
            }
            (Function::LocalTime(zone), [instant]) => {
                writer.expr(instant, Level::Primary);
                at_zone(writer, zone.name())
            }
            (Function::InstantOf(zone), [time]) => {
                // Of a date it would take the midnight of the session's zone.
                wall_clock(writer, time, Level::Primary);
                at_zone(writer, zone.name())
            }
            (Function::Truncate { granularity, week_start, fiscal_start_month }, [time]) => {
                truncate(writer, time, granularity, week_start, fiscal_start_month)
            }
            (Function::TruncateHour(zone), [instant]) => {
                // Within an hour the offset is kept, so the two hours that bear one name stay apart.
                // See <https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-TRUNC>.
                writer.put("date_trunc('hour', ");
                writer.expr(instant, Level::Or);
                writer.put(", ");
                writer.string(zone.name());
                writer.put(")");
                Level::Primary
            }
            (Function::AddUnits(unit), [time, count]) => add_units(writer, time, unit, count),
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, [from, to]) => {
                periods_between(writer, [from, to], granularity, week_start, fiscal_start_month)
            }
            (Function::MicrosecondsBetween { .. }, [from, to]) => {
                // EXTRACT gives a numeric with six decimals.
                // See <https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-EXTRACT>.
                writer.put("CAST(EXTRACT(EPOCH FROM ");
                writer.expr(to, Level::Add);
                writer.put(" - ");
                writer.expr(from, Level::Multiply);
                writer.put(") * 1000000 AS bigint)");
                Level::Primary
            }
            (Function::Part { part, week_start }, [time]) => extract(writer, time, part, week_start),
            (Function::WrittenTruncate(_) | Function::WrittenDate | Function::WrittenPeriodsBetween(_), _) => {
                unreachable!("resolve lowers every function as written")
            }
            (
                Function::Substring
                | Function::EndsWith
                | Function::Sha256
                | Function::JsonText
                | Function::Round
                | Function::DateOf
                | Function::LocalTime(_)
                | Function::InstantOf(_)
                | Function::Truncate { .. }
                | Function::TruncateHour(_)
                | Function::AddUnits(_)
                | Function::PeriodsBetween { .. }
                | Function::MicrosecondsBetween { .. }
                | Function::Part { .. },
                _,
            ) => unreachable!("the parser and the planner count arguments"),
        }
    }

    fn approx_count_distinct(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        // There is no estimate without an extension. An exact count is one without an error.
        writer.put("COUNT(DISTINCT ");
        writer.expr(arg, Level::Or);
        writer.put(")");
        Level::Primary
    }

    fn any_value(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        // ANY_VALUE came with version 16, and MIN does not take booleans.
        writer.put("(ARRAY_AGG(");
        if known_type(arg) == Some(ColumnType::String) {
            // A constant text has no type by itself.
            writer.cast(arg, "TEXT");
        } else {
            writer.expr(arg, Level::Or);
        }
        writer.put("))[1]");
        Level::Primary
    }

    fn average(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        writer.put("AVG(");
        float(writer, arg);
        writer.put(")");
        Level::Primary
    }

    fn percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        writer.put("PERCENTILE_CONT(");
        writer.millionths(millionths);
        writer.put(") WITHIN GROUP (ORDER BY ");
        float(writer, arg);
        writer.put(")");
        Level::Primary
    }

    fn discrete_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        writer.put("PERCENTILE_DISC(");
        writer.millionths(millionths);
        writer.put(") WITHIN GROUP (ORDER BY ");
        writer.expr(arg, Level::Or);
        writer.put(")");
        Level::Primary
    }

    fn approx_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        // There is no estimate without an extension. The exact percentile is one without an error.
        self.percentile(writer, arg, millionths)
    }

    fn order_names(&self) -> OrderNames {
        // See <https://www.postgresql.org/docs/current/queries-order.html>.
        OrderNames::Alone
    }

    fn unions_pair_by_pair(&self) -> bool {
        // See <https://www.postgresql.org/docs/current/typeconv-union-case.html>.
        true
    }

    fn window_order(&self, writer: &mut Writer, term: &OrderTerm) {
        writer.order_term(term);
    }

    fn days(&self, writer: &mut Writer, from: &SqlExpr, to: &SqlExpr, column: &str) {
        writer.put("(SELECT CAST(generate_series(");
        wall_clock(writer, from, Level::Or);
        writer.put(", ");
        wall_clock(writer, to, Level::Or);
        writer.put(", INTERVAL '1 DAY') AS DATE) AS ");
        writer.identifier(column);
        writer.put(")");
    }
}

fn float(writer: &mut Writer, arg: &SqlExpr) {
    if known_type(arg) == Some(ColumnType::Float) {
        writer.expr(arg, Level::Or);
    } else {
        writer.cast(arg, "DOUBLE PRECISION");
    }
}

/// Writes a whole number: halves go away from zero, as they do not from floating point at once.
fn integer(writer: &mut Writer, arg: &SqlExpr) {
    let through = match known_type(arg) {
        Some(ColumnType::Integer | ColumnType::Decimal) => None,
        Some(ColumnType::Boolean) => Some("INTEGER"),
        _ => Some("NUMERIC"),
    };
    writer.put("CAST(");
    match through {
        Some(type_name) => {
            writer.cast(arg, type_name);
        }
        None => writer.expr(arg, Level::Or),
    }
    writer.put(" AS BIGINT)");
}

/// Joins texts: `concat()` would skip nulls.
fn concat(writer: &mut Writer, args: &[SqlExpr]) -> Level {
    for (at, arg) in args.iter().enumerate() {
        writer.put(if at > 0 { " || " } else { "" });
        writer.expr(arg, Level::Unary);
    }
    Level::Concat
}

fn ends_with(writer: &mut Writer, text: &SqlExpr, suffix: &SqlExpr) -> Level {
    writer.put("right(");
    writer.expr(text, Level::Or);
    writer.put(", length(");
    writer.expr(suffix, Level::Or);
    writer.put(")) = ");
    writer.expr(suffix, Level::Concat);
    Level::Comparison
}

/// Writes the start and length of a substring, which are of 32 bits; a start below 1 reads from 1 and a negative
/// length reads nothing.
fn at_least(writer: &mut Writer, args: &[SqlExpr]) {
    for (arg, least) in args.iter().zip([1, 0]) {
        writer.put(", ");
        if let Expr::Literal(Literal::Integer(value)) = arg {
            writer.number((*value).max(least));
        } else {
            writer.put("CAST(CASE WHEN ");
            writer.expr(arg, Level::Concat);
            writer.put(if least == 1 { " < 1 THEN 1 ELSE " } else { " < 0 THEN 0 ELSE " });
            writer.expr(arg, Level::Or);
            writer.put(" END AS INTEGER)");
        }
    }
}

/// `->>` would give the text of objects and lists too.
fn json_text(writer: &mut Writer, document: &SqlExpr, key: &SqlExpr) -> Level {
    let value = |writer: &mut Writer, arrow: &str| {
        if known_type(document) == Some(ColumnType::Json) {
            writer.expr(document, Level::Primary);
        } else {
            writer.cast(document, "JSON");
        }
        writer.put(arrow);
        writer.expr(key, Level::Primary);
    };
    writer.put("CASE WHEN json_typeof(");
    value(writer, " -> ");
    writer.put(") NOT IN ('object', 'array') THEN ");
    value(writer, " ->> ");
    writer.put(" END");
    Level::Primary
}

/// Writes a rounded number: halves of NUMERIC go away from zero, those of floating point would go to even.
/// See <https://www.postgresql.org/docs/current/functions-math.html>.
fn round(writer: &mut Writer, x: &SqlExpr, digits: &[SqlExpr]) -> Level {
    let is_float = known_type(x) == Some(ColumnType::Float);
    writer.put(if is_float { "CAST(round(" } else { "round(" });
    if known_type(x) == Some(ColumnType::Decimal) {
        writer.expr(x, Level::Or);
    } else {
        writer.cast(x, "NUMERIC");
    }
    for digits in digits {
        writer.put(", ");
        if matches!(digits, Expr::Literal(_)) {
            writer.expr(digits, Level::Or);
        } else {
            writer.cast(digits, "INTEGER");
        }
    }
    writer.put(if is_float { ") AS DOUBLE PRECISION)" } else { ")" });
    Level::Primary
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
fn wall_clock(writer: &mut Writer, time: &SqlExpr, min: Level) {
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

fn at_zone(writer: &mut Writer, zone: &str) -> Level {
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
        Granularity::Hour => {
            writer.put("date_trunc('hour', ");
            wall_clock(writer, time, Level::Or);
            writer.put(")");
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

fn interval(writer: &mut Writer, sign: &str, count: i64, unit: &str) {
    writer.put(sign);
    writer.put("INTERVAL '");
    writer.number(count);
    writer.put(" ");
    writer.put(unit);
    writer.put("'");
}

/// Of a date and an interval comes a wall-clock time, of a date and a whole number a date.
fn add_units(writer: &mut Writer, time: &SqlExpr, unit: Unit, count: &SqlExpr) -> Level {
    let keeps_date = known_type(time) == Some(ColumnType::Date) && !matches!(unit, Unit::Minute | Unit::Hour);
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
        Granularity::Hour => {
            writer.put("CAST(EXTRACT(EPOCH FROM ");
            writer.infix(&cut(granularity, to), " - ", &cut(granularity, from), Level::Add, Level::Multiply);
            writer.put(") / 3600 AS BIGINT)");
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
        TimePart::HourOfDay => "HOUR",
        TimePart::DayOfWeek => "ISODOW",
        TimePart::DayOfMonth => "DAY",
        TimePart::DayOfYear => "DOY",
        TimePart::MonthOfYear => "MONTH",
        TimePart::QuarterOfYear => "QUARTER",
    });
    writer.put(" FROM ");
    if part == TimePart::HourOfDay {
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
