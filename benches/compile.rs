//! How long compiling takes: reading and resolving definitions, planning a request, emitting and checking LookML.
//!
//! `cargo bench --bench compile`; figures and how they were taken are in `docs/performance.md`.

#![allow(missing_docs, reason = "criterion's macros make functions without docs")]

mod projects;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use entente::{
    files::SourceMap,
    lookml,
    plan::{self, Principal, Request, RequestText},
    sql::{self, Dialect},
    time::{DateTime, Utc},
};
use mimalloc::MiMalloc;

/// As the command has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
    let mut group = criterion.benchmark_group("LookML");
    // 2,800 views with ten metrics each; where one of the ten has a window, it has a view and an explore of its own.
    for (name, text) in [
        ("1000 metrics, windows", projects::write(1_000)),
        ("28000 metrics", projects::write_without_windows(28_000)),
        ("28000 metrics, windows", projects::write(28_000)),
    ] {
        let project = projects::resolve(&text);
        let config = projects::config();
        let options = lookml::Options::from_config(&config, text.files());
        group.sample_size(10);
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| lookml::emit(&project, &options).expect("it is emitted"));
        });
    }
    group.finish();
}

/// The LookML of 28,000 metrics, as often as it takes to have 1.2 million lines, each in a folder with its manifest.
fn large_lookml() -> (SourceMap, usize) {
    let text = projects::write(28_000);
    let config = projects::config();
    let options = lookml::Options::from_config(&config, text.files());
    let emitted = lookml::emit(&projects::resolve(&text), &options).expect("it is emitted");
    let (mut files, mut lines) = (SourceMap::new(), 0);
    for copy in 0.. {
        for (path, text) in &emitted.files {
            lines += text.lines().count();
            files.add(format!("{copy}/{path}"), text.clone());
        }
        if lines >= 1_200_000 {
            break;
        }
    }
    (files, lines)
}

fn check(criterion: &mut Criterion) {
    let (files, lines) = large_lookml();
    let mut group = criterion.benchmark_group("check LookML");
    group.sample_size(10);
    group.bench_function(BenchmarkId::new("parse", lines), |bencher| {
        bencher.iter(|| files.iter().map(|(_, file)| lookml::syntax::parse(&file.text).nodes.len()).sum::<usize>());
    });
    group.bench_function(BenchmarkId::new("check", lines), |bencher| {
        bencher.iter_with_large_drop(|| {
            let checked = lookml::check::check(&files);
            assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics.first());
            checked
        });
    });
    group.finish();
}

criterion_group!(benches, load, plan_one, emit, check);
criterion_main!(benches);
