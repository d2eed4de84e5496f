//! DuckDB 1.5.

use super::{
    Function, Level, Literal, OrderNames, OrderTerm, SqlExpr, Syntax, Writer, is_plain, number,
    periods::{days_to_monday, months_from_january},
    quoted, reserved, write_date, write_time,
};
use crate::{
    catalog::ColumnType,
    sql::{AggregateFunction, Expr, Leaf, print::known_type},
    time::{Granularity, TimePart, Unit, Weekday},
};

/// See <https://duckdb.org/docs/stable/sql/introduction>.
pub(super) struct DuckDb;

impl Syntax for DuckDb {
    fn identifier(&self, out: &mut String, name: &str) {
        if is_plain(name, reserved::DUCKDB) {
            out.push_str(name);
        } else {
            quoted(out, name, '"');
        }
    }

    fn table(&self, out: &mut String, name: &str) {
        for (at, part) in name.split('.').enumerate() {
            if at > 0 {
                out.push('.');
            }
            self.identifier(out, part);
        }
    }

    fn string(&self, out: &mut String, text: &str) {
        // A text with a NUL cannot be handed to DuckDB's C interface, so each is written as a call.
        let mut parts = text.split('\0');
        if text.contains('\0') {
            out.push('(');
        }
        quoted(out, parts.next().expect("a split has a first part"), '\'');
        for part in parts {
            out.push_str(" || chr(0) || ");
            quoted(out, part, '\'');
        }
        if text.contains('\0') {
            out.push(')');
        }
    }

    fn literal(&self, out: &mut String, literal: &Literal) -> Level {
        match literal {
            Literal::Null => out.push_str("NULL"),
            Literal::Boolean(true) => out.push_str("TRUE"),
            Literal::Boolean(false) => out.push_str("FALSE"),
            Literal::Integer(value) => return number::integer(out, *value),
            Literal::Decimal(text) => {
                out.push_str(text);
                return if text.starts_with('-') { Level::Unary } else { Level::Primary };
            }
            Literal::Float(bits) => {
                let value = f64::from_bits(*bits);
                if value.is_finite() {
                    return number::float(out, value);
                }
                typed(out, "CAST('", "' AS DOUBLE)", |out| out.push_str(&value.to_string()));
            }
            Literal::String(text) => self.string(out, text),
            Literal::Date(date) => {
                typed(out, "DATE '", "'", |out| write_date(out, *date));
            }
            Literal::DateTime(time) => typed(out, "TIMESTAMP '", "'", |out| write_time(out, *time)),
            Literal::Timestamp(time) => typed(out, "TIMESTAMPTZ '", "+00'", |out| write_time(out, *time)),
        }
        Level::Primary
    }

    fn parameter(&self, out: &mut String, number: usize, value: &Literal) {
        use std::fmt::Write;
        // Overloads are chosen before values are bound, so a parameter that is not text or a number says its type.
        let type_name = match value {
            Literal::Null | Literal::Boolean(_) | Literal::Integer(_) | Literal::Float(_) | Literal::String(_) => {
                write!(out, "${number}").expect("a String takes all text");
                return;
            }
            Literal::Decimal(text) => {
                let (whole, scale) = number::decimal_digits(text);
                let width = (whole + scale).max(1);
                write!(out, "CAST(${number} AS DECIMAL({width}, {scale}))").expect("a String takes all text");
                return;
            }
            Literal::Date(_) => "DATE",
            Literal::DateTime(_) => "TIMESTAMP",
            Literal::Timestamp(_) => "TIMESTAMPTZ",
        };
        write!(out, "CAST(${number} AS {type_name})").expect("a String takes all text");
    }

    fn shares_parameter(&self, _value: &Literal) -> bool {
        true
    }

    fn cast(&self, writer: &mut Writer, arg: &SqlExpr, to: ColumnType) -> Level {
        writer.cast(
            arg,
            match to {
                ColumnType::String | ColumnType::Unknown => "VARCHAR",
                ColumnType::Integer => "BIGINT",
                // The scale of BigQuery's NUMERIC.
                ColumnType::Decimal => "DECIMAL(38, 9)",
                ColumnType::Float => "DOUBLE",
                ColumnType::Boolean => "BOOLEAN",
                ColumnType::Date => "DATE",
                ColumnType::DateTime => "TIMESTAMP",
                ColumnType::Timestamp => "TIMESTAMPTZ",
                ColumnType::Json => "JSON",
            },
        )
    }

