//! How much faster answers come from a rollup than from ten million parcels, in DuckDB.
//!
//! `cargo bench --bench rollups` makes the parcels (1.4 GB on disk), builds the rollup of the worked example, asserts that
//! both give the same rows, and asks the two in turn. Goal: 20 times, in the CPU of all threads (from `/proc`, so Linux
//! only). DuckDB does nearly all of the work, so `--profile dev` gives the same figures.

mod duel;

use std::path::Path;

use entente::{
    engine::{Storing, build},
    plan::{self, Plan, Principal, RequestText, StoredTable},
    project::Project,
    sample,
    sql::{self, Dialect, Select, Statement, Text},
    warehouse::{
        Error, Rows,
        duckdb::{Access, DuckDb},
    },
};

const QUESTIONS: [(&str, &[&str], &[&str]); 4] = [
    ("parcels and revenue by month", &["parcels_booked", "revenue"], &["time.month"]),
    ("revenue per parcel by segment and quarter", &["revenue_per_parcel"], &["customers.segment", "time.quarter"]),
    ("parcels by week, service and region", &["parcels_booked"], &["time.week", "service", "origin.region"]),
    ("revenue of the year", &["revenue"], &[]),
];

struct Store<'d>(&'d DuckDb);

impl Storing for Store<'_> {
    type Error = Error;

    fn ask(&mut self, select: &Select) -> Result<Rows, Error> {
        self.0.query_blocking(&sql::print(select, Dialect::DuckDb))
    }

    fn execute(&mut self, statements: &[Statement]) -> Result<(), Error> {
        let texts = statements.iter().map(|statement| sql::print_statement(statement, Dialect::DuckDb));
        self.0.execute_batch(&texts.collect::<Vec<_>>().join(";\n"))
    }
}

fn main() {
    // `cargo test --benches` only wants to know that the two are equal.
    let (scale, times) = if std::env::args().any(|argument| argument == "--bench") { (50.0, 25) } else { (0.05, 1) };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("parcels-{scale}-rollups.duckdb"));
    if !path.exists() {
        sample::create(&path, scale, &|_, _| {}).expect("the sample is made");
    }
    let database = DuckDb::open(&path, Access::ReadWrite).expect("it opens");
    let loaded = entente::engine::load_project(Path::new(env!("CARGO_MANIFEST_DIR")));
    let rows = loaded.project.expect("the example has no errors");
    let mut rollups = Project::clone(&rows);
    for rollup in &mut rollups.rollups {
        let table = StoredTable::of(&rows, rollup, Dialect::DuckDb).expect("it can be stored");
        let now = "2026-01-15T12:00:00Z".parse().expect("an instant");
        rollup.stored = build(&table, now, &mut Store(&database)).expect("it is built").stored;
    }
    duel::print_head("rollup", "rows");
    for (name, metrics, by) in QUESTIONS {
        let [stored, whole] = [&rollups, &rows].map(|project| plan_question(project, metrics, by));
        assert!(stored.rollups.iter().any(|used| used.is_used), "{name}: no rollup is used");
        let texts = [&stored, &whole].map(|plan| sql::print(&plan.select, Dialect::DuckDb));
        let answer = |text: &Text| database.query_blocking(text).expect("it answers");
        assert_eq!(answer(&texts[0]), answer(&texts[1]), "{name}: the two do not answer the same");
        duel::run(&database, name, &texts[0], &texts[1], times);
    }
}

fn plan_question(project: &Project, metrics: &[&str], by: &[&str]) -> Plan {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let time = Some("2025".to_owned());
    let text = RequestText { metrics: words(metrics), by: words(by), time, ..RequestText::default() };
    let request = text.parse().expect("it is a request");
    let now = "2026-01-15T12:00:00Z".parse().expect("an instant");
    let context = plan::Context { now, dialect: Dialect::DuckDb };
    plan::plan(project, &request, &Principal::default(), &context).expect("it is planned")
}
