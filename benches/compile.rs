//! How long compiling takes: reading and resolving definitions, planning a request, emitting LookML; and how the SQL
//! that is planned compares with SQL written by hand.
//!
//! `cargo bench --bench compile`; figures and how they were taken are in `docs/performance.md`.

#![allow(missing_docs, reason = "criterion's macros make functions without docs")]

mod projects;

use std::{hint::black_box, path::Path, time::Duration};

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use entente::{
    lookml,
    plan::{self, Principal, Request, RequestText},
    sample,
    sql::{self, Dialect, Text},
    time::{DateTime, Utc},
    warehouse::duckdb::{Access, DuckDb},
};

fn moment() -> plan::Context {
    let now: DateTime<Utc> = "2026-01-15T12:00:00Z".parse().expect("an instant");
    plan::Context { now, dialect: Dialect::DuckDb }
}

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read and resolve");
    for metrics in [1_000, 10_000] {
        let text = projects::write(metrics);
        group.sample_size(if metrics > 1_000 { 10 } else { 30 });
        group.bench_with_input(BenchmarkId::from_parameter(metrics), &text, |bencher, text| {
            bencher.iter_with_large_drop(|| projects::resolve(text));
        });
    }
    group.finish();
}

fn three_by_three() -> Request {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let text = RequestText {
        metrics: words(&["facts_0003_amount", "facts_0003_share", "facts_0004_count"]),
        by: words(&["time.month", "customers.country", "customers.segment"]),
        filter: Some("customers.country in ('DE', 'FR')".to_owned()),
        time: Some("last 12 months".to_owned()),
        ..RequestText::default()
    };
    text.parse().expect("it is a request")
}

fn plan_one(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan and print 3 metrics by 3 keys");
    let request = three_by_three();
    let moment = moment();
    for metrics in [100, 1_000, 10_000] {
        let project = projects::resolve(&projects::write(metrics));
        group.bench_with_input(BenchmarkId::from_parameter(metrics), &project, |bencher, project| {
            bencher.iter(|| {
                let plan = plan::plan(project, &request, &Principal::default(), &moment).expect("it is planned");
                sql::print(&plan.select, Dialect::DuckDb)
            });
        });
    }
    group.finish();
}

fn emit(criterion: &mut Criterion) {
    let text = projects::write(1_000);
    let project = projects::resolve(&text);
    let config = projects::config();
    let options = lookml::Options::from_config(&config, text.files());
    let mut group = criterion.benchmark_group("LookML");
    group.sample_size(20);
    group.bench_function("1000", |bencher| {
        bencher.iter_with_large_drop(|| lookml::emit(&project, &options).expect("it is emitted"));
    });
    group.finish();
}

/// What a careful analyst would write for revenue and parcels by month and country.
const BY_HAND: &str = "\
SELECT CAST(date_trunc('month', CAST(timezone('Europe/Berlin', s.booked_at) AS DATE)) AS DATE) AS month, c.country,
       coalesce(sum(s.price * f.eur) FILTER (WHERE s.status <> 'cancelled'), 0) AS revenue, count(*) AS parcels_booked
FROM marts.fct_shipments s
LEFT JOIN marts.dim_customers c ON s.customer_id = c.customer_id
LEFT JOIN marts.dim_fx_rates f
       ON s.currency = f.currency AND CAST(timezone('Europe/Berlin', s.booked_at) AS DATE) = f.rate_date
WHERE s.booked_date >= DATE '2024-12-31' AND s.booked_date < DATE '2026-01-01'
  AND s.booked_at >= TIMESTAMPTZ '2024-12-31 23:00:00+00' AND s.booked_at < TIMESTAMPTZ '2025-12-31 23:00:00+00'
  AND NOT s.is_test
GROUP BY 1, 2
ORDER BY 1 NULLS LAST, 3 DESC NULLS LAST, 2 NULLS LAST";

fn against_hand_written(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("million.duckdb");
    if !path.exists() {
        sample::create(&path, 5.0, &|_, _| {}).expect("the sample is made");
    }
    let database = DuckDb::open(&path, Access::ReadOnly).expect("it opens");
    let loaded = entente::engine::load_project(Path::new(env!("CARGO_MANIFEST_DIR")));
    let project = loaded.project.expect("the example has no errors");
    let text = RequestText {
        metrics: vec!["revenue".to_owned(), "parcels_booked".to_owned()],
        by: vec!["time.month".to_owned(), "customers.country".to_owned()],
        time: Some("2025".to_owned()),
        ..RequestText::default()
    };
    let request = text.parse().expect("it is a request");
    let plan = plan::plan(&project, &request, &Principal::default(), &moment()).expect("it is planned");
    let planned = sql::print(&plan.select, Dialect::DuckDb);
    let by_hand = Text { sql: BY_HAND.to_owned(), parameters: Vec::new() };
    let answer = |text: &Text| database.query_blocking(text).expect("it answers");
    assert_eq!(answer(&planned), answer(&by_hand), "the two do not ask the same");

    let mut group = criterion.benchmark_group("a million parcels");
    group.sample_size(20).measurement_time(Duration::from_secs(15));
    for (name, text) in [("planned", &planned), ("by hand", &by_hand)] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| text.clone(), |text| black_box(answer(&text)), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, load, plan_one, emit, against_hand_written);
criterion_main!(benches);