    fn is_true(&self, writer: &mut Writer, arg: &SqlExpr, negated: bool) -> Level {
        writer.postfix(arg, negated, " IS TRUE", " IS NOT TRUE")
    }

    fn divide(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        // `/` gives a DOUBLE, save between numbers of which one is a FLOAT of 32 bits: a sum never is one.
        if is_sum_or_double(left) || is_sum_or_double(right) {
            writer.expr(left, Level::Multiply);
        } else {
            writer.cast(left, "DOUBLE");
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
        // LIKE has no escape character unless one is declared.
        // See <https://duckdb.org/docs/stable/sql/functions/pattern_matching#like>.
        writer.expr(pattern, Level::Concat);
    }

    fn call(&self, writer: &mut Writer, function: Function, args: &[SqlExpr]) -> Level {
        match (function, args) {
            (Function::Coalesce, _) => writer.function("COALESCE", args),
            (Function::NullIf, _) => writer.function("NULLIF", args),
            (Function::Lower, _) => writer.function("lower", args),
            (Function::Upper, _) => writer.function("upper", args),
            (Function::Trim, [text]) => {
                // Without the second argument every blank of Unicode would go.
                writer.put("trim(");
                writer.expr(text, Level::Or);
                writer.put(", ' ')");
                Level::Primary
            }
            (Function::Length, _) => writer.function("length", args),
            (Function::Sha256, _) => writer.function("sha256", args),
            (Function::Concat, _) => {
                // concat() would skip nulls.
                for (at, arg) in args.iter().enumerate() {
                    writer.put(if at > 0 { " || " } else { "" });
                    writer.expr(arg, Level::Unary);
                }
                Level::Concat
            }
            (Function::Substring, [text, from_and_length @ ..]) => {
                writer.put("substring(");
                writer.expr(text, Level::Or);
                at_least(writer, from_and_length);
                writer.put(")");
                Level::Primary
            }
            (Function::Replace, _) => writer.function("replace", args),
            (Function::StartsWith, _) => writer.function("starts_with", args),
            (Function::EndsWith, _) => writer.function("ends_with", args),
            (Function::Contains, _) => writer.function("contains", args),
            (Function::JsonText, [document, key]) => {
                // json_value() is null for objects and lists; the outer call takes the quotes off.
                writer.put("json_extract_string(json_value(");
                writer.expr(document, Level::Or);
                writer.put(", ");
                writer.string(&json_path(key));
                writer.put("), '$')");
                Level::Primary
            }
            (Function::Abs, _) => writer.function("abs", args),
            (Function::Round, _) => writer.function("round", args),
            (Function::Floor, _) => writer.function("floor", args),
            (Function::Ceil, _) => writer.function("ceil", args),
            (Function::Greatest, _) => writer.null_if_any("greatest", args),
            (Function::Least, _) => writer.null_if_any("least", args),
            (Function::DateOf, [time]) => {
                date(writer, time);
                Level::Primary
            }
            (Function::LocalTime(zone) | Function::InstantOf(zone), [time]) => in_zone(writer, zone.name(), time),
            (Function::Truncate { granularity, week_start, fiscal_start_month }, [time]) => {
                truncate(writer, time, granularity, week_start, fiscal_start_month)
            }
            (Function::TruncateHour(zone), [instant]) => {
                // Taking off what has passed of the local hour is right for zones of half hours, and tells the two
                // hours apart that bear the same name when clocks go back.
                writer.expr(instant, Level::Add);
                writer.put(" - (");
                in_zone(writer, zone.name(), instant);
                writer.put(" - date_trunc('hour', ");
                in_zone(writer, zone.name(), instant);
                writer.put("))");
                Level::Add
            }
            (Function::AddUnits(unit), [time, count]) => add_units(writer, time, unit, count),
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, [from, to]) => {
                periods_between(writer, from, to, granularity, week_start, fiscal_start_month)
            }
            (Function::MicrosecondsBetween { .. }, [from, to]) => {
                writer.put("epoch_us(");
                writer.expr(to, Level::Or);
                writer.put(") - epoch_us(");
                writer.expr(from, Level::Or);
                writer.put(")");
                Level::Add
            }
            (Function::Part { part, week_start }, [time]) => extract(writer, time, part, week_start),
            (Function::WrittenTruncate(_) | Function::WrittenDate | Function::WrittenPeriodsBetween(_), _) => {
                unreachable!("resolve lowers every function as written")
            }
            (
                Function::Trim
                | Function::Substring
                | Function::JsonText
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
        writer.function("APPROX_COUNT_DISTINCT", std::slice::from_ref(arg))
    }

    fn any_value(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        writer.function("ANY_VALUE", std::slice::from_ref(arg))
    }

    fn average(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        writer.put("AVG(");
        writer.expr(arg, Level::Or);
        writer.put(")");
        Level::Primary
    }

    fn percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        // Between decimals it would be cut to their scale.
        writer.put("quantile_cont(");
        if known_type(arg) == Some(ColumnType::Float) {
            writer.expr(arg, Level::Or);
        } else {
            writer.cast(arg, "DOUBLE");
        }
        writer.put(", ");
        writer.millionths(millionths);
        writer.put(")");
        Level::Primary
    }

    fn discrete_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        writer.put("quantile_disc(");
        writer.expr(arg, Level::Or);
        writer.put(", ");
        writer.millionths(millionths);
        writer.put(")");
        Level::Primary
    }

