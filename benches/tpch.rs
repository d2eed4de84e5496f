//! How the SQL that is planned for TPC-H compares with the official SQL, at scale 1 in DuckDB.
//!
//! `cargo bench --bench tpch` asks both in turn and prints the median of their times and of their CPU. Goal: 1.1. The
//! two must give equal rows. `cargo bench --bench tpch -- q05` asks one. DuckDB does nearly all of the work, so
//! `--profile dev` gives the same figures.

mod duel;
#[path = "../tests/tpch/mod.rs"]
mod tpch;

use std::path::Path;

use entente::{
    sql::Dialect,
    warehouse::duckdb::{Access, DuckDb},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that the two are equal.
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let (scale, times) = if timed { (1.0, 15) } else { (0.01, 1) };
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let database = database(scale);
    let project = tpch::project();
    duel::print_head("planned", "official");
    for question in &tpch::QUESTIONS {
        if !names.is_empty() && names.iter().all(|name| !question.name.contains(name.as_str())) {
            continue;
        }
        let (planned, official) = (question.planned(&project, Dialect::DuckDb), question.official());
        let answer = |text| database.query_blocking(text).expect("it answers");
        question.check(&answer(&planned), &answer(&official));
        duel::run(&database, question.name, &planned, &official, times);
    }
}

/// Opens the tables, which are made once.
fn database(scale: f64) -> DuckDb {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (path, unfinished) = (folder.join(format!("tpch-{scale}.duckdb")), folder.join("tpch-unfinished.duckdb"));
    if !path.exists() {
        if unfinished.exists() {
            std::fs::remove_file(&unfinished).expect("what a run before left is removed");
        }
        let database = DuckDb::open(&unfinished, Access::ReadWrite).expect("it is made");
        tpch::fill(&database, scale, folder);
        drop(database);
        std::fs::rename(&unfinished, &path).expect("it is renamed");
    }
    DuckDb::open(&path, Access::ReadOnly).expect("it opens")
}
