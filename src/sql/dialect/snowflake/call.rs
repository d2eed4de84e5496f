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
            writer.put("TRIM(");
            writer.expr(text, Level::Or);
            writer.put(", ' ')");
            Level::Primary
        }
        Call::Sha256(text) => {
            // See <https://docs.snowflake.com/en/sql-reference/functions/sha2>: hexadecimal, in lower case.
            writer.put("SHA2(");
            writer.expr(text, Level::Or);
            writer.put(", 256)");
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
        Call::StartsWith(args) => writer.function("STARTSWITH", &args),
        Call::EndsWith(args) => writer.function("ENDSWITH", &args),
        Call::Contains(args) => writer.function("CONTAINS", &args),
        Call::JsonText(document, key) => json_text(writer, document, key),
        Call::Round(args) => writer.function("ROUND", args),
        // Null where any argument is: see <https://docs.snowflake.com/en/sql-reference/functions/greatest>.
        Call::Greatest(args) => writer.function("GREATEST", args),
        Call::Least(args) => writer.function("LEAST", args),
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
/// A document that is not known to be one may be a VARIANT or a text; as text both are alike, and what is no document is null.
/// See <https://docs.snowflake.com/en/sql-reference/functions/get>.
fn json_text(writer: &mut Writer, from: &SqlExpr, key: &SqlExpr) -> Level {
    let value = |writer: &mut Writer| {
        writer.put("GET(");
        match known_type(from) {
            Some(ColumnType::Json) => writer.expr(document(from), Level::Or),
            Some(ColumnType::String) => {
                writer.function("TRY_PARSE_JSON", std::slice::from_ref(from));
            }
            _ => {
                writer.put("TRY_PARSE_JSON(");
                writer.cast(from, "VARCHAR");
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
