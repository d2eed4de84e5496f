//! SQL without a warehouse: `entente query --sql` and `entente explain`, in every dialect.

use serde_json::json;

use crate::command::{Project, Scale};

#[test]
fn sql_is_printed_in_every_dialect_without_a_warehouse() {
    let project = Project::parcel(Scale::Hundredth);
    std::fs::remove_file(project.path("parcel.duckdb")).expect("it was there");
    let request = ["query", "-m", "revenue", "-b", "time.month", "-t", "2025", "-w", "service = 'express'", "--sql"];
    let duckdb = project.run(request.into_iter().chain(["--dialect", "duckdb"])).worked();
    assert!(duckdb.contains("$1") && duckdb.contains("-- parameter 1 = 'express'"), "{duckdb}");
    let bigquery = project.run(request.into_iter().chain(["--dialect", "bigquery"])).worked();
    assert!(bigquery.contains("@p1") && !bigquery.contains("'express'\n)"), "{bigquery}");
    let snowflake = project.run(request.into_iter().chain(["--dialect", "snowflake"])).worked();
    assert!(
        snowflake.contains("CONVERT_TIMEZONE('Europe/Berlin', ") && snowflake.contains("service = ?"),
        "{snowflake}"
    );
    let postgres = project.run(request.into_iter().chain(["--dialect", "postgres"])).worked();
    assert!(postgres.contains("AT TIME ZONE 'Europe/Berlin'") && postgres.contains("service = $1"), "{postgres}");
    let json = project.run(request.into_iter().chain(["--dialect", "bigquery", "--format", "json"])).worked();
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(
        (&json["dialect"], &json["parameters"][0]),
        (&"bigquery".into(), &json!({ "type": "string", "value": "express" }))
    );
    assert_eq!(json["sql"], bigquery.split("-- parameter").next().map(str::trim_end).expect("SQL"));
    for dialect in ["duckdb", "bigquery", "snowflake", "postgres"] {
        let out = project.run(["explain", "-m", "revenue", "-b", "time.month", "--dialect", dialect]).worked();
        assert!(out.contains(&format!("sql ({dialect})")), "{out}");
    }
    project
        .run(request.into_iter().chain(["--dialect", "oracle"]))
        .failed(2, &["invalid value 'oracle'", "duckdb, bigquery, snowflake, postgres"]);
}

#[test]
fn sql_of_one_warehouse_is_not_printed_for_another() {
    let project = Project::parcel(Scale::Hundredth);
    project.write(
        "metrics/letters.yml",
        "\
models:
  - name: lettered_depots
    description: One row per depot, by the first letter of its name.
    table: marts.dim_depots
    primary_key: depot_id
    dimensions:
      - { name: letter, type: string, expr: { duckdb: \"name[1]\", bigquery: \"LEFT(name, 1)\" } }
metrics:
  - name: depots_known
    description: Depots that are known.
    owner: network-pm
    model: lettered_depots
    agg: count
",
    );
    let request = ["query", "-m", "depots_known", "-b", "letter", "--sql", "--dialect"];
    let duckdb = project.run(request.into_iter().chain(["duckdb"])).worked();
    assert!(duckdb.contains("name[1]"), "{duckdb}");
    let bigquery = project.run(request.into_iter().chain(["bigquery"])).worked();
    assert!(bigquery.contains("LEFT(name, 1)"), "{bigquery}");
    project.run(request.into_iter().chain(["snowflake"])).failed(
        1,
        &[
            "an expression of `lettered_depots` is written for duckdb, bigquery only",
            "Add a `snowflake:` text to the expression.",
        ],
    );
}

#[test]
fn sql_is_printed_for_a_warehouse_that_does_not_run() {
    let project = Project::parcel(Scale::Hundredth);
    let request = ["query", "-m", "revenue", "-b", "time.month", "-t", "2025"];
    let connections = [
        (
            "{ type: snowflake, account: acme-eu, warehouse: bi, database: analytics }",
            "CONVERT_TIMEZONE(",
            [
                "connection `far` does not say who asks Snowflake",
                "Add `user:` and `key_file:`, or `token:`; `entente query --sql` prints SQL without them.",
            ],
        ),
        (
            "{ type: bigquery, project: acme-analytics, dataset: marts, key_file: nowhere.json }",
            "'Europe/Berlin'",
            ["the warehouse cannot be reached: credentials `", "nowhere.json` cannot be read: No such file"],
        ),
    ];
    for (connection, form, says) in connections {
        let config = format!("language: 1\nname: parcel\nconnection: far\nconnections: {{ far: {connection} }}\n");
        project.write("entente.yml", config + "time_zone: Europe/Berlin\ncurrency: EUR\n");
        project.run(["check"]).worked();
        let sql = project.run(request.into_iter().chain(["--sql"])).worked();
        assert!(sql.contains(form), "{sql}");
        project.run(request).failed(3, &says);
    }
}
