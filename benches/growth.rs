//! How every stage grows with the project, from 10 to 10,000 metrics, and how long requests are planned.
//!
//! `cargo bench --bench growth` (`-- requests` for requests only) prints the CPU time of one thread, which other work on
//! the machine hardly changes; figures are in `docs/performance.md`. Goals: each stage linear; one request with 70 metrics
//! of 10 models by 20 keys below 10 ms and linear in its metrics; the 99th percentile of random requests below 1 ms.

mod projects;

use std::{hint::black_box, io::Write, sync::Arc, time::Duration};

use entente::{
    graphql, lookml,
    plan::{self, Principal, Request, RequestText},
    project::{Project, Visible},
    site::Site,
    sql::{self, Dialect},
};

fn main() {
    // `cargo test --benches` only wants to know that everything runs.
    let arguments: Vec<String> = std::env::args().collect();
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let (sizes, requests): (&[usize], usize) =
        if timed { (&[10, 100, 1_000, 10_000], 2_000) } else { (&[10, 100], 20) };
    if !arguments.iter().any(|argument| argument == "requests") {
        println!("CPU in ms per stage; per metric in µs\n");
        println!("{:>8} {:>16} {:>16} {:>16} {:>16} {:>16}", "metrics", "resolve", "LookML", "pages", "GraphQL", "SDL");
        for size in sizes {
            stages(*size, if timed && *size < 10_000 { 3 } else { 1 });
        }
    }
    println!("\nrandom requests: planned and printed, µs\n");
    println!("{:>8} {:>10} {:>10} {:>10}", "metrics", "median", "p99", "most");
    for size in sizes {
        random_requests(*size, requests);
    }
    println!("\none request over 10 models by 20 keys, planned and printed, ms\n");
    let project = projects::resolve(&projects::write(1_000));
    for metrics in [10, 20, 40, 70] {
        let request = wide_request(metrics);
        let taken = median((0..if timed { 51 } else { 1 }).map(|_| cpu(|| print(&project, &request))).collect());
        println!("{metrics:>8} {taken:>10.2}");
    }
}

/// Prints a line with what each stage takes for a project of this size.
fn stages(metrics: usize, times: usize) {
    let text = projects::write(metrics);
    let project = Arc::new(projects::resolve(&text));
    let config = projects::config();
    let options = lookml::Options::from_config(&config, text.files());
    let api = graphql::Api::new(Arc::clone(&project));
    let stages: [&dyn Fn(); 5] = [
        &|| drop(black_box(projects::resolve(&text))),
        &|| drop(black_box(lookml::emit(&project, &options).expect("it is emitted"))),
        &|| pages(&project, &text),
        &|| drop(black_box(graphql::Api::new(Arc::clone(&project)))),
        &|| drop(black_box(api.sdl())),
    ];
    print!("{metrics:>8}");
    for stage in stages {
        let taken = median((0..times).map(|_| cpu(stage)).collect());
        #[expect(clippy::cast_precision_loss, reason = "few metrics")]
        let per_metric = taken * 1e3 / metrics as f64;
        print!(" {taken:>9.1} {per_metric:>6.1}");
        std::io::stdout().flush().expect("it is written");
    }
    println!();
}

/// Renders the index, and the page of every metric and model.
fn pages(project: &Project, text: &projects::Text) {
    let now = moment().now;
    let field_name = |name: &str| name.to_owned();
    let site = Site {
        project: &Visible::whole(project),
        files: text.files(),
        version: "1",
        dialect: Dialect::DuckDb,
        now,
        field_name,
    };
    black_box(site.index());
    for metric in project.metrics.values() {
        black_box(site.metric(&metric.name));
    }
    for model in project.models.values() {
        black_box(site.model(&model.name));
    }
}

fn random_requests(metrics: usize, requests: usize) {
    let project = projects::resolve(&projects::write(metrics));
    let mut random = Random(42);
    let mut taken: Vec<f64> = (0..requests)
        .map(|_| {
            let request = random_request(&mut random, metrics / projects::METRICS_PER_MODEL);
            cpu(|| print(&project, &request)) * 1e3
        })
        .collect();
    taken.sort_unstable_by(f64::total_cmp);
    let most = taken[taken.len() - 1];
    println!("{metrics:>8} {:>10.1} {:>10.1} {most:>10.1}", taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
}

/// A request as people ask them: up to five metrics of up to three models, up to four keys, mostly a filter and a time.
fn random_request(random: &mut Random, models: usize) -> Request {
    const KEYS: [&str; 5] =
        ["time.month", "customers.country", "customers.segment", "regions.name", "customers.regions.name"];
    const FILTERS: [&str; 4] = [
        "customers.country in ('DE', 'FR', 'IT')",
        "customers.segment = 'small' and customers.country <> 'XX'",
        "regions.name like 'N%' or customers.country = 'DE'",
        "time.day_of_week < 6",
    ];
    let mut words = |choices: &[&str], most: usize| -> Vec<String> {
        let mut chosen: Vec<String> =
            (0..=random.below(most)).map(|_| choices[random.below(choices.len())].to_owned()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    };
    let by = words(&KEYS, 4);
    let kinds = words(&projects::KINDS, 5);
    let filter = words(&FILTERS, 1).pop();
    let few: Vec<usize> = (0..=random.below(3)).map(|_| random.below(models)).collect();
    let mut metrics: Vec<String> =
        kinds.iter().map(|kind| format!("facts_{:04}_{kind}", few[random.below(few.len())])).collect();
    metrics.dedup();
    let order = Some(format!("{} desc", metrics[0]));
    let text = RequestText {
        metrics,
        by,
        filter: filter.filter(|_| random.below(4) > 0),
        time: Some("last 12 months".to_owned()),
        order,
        limit: Some(100),
        ..RequestText::default()
    };
    text.parse().expect("it is a request")
}

/// A request with so many metrics of ten models, by twenty keys.
fn wide_request(metrics: usize) -> Request {
    let metrics = (0..metrics)
        .map(|at| format!("facts_{:04}_{}", at % 10, projects::KINDS[at / 10 % projects::KINDS.len()]))
        .collect();
    let mut by = vec!["time.month".to_owned()];
    by.extend((1..20).map(|at| format!("customers.trait_{at:02}")));
    let text = RequestText { metrics, by, time: Some("2025".to_owned()), ..RequestText::default() };
    text.parse().expect("it is a request")
}

fn print(project: &Project, request: &Request) {
    let plan = plan::plan(project, request, &Principal::default(), &moment());
    black_box(sql::print(&plan.expect("it is planned").select, Dialect::DuckDb));
}

fn moment() -> plan::Context {
    plan::Context { now: "2026-01-15T12:00:00Z".parse().expect("an instant"), dialect: Dialect::DuckDb }
}

/// Returns the CPU time of this thread in milliseconds.
fn cpu(work: impl FnOnce()) -> f64 {
    let spent = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("less than a second"))
    };
    let before = spent();
    work();
    spent().saturating_sub(before).as_secs_f64() * 1e3
}

fn median(mut taken: Vec<f64>) -> f64 {
    taken.sort_unstable_by(f64::total_cmp);
    taken[taken.len() / 2]
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    /// Returns a number below a bound.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}
