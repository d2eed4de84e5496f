//! BigQuery (GoogleSQL).

mod call;
mod clock;
mod time;

use self::time::date;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Literal, OrderTerm, SqlExpr,
        dialect::{
            Call, OrderNames, Sketches, Syntax, TimeCall, document, is_plain, number, reserved, write_date, write_time,
        },
        print::{Level, Writer, known_type},
    },
};

/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/introduction>.
pub(super) struct BigQuery;

/// How many digits NUMERIC has before and after the point.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>.
const NUMERIC_DIGITS: (usize, usize) = (29, 9);

/// Sketches of HLL++. The precision is said although it is the default, since sketches of several are as rough as the roughest.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/hll_functions>.
const SKETCHES: Sketches = Sketches {
    values: &[ColumnType::Integer, ColumnType::Decimal, ColumnType::String],
    sketch: ("HLL_COUNT.INIT(", ", 15)"),
    merged: ("HLL_COUNT.MERGE_PARTIAL(", ")"),
    estimate: ("HLL_COUNT.MERGE(", ")"),
};

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
        match (to, known_type(arg)) {
            (ColumnType::String, Some(ColumnType::DateTime)) => {
                // A plain CAST writes fractions of three or of six digits, and none where there is none.
                writer.put("REGEXP_REPLACE(");
                writer.cast(arg, "STRING");
                writer.put(r", '([.][0-9]*[1-9])0+$', '\\1')");
                return Level::Primary;
            }
            (ColumnType::Boolean, Some(ColumnType::String)) => {
                truth(writer, arg);
                return Level::Primary;
            }
            // A plain CAST shows digits behind the shortest text.
            (ColumnType::Decimal, Some(ColumnType::Float)) => return number::by_text(writer, arg, "STRING", "NUMERIC"),
            (ColumnType::String, Some(ColumnType::Json)) => {
                // The text of a null would be `null`.
                writer.put("CASE WHEN ");
                writer.expr(document(arg), Level::Concat);
                writer.put(" IS NOT NULL THEN ");
                writer.function("TO_JSON_STRING", std::slice::from_ref(document(arg)));
                writer.put(" END");
                return Level::Primary;
            }
            _ => {}
        }
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

    fn same_keys(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        // An outer join needs an equality of both sides, which IS NOT DISTINCT FROM is not. A null becomes `null` and the
        // text of these letters `"null"`; see [`SameKeys::AsTexts`] for what a text tells apart.
        writer.function("TO_JSON_STRING", &[left]);
        writer.put(" = ");
        writer.function("TO_JSON_STRING", &[right]);
        Level::Comparison
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

    fn has_function_names_in_capitals(&self) -> bool {
        true
    }

    fn call(&self, writer: &mut Writer, call: Call<'_>) -> Level {
        call::write(writer, call)
    }

    fn time_call(&self, writer: &mut Writer, call: TimeCall<'_>) -> Level {
        time::write(writer, call)
    }

    fn approx_count_distinct(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        writer.function("APPROX_COUNT_DISTINCT", std::slice::from_ref(arg))
    }

    fn sketches(&self) -> Option<&'static Sketches> {
        Some(&SKETCHES)
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

    fn group_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        // PERCENTILE_CONT is a window only. The values on both sides of the rank, by how near it they are.
        let (part, whole) = fraction(millionths);
        let value = |writer: &mut Writer, at: &dyn Fn(&mut Writer)| {
            writer.put("ARRAY_AGG(");
            float(writer, arg);
            writer.put(" IGNORE NULLS ORDER BY ");
            writer.expr(arg, Level::Or);
            writer.put(")[SAFE_OFFSET(DIV(");
            at(writer);
            writer.put(&format!(", {whole}))]"));
        };
        let count = |writer: &mut Writer| {
            writer.put("COUNT(");
            writer.expr(arg, Level::Or);
            writer.put(")");
        };
        let rank = |writer: &mut Writer| {
            writer.put("(");
            count(writer);
            writer.put(&format!(" - 1) * {part}"));
        };
        writer.put("((");
        if whole == 2 {
            value(writer, &|writer| {
                count(writer);
                writer.put(" - 1");
            });
            writer.put(" + ");
            value(writer, &count);
        } else {
            value(writer, &rank);
            writer.put(&format!(" * ({whole} - MOD("));
            rank(writer);
            writer.put(&format!(", {whole})) + "));
            value(writer, &|writer| {
                rank(writer);
                writer.put(&format!(" + {}", whole - 1));
            });
            writer.put(" * MOD(");
            rank(writer);
            writer.put(&format!(", {whole})"));
        }
        writer.put(&format!(") / {whole})"));
        Level::Primary
    }

    fn group_discrete_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        // The first value that so many of the values do not exceed.
        let (part, whole) = fraction(millionths);
        writer.put("ARRAY_AGG(");
        writer.expr(arg, Level::Or);
        writer.put(" IGNORE NULLS ORDER BY ");
        writer.expr(arg, Level::Or);
        writer.put(")[SAFE_OFFSET(GREATEST(DIV(COUNT(");
        writer.expr(arg, Level::Or);
        writer.put(&format!(") * {part} + {}, {whole}) - 1, 0))]", whole - 1));
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

    fn moments(&self, writer: &mut Writer, ends: (&Literal, &Literal), seconds: i64, column: &str) {
        clock::moments(writer, ends, seconds, column);
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

/// A percentile as the shortest fraction: 9 of 10 for p90.
fn fraction(millionths: u32) -> (u32, u32) {
    let (mut divisor, mut rest) = (1_000_000, millionths);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (millionths / divisor, 1_000_000 / divisor)
}

fn float(writer: &mut Writer, arg: &SqlExpr) {
    if known_type(arg) == Some(ColumnType::Float) {
        writer.expr(arg, Level::Or);
    } else {
        writer.cast(arg, "FLOAT64");
    }
}

/// Writes whether a text says yes: GoogleSQL reads `true` and `false` only, and refuses `t` and `1`.
fn truth(writer: &mut Writer, arg: &SqlExpr) {
    // The text of a column is one as it stands.
    let arg = match arg {
        Expr::Cast { arg: inner, to: ColumnType::String } if matches!(**inner, Expr::Leaf(_)) => inner,
        _ => arg,
    };
    let is_one_of = |writer: &mut Writer, texts: &str, then: &str| {
        writer.put(" WHEN LOWER(");
        writer.expr(arg, Level::Or);
        writer.put(&format!(") IN ({texts}) THEN {then}"));
    };
    writer.put("CASE");
    is_one_of(writer, "'t', 'yes', 'y', '1'", "TRUE");
    is_one_of(writer, "'f', 'no', 'n', '0'", "FALSE");
    writer.put(" ELSE ");
    writer.cast(arg, "BOOL");
    writer.put(" END");
}
