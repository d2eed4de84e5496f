//! Runs every case file: `tests/cases/**/*.md` and the pages `docs/diagnostics/*.md`.
//!
//! `cargo test --test cases -- fan_out` runs those whose path holds `fan_out`. `UPDATE=1 cargo test --test cases`
//! rewrites the outputs in the files; an answer that disagrees with its `sql check` is never written.
//! How a case file looks is told in `docs/testing.md`.

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
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
