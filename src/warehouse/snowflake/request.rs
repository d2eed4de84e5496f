//! SQL with its parameters → the document of a statement.
//!
//! `SELECT … WHERE x = ?` and 12 → `{"statement": …, "bindings": {"1": {"type": "FIXED", "value": "12"}}, "timeout": 60, …}`.
//! See <https://docs.snowflake.com/en/developer-guide/sql-api/reference#body-of-the-post-request-to-api-v2-statements>.
//!
//! **Invariant:** no setting of the account or the user decides how an answer is cut or what time it is.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Options;
use crate::{
    sql::{Literal, Text},
    warehouse::Terms,
};

/// Writes the document of a text of so many statements, which the server gives up after `deadline`.
pub(super) fn document(text: &Text, statements: usize, terms: &Terms, options: &Options, deadline: Duration) -> Bytes {
    let mut document = json!({
        "statement": text.sql,
        "timeout": whole_seconds(deadline),
        // Without a limit of rows, which a user may have, and in one zone.
        "parameters": { "timezone": "UTC", "rows_per_resultset": 0, "query_tag": tag(terms) },
    });
    if statements > 1 {
        document["parameters"]["MULTI_STATEMENT_COUNT"] = json!(statements.to_string());
    }
    let Options { warehouse, database, schema, role, .. } = options;
    for (key, name) in [("warehouse", warehouse), ("database", database), ("schema", schema), ("role", role)] {
        if let Some(name) = name {
            document[key] = json!(folded(name));
        }
    }
    if !text.parameters.is_empty() {
        let numbered = text.parameters.iter().enumerate();
        let bindings: Map<_, _> = numbered.map(|(at, value)| ((at + 1).to_string(), binding(value))).collect();
        document["bindings"] = Value::Object(bindings);
    }
    serde_json::to_vec(&document).expect("a document is plain data").into()
}

/// A time of no seconds would be no limit.
fn whole_seconds(deadline: Duration) -> u64 {
    (deadline.as_secs() + u64::from(deadline.subsec_nanos() > 0)).max(1)
}

/// Returns what the history of queries says of this one: a document of the labels, for `PARSE_JSON(query_tag)`.
fn tag(terms: &Terms) -> String {
    let mut tag = Map::new();
    tag.insert("app".to_owned(), json!("entente"));
    tag.extend(terms.labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))));
    Value::Object(tag).to_string()
}

/// Spells a name as SQL without quotes would mean it: `marts` is `MARTS`, and one in mixed case is what it is.
pub(super) fn folded(name: &str) -> String {
    if name.to_ascii_lowercase() == name { name.to_ascii_uppercase() } else { name.to_owned() }
}

/// The SQL casts what is bound as text; see `parameter` of the dialect.
fn binding(value: &Literal) -> Value {
    let (kind, value) = match value {
        Literal::Null => ("TEXT", None),
        Literal::Boolean(value) => ("BOOLEAN", Some(value.to_string())),
        Literal::Integer(value) => ("FIXED", Some(value.to_string())),
        Literal::Decimal(digits) => ("TEXT", Some(digits.clone())),
        Literal::Float(bits) => ("REAL", Some(float(f64::from_bits(*bits)))),
        Literal::String(text) => ("TEXT", Some(text.clone())),
        Literal::Date(date) => ("TEXT", Some(date.to_string())),
        Literal::DateTime(time) => ("TEXT", Some(time.format("%Y-%m-%d %H:%M:%S%.6f").to_string())),
        Literal::Timestamp(time) => ("TEXT", Some(time.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string())),
    };
    json!({ "type": kind, "value": value })
}

/// Writes a float so that the server reads the same one.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{folded, whole_seconds};

    #[test]
    fn names_are_spelled_as_sql_means_them() {
        assert_eq!(folded("analytics"), "ANALYTICS");
        assert_eq!(folded("ANALYTICS"), "ANALYTICS");
        assert_eq!(folded("Analytics"), "Analytics");
    }

    #[test]
    fn no_time_is_no_limit() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(2500)), 3);
        assert_eq!(whole_seconds(Duration::from_secs(60)), 60);
    }
}
