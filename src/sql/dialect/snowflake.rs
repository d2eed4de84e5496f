//! Snowflake.

use super::{
    Function, Level, Literal, OrderNames, OrderTerm, SqlExpr, Syntax, Writer, is_plain, number,
    periods::{days_to_monday, months_from_january},
    quoted, reserved, write_date, write_time,
};
use crate::{
    catalog::ColumnType,
    sql::{BinaryOp, Expr, Leaf, print::known_type},
    time::{Granularity, NaiveDate, TimePart, Unit, Weekday},
};

/// See <https://docs.snowflake.com/en/sql-reference>.
pub(super) struct Snowflake;

/// How many digits a NUMBER has; a longer constant would become floating point.
/// See <https://docs.snowflake.com/en/sql-reference/data-types-numeric>.
const NUMBER_DIGITS: usize = 38;

impl Syntax for Snowflake {
    fn identifier(&self, out: &mut String, name: &str) {
        // Names without quotes are folded to upper case, so a name in one case means the same as in the other.
        // See <https://docs.snowflake.com/en/sql-reference/identifiers-syntax>.
        let folded = name.to_ascii_lowercase();
        let one_case = folded == name || name.to_ascii_uppercase() == name;
        if one_case && is_plain(&folded, reserved::SNOWFLAKE) {
            out.push_str(name);
        } else if one_case && is_plain(&folded, &[]) {
            quoted(out, &name.to_ascii_uppercase(), '"');
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
        use std::fmt::Write;
        // See <https://docs.snowflake.com/en/sql-reference/data-types-text#escape-sequences-in-single-quoted-string-constants>.
        out.push('\'');
        for character in text.chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("''"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                _ if character.is_control() => {
                    write!(out, "\\u{:04x}", u32::from(character)).expect("a String takes all text");
                }
                _ => out.push(character),
            }
        }
        out.push('\'');
    }

    fn literal(&self, out: &mut String, literal: &Literal) -> Level {
        match literal {
            Literal::Null => out.push_str("NULL"),
            Literal::Boolean(true) => out.push_str("TRUE"),
            Literal::Boolean(false) => out.push_str("FALSE"),
            Literal::Integer(value) => return number::integer(out, *value),
            Literal::Decimal(text) => {
                let (whole, scale) = number::decimal_digits(text);
                if whole + scale <= NUMBER_DIGITS {
                    out.push_str(text);
                    return if text.starts_with('-') { Level::Unary } else { Level::Primary };
                }
                // The server refuses what does not fit, rather than computing with less.
                cast_text(out, text, "NUMBER(38, 9)");
            }
            Literal::Float(bits) => {
                // A constant with an exponent is not always floating point.
                let value = f64::from_bits(*bits);
                let mut text = String::new();
                if value.is_finite() {
                    number::float(&mut text, value);
                } else {
                    text.push_str(if value.is_nan() {
                        "NaN"
                    } else if value > 0.0 {
                        "inf"
                    } else {
                        "-inf"
                    });
                }
                cast_text(out, &text, "FLOAT");
            }
            Literal::String(text) => self.string(out, text),
            Literal::Date(date) => {
                out.push_str("DATE '");
                write_date(out, *date);
                out.push('\'');
            }
            // What TIMESTAMP alone means is a setting of the session.
            Literal::DateTime(time) => {
                out.push_str("CAST('");
                write_time(out, *time);
                out.push_str("' AS TIMESTAMP_NTZ)");
            }
            Literal::Timestamp(time) => {
                out.push_str("CAST('");
                write_time(out, *time);
                out.push_str("+00:00' AS TIMESTAMP_TZ)");
            }
        }
        Level::Primary
    }

    fn parameter(&self, out: &mut String, _number: usize, value: &Literal) {
        use std::fmt::Write;
        match value {
            Literal::Null | Literal::Boolean(_) | Literal::Integer(_) | Literal::Float(_) | Literal::String(_) => {
                out.push('?');
            }
            // A driver binds these as text.
            Literal::Decimal(text) => {
                let (whole, scale) = number::decimal_digits(text);
                let width = (whole + scale).max(1);
                write!(out, "CAST(? AS NUMBER({width}, {scale}))").expect("a String takes all text");
            }
            Literal::Date(_) => out.push_str("CAST(? AS DATE)"),
            Literal::DateTime(_) => out.push_str("CAST(? AS TIMESTAMP_NTZ)"),
            Literal::Timestamp(_) => out.push_str("CAST(? AS TIMESTAMP_TZ)"),
        }
    }

