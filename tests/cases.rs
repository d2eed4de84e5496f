//! Runs every case file: `tests/cases/**/*.md` and the pages `docs/diagnostics/*.md`.
//!
//! `cargo test --test cases -- fan_out` runs those whose path holds `fan_out`. `UPDATE=1 cargo test --test cases`
//! rewrites the outputs in the files; an answer that disagrees with its `sql check` is never written.
//! Each case with a query is also asked in the SQL of BigQuery, on the reference engine of GoogleSQL that
//! `.ci/googlesql` fetches: its trial ends in `@bigquery`. How a case file looks is told in `docs/testing.md`.

#[cfg(feature = "duckdb")]
mod googlesql;
mod runner;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mode = if std::env::var_os("UPDATE").is_some() { runner::Mode::Update } else { runner::Mode::Compare };
    let trials = runner::find_cases().into_iter().map(|path| {
        let name = path.display().to_string().trim_end_matches(".md").to_owned();
        let ignored = runner::needs_a_missing_feature(&path);
        Trial::test(name, move || runner::run(&path, mode).map_err(Into::into)).with_ignored_flag(ignored)
    });
    let trials = trials.chain(bigquery_trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

#[cfg(feature = "duckdb")]
fn bigquery_trials() -> impl Iterator<Item = Trial> {
    runner::find_cases().into_iter().filter(|path| runner::bigquery::concerns(path)).map(|path| {
        let name = format!("{}@bigquery", path.display().to_string().trim_end_matches(".md"));
        Trial::test(name, move || runner::bigquery::run(&path).map_err(Into::into))
    })
}

#[cfg(not(feature = "duckdb"))]
fn bigquery_trials() -> impl Iterator<Item = Trial> {
    std::iter::empty()
}
