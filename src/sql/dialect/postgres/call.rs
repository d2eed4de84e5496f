//! Functions of texts and numbers.

use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Literal, SqlExpr,
        dialect::Call,
        print::{Level, Writer, known_type},
    },
};

/// Writes a function of texts and numbers.
pub(super) fn write(writer: &mut Writer, call: Call<'_>) -> Level {
    match call {
        // Only blanks go: see <https://www.postgresql.org/docs/current/functions-string.html>.
        Call::Trim(text) => writer.function("btrim", &[text]),
        Call::Sha256(text) => {
            // See <https://www.postgresql.org/docs/current/functions-binarystring.html>.
            writer.put("encode(sha256(convert_to(");
            writer.expr(text, Level::Or);
            writer.put(", 'UTF8')), 'hex')");
            Level::Primary
        }
        Call::Concat(args) => concat(writer, args),
        Call::Substring(text, from_and_length) => {
            writer.put("substring(");
            writer.expr(text, Level::Or);
            at_least(writer, from_and_length);
            writer.put(")");
            Level::Primary
        }
        Call::StartsWith(args) => writer.function("starts_with", &args),
        Call::EndsWith([text, suffix]) => ends_with(writer, text, suffix),
        Call::Contains(args) => {
            writer.function("strpos", &args);
            writer.put(" > 0");
            Level::Comparison
        }
        Call::JsonText(document, key) => json_text(writer, document, key),
        Call::Round(args) => round(writer, args),
        Call::Greatest(args) => writer.null_if_any("GREATEST", args),
        Call::Least(args) => writer.null_if_any("LEAST", args),
    }
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

/// Writes a whole number of a float: `round` would take halves to the even number.
///
/// What is added is the float below 0.5: with 0.5 the float below 0.5 itself would become 1, and an odd number beyond 2^52 the next.
pub(super) fn round_float(writer: &mut Writer, x: &SqlExpr) {
    writer.put("trunc(");
    writer.expr(x, Level::Add);
    writer.put(" + ");
    writer.function("sign", std::slice::from_ref(x));
    writer.put(" * 0.49999999999999994)");
}

/// Writes a rounded number: halves of NUMERIC go away from zero, those of floating point would go to even.
/// See <https://www.postgresql.org/docs/current/functions-math.html>.
fn round(writer: &mut Writer, args: &[SqlExpr]) -> Level {
    let (x, digits) = args.split_first().expect("the parser wants a number to round");
    let is_float = known_type(x) == Some(ColumnType::Float);
    if is_float && digits.is_empty() {
        round_float(writer, x);
        return Level::Primary;
    }
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
