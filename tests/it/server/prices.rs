//! What queries read: counted once for all who wait, and priced as soon as the warehouse tells what its tables hold.

use std::{fs, time::Duration};

use entente::{
    catalog::{Catalog, CatalogColumn, CatalogTable, ColumnType},
    engine::load_project,
    server::Reload,
    warehouse::{ColumnData, Metered, Rows},
};
use serde_json::json;

use super::{
    client::send,
    fixture::{CONFIG, Fake, Fixture, METRICS, eventually},
};

const WITH_COST: &str = "{ report { rows { parcelsBooked } trust { bytesScanned cache { status } } } }";

fn shipments(rows: u64) -> Catalog {
    let column = |name: &str, column_type| CatalogColumn { name: name.to_owned(), column_type, form: None };
    let columns = vec![column("price", ColumnType::Decimal), column("booked_at", ColumnType::Timestamp)];
    let table = CatalogTable { columns, rows: Some(rows), ..CatalogTable::default() };
    Catalog { tables: [("shipments".to_owned(), table)].into() }
}

/// Starts a server of a project with a budget.
fn limited(fake: Fake, reload: Reload) -> Fixture {
    Fixture::over(fake, |options| {
        let root = options.loaded.root.clone();
        fs::write(root.join("entente.yml"), format!("{CONFIG}budgets: {{ per_query: 1 MB }}\n")).expect("written");
        options.loaded = load_project(&root);
        options.reload = reload;
    })
}

#[test]
fn a_query_that_many_wait_for_is_told_to_each_and_counted_once() {
    let fixture = Fixture::new();
    fixture.fake.set_latency(Duration::from_millis(400));
    fixture.fake.meter_with(Metered { scanned: Some(5000), billed: Some(6000) });
    // The first caller, for whom it began, leaves.
    let mut first = fixture.client().connect();
    let body = json!({ "query": WITH_COST }).to_string();
    send(&mut first, "POST", "/graphql", &[("content-type", "application/json")], body.as_bytes());
    eventually("the query begins", || fixture.fake.counts().0 == 1);
    let ask = || {
        let client = fixture.client();
        std::thread::spawn(move || client.graphql(WITH_COST).json()["data"]["report"]["trust"].clone())
    };
    let callers = [ask(), ask(), ask()];
    std::thread::sleep(Duration::from_millis(100));
    drop(first);
    for caller in callers {
        let trust = caller.join().expect("no panic");
        assert_eq!((&trust["cache"]["status"], &trust["bytesScanned"]), (&json!("SHARED"), &json!("5000")));
    }
    let later = fixture.client().graphql(WITH_COST).json()["data"]["report"]["trust"].clone();
    assert_eq!((&later["cache"]["status"], &later["bytesScanned"]), (&json!("HIT"), &json!("0")));
    assert_eq!(fixture.fake.counts(), (1, 1, 0));
    let counts = fixture.client().get("/metrics").body;
    assert!(counts.contains("entente_query_bytes_total{kind=\"scanned\"} 5000"), "{counts}");
    assert!(counts.contains("entente_query_bytes_total{kind=\"billed\"} 6000"), "{counts}");
}

#[test]
fn a_warehouse_that_does_not_tell_at_the_start_is_asked_again_soon() {
    let fake = Fake::default();
    fake.tell_tables(shipments(1000), 1);
    let fixture = limited(fake, Reload::Never);
    let revenue = || fixture.client().graphql("{ report { rows { revenue } } }");
    assert_eq!(revenue().code(), "COST_UNKNOWN");
    eventually("the price is known", || revenue().json()["errors"].is_null());
}

#[test]
fn a_project_that_is_taken_up_knows_its_tables() {
    let fake = Fake::default();
    fake.tell_tables(shipments(1000), 0);
    let fixture = limited(fake, Reload::OnChange);
    let query = "{ report { rows { heaviest } } }";
    let more = |model: &str| format!("{METRICS}  - {{ name: heaviest, model: {model}, agg: max, expr: weight_kg }}\n");
    fixture.write_metrics(&more("shipments"));
    eventually("it is served", || fixture.client().get("/metrics/heaviest").status == 200);
    assert!(fixture.client().graphql(query).json()["errors"].is_null());
    // What was known of the project before holds where the warehouse does not tell.
    fixture.fake.tell_tables(shipments(1000), 1);
    fixture.write_metrics(&METRICS.replace("What they paid", "What was paid"));
    eventually("it is served", || fixture.client().get("/metrics/revenue").body.contains("What was paid"));
    assert!(fixture.client().graphql("{ report { rows { revenue } } }").json()["errors"].is_null());
    // A table that nobody knew is asked for soon.
    fixture.fake.tell_tables(Catalog::default(), usize::MAX);
    let model = "  - { name: returns, table: returns, primary_key: id }\nmetrics:";
    let returns = METRICS.replace("metrics:", model);
    fixture.write_metrics(&format!("{returns}  - {{ name: returned, model: returns, agg: count }}\n"));
    eventually("it is served", || fixture.client().get("/metrics/returned").status == 200);
    let returned = || fixture.client().graphql("{ report { rows { returned } } }");
    assert_eq!(returned().code(), "COST_UNKNOWN");
    let mut tables = shipments(1000);
    tables.tables.insert("returns".to_owned(), tables.tables["shipments"].clone());
    fixture.fake.tell_tables(tables, 0);
    eventually("its price is known", || returned().json()["errors"].is_null());
}

#[test]
fn what_it_takes_to_count_the_rows_is_told_as_well() {
    let fixture = Fixture::new();
    let text = |text: &str| Some(text.to_owned());
    let keys = ColumnData::String(vec![text("a"), text("b"), text("c")]);
    let columns = vec![keys, ColumnData::Integer(vec![Some(3), Some(2), Some(1)])];
    fixture.fake.answer_with(Rows { columns, len: 3 });
    fixture.fake.meter_with(Metered { scanned: Some(5000), billed: Some(6000) });
    let query = "{ report(first: 1) { rows { by { shipments { service } } parcelsBooked } pageInfo { totalRows } trust { bytesScanned } } }";
    let report = fixture.client().graphql(query).json()["data"]["report"].clone();
    assert_eq!((&report["pageInfo"]["totalRows"], &report["trust"]["bytesScanned"]), (&json!("3"), &json!("10000")));
}
