//! Functions of texts and numbers.

use crate::sql::{
    Expr, Literal, SqlExpr,
    dialect::{Call, document, is_plain},
    print::{Level, Writer},
};

/// Writes a function of texts and numbers.
pub(super) fn write(writer: &mut Writer, call: Call<'_>) -> Level {
    match call {
        Call::Trim(text) => {
            // Without the second argument all white space would go.
            writer.put("TRIM(");
            writer.expr(text, Level::Or);
            writer.put(", ' ')");
            Level::Primary
        }
        Call::Sha256(text) => {
            writer.put("TO_HEX(");
            writer.function("SHA256", &[text]);
            writer.put(")");
            Level::Primary
        }
        Call::Concat(args) => writer.function("CONCAT", args),
        Call::Substring(text, from_and_length) => {
            writer.put("SUBSTR(");
            writer.expr(text, Level::Or);
            at_least(writer, from_and_length);
            writer.put(")");
            Level::Primary
        }
        Call::StartsWith(args) => writer.function("STARTS_WITH", &args),
        Call::EndsWith(args) => writer.function("ENDS_WITH", &args),
        Call::Contains(args) => {
            writer.function("STRPOS", &args);
            writer.put(" > 0");
            Level::Comparison
        }
        Call::JsonText(value, key) => {
            writer.put("JSON_VALUE(");
            writer.expr(document(value), Level::Or);
            writer.put(", ");
            writer.string(&json_path(key));
            writer.put(")");
            Level::Primary
        }
        Call::Round(args) => writer.function("ROUND", args),
        Call::Greatest(args) => writer.function("GREATEST", args),
        Call::Least(args) => writer.function("LEAST", args),
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

/// Returns the path of a top-level key: `$.key`, or `$."key"` unless it is a plain word; a backslash in it is one.
fn json_path(key: &SqlExpr) -> String {
    let Expr::Literal(Literal::String(key)) = key else { unreachable!("the parser wants a constant key") };
    if is_plain(key, &[]) {
        return format!("$.{key}");
    }
    format!("$.\"{}\"", key.replace('"', "\\\""))
}