    fn shares_parameter(&self, _value: &Literal) -> bool {
        // Values are bound by place.
        false
    }

    fn cast(&self, writer: &mut Writer, arg: &SqlExpr, to: ColumnType) -> Level {
        let type_name = match (to, known_type(arg)) {
            // The format of a plain CAST is a setting of the session.
            (ColumnType::String | ColumnType::Unknown, Some(ColumnType::Date)) => {
                writer.put("TO_CHAR(");
                writer.expr(arg, Level::Or);
                writer.put(", 'YYYY-MM-DD')");
                return Level::Primary;
            }
            (ColumnType::String | ColumnType::Unknown, Some(ColumnType::DateTime)) => {
                writer.put("RTRIM(RTRIM(TO_CHAR(");
                writer.expr(arg, Level::Or);
                writer.put(", 'YYYY-MM-DD HH24:MI:SS.FF6'), '0'), '.')");
                return Level::Primary;
            }
            (ColumnType::String | ColumnType::Unknown, _) => "VARCHAR",
            (ColumnType::Integer, _) => "NUMBER(38, 0)",
            // The scale of BigQuery's NUMERIC.
            (ColumnType::Decimal, _) => "NUMBER(38, 9)",
            (ColumnType::Float, _) => "FLOAT",
            (ColumnType::Boolean, _) => "BOOLEAN",
            (ColumnType::Date, _) => "DATE",
            (ColumnType::DateTime, _) => "TIMESTAMP_NTZ",
            (ColumnType::Timestamp, _) => "TIMESTAMP_TZ",
            (ColumnType::Json, _) => "VARIANT",
        };
        writer.cast(arg, type_name)
    }

    fn is_true(&self, writer: &mut Writer, arg: &SqlExpr, negated: bool) -> Level {
        // IS TRUE is not among the operators of the manual.
        // See <https://docs.snowflake.com/en/sql-reference/operators>.
        writer.put(if negated { "NOT " } else { "" });
        let level = if is_two_valued(arg) {
            writer.expr(arg, Level::Comparison);
            Level::Comparison
        } else {
            writer.put("COALESCE(");
            writer.expr(arg, Level::Or);
            writer.put(", FALSE)");
            Level::Primary
        };
        if negated { Level::Not } else { level }
    }

    fn divide(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        // A quotient of NUMBERs has at most 12 digits behind the point; with one FLOAT the other follows.
        // See <https://docs.snowflake.com/en/sql-reference/operators-arithmetic#division>.
        if known_type(left) == Some(ColumnType::Float) {
            writer.expr(left, Level::Multiply);
        } else {
            writer.cast(left, "FLOAT");
        }
        writer.put(" / NULLIF(");
        writer.expr(right, Level::Or);
        writer.put(", 0)");
        Level::Multiply
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
        // LIKE has no escape character unless one is declared.
        // See <https://docs.snowflake.com/en/sql-reference/functions/like>.
        writer.expr(pattern, Level::Concat);
    }

