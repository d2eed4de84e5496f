//! Snowflake.

mod call;
mod clock;
mod time;

use chrono::Timelike;

use self::time::date;
use crate::{
    catalog::ColumnType,
    sql::{
        BinaryOp, Expr, Leaf, Literal, OrderTerm, SqlExpr,
        dialect::{
            Call, OrderNames, Sketches, Syntax, TimeCall, document, is_plain, number, quoted, reserved, write_date,
            write_time,
        },
        print::{Level, Writer, known_type},
    },
    time::NaiveDateTime,
};

/// See <https://docs.snowflake.com/en/sql-reference>.
pub(super) struct Snowflake;

/// How many digits a NUMBER has; a longer constant would become floating point.
/// See <https://docs.snowflake.com/en/sql-reference/data-types-numeric>.
const NUMBER_DIGITS: usize = 38;

/// Sketches as objects: the binary form may be another in a later version of Snowflake.
/// See <https://docs.snowflake.com/en/sql-reference/functions/hll_export>.
const SKETCHES: Sketches = Sketches {
    values: &[
        ColumnType::String,
        ColumnType::Integer,
        ColumnType::Decimal,
        ColumnType::Float,
        ColumnType::Boolean,
        ColumnType::Date,
        ColumnType::DateTime,
        ColumnType::Timestamp,
    ],
    sketch: ("HLL_EXPORT(HLL_ACCUMULATE(", "))"),
    merged: ("HLL_EXPORT(HLL_COMBINE(HLL_IMPORT(", ")))"),
    estimate: ("HLL_ESTIMATE(HLL_COMBINE(HLL_IMPORT(", ")))"),
};

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
            // How a text is read as a time, and what TIMESTAMP alone means, are settings of the session.
            Literal::Date(date) => {
                out.push_str("TO_DATE('");
                write_date(out, *date);
                out.push_str("', 'YYYY-MM-DD')");
            }
            Literal::DateTime(time) => {
                out.push_str("TO_TIMESTAMP_NTZ('");
                write_time(out, *time);
                out.push_str("', 'YYYY-MM-DD HH24:MI:SS");
                out.push_str(fraction(*time));
                out.push_str("')");
            }
            Literal::Timestamp(time) => {
                out.push_str("TO_TIMESTAMP_TZ('");
                write_time(out, *time);
                out.push_str("+00:00', 'YYYY-MM-DD HH24:MI:SS");
                out.push_str(fraction(*time));
                out.push_str("TZH:TZM')");
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
            Literal::Date(_) => out.push_str("TO_DATE(?, 'YYYY-MM-DD')"),
            Literal::DateTime(_) => out.push_str("TO_TIMESTAMP_NTZ(?, 'YYYY-MM-DD HH24:MI:SS.FF6')"),
            Literal::Timestamp(_) => out.push_str("TO_TIMESTAMP_TZ(?, 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM')"),
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
                writer.put("REGEXP_REPLACE(TO_CHAR(");
                writer.expr(arg, Level::Or);
                writer.put(", 'YYYY-MM-DD HH24:MI:SS.FF6'), '[.]?0+$', '')");
                return Level::Primary;
            }
            (ColumnType::String, Some(ColumnType::Decimal)) => {
                writer.put("REGEXP_REPLACE(");
                number::text(writer, self, arg, "VARCHAR");
                writer.put(", '[.]?0+$', '')");
                return Level::Primary;
            }
            // A plain CAST would take the quotes off a text.
            (ColumnType::String, Some(ColumnType::Json)) => {
                return writer.function("TO_JSON", std::slice::from_ref(document(arg)));
            }
            (ColumnType::String | ColumnType::Unknown, _) => "VARCHAR",
            // Halves of floating point go away from zero by themselves; emulations take them to the even number.
            (ColumnType::Integer, Some(ColumnType::Float)) => {
                writer.put("CAST(");
                writer.function("ROUND", std::slice::from_ref(arg));
                writer.put(" AS NUMBER(38, 0))");
                return Level::Primary;
            }
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

    fn same_keys(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        writer.same(left, right)
    }

    fn like_pattern(&self, writer: &mut Writer, pattern: &SqlExpr) {
        // LIKE has no escape character unless one is declared.
        // See <https://docs.snowflake.com/en/sql-reference/functions/like>.
        writer.expr(pattern, Level::Concat);
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

    fn moments(&self, writer: &mut Writer, ends: (&Literal, &Literal), seconds: i64, column: &str) {
        clock::moments(writer, ends, seconds, column);
    }
}

/// Returns the end of the format of a time: a fraction of a second is written only if there is one.
fn fraction(time: NaiveDateTime) -> &'static str {
    if time.nanosecond() / 1000 > 0 { ".FF6" } else { "" }
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
