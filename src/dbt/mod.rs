//! Rollups → models of dbt, which fill the same tables and say in the same place up to which day.
//!
//! ```text
//! rollup shipments_daily ─► models/entente/shipments_daily.sql      incremental, into rollups.shipments_daily_5f3a09c1
//!                           models/entente/entente_rollups.yml      columns and tests
//!                           macros/entente/entente_rollups.sql      which days, and how they are told
//!                           tests/entente/shipments_daily_grain.sql
//! ```
//!
//! **Invariant:** a run stores whole partitions of final days, and only then says so.

mod describe;
mod macros;
mod model;

use std::collections::BTreeMap;

use crate::{plan::StoredTable, project::Project, sql::Dialect};

/// The folders of a project of dbt that are written as a whole.
pub const FOLDERS: [&str; 3] = ["models/entente", "macros/entente", "tests/entente"];

/// Files by their paths below the folder of a project of dbt.
pub type Files = BTreeMap<String, String>;

/// Writes rollups as models.
pub fn models(project: &Project, tables: &[StoredTable<'_>], dialect: Dialect) -> Files {
    let mut files = Files::new();
    for table in tables {
        let name = &table.rollup.name;
        files.insert(format!("models/entente/{name}.sql"), model::model(table, dialect));
        if let Some(test) = model::test_of_grain(table, dialect) {
            files.insert(format!("tests/entente/{name}_grain.sql"), test);
        }
    }
    files.insert("models/entente/entente_rollups.yml".to_owned(), describe::properties(project, tables));
    files.insert("macros/entente/entente_rollups.sql".to_owned(), macros::macros(dialect));
    files
}

/// Writes a text as a constant of Jinja.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Puts Jinja in place of marks in SQL, in which braces are what they are.
fn with_jinja(sql: &str, places: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('{', Some('{' | '%' | '#')) => text.push_str("{{ '{' }}"),
            (letter, _) => text.push(letter),
        }
    }
    for (mark, jinja) in places {
        text = text.replace(mark, jinja);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_of_sql_are_no_jinja() {
        assert_eq!(
            with_jinja("a = '{{x}}' AND d < '\u{e000}'", &[("\u{e000}", "{{ until }}")]),
            "a = '{{ '{' }}{x}}' AND d < '{{ until }}'"
        );
        assert_eq!(with_jinja("'{%' || '{'", &[]), "'{{ '{' }}%' || '{'");
        assert_eq!(quoted("it's \\"), "'it\\'s \\\\'");
    }
}
