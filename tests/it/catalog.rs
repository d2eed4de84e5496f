//! What changes in a warehouse, and which definitions it touches.

use entente::{
    catalog::{Catalog, ChangeKind, drift},
    engine::load_project_with,
    project::Project as Valid,
    warehouse::duckdb::{Access, DuckDb},
};

use crate::command::{Project, Scale};

/// The worked example, with its catalog.
fn example() -> (Project, Catalog, std::sync::Arc<Valid>) {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["catalog", "pull"]).worked();
    let catalog = Catalog::from_json(&project.read("schema/catalog.json")).expect("it was just written");
    let valid = load_project_with(&project.path(""), Some(catalog.clone())).project.expect("the example is right");
    (project, catalog, valid)
}

#[test]
fn each_column_touches_the_definitions_that_do_not_load_without_it() {
    let (project, catalog, valid) = example();
    let readers = valid.reads();
    let (mut missed, mut false_alarms, mut columns) = (Vec::new(), Vec::new(), 0);
    for (table, known) in &catalog.tables {
        for (at, column) in known.columns.iter().enumerate() {
            let mut without = catalog.clone();
            without.tables.get_mut(table).expect("it is there").columns.remove(at);
            let changes = drift(&catalog, &without);
            let dropped = ChangeKind::ColumnDropped { column: column.name.clone(), renamed_to: None };
            assert!(changes.len() == 1 && changes[0].kind == dropped, "{changes:?}");
            let is_read = readers.iter().any(|reader| reader.reads.reads_column(table, &column.name));
            let loads = load_project_with(&project.path(""), Some(without)).project.is_some();
            match (is_read, loads) {
                (true, true) => false_alarms.push(format!("{table}.{}", column.name)),
                (false, false) => missed.push(format!("{table}.{}", column.name)),
                _ => {}
            }
            columns += 1;
        }
    }
    assert_eq!((missed, false_alarms), (Vec::new(), Vec::new()), "of {columns} columns");
    assert!(columns > 60, "{columns}");
}

#[test]
fn what_has_changed_is_told_with_what_it_touches() {
    let (project, ..) = example();
    let out = project.run(["catalog", "drift"]).worked();
    assert_eq!(out, "");
    let change = |statements: &str| {
        let database = DuckDb::open(&project.path("parcel.duckdb"), Access::ReadWrite).expect("the warehouse opens");
        database.execute_batch(statements).expect("the statements are right");
    };
    change("ALTER TABLE marts.dim_customers ADD COLUMN loyalty VARCHAR; CREATE TABLE marts.notes (id INTEGER)");
    let out = project.run(["catalog", "drift"]).worked();
    assert_eq!(out, "added column `loyalty` of `marts.dim_customers`\nadded table `marts.notes`\n");

    change(
        "ALTER TABLE marts.dim_customers RENAME COLUMN country TO country_code;
         ALTER TABLE marts.fct_shipments ALTER COLUMN weight_kg TYPE VARCHAR;
         DROP TABLE marts.fct_budget",
    );
    let ran = project.run(["catalog", "drift"]);
    assert!(
        ran.out.contains("dropped column `country` of `marts.dim_customers`; `country_code` may be its new name\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("retyped column `weight_kg` of `marts.fct_shipments`, from "), "{}", ran.out);
    assert!(ran.out.contains("  dimensions  customers.country"), "{}", ran.out);
    let text = ran.out.clone();
    ran.failed(1, &["3 changes touch definitions", "entente catalog pull"]);

    let ran = project.run(["catalog", "drift", "--format", "json"]);
    let changes: Vec<serde_json::Value> = serde_json::from_str(&ran.out).expect("it is JSON");
    assert_eq!(changes.len(), 6, "{text}");
    let of = |change: &str, table: &str| {
        changes.iter().find(|found| found["change"] == change && found["table"] == table).expect(change)
    };
    let country = of("column_dropped", "marts.dim_customers");
    assert!(country["touches"]["saved_queries"].is_null(), "{country}");
    let budget = of("table_dropped", "marts.fct_budget");
    assert_eq!(budget["touches"]["saved_queries"], serde_json::json!(["revenue_against_budget"]), "{budget}");
    let metrics = budget["touches"]["metrics"].as_array().expect("metrics");
    assert!(metrics.contains(&"budget_eur".into()) && metrics.contains(&"budget_attainment".into()), "{budget}");
    assert!(budget["touches"]["explores"].as_array().is_some_and(|found| found.contains(&"budget".into())), "{budget}");
    let retyped = of("column_retyped", "marts.fct_shipments");
    assert_eq!(retyped["to"], "string");
    assert!(retyped["touches"]["metrics"].as_array().is_some_and(|found| found.contains(&"average_weight".into())));
    assert_eq!(of("column_added", "marts.dim_customers")["touches"], serde_json::json!({}));
}

#[test]
fn saved_queries_and_tests_are_told_by_what_they_name() {
    let project = Project::parcel(Scale::Hundredth);
    project.write(
        "metrics/asked.yml",
        "saved_queries:
  - { name: by_region, description: By region., metrics: [parcels_booked], by: [origin.region] }
  - { name: in_region, description: In a region., metrics: [parcels_booked], where: origin.region = 'North' }
  - { name: with_claims, description: With claims., metrics: [parcels_booked], where: exists(claims where kind = 'lost') }
  - { name: regions, description: Regions., metrics: [], by: [depots.region] }
  - { name: by_service, description: By service., metrics: [parcels_booked], by: [service] }
tests:
  - { name: north, metric: parcels_booked, where: origin.region = 'North', expect: 1 }
",
    );
    project.run(["catalog", "pull"]).worked();
    let database = DuckDb::open(&project.path("parcel.duckdb"), Access::ReadWrite).expect("the warehouse opens");
    database
        .execute_batch(
            "ALTER TABLE marts.dim_depots RENAME COLUMN region TO reg;
             ALTER TABLE marts.fct_claims RENAME COLUMN kind TO sort",
        )
        .expect("the statements are right");
    drop(database);
    let ran = project.run(["catalog", "drift", "--format", "json"]);
    let changes: Vec<serde_json::Value> = serde_json::from_str(&ran.out).expect("it is JSON");
    let of = |table: &str, kind: &str| -> Vec<String> {
        let change = changes.iter().find(|found| found["change"] == "column_dropped" && found["table"] == table);
        let names = change.expect(table)["touches"][kind].as_array().cloned().unwrap_or_default();
        names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let regions = of("marts.dim_depots", "saved_queries");
    for name in ["by_region", "in_region", "regions", "weekly_network_review"] {
        assert!(regions.iter().any(|found| found == name), "{name}: {regions:?}");
    }
    assert!(!regions.iter().any(|found| found == "by_service" || found == "with_claims"), "{regions:?}");
    assert_eq!(of("marts.dim_depots", "tests"), ["north"]);
    assert_eq!(of("marts.fct_claims", "saved_queries"), ["with_claims"]);
}