    fn call(&self, writer: &mut Writer, function: Function, args: &[SqlExpr]) -> Level {
        match (function, args) {
            (Function::Coalesce, _) => writer.function("COALESCE", args),
            (Function::NullIf, _) => writer.function("NULLIF", args),
            (Function::Lower, _) => writer.function("LOWER", args),
            (Function::Upper, _) => writer.function("UPPER", args),
            (Function::Trim, [text]) => {
                writer.put("TRIM(");
                writer.expr(text, Level::Or);
                writer.put(", ' ')");
                Level::Primary
            }
            (Function::Length, _) => writer.function("LENGTH", args),
            (Function::Sha256, [text]) => {
                // See <https://docs.snowflake.com/en/sql-reference/functions/sha2>: hexadecimal, in lower case.
                writer.put("SHA2(");
                writer.expr(text, Level::Or);
                writer.put(", 256)");
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
            (Function::StartsWith, _) => writer.function("STARTSWITH", args),
            (Function::EndsWith, _) => writer.function("ENDSWITH", args),
            (Function::Contains, _) => writer.function("CONTAINS", args),
            (Function::JsonText, [document, key]) => json_text(writer, document, key),
            (Function::Abs, _) => writer.function("ABS", args),
            (Function::Round, _) => writer.function("ROUND", args),
            (Function::Floor, _) => writer.function("FLOOR", args),
            (Function::Ceil, _) => writer.function("CEIL", args),
            // Null where any argument is: see <https://docs.snowflake.com/en/sql-reference/functions/greatest>.
            (Function::Greatest, _) => writer.function("GREATEST", args),
            (Function::Least, _) => writer.function("LEAST", args),
            (Function::DateOf, [time]) => {
                date(writer, time);
                Level::Primary
            }
            (Function::LocalTime(zone), [instant]) => {
                // With two arguments the answer carries its offset, so that its wall clock is that of the zone.
                // See <https://docs.snowflake.com/en/sql-reference/functions/convert_timezone>.
                writer.put("CAST(");
                in_zone(writer, zone.name(), instant);
                writer.put(" AS TIMESTAMP_NTZ)");
                Level::Primary
            }
            (Function::InstantOf(zone), [time]) => instant_of(writer, zone.name(), time),
            (Function::Truncate { granularity, week_start, fiscal_start_month }, [time]) => {
                truncate(writer, time, granularity, week_start, fiscal_start_month)
            }
            (Function::TruncateHour(zone), [instant]) => {
                // It is cut at the instant's own offset, so the two hours that bear one name stay apart.
                writer.put("DATE_TRUNC('HOUR', ");
                in_zone(writer, zone.name(), instant);
                writer.put(")");
                Level::Primary
            }
            (Function::AddUnits(unit), [time, count]) => {
                writer.put("DATEADD('");
                writer.put(unit_name(unit));
                writer.put("', ");
                writer.expr(count, Level::Or);
                writer.put(", ");
                writer.expr(time, Level::Or);
                writer.put(")");
                Level::Primary
            }
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, [from, to]) => {
                periods_between(writer, from, to, granularity, week_start, fiscal_start_month)
            }
            (Function::MicrosecondsBetween { .. }, [from, to]) => {
                // Counts borders of microseconds, which is what lies between.
                // See <https://docs.snowflake.com/en/sql-reference/functions/timestampdiff>.
                writer.put("TIMESTAMPDIFF(microsecond, ");
                writer.expr(from, Level::Or);
                writer.put(", ");
                writer.expr(to, Level::Or);
                writer.put(")");
                Level::Primary
            }
            (Function::Part { part, week_start }, [time]) => extract(writer, time, part, week_start),
            (Function::WrittenTruncate(_) | Function::WrittenDate | Function::WrittenPeriodsBetween(_), _) => {
                unreachable!("resolve lowers every function as written")
            }
            (
                Function::Trim
                | Function::Substring
                | Function::Sha256
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
        // AVG of NUMBER is NUMBER, cut to a few digits.
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
        // See <https://docs.snowflake.com/en/sql-reference/functions/approx_percentile>.
        writer.put("APPROX_PERCENTILE(");
        float(writer, arg);
        writer.put(", ");
        writer.millionths(millionths);
        writer.put(")");
        Level::Primary
    }

    fn order_names(&self) -> OrderNames {
        // A name of the select list is known everywhere, and a column of the same name comes before it.
        OrderNames::Hidden
    }

    fn unions_pair_by_pair(&self) -> bool {
        false
    }

    fn window_order(&self, writer: &mut Writer, term: &OrderTerm) {
        writer.order_term(term);
    }

    fn days(&self, writer: &mut Writer, from: &SqlExpr, to: &SqlExpr, column: &str) {
        match (from, to) {
            (Expr::Literal(Literal::Date(first)), Expr::Literal(Literal::Date(last))) if first <= last => {
                // The generator takes a constant only.
                // See <https://docs.snowflake.com/en/sql-reference/functions/generator>.
                writer.put("(SELECT DATEADD('DAY', ROW_NUMBER() OVER (ORDER BY NULL) - 1, ");
                writer.expr(from, Level::Or);
                writer.put(") AS ");
                writer.identifier(column);
                writer.put(" FROM TABLE(GENERATOR(ROWCOUNT => ");
                writer.number((*last - *first).num_days() + 1);
                writer.put(")))");
            }
            _ => {
                // See <https://docs.snowflake.com/en/sql-reference/functions/array_generate_range>.
                writer.put("(SELECT DATEADD('DAY', series.index, bounds.first_day) AS ");
                writer.identifier(column);
                writer.put(" FROM (SELECT ");
                date(writer, from);
                writer.put(" AS first_day, ");
                date(writer, to);
                writer.put(" AS last_day) AS bounds, LATERAL FLATTEN(INPUT => ARRAY_GENERATE_RANGE(0, ");
                writer.put("DATEDIFF('DAY', bounds.first_day, bounds.last_day) + 1)) AS series)");
            }
        }
    }
}

fn cast_text(out: &mut String, text: &str, type_name: &str) {
    out.push_str("CAST('");
    out.push_str(text);
    out.push_str("' AS ");
    out.push_str(type_name);
    out.push(')');
}

/// Returns whether a condition cannot be null.
fn is_two_valued(condition: &SqlExpr) -> bool {
    match condition {
        Expr::IsNull { .. } | Expr::IsTrue { .. } | Expr::Leaf(Leaf::Exists(_)) => true,
        Expr::Binary { op, .. } => *op == BinaryOp::Same,
        _ => false,
    }
}

fn float(writer: &mut Writer, arg: &SqlExpr) {
    if known_type(arg) == Some(ColumnType::Float) {
        writer.expr(arg, Level::Or);
    } else {
        writer.cast(arg, "FLOAT");
    }
}

/// Writes the start and length of a substring; a start below 1 reads from 1 and a negative length reads nothing.
///
/// SUBSTR would count a negative start from the end.
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

/// Writes the text of a value that is neither an object nor a list; the null of JSON becomes NULL as text.
///
/// The document may be a VARIANT or a text, which only the catalog knows; as text both are alike.
/// See <https://docs.snowflake.com/en/sql-reference/functions/get>.
fn json_text(writer: &mut Writer, document: &SqlExpr, key: &SqlExpr) -> Level {
    let value = |writer: &mut Writer| {
        writer.put("GET(");
        match known_type(document) {
            Some(ColumnType::Json) => writer.expr(document, Level::Or),
            Some(ColumnType::String) => {
                writer.function("PARSE_JSON", std::slice::from_ref(document));
            }
            _ => {
                writer.put("PARSE_JSON(");
                writer.cast(document, "VARCHAR");
                writer.put(")");
            }
        }
        writer.put(", ");
        writer.expr(key, Level::Or);
        writer.put(")");
    };
    writer.put("CASE WHEN TYPEOF(");
    value(writer);
    writer.put(") NOT IN ('OBJECT', 'ARRAY') THEN CAST(");
    value(writer);
    writer.put(" AS VARCHAR) END");
    Level::Primary
}

/// Writes a date: the expression itself if it is known to be one.
fn date(writer: &mut Writer, time: &SqlExpr) {
    match time {
        Expr::Call { function: Function::LocalTime(zone), args } => {
            let [instant] = args.as_slice() else { unreachable!("a local time has one argument") };
            writer.put("CAST(");
            in_zone(writer, zone.name(), instant);
            writer.put(" AS DATE)");
        }
        _ if known_type(time) == Some(ColumnType::Date) => writer.expr(time, Level::Primary),
        _ => {
            writer.cast(time, "DATE");
        }
    }
}

/// Writes `CONVERT_TIMEZONE('zone', instant)`: the instant with the zone's offset.
fn in_zone(writer: &mut Writer, zone: &str, instant: &SqlExpr) {
    writer.put("CONVERT_TIMEZONE(");
    writer.string(zone);
    writer.put(", ");
    writer.expr(instant, Level::Or);
    writer.put(")");
}

/// Writes the instant of a wall-clock time. A cast to an instant would take the session's zone, so the time that has
/// passed since 1970 in UTC is added to the instant of that moment.
fn instant_of(writer: &mut Writer, zone: &str, time: &SqlExpr) -> Level {
    writer.put("DATEADD('MICROSECOND', DATEDIFF('MICROSECOND', CAST('1970-01-01 00:00:00' AS TIMESTAMP_NTZ), ");
    writer.put("CONVERT_TIMEZONE(");
    writer.string(zone);
    writer.put(", 'UTC', ");
    if known_type(time) == Some(ColumnType::DateTime) {
        writer.expr(time, Level::Or);
    } else {
        writer.cast(time, "TIMESTAMP_NTZ");
    }
    writer.put(")), CAST('1970-01-01 00:00:00+00:00' AS TIMESTAMP_TZ))");
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
            writer.put("DATE_TRUNC('HOUR', ");
            writer.expr(time, Level::Or);
            writer.put(")");
            return Level::Primary;
        }
        Granularity::Day => {
            date(writer, time);
            return Level::Primary;
        }
        Granularity::Week => return week(writer, time, week_start),
        Granularity::Month => "MONTH",
        Granularity::Quarter | Granularity::FiscalQuarter => "QUARTER",
        Granularity::Year | Granularity::FiscalYear => "YEAR",
    };
    let months = months_from_january(granularity, fiscal_start_month);
    if months > 0 {
        writer.put("DATEADD('MONTH', ");
        writer.number(months);
        writer.put(", ");
    }
    writer.put("DATE_TRUNC('");
    writer.put(unit);
    writer.put("', ");
    shifted(writer, time, months);
    writer.put(if months > 0 { "))" } else { ")" });
    Level::Primary
}

