//! Runs every case file: `tests/cases/**/*.md` and the pages `docs/diagnostics/*.md`.
//!
//! `cargo test --test cases -- fan_out` runs those whose path holds `fan_out`. `UPDATE=1 cargo test --test cases`
//! rewrites the outputs in the files; an answer that disagrees with its `sql check` is never written.
//! Each case with a query is also asked in the SQL of BigQuery, on the reference engine of GoogleSQL that
//! `.ci/googlesql` fetches, and through the driver on bqemulator that `.ci/bigquery` installs; of Snowflake, on fakesnow
//! that `.ci/fakesnow` installs, and through the driver on a gateway before it; and of Postgres, on a server that
//! `.ci/postgres` installs: trials that end in `@bigquery`, `@bqemulator`, `@snowflake`, `@sqlapi` and `@postgres`. How a case file looks is told in `docs/testing.md`.

#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
#[path = "bqemulator/cases.rs"]
mod bqemulator;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
mod googlesql;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
mod peer_program;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
mod postgres;
mod runner;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
mod snowflake;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
#[path = "sqlapi/cases.rs"]
mod sqlapi;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mode = if std::env::var_os("UPDATE").is_some() { runner::Mode::Update } else { runner::Mode::Compare };
    let trials = runner::find_cases().into_iter().map(|path| {
        let name = path.display().to_string().trim_end_matches(".md").to_owned();
        let ignored = runner::needs_a_missing_feature(&path);
        Trial::test(name, move || runner::run(&path, mode).map_err(Into::into)).with_ignored_flag(ignored)
    });
    let trials = trials.chain(peer_trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
fn peer_trials() -> impl Iterator<Item = Trial> {
    let cases = runner::find_cases().into_iter().filter(|path| runner::peers::concerns(path));
    cases.flat_map(|path| {
        runner::peers::Peer::ALL.map(|peer| {
            let path = path.clone();
            let name = format!("{}@{}", path.display().to_string().trim_end_matches(".md"), peer.name());
            Trial::test(name, move || runner::peers::run(&path, peer).map_err(Into::into))
        })
    })
}

#[cfg(not(all(feature = "bigquery", feature = "duckdb", feature = "snowflake")))]
fn peer_trials() -> impl Iterator<Item = Trial> {
    std::iter::empty()
}
