//! Numbers as constants, alike in every dialect.

use super::Syntax;
use crate::{
    catalog::ColumnType,
    sql::{
        Expr, SqlExpr,
        print::{Level, Writer},
    },
};

/// Writes an integer; the caller has to write the least one otherwise if its dialect reads sign and digits apart.
pub(super) fn integer(out: &mut String, value: i64) -> Level {
    use std::fmt::Write;
    write!(out, "{value}").expect("a String takes all text");
    if value < 0 { Level::Unary } else { Level::Primary }
}

/// Writes a finite float with an exponent, which makes it binary floating point in every dialect: `1.5e0`.
pub(super) fn float(out: &mut String, value: f64) -> Level {
    use std::fmt::Write;
    write!(out, "{value:e}").expect("a String takes all text");
    if value.is_sign_negative() { Level::Unary } else { Level::Primary }
}

/// Returns the digits before and after the point of a decimal: `-12.50` has 2 and 2.
pub(super) fn decimal_digits(text: &str) -> (usize, usize) {
    let digits = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (whole.trim_start_matches('0').len(), fraction.len())
}

/// Writes a fraction in millionths as a decimal: 900 000 is `0.9`.
pub(in crate::sql) fn millionths(out: &mut String, value: u32) {
    use std::fmt::Write;
    let start = out.len();
    write!(out, "{}.{:06}", value / 1_000_000, value % 1_000_000).expect("a String takes all text");
    let kept = out[start..].trim_end_matches('0').trim_end_matches('.').len();
    out.truncate(start + kept);
}

/// Writes a decimal as a text with as many digits behind the point as a cast gives it.
///
/// There always is a point, so that a dialect can take zeros off the end, and the point with them.
pub(super) fn text(writer: &mut Writer, syntax: &dyn Syntax, arg: &SqlExpr, type_name: &str) {
    writer.put("CAST(");
    if matches!(arg, Expr::Cast { to: ColumnType::Decimal, .. }) {
        writer.expr(arg, Level::Or);
    } else {
        syntax.cast(writer, arg, ColumnType::Decimal);
    }
    writer.put(&format!(" AS {type_name})"));
}

/// Writes a float as a decimal by way of its shortest text, so that `0.1` is 0.1 and a whole number keeps its digits.
pub(super) fn by_text(writer: &mut Writer, arg: &SqlExpr, text: &str, decimal: &str) -> Level {
    writer.put("CAST(");
    writer.cast(arg, text);
    writer.put(&format!(" AS {decimal})"));
    Level::Primary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_plain_decimal() {
        for (value, text) in [(900_000, "0.9"), (500_000, "0.5"), (999_000, "0.999"), (1_000_000, "1"), (0, "0")] {
            let mut out = String::new();
            millionths(&mut out, value);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn floats_keep_every_bit() {
        for value in [1.5, 0.1, 1e300, -2.5e-10, f64::MIN_POSITIVE] {
            let mut out = String::new();
            float(&mut out, value);
            assert_eq!(out.parse::<f64>().expect("a number").to_bits(), value.to_bits());
        }
    }
}
