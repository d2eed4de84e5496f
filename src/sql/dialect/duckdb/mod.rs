//! DuckDB 1.5.

mod call;
mod clock;
mod time;

use self::time::timestamp;
use crate::{
    catalog::ColumnType,
    sql::{
        AggregateFunction, Expr, Leaf, Literal, OrderTerm, SqlExpr,
        dialect::{
            Call, OrderNames, Sketches, Syntax, TimeCall, document, is_plain, number, quoted, reserved, write_date,
            write_time,
        },
        print::{Level, Writer, known_type},
    },
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
        match (to, known_type(arg)) {
            (ColumnType::String, Some(ColumnType::Decimal)) => {
                writer.put("rtrim(rtrim(");
                number::text(writer, self, arg, "VARCHAR");
                writer.put(", '0'), '.')");
                return Level::Primary;
            }
            // A plain CAST takes halves of floating point to the even number.
            (ColumnType::Integer, Some(ColumnType::Float)) => {
                writer.put("CAST(");
                writer.function("round", std::slice::from_ref(arg));
                writer.put(" AS BIGINT)");
                return Level::Primary;
            }
            // A plain CAST multiplies by 10^9 first, which no float holds for long.
            (ColumnType::Decimal, Some(ColumnType::Float)) => {
                return number::by_text(writer, arg, "VARCHAR", "DECIMAL(38, 9)");
            }
            (ColumnType::String, Some(ColumnType::Json)) => return writer.cast(document(arg), "VARCHAR"),
            _ => {}
        }
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

    fn same_keys(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level {
        writer.same(left, right)
    }

    fn like_pattern(&self, writer: &mut Writer, pattern: &SqlExpr) {
        // LIKE has no escape character unless one is declared.
        // See <https://duckdb.org/docs/stable/sql/functions/pattern_matching#like>.
        writer.expr(pattern, Level::Concat);
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
        writer.function("APPROX_COUNT_DISTINCT", std::slice::from_ref(arg))
    }

    fn sketches(&self) -> Option<&'static Sketches> {
        // Its extension `datasketches` is not of its core, and is not loaded.
        None
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
        // Within an expression a column of FROM is meant first.
        OrderNames::Alone
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

    fn moments(&self, writer: &mut Writer, ends: (&Literal, &Literal), seconds: i64, column: &str) {
        clock::moments(writer, ends, seconds, column);
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
