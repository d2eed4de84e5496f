//! The numbers of counter-examples are those that a warehouse computes on the rows shown.

use entente::{sql::Text, warehouse::duckdb::DuckDb};

use crate::command::Project;

const MODELS: &str = "models:
  - { name: customers, description: Accounts., table: customers, primary_key: customer_id }
  - name: shipments
    description: Parcels.
    table: shipments
    primary_key: [depot, number]
    joins: [ { to: customers, key: customer_id } ]
    dimensions: [ { name: service, type: string, expr: service } ]
  - name: claims
    description: Claims.
    table: claims
    primary_key: claim_id
    joins: [ { to: shipments, key: { depot: depot, number: parcel } } ]
    dimensions: [ { name: kind, type: string, values: [lost, late] } ]
metrics:
  - { name: parcels, description: Parcels., model: shipments, agg: count }
  - { name: accounts, description: Accounts., model: customers, agg: count }
";

fn project() -> Project {
    let metrics = ["sum", "avg", "median", "p90", "count_distinct", "min", "max"].map(|agg| {
        format!("  - {{ name: m_{agg}, description: A number., model: shipments, agg: {agg}, expr: price }}\n")
    });
    Project::with(&format!("{MODELS}{}", metrics.concat()))
}

fn ask(sql: &str) -> f64 {
    let database = DuckDb::in_memory().expect("an empty database");
    let text = Text { sql: format!("SELECT CAST({sql} AS DECIMAL(18, 2))"), parameters: Vec::new() };
    let rows = database.query_blocking(&text).expect("the query is right");
    rows.columns[0].text(0).expect("a number").parse().expect("a number")
}

#[test]
fn a_join_gives_the_wrong_number_and_the_rows_the_right_one() {
    let project = project();
    for (metric, aggregate) in [
        ("parcels", "count(*)"),
        ("m_sum", "sum(price)"),
        ("m_avg", "avg(price)"),
        ("m_median", "median(price)"),
        ("m_p90", "quantile_cont(price, 0.9)"),
    ] {
        let out = project.run(["explain", "--joins", "-m", metric, "-b", "claims.kind"]).worked();
        let (_, told) = out.split_once(" would be ").expect("there is an example");
        let (wrong, right) = told.lines().next().and_then(|line| line.split_once(", not ")).expect("two numbers");
        let parcels = "(VALUES (1, 10), (2, 20)) AS shipments (number, price)";
        let claims = "(VALUES (1), (1), (2)) AS claims (number)";
        let joined = ask(&format!("(SELECT {aggregate} FROM {parcels} JOIN {claims} USING (number))"));
        let alone = ask(&format!("(SELECT {aggregate} FROM {parcels})"));
        assert_eq!(wrong.parse::<f64>().ok(), Some(joined), "{metric}\n{out}");
        assert_eq!(right.parse::<f64>().ok(), Some(alone), "{metric}\n{out}");
        assert_ne!(joined.to_bits(), alone.to_bits(), "{metric}");
    }
}

#[test]
fn what_no_join_can_get_wrong_has_no_example() {
    let project = project();
    let out = project.run(["explain", "--joins", "-m", "m_min,m_max", "-b", "claims.kind"]).worked();
    assert_eq!(out.matches(": refused").count(), 2, "{out}");
    assert!(!out.contains("for example"), "{out}");
    let distinct = project.run(["explain", "--joins", "-m", "m_count_distinct", "-b", "claims.kind"]).worked();
    assert!(distinct.contains("would add up to 3, the whole is 2"), "{distinct}");
}

#[test]
fn a_longer_way_shows_the_rows_between() {
    let out = project().run(["explain", "--joins", "-m", "accounts", "-b", "claims.kind"]).worked();
    let tables: Vec<&str> = out
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| ["customers", "shipments", "claims"].contains(line))
        .collect();
    assert_eq!(tables, ["customers", "shipments", "claims"], "{out}");
    assert!(out.contains("joined, `accounts` would be 3, not 2"), "{out}");
    assert!(out.contains("depot  parcel  kind") && out.contains("1      1       lost"), "{out}");
}

#[test]
fn every_pair_is_told_in_a_line() {
    let project = project();
    let out = project.run(["explain", "--joins"]).worked();
    assert!(out.contains("direct        parcels by shipments.service: its own\n"), "{out}");
    assert!(out.contains("refused       parcels by claims.kind: one row of `shipments`"), "{out}");
    project.run(["explain", "--joins", "-m", "parcel"]).failed(1, &["unknown metric `parcel`", "`parcels`"]);
    project.run(["explain", "--joins", "-b", "time.month"]).failed(1, &["is the time axis"]);
}
