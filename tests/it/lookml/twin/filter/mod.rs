//! Looker's filter expressions → conditions in SQL.

pub(super) mod day;
pub(super) mod number;
pub(super) mod text;

/// A text as SQL.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One of what is included, and none of what is left out; nothing said is any value.
fn combined(included: &[String], left_out: &[String]) -> String {
    let mut parts = Vec::new();
    if !included.is_empty() {
        parts.push(format!("({})", included.join(" OR ")));
    }
    parts.extend(left_out.iter().cloned());
    if parts.is_empty() { "TRUE".to_owned() } else { format!("({})", parts.join(" AND ")) }
}

/// The values, null as `∅`, for which a condition on `x` holds.
#[cfg(test)]
fn matching(condition: &str, values: &[&str]) -> String {
    use entente::{sql::Text, warehouse::duckdb::DuckDb};

    let values: Vec<String> =
        (0..).zip(values).map(|(at, value): (usize, _)| format!("({at}, {})", quote(value))).collect();
    let sql = format!(
        "SELECT string_agg(COALESCE(x, '∅'), '|' ORDER BY place) FROM (VALUES {}, (99, NULL)) AS t(place, x) WHERE {condition}",
        values.join(", ")
    );
    let database = DuckDb::in_memory().expect("a database");
    let rows = database.query_blocking(&Text { sql: sql.clone(), parameters: Vec::new() });
    let rows = rows.unwrap_or_else(|error| panic!("{:?}\n{sql}", error.detail()));
    rows.columns[0].text(0).unwrap_or_default()
}
