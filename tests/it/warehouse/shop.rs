//! A project over the orders of a small shop, the same in every warehouse.
//!
//! The tests make its table: order 1 of 10.25 at 2024-03-30 23:30 UTC, done; 2 of 0.75 on 31 March, not done; 3 of 5.00 on 1 April,
//! of which nobody knows.

use std::process::Stdio;

use crate::command::Project;

/// Reads the catalog of a shop, checks its definitions and asks for them; returns the project.
///
/// `connection` is a mapping in YAML, `table` and `price` how the table and its column are named there, `months` the rows by month.
pub(super) fn is_read_checked_and_asked(connection: &str, table: &str, price: &str, months: &str) -> Project {
    let project = Project::empty();
    project.write(
        "entente.yml",
        format!(
            "language: 1\nname: shop\nconnection: db\ntime_zone: Europe/Berlin\nconnections:\n  db: {connection}\n"
        ),
    );
    project.write(
        "metrics/orders.yml",
        format!(
            "models:\n  - name: orders\n    description: One row per order.\n    owner: shop\n    table: {table}\n    \
             primary_key: order_id\n    time: ordered_at\n    dimensions:\n      - {{ name: ordered_at, type: time }}\n      \
             - {{ name: done, type: boolean }}\nmetrics:\n  - {{ name: revenue, description: Price of orders., owner: \
             shop, model: orders, agg: sum, expr: {price} }}\n"
        ),
    );
    project.run(["catalog", "pull"]).worked();
    let catalog = project.read("schema/catalog.json");
    assert!(catalog.contains(&format!("\"{table}\"")) && catalog.contains("\"timestamp\""), "{catalog}");
    project.run(["check"]).worked();
    let by_month = project.run(["query", "-m", "revenue", "-b", "time.month", "--format", "csv"]).worked();
    assert_eq!(by_month, format!("time.month,revenue\n{months}"));
    let by_done = project
        .run(["query", "-m", "revenue", "-b", "orders.done", "--having", "revenue > 1", "--format", "csv"])
        .worked();
    assert_eq!(by_done, "orders.done,revenue\ntrue,10.25\nfalse,5.75\n");
    project
}

/// A rollup is built, twice and after more has become final, and the numbers stay what they were.
pub(super) fn rollups_are_stored(project: &Project) {
    let by_month = || project.run(["query", "-m", "revenue", "-b", "time.month", "--format", "csv"]).worked();
    let fresh = by_month();
    define_a_rollup(project, "daily");
    let build = |now: &str| project.run(["rollups", "build", "--now", now]).worked();
    let status = || project.run(["rollups", "status", "--now", "2024-04-03T12:00:00Z"]).worked();
    assert!(status().contains("nothing is stored"), "{}", status());
    let built = build("2024-04-02T12:00:00Z");
    assert!(built.contains("stored 1 step; 2 rows before 2024-04-01"), "{built}");
    assert!(build("2024-04-02T12:00:00Z").contains("nothing new is final"));
    assert!(status().contains("final before 2024-04-02"), "{}", status());
    let built = build("2024-04-03T12:00:00Z");
    assert!(built.contains("stored 1 step; 3 rows before 2024-04-02"), "{built}");
    reads_the_rollup(project, "daily");
    assert_eq!(by_month(), fresh);
    let plan = project.run(["rollups", "plan", "--now", "2024-04-05T12:00:00Z"]).worked();
    assert!(plan.starts_with("daily: 1 step up to 2024-04-04"), "{plan}");
}

/// Three builds that begin together store what one does.
pub(super) fn rollups_are_stored_by_several_at_once(project: &Project) {
    let by_day = || project.run(["query", "-m", "revenue", "-b", "time.day", "--format", "csv"]).worked();
    let fresh = by_day();
    define_a_rollup(project, "at_once");
    let build = || {
        let mut command = project.command(["rollups", "build", "--now", "2024-04-03T12:00:00Z"]);
        command.stdout(Stdio::null()).spawn().expect("it starts")
    };
    let builds: Vec<_> = (0..3).map(|_| build()).collect();
    for mut build in builds {
        assert!(build.wait().expect("it ends").success());
    }
    reads_the_rollup(project, "at_once");
    assert_eq!(by_day(), fresh);
    let status = project.run(["rollups", "status", "--now", "2024-04-03T12:00:00Z"]).worked();
    assert!(status.contains("3 rows before 2024-04-02"), "{status}");
}

/// Tables of earlier definitions are dropped.
pub(super) fn rollups_are_dropped(project: &Project) {
    define_a_rollup(project, "daily");
    let definitions = project.read("metrics/rollups.yml");
    project.write("metrics/rollups.yml", definitions.replace("lookback: 1 day", "lookback: 2 days"));
    let dropped = project.run(["rollups", "drop", "--yes"]).worked();
    assert!(dropped.contains("of an earlier definition of `daily`; dropped"), "{dropped}");
    let again = project.run(["rollups", "drop"]).worked();
    assert!(!again.contains("earlier definition of"), "{again}");
}

fn define_a_rollup(project: &Project, name: &str) {
    let rollup = format!(
        "rollups:\n  - name: {name}\n    model: orders\n    metrics: [revenue]\n    dimensions: [done]\n    time: {{ \
         dimension: ordered_at, granularity: day }}\n    table: rollups.{name}\n    refresh: {{ lookback: 1 day }}\n"
    );
    project.write("metrics/rollups.yml", rollup);
}

fn reads_the_rollup(project: &Project, name: &str) {
    let explained = project.run(["explain", "-m", "revenue", "-b", "time.month"]).worked();
    assert!(explained.contains(&format!("2024-04-02) from `rollups.{name}_")), "{explained}");
}
