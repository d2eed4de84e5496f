//! Postgres 12 and later.

mod call;
mod clock;
mod time;

use self::time::wall_clock;
use crate::{
    catalog::ColumnType,
    sql::{
        Literal, OrderTerm, SqlExpr,
        cast::is_whole,
        dialect::{
            Call, OrderNames, Sketches, Syntax, TimeCall, is_plain, number, quoted, reserved, write_date, write_time,
        },
        print::{Level, Writer, known_type},
    },
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
            ColumnType::String if known_type(arg) == Some(ColumnType::DateTime) => {
                writer.put("rtrim(rtrim(to_char(");
                writer.expr(arg, Level::Or);
                writer.put(", 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')");
                return Level::Primary;
            }
            ColumnType::String if known_type(arg) == Some(ColumnType::Decimal) => {
                writer.put("rtrim(rtrim(");
                number::text(writer, self, arg, "TEXT");
                writer.put(", '0'), '.')");
                return Level::Primary;
            }
            ColumnType::Integer => {
                integer(writer, arg);
                return Level::Primary;
            }
            ColumnType::Decimal if known_type(arg) == Some(ColumnType::Float) => {
                // A plain CAST keeps 15 digits.
                return number::by_text(writer, arg, "TEXT", "NUMERIC(38, 9)");
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

    fn same_keys(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        // IS NOT DISTINCT FROM is no operator that a join hashes or merges by. The equality of arrays is one, by which null
        // is equal to null.
        for (at, side) in [left, right].into_iter().enumerate() {
            writer.put(if at > 0 { " = ARRAY[" } else { "ARRAY[" });
            writer.expr(side, Level::Or);
            writer.put("]");
        }
        Level::Comparison
    }

    fn like_pattern(&self, writer: &mut Writer, pattern: &SqlExpr) {
        // Without it a backslash would escape.
        // See <https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-LIKE>.
        writer.expr(pattern, Level::Concat);
        writer.put(" ESCAPE ''");
    }

    fn has_function_names_in_capitals(&self) -> bool {
        false
    }

    fn call(&self, writer: &mut Writer, call: Call<'_>) -> Level {
        call::write(writer, call)
    }

    fn time_call(&self, writer: &mut Writer, call: TimeCall<'_>) -> Level {
        time::write(writer, call)
    }

    fn approx_count_distinct(&self, writer: &mut Writer, arg: &SqlExpr) -> Level {
        // There is no estimate without an extension. An exact count is one without an error.
        writer.put("COUNT(DISTINCT ");
        writer.expr(arg, Level::Or);
        writer.put(")");
        Level::Primary
    }

    fn sketches(&self) -> Option<&'static Sketches> {
        // Only extensions have some.
        None
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

    fn moments(&self, writer: &mut Writer, ends: (&Literal, &Literal), seconds: i64, column: &str) {
        clock::moments(writer, ends, seconds, column);
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
    writer.put("CAST(");
    match known_type(arg) {
        Some(ColumnType::Integer | ColumnType::Decimal) => writer.expr(arg, Level::Or),
        Some(ColumnType::Float) => call::round_float(writer, arg),
        Some(ColumnType::Boolean) => {
            writer.cast(arg, "INTEGER");
        }
        None if is_whole(arg) => writer.expr(arg, Level::Or),
        _ => {
            writer.cast(arg, "NUMERIC");
        }
    }
    writer.put(" AS BIGINT)");
}
