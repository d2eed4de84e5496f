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
    let trials = trials.chain(peer_trials(mode)).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    #[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
    if conclusion.num_filtered_out == 0 {
        eprintln!("{}", runner::peer_page::counts());
    }
    #[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
    if let (runner::Mode::Update, Err(error)) = (mode, runner::peer_page::update()) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
fn peer_trials(mode: runner::Mode) -> impl Iterator<Item = Trial> {
    let cases = runner::find_cases().into_iter().filter(|path| runner::peers::concerns(path));
    let trials = cases.flat_map(move |path| {
        runner::peers::Peer::ALL.map(|peer| {
            let path = path.clone();
            let name = format!("{}@{}", path.display().to_string().trim_end_matches(".md"), peer.name());
            Trial::test(name, move || {
                let outcome = runner::peers::run(&path, peer)?;
                Ok(runner::peer_page::check(&path, peer, &outcome, mode)?)
            })
        })
    });
    // Rewritten after the run, which the page adds up.
    let is_written = mode == runner::Mode::Update;
    let page = Trial::test("docs/reference/peers", || runner::peer_page::check_page().map_err(Into::into));
    trials.chain([page.with_ignored_flag(is_written)])
}

#[cfg(not(all(feature = "bigquery", feature = "duckdb", feature = "snowflake")))]
fn peer_trials(_: runner::Mode) -> impl Iterator<Item = Trial> {
    std::iter::empty()
}
