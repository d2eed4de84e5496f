//! A project over the orders of a small shop, the same in every warehouse.
//!
//! The tests make its table: order 1 of 10.25 at 2024-03-30 23:30 UTC, done; 2 of 0.75 on 31 March, not done; 3 of 5.00 on 1 April,
//! of which nobody knows.

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
