//! The differential battery: random small worlds, metrics and queries; the planner's SQL on DuckDB against an oracle
//! that works row by row and shares no code with it, and answers against one another. Planted bugs show that the battery
//! can see.
//!
//! `ENTENTE_BATTERY=1000000` asks more queries, `ENTENTE_BATTERY_FROM=12345` begins with the world of that seed. What
//! fails is shrunk and written to `target/battery/` as a case file.

mod ask;
mod bugs;
mod case;
mod definitions;
mod oracle;
mod outside;
mod pages;
mod pruning;
mod query;
mod random;
mod relations;
mod rollups;
mod run;
mod shrink;
mod world;

pub(crate) use outside::{Condition, Row, Small};

/// How many random queries a run asks, unless `ENTENTE_BATTERY` says otherwise.
const QUERIES: usize = 2_000;

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("`{variable}={text}` is no number")))
}

#[test]
fn planned_sql_gives_what_the_definitions_mean() {
    let queries = number("ENTENTE_BATTERY").unwrap_or(QUERIES);
    let outcome = run::run(queries, number("ENTENTE_BATTERY_FROM").unwrap_or(0));
    eprint!("{}", outcome.show());
    assert!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n"));
    assert!(outcome.broken * 1000 <= queries, "DuckDB failed inside {} times", outcome.broken);
    assert!(outcome.rows > outcome.asked, "the queries are too poor to show anything");
}

#[test]
fn planted_bugs_are_found() {
    let hidden = bugs::hidden();
    assert!(hidden.is_empty(), "these bugs were not found: {hidden:?}");
}
