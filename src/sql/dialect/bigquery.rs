//! BigQuery (GoogleSQL).

use super::{
    Function, Level, Literal, OrderNames, OrderTerm, SqlExpr, Syntax, Writer, is_plain, number,
    periods::months_from_january, reserved, write_date, write_time,
};
use crate::{
    catalog::ColumnType,
    sql::{Expr, print::known_type},
    time::{Granularity, TimePart, Unit, Weekday},
};

/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/introduction>.
pub(super) struct BigQuery;

/// How many digits NUMERIC has before and after the point.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>.
const NUMERIC_DIGITS: (usize, usize) = (29, 9);

impl Syntax for BigQuery {
    fn identifier(&self, out: &mut String, name: &str) {
        if is_plain(name, reserved::BIGQUERY) {
            out.push_str(name);
        } else {
            escaped(out, name, '`');
        }
    }

    fn table(&self, out: &mut String, name: &str) {
        // `acme-analytics.marts.orders` may stand in one pair of backticks.
        if name.split('.').all(|part| is_plain(part, reserved::BIGQUERY)) {
            out.push_str(name);
        } else {
            escaped(out, name, '`');
        }
    }

    fn string(&self, out: &mut String, text: &str) {
        escaped(out, text, '\'');
    }

    fn literal(&self, out: &mut String, literal: &Literal) -> Level {
        match literal {
            Literal::Null => out.push_str("NULL"),
            Literal::Boolean(true) => out.push_str("TRUE"),
            Literal::Boolean(false) => out.push_str("FALSE"),
            Literal::Integer(value) => return number::integer(out, *value),
            Literal::Decimal(text) => {
                // A plain `12.50` would be binary floating point.
                let (whole, scale) = number::decimal_digits(text);
                let fits = whole <= NUMERIC_DIGITS.0 && scale <= NUMERIC_DIGITS.1;
                out.push_str(if fits { "NUMERIC '" } else { "BIGNUMERIC '" });
                out.push_str(text);
                out.push('\'');
            }
            Literal::Float(bits) => {
                let value = f64::from_bits(*bits);
                if value.is_finite() {
                    return number::float(out, value);
                }
                out.push_str(if value.is_nan() {
                    "CAST('NaN' AS FLOAT64)"
                } else if value > 0.0 {
                    "CAST('Infinity' AS FLOAT64)"
                } else {
                    "CAST('-Infinity' AS FLOAT64)"
                });
            }
            Literal::String(text) => self.string(out, text),
            Literal::Date(date) => {
                out.push_str("DATE '");
                write_date(out, *date);
                out.push('\'');
            }
            Literal::DateTime(time) => {
                out.push_str("DATETIME '");
                write_time(out, *time);
                out.push('\'');
            }
            Literal::Timestamp(time) => {
                out.push_str("TIMESTAMP '");
                write_time(out, *time);
                out.push_str("+00'");
            }
        }
        Level::Primary
    }

    fn parameter(&self, out: &mut String, number: usize, _value: &Literal) {
        use std::fmt::Write;
        // Parameters are sent with their types.
        write!(out, "@p{number}").expect("a String takes all text");
    }

    fn shares_parameter(&self, _value: &Literal) -> bool {
        true
    }

    fn cast(&self, writer: &mut Writer, arg: &SqlExpr, to: ColumnType) -> Level {
        writer.cast(
            arg,
            match to {
                ColumnType::String | ColumnType::Unknown => "STRING",
                ColumnType::Integer => "INT64",
                ColumnType::Decimal => "NUMERIC",
                ColumnType::Float => "FLOAT64",
                ColumnType::Boolean => "BOOL",
                ColumnType::Date => "DATE",
                ColumnType::DateTime => "DATETIME",
                ColumnType::Timestamp => "TIMESTAMP",
                ColumnType::Json => "JSON",
            },
        )
    }

    fn is_true(&self, writer: &mut Writer, arg: &SqlExpr, negated: bool) -> Level {
        writer.postfix(arg, negated, " IS TRUE", " IS NOT TRUE")
    }

    fn divide(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        // SAFE_DIVIDE of NUMERIC is NUMERIC, cut to 9 digits; with one FLOAT64 the other follows.
        writer.put("SAFE_DIVIDE(");
        if known_type(right) == Some(ColumnType::Float) {
            writer.expr(left, Level::Or);
        } else {
            float(writer, left);
        }
        writer.put(", ");
        writer.expr(right, Level::Or);
        writer.put(")");
        Level::Primary
    }

    fn modulo(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        writer.put("MOD(");
        writer.expr(left, Level::Or);
        writer.put(", NULLIF(");
        writer.expr(right, Level::Or);
        writer.put(", 0))");
        Level::Primary
    }

