//! A project over visits, the same in every warehouse with sketches: its rollup stores estimates of visitors.
//!
//! The peers have sets in place of sketches, so that an estimate is the exact count.

use serde_json::{Value, json};

use crate::command::Project;

/// The columns of the visits, with the types of BigQuery and of Snowflake.
pub(super) const COLUMNS: [[&str; 3]; 5] = [
    ["visit_id", "INTEGER", "BIGINT"],
    ["visitor", "STRING", "VARCHAR"],
    ["page", "STRING", "VARCHAR"],
    ["visited_at", "TIMESTAMP", "TIMESTAMP_TZ"],
    ["is_paid", "BOOLEAN", "BOOLEAN"],
];

/// Visits from 25 March to 3 April 2024: visitors come again, on other pages and days; some are not known.
pub(super) fn rows() -> Vec<[Option<String>; 5]> {
    let row = |n: u32| {
        let (day, month) = if n % 10 < 7 { (25 + n % 10, 3) } else { (n % 10 - 6, 4) };
        let page = ["home", "shop", "blog"][n as usize / 2 % 3];
        [
            Some(n.to_string()),
            (!n.is_multiple_of(11)).then(|| format!("visitor {}", n * n % 17)),
            (!n.is_multiple_of(9)).then(|| page.to_owned()),
            Some(format!("2024-{month:02}-{day:02} 12:00:00+00")),
            (!n.is_multiple_of(5)).then(|| n.is_multiple_of(3).to_string()),
        ]
    };
    (0..80).map(row).collect()
}

/// The rows as objects.
pub(super) fn objects() -> Vec<Value> {
    let object = |row: [Option<String>; 5]| {
        let fields = COLUMNS.iter().zip(row).filter_map(|([name, ..], cell)| Some(((*name).to_owned(), json!(cell?))));
        json!({ "json": fields.collect::<serde_json::Map<_, _>>() })
    };
    rows().into_iter().map(object).collect()
}

const DEFINITIONS: &str = "\
models:
  - name: visits
    description: One row per visit.
    table: TABLE
    primary_key: visit_id
    time: visited_at
    dimensions:
      - { name: visited_at, type: time }
      - { name: page, type: string }
metrics:
  - { name: visitors, description: Visitors., owner: web, model: visits, agg: count_distinct, expr: visitor }
  - { name: paying, description: Visitors., owner: web, model: visits, agg: count_distinct, expr: visitor, where: is_paid }
  - { name: visitors_about, description: Visitors., owner: web, model: visits, agg: approx_count_distinct, expr: visitor }
  - { name: paying_about, description: Visitors., owner: web, model: visits, agg: approx_count_distinct, expr: visitor, where: is_paid }
rollups:
  - name: visits_daily
    model: visits
    metrics: [visitors_about, paying_about]
    dimensions: [page]
    time: { dimension: visited_at, granularity: day }
    table: rollups.visits_daily
    refresh: { lookback: 1 day }
";

/// Builds the rollup in two steps, and asks it for what is counted exactly in the rows.
pub(super) fn estimates_are_stored(connection: &str, table: &str) {
    let project = Project::empty();
    let config = "language: 1\nname: web\nconnection: db\ntime_zone: Europe/Berlin\nconnections:\n  db: ";
    project.write("entente.yml", format!("{config}{connection}\n"));
    project.write("metrics/visits.yml", DEFINITIONS.replace("TABLE", table));
    project.run(["catalog", "pull"]).worked();
    let checked = project.run(["check"]).worked();
    assert!(!checked.contains("rollup-without-sketch"), "{checked}");
    let build = |now: &str| project.run(["rollups", "build", "--now", now]).worked();
    assert!(build("2024-03-29T12:00:00Z").contains("before 2024-03-28 in"));
    let built = build("2024-04-02T12:00:00Z");
    assert!(built.contains("before 2024-04-01 in") && !built.contains("without"), "{built}");
    let requests: [&[&str]; 6] = [
        &["-b", "time.month"],
        &["-b", "page", "-t", "2024-03"],
        &["-b", "page", "-t", "2024-03-26 to 2024-04-03"],
        &["-b", "time.day,page", "-t", "2024-03"],
        &["-b", "time.month", "-w", "page = 'home' or page is null", "-t", "2024-03-01 to 2024-05-01"],
        &["-t", "2024-03-20 to 2024-04-10"],
    ];
    for request in requests {
        let ask = |command: &str, metrics: &str, more: &[&str]| {
            project.run([&[command, "-m", metrics], request, more].concat()).worked()
        };
        let explained = ask("explain", "visitors_about,paying_about", &[]);
        assert!(explained.contains("from `rollups.visits_daily_"), "{explained}");
        let explained = ask("explain", "visitors,paying", &[]);
        assert!(!explained.contains("from `rollups.visits_daily_"), "{explained}");
        let about = ask("query", "visitors_about,paying_about", &["--format", "csv"]);
        let exact = ask("query", "visitors,paying", &["--format", "csv"]);
        let (_, about) = about.split_once('\n').expect("a header");
        let (_, exact) = exact.split_once('\n').expect("a header");
        assert!(exact.lines().count() > 0);
        assert_eq!(lines(about), lines(exact), "{request:?}");
    }
}

/// Rows of equal numbers may come in another order.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}