/// Writes the first day of a week by the number of the day in it: where a week begins is a setting of the session,
/// save for the days of ISO weeks.
/// See <https://docs.snowflake.com/en/sql-reference/functions-date-time#calendar-weeks-and-weekdays>.
fn week(writer: &mut Writer, time: &SqlExpr, week_start: Weekday) -> Level {
    let shift = days_to_monday(Granularity::Week, week_start);
    writer.put("DATEADD('DAY', ");
    if shift == 0 {
        writer.put("1 - DAYOFWEEKISO(");
        date(writer, time);
        writer.put("), ");
    } else {
        writer.put("-MOD(DAYOFWEEKISO(");
        date(writer, time);
        writer.put(")");
        plus(writer, shift - 1);
        writer.put(", 7), ");
    }
    date(writer, time);
    writer.put(")");
    Level::Primary
}

/// Writes a date, moved back to the calendar period of its fiscal one.
fn shifted(writer: &mut Writer, time: &SqlExpr, months: i64) {
    if months == 0 {
        return date(writer, time);
    }
    writer.put("DATEADD('MONTH', ");
    writer.number(-months);
    writer.put(", ");
    date(writer, time);
    writer.put(")");
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

/// `DATEDIFF('MONTH', a, b)` counts the boundaries between its arguments; those of weeks are a setting of the session,
/// so weeks are counted from a day on which one began.
/// See <https://docs.snowflake.com/en/sql-reference/functions/datediff>.
fn periods_between(
    writer: &mut Writer,
    from: &SqlExpr,
    to: &SqlExpr,
    granularity: Granularity,
    week_start: Weekday,
    fiscal_start_month: u32,
) -> Level {
    if granularity == Granularity::Week {
        writer.put("CAST(");
        weeks_since_first(writer, to, week_start);
        writer.put(" - ");
        weeks_since_first(writer, from, week_start);
        writer.put(" AS NUMBER(38, 0))");
        return Level::Primary;
    }
    let months = months_from_january(granularity, fiscal_start_month);
    writer.put(match granularity {
        Granularity::Hour => "DATEDIFF('HOUR', ",
        Granularity::Day | Granularity::Week => "DATEDIFF('DAY', ",
        Granularity::Month => "DATEDIFF('MONTH', ",
        Granularity::Quarter | Granularity::FiscalQuarter => "DATEDIFF('QUARTER', ",
        Granularity::Year | Granularity::FiscalYear => "DATEDIFF('YEAR', ",
    });
    for (at, time) in [from, to].into_iter().enumerate() {
        writer.put(if at > 0 { ", " } else { "" });
        if granularity == Granularity::Hour {
            writer.expr(time, Level::Or);
        } else {
            shifted(writer, time, months);
        }
    }
    writer.put(")");
    Level::Primary
}

/// Writes how many weeks have begun since the first one of 1970, which is below zero before it.
fn weeks_since_first(writer: &mut Writer, time: &SqlExpr, week_start: Weekday) {
    let first = NaiveDate::from_ymd_opt(1970, 1, 1)
        .expect("a date")
        .iter_days()
        .find(|day| chrono::Datelike::weekday(day) == week_start)
        .expect("seven days hold every weekday");
    writer.put("FLOOR(DATEDIFF('DAY', ");
    writer.expr(&SqlExpr::date(first), Level::Or);
    writer.put(", ");
    date(writer, time);
    writer.put(") / 7)");
}

fn extract(writer: &mut Writer, time: &SqlExpr, part: TimePart, week_start: Weekday) -> Level {
    // The days of ISO weeks count Monday as 1, whatever the session says.
    let shift = days_to_monday(Granularity::Week, week_start);
    let shifts = part == TimePart::DayOfWeek && shift > 0;
    writer.put(if shifts { "MOD(" } else { "" });
    writer.put(match part {
        TimePart::HourOfDay => "HOUR(",
        TimePart::DayOfWeek => "DAYOFWEEKISO(",
        TimePart::DayOfMonth => "DAYOFMONTH(",
        TimePart::DayOfYear => "DAYOFYEAR(",
        TimePart::MonthOfYear => "MONTH(",
        TimePart::QuarterOfYear => "QUARTER(",
    });
    writer.expr(time, Level::Or);
    writer.put(")");
    if shifts {
        plus(writer, shift - 1);
        writer.put(", 7) + 1");
        return Level::Add;
    }
    Level::Primary
}

fn plus(writer: &mut Writer, count: i64) {
    if count > 0 {
        writer.put(" + ");
        writer.number(count);
    }
}