    fn approx_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        writer.put("approx_quantile(");
        writer.cast(arg, "DOUBLE");
        writer.put(", ");
        writer.millionths(millionths);
        writer.put(")");
        Level::Primary
    }

    fn order_names(&self) -> OrderNames {
        OrderNames::Anywhere
    }

    fn unions_pair_by_pair(&self) -> bool {
        false
    }

    fn window_order(&self, writer: &mut Writer, term: &OrderTerm) {
        writer.order_term(term);
    }

    fn days(&self, writer: &mut Writer, from: &SqlExpr, to: &SqlExpr, column: &str) {
        // As a table function it would not take a subquery as its argument.
        writer.put("(SELECT CAST(unnest(generate_series(");
        timestamp(writer, from);
        writer.put(", ");
        timestamp(writer, to);
        writer.put(", INTERVAL 1 DAY)) AS DATE) AS ");
        writer.identifier(column);
        writer.put(")");
    }
}

fn typed(out: &mut String, open: &str, close: &str, write: impl FnOnce(&mut String)) {
    out.push_str(open);
    write(out);
    out.push_str(close);
}

fn is_sum_or_double(expr: &SqlExpr) -> bool {
    match expr {
        Expr::Leaf(Leaf::Aggregate(aggregate)) => matches!(
            aggregate.function,
            AggregateFunction::Count
                | AggregateFunction::CountDistinct
                | AggregateFunction::Sum
                | AggregateFunction::Avg
                | AggregateFunction::Percentile(_)
                | AggregateFunction::ApproxPercentile(_)
        ),
        _ => known_type(expr) == Some(ColumnType::Float),
    }
}

/// Writes the start and length of a substring; where they are not constants, a start below 1 reads from 1 and a
/// negative length reads nothing, as a constant one would be refused.
fn at_least(writer: &mut Writer, args: &[SqlExpr]) {
    for (arg, least) in args.iter().zip([1, 0]) {
        writer.put(", ");
        if let Expr::Literal(Literal::Integer(value)) = arg {
            writer.number((*value).max(least));
        } else {
            writer.put("CASE WHEN ");
            writer.expr(arg, Level::Concat);
            writer.put(if least == 1 { " < 1 THEN 1 ELSE " } else { " < 0 THEN 0 ELSE " });
            writer.expr(arg, Level::Or);
            writer.put(" END");
        }
    }
}

/// Returns the path of a top-level key: `$."key"`.
fn json_path(key: &SqlExpr) -> String {
    let Expr::Literal(Literal::String(key)) = key else { unreachable!("the parser wants a constant key") };
    let mut path = String::from("$.");
    quoted(&mut path, key, '"');
    path
}

/// Writes a date: the expression itself if it is known to be one.
fn date(writer: &mut Writer, time: &SqlExpr) {
    if known_type(time) == Some(ColumnType::Date) {
        writer.expr(time, Level::Primary);
    } else {
        writer.cast(time, "DATE");
    }
}

fn timestamp(writer: &mut Writer, time: &SqlExpr) {
    if known_type(time) == Some(ColumnType::DateTime) {
        writer.expr(time, Level::Or);
    } else {
        writer.cast(time, "TIMESTAMP");
    }
}

fn in_zone(writer: &mut Writer, zone: &str, time: &SqlExpr) -> Level {
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
        Granularity::Hour => {
            writer.put("date_trunc('hour', ");
            writer.expr(time, Level::Or);
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
        Granularity::Hour => "date_diff('hour', ",
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