    fn like_pattern(&self, writer: &mut Writer, pattern: &SqlExpr) {
        // A backslash in a pattern escapes what follows; two stand for one.
        // See <https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#like_operator>.
        match pattern {
            Expr::Literal(Literal::String(text)) => writer.string(&text.replace('\\', "\\\\")),
            Expr::Parameter(Literal::String(text)) => {
                writer.expr(&Expr::Parameter(Literal::String(text.replace('\\', "\\\\"))), Level::Primary);
            }
            _ => {
                writer.put("REPLACE(");
                writer.expr(pattern, Level::Or);
                writer.put(r", '\\', '\\\\')");
            }
        }
    }

    fn call(&self, writer: &mut Writer, function: Function, args: &[SqlExpr]) -> Level {
        match (function, args) {
            (Function::Coalesce, _) => writer.function("COALESCE", args),
            (Function::NullIf, _) => writer.function("NULLIF", args),
            (Function::Lower, _) => writer.function("LOWER", args),
            (Function::Upper, _) => writer.function("UPPER", args),
            (Function::Trim, [text]) => {
                // Without the second argument all white space would go.
                writer.put("TRIM(");
                writer.expr(text, Level::Or);
                writer.put(", ' ')");
                Level::Primary
            }
            (Function::Length, _) => writer.function("LENGTH", args),
            (Function::Sha256, _) => {
                writer.put("TO_HEX(");
                writer.function("SHA256", args);
                writer.put(")");
                Level::Primary
            }
            (Function::Concat, _) => writer.function("CONCAT", args),
            (Function::Substring, [text, from_and_length @ ..]) => {
                writer.put("SUBSTR(");
                writer.expr(text, Level::Or);
                at_least(writer, from_and_length);
                writer.put(")");
                Level::Primary
            }
            (Function::Replace, _) => writer.function("REPLACE", args),
            (Function::StartsWith, _) => writer.function("STARTS_WITH", args),
            (Function::EndsWith, _) => writer.function("ENDS_WITH", args),
            (Function::Contains, _) => {
                writer.function("STRPOS", args);
                writer.put(" > 0");
                Level::Comparison
            }
            (Function::JsonText, [document, key]) => {
                writer.put("JSON_VALUE(");
                writer.expr(document, Level::Or);
                writer.put(", ");
                writer.string(&json_path(key));
                writer.put(")");
                Level::Primary
            }
            (Function::Abs, _) => writer.function("ABS", args),
            (Function::Round, _) => writer.function("ROUND", args),
            (Function::Floor, _) => writer.function("FLOOR", args),
            (Function::Ceil, _) => writer.function("CEIL", args),
            (Function::Greatest, _) => writer.function("GREATEST", args),
            (Function::Least, _) => writer.function("LEAST", args),
            (Function::DateOf, [time]) => {
                date(writer, time);
                Level::Primary
            }
            (Function::LocalTime(zone), [instant]) => in_zone(writer, "DATETIME(", instant, ", ", zone.name()),
            (Function::InstantOf(zone), [time]) => in_zone(writer, "TIMESTAMP(", time, ", ", zone.name()),
            (Function::Truncate { granularity, week_start, fiscal_start_month }, [time]) => {
                truncate(writer, time, granularity, week_start, fiscal_start_month)
            }
            (Function::TruncateHour(zone), [instant]) => {
                in_zone(writer, "TIMESTAMP_TRUNC(", instant, ", HOUR, ", zone.name())
            }
            (Function::AddUnits(unit), [time, count]) => add_units(writer, time, unit, count),
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, [from, to]) => {
                periods_between(writer, from, to, granularity, week_start, fiscal_start_month)
            }
            (Function::MicrosecondsBetween { instants }, [from, to]) => {
                writer.put(if instants { "TIMESTAMP_DIFF(" } else { "DATETIME_DIFF(" });
                writer.expr(to, Level::Or);
                writer.put(", ");
                writer.expr(from, Level::Or);
                writer.put(", MICROSECOND)");
                Level::Primary
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
        // AVG of NUMERIC is NUMERIC, cut to 9 digits.
        writer.put("AVG(");
        float(writer, arg);
        writer.put(")");
        Level::Primary
    }

    fn percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        writer.put("PERCENTILE_CONT(");
        float(writer, arg);
        writer.put(", ");
        writer.millionths(millionths);
        writer.put(")");
        Level::Primary
    }

