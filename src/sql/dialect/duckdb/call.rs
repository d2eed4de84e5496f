//! Functions of texts and numbers.

use crate::{
    catalog::ColumnType,
    sql::{
        Expr, Literal, SqlExpr,
        dialect::{Call, document},
        print::{Level, Writer, known_type},
    },
};

/// Writes a function of texts and numbers.
pub(super) fn write(writer: &mut Writer, call: Call<'_>) -> Level {
    match call {
        Call::Trim(text) => {
            // Without the second argument every blank of Unicode would go.
            writer.put("trim(");
            writer.expr(text, Level::Or);
            writer.put(", ' ')");
            Level::Primary
        }
        Call::Sha256(text) => writer.function("sha256", &[text]),
        Call::Concat(args) => {
            // concat() would skip nulls.
            for (at, arg) in args.iter().enumerate() {
                writer.put(if at > 0 { " || " } else { "" });
                writer.expr(arg, Level::Unary);
            }
            Level::Concat
        }
        Call::Substring(text, from_and_length) => {
            writer.put("substring(");
            writer.expr(text, Level::Or);
            at_least(writer, from_and_length);
            writer.put(")");
            Level::Primary
        }
        Call::StartsWith(args) => writer.function("starts_with", &args),
        Call::EndsWith(args) => writer.function("ends_with", &args),
        Call::Contains(args) => writer.function("contains", &args),
        Call::JsonText(value, key) => {
            // json_value() is null for objects and lists; the outer call takes the quotes off.
            writer.put("json_extract_string(json_value(");
            if known_type(value) == Some(ColumnType::Json) {
                writer.expr(document(value), Level::Or);
            } else {
                // One text that is no document would refuse the whole query.
                writer.put("CASE WHEN ");
                writer.function("json_valid", std::slice::from_ref(value));
                writer.put(" THEN ");
                writer.expr(value, Level::Or);
                writer.put(" END");
            }
            writer.put(", ");
            writer.string(&json_path(key));
            writer.put("), '$')");
            Level::Primary
        }
        Call::Round(args) => writer.function("round", args),
        Call::Greatest(args) => writer.null_if_any("greatest", args),
        Call::Least(args) => writer.null_if_any("least", args),
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

/// Returns the pointer to a top-level key, `/key`, in which nothing is a wildcard; digits would count in a list.
/// See <https://datatracker.ietf.org/doc/html/rfc6901>.
fn json_path(key: &SqlExpr) -> String {
    let Expr::Literal(Literal::String(key)) = key else { unreachable!("the parser wants a constant key") };
    if key.bytes().all(|byte| byte.is_ascii_digit()) && !key.is_empty() {
        return format!("$.\"{key}\"");
    }
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}