    fn discrete_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        writer.put("PERCENTILE_DISC(");
        writer.expr(arg, Level::Or);
        writer.put(", ");
        writer.millionths(millionths);
        writer.put(")");
        Level::Primary
    }

    fn approx_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        // The quantiles of n equal parts: of 100 for p90, of 1000 for p99_9.
        // See <https://cloud.google.com/bigquery/docs/reference/standard-sql/approximate_aggregate_functions#approx_quantiles>.
        let parts = (2..=6).map(|digits| 10_u32.pow(digits)).find(|parts| millionths.is_multiple_of(1_000_000 / parts));
        let parts = parts.unwrap_or(1_000_000);
        writer.put("APPROX_QUANTILES(");
        float(writer, arg);
        writer.put(&format!(", {parts})[OFFSET({})]", millionths / (1_000_000 / parts)));
        Level::Primary
    }

    fn order_names(&self) -> OrderNames {
        OrderNames::Anywhere
    }

    fn unions_pair_by_pair(&self) -> bool {
        false
    }

    fn window_order(&self, writer: &mut Writer, term: &OrderTerm) {
        // A window refuses NULLS LAST with ASC and NULLS FIRST with DESC; ascending nulls come first by themselves.
        // See <https://cloud.google.com/bigquery/docs/reference/standard-sql/window-function-calls#def_use_named_window>.
        if term.nulls_first == term.descending {
            writer.expr(&term.expr, Level::Concat);
            writer.put(if term.nulls_first { " IS NOT NULL, " } else { " IS NULL, " });
        }
        writer.expr(&term.expr, Level::Or);
        writer.put(if term.descending { " DESC" } else { "" });
    }

    fn days(&self, writer: &mut Writer, from: &SqlExpr, to: &SqlExpr, column: &str) {
        writer.put("(SELECT ");
        writer.identifier(column);
        writer.put(" FROM UNNEST(GENERATE_DATE_ARRAY(");
        date(writer, from);
        writer.put(", ");
        date(writer, to);
        writer.put(")) AS ");
        writer.identifier(column);
        writer.put(")");
    }
}

/// Writes a string or a quoted name with the escapes of GoogleSQL.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences>.
fn escaped(out: &mut String, text: &str, quote: char) {
    use std::fmt::Write;
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            _ if character.is_control() => {
                write!(out, "\\u{:04x}", u32::from(character)).expect("a String takes all text");
            }
            _ => out.push(character),
        }
    }
    out.push(quote);
}

fn float(writer: &mut Writer, arg: &SqlExpr) {
    if known_type(arg) == Some(ColumnType::Float) {
        writer.expr(arg, Level::Or);
    } else {
        writer.cast(arg, "FLOAT64");
    }
}

/// Writes the start and length of a substring; a start below 1 reads from 1 and a negative length reads nothing.
///
/// SUBSTR would count a negative start from the end, and fail on a negative length.
fn at_least(writer: &mut Writer, args: &[SqlExpr]) {
    for (arg, least) in args.iter().zip([1, 0]) {
        writer.put(", ");
        if let Expr::Literal(Literal::Integer(value)) = arg {
            writer.number((*value).max(least));
        } else {
            writer.put("GREATEST(");
            writer.expr(arg, Level::Or);
            writer.put(if least == 1 { ", 1)" } else { ", 0)" });
        }
    }
}

/// Returns the path of a top-level key: `$.key`, or `$."key"` unless it is a plain word.
fn json_path(key: &SqlExpr) -> String {
    let Expr::Literal(Literal::String(key)) = key else { unreachable!("the parser wants a constant key") };
    if is_plain(key, &[]) {
        return format!("$.{key}");
    }
    format!("$.\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Writes a date: the expression itself if it is known to be one.
fn date(writer: &mut Writer, time: &SqlExpr) {
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
        Granularity::Hour => {
            writer.put("DATETIME_TRUNC(");
            writer.expr(time, Level::Or);
            writer.put(", HOUR)");
        }
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

fn interval(writer: &mut Writer, count: i64, unit: &str) {
    writer.put(", INTERVAL ");
    writer.number(count);
    writer.put(" ");
    writer.put(unit);
}

fn period_name(granularity: Granularity, week_start: Weekday) -> &'static str {
    match granularity {
        Granularity::Hour => "HOUR",
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
        (Some(ColumnType::Date), Unit::Minute | Unit::Hour) | (Some(ColumnType::DateTime), _) => "DATETIME_",
        (Some(ColumnType::Date), _) => "DATE_",
        (Some(ColumnType::Timestamp), Unit::Minute | Unit::Hour | Unit::Day) => "TIMESTAMP_",
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
    if granularity == Granularity::Hour {
        writer.put("DATETIME_DIFF(DATETIME_TRUNC(");
        writer.expr(to, Level::Or);
        writer.put(", HOUR), DATETIME_TRUNC(");
        writer.expr(from, Level::Or);
        writer.put(", HOUR), HOUR)");
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
