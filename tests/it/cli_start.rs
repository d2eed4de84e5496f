//! How a project begins: `entente demo` and `entente init`.

use std::process::{Command, Stdio};

use entente::warehouse::duckdb::{Access, DuckDb};

use crate::command::Project;

#[test]
fn a_demo_in_an_empty_folder_is_a_project_that_answers() {
    let project = Project::empty();
    project.run(["demo", "--scale", "0.01"]).worked();
    let out = project.run(["query", "-m", "parcels_booked", "-f", "csv"]).worked();
    assert!(out.starts_with("parcels_booked\n"), "{out}");
    project.run(["demo", "--scale", "0.01"]).failed(1, &["is there already", "--force"]);
    project.run(["demo", "--scale", "0.001", "--force"]).worked();
    project.run(["demo", "--scale", "0"]).failed(2, &["not between 0.001 and 100"]);
}

#[test]
fn two_demos_at_once_make_one_warehouse_and_one_that_is_stopped_leaves_nothing() {
    let project = Project::with("models: []\n");
    let demo = |scale: &str| project.command(["demo", "--force", "--scale", scale]).stderr(Stdio::null()).spawn();
    let both = ["0.02", "0.02"].map(|scale| demo(scale).expect("the command runs"));
    for mut one in both {
        assert!(one.wait().expect("it ends").success());
    }
    let left = |project: &Project| -> Vec<String> {
        let names = std::fs::read_dir(project.path("")).expect("a folder").flatten();
        let mut names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(left(&project), ["entente.yml", "metrics", "schema", "small.duckdb"]);

    let stopped = Project::with("models: []\n");
    let mut demo = stopped.command(["demo", "--scale", "10"]).stderr(Stdio::null()).spawn().expect("the command runs");
    while !left(&stopped).iter().any(|name| name.ends_with(".partial")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = demo.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().expect("it can be told");
    assert_eq!(demo.wait().expect("it ends").code(), Some(130));
    assert_eq!(left(&stopped), ["entente.yml", "metrics"]);
}

#[test]
fn keys_of_other_systems_and_long_names_start_a_project_too() {
    let project = Project::empty();
    let long = "a_column_whose_name_goes_on_".repeat(5);
    let data = DuckDb::open(&project.path("erp.duckdb"), Access::ReadWrite).expect("a file");
    data.execute_batch(&format!(
        "CREATE TABLE orders AS SELECT CAST(i AS DECIMAL(18, 0)) AS order_id, CAST(i % 3 AS DECIMAL(18, 0)) AS customer_id, \
         CAST(i AS DECIMAL(12, 2)) AS {long} FROM range(30) t(i); \
         CREATE TABLE customers AS SELECT CAST(i AS DECIMAL(18, 0)) AS customer_id, 'name ' || i AS name FROM range(3) t(i)"
    ))
    .expect("the tables are made");
    drop(data);
    project.run(["init", "erp.duckdb"]).worked();
    project.run(["check"]).worked();
    let orders = project.read("metrics/orders.yml");
    assert!(orders.contains("primary_key: order_id") && orders.contains("to: customers"), "{orders}");
    assert!(!orders.contains("total_customer_id"), "nobody adds up keys:\n{orders}");
}

#[test]
fn a_project_starts_from_a_duckdb_file_and_answers() {
    let project = Project::empty();
    entente::sample::create(&project.path("parcel.duckdb"), 0.01, &|_, _| {}).expect("the sample is made");
    let out = project.run(["init", "parcel.duckdb", "--time-zone", "Europe/Berlin"]).worked();
    assert!(out.contains("entente.yml"), "{out}");
    project.run(["check"]).worked();
    project.run(["fmt", "--check"]).worked();
    project.run(["init", "parcel.duckdb"]).failed(1, &["is there already"]);
    project.run(["init", "gone.duckdb", "--project", "other"]).failed(3, &["gone.duckdb", "no such file"]);
}

#[test]
fn a_project_starts_from_a_folder_of_files() {
    let project = Project::empty();
    let flights = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flights/data");
    for name in ["flights.csv", "airports.csv"] {
        project.write(&format!("data/{name}"), std::fs::read(flights.join(name)).expect("the flights are there"));
    }
    project.run(["init", "data"]).worked();
    assert!(project.path("data.duckdb").exists());
    project.run(["check"]).worked();
    let out = project.run(["query", "-m", "flights", "-f", "csv"]).worked();
    assert_eq!(out, "flights\n20000\n");
    std::fs::create_dir(project.path("nothing")).expect("a folder is made");
    project.run(["init", "nothing", "--project", "new"]).failed(1, &["has no CSV or Parquet files"]);
    assert!(!project.path("new").exists(), "what was begun is taken away");
}

#[test]
fn a_project_starts_from_one_file_with_exact_amounts() {
    let project = Project::empty();
    let row = |id: u32| format!("{id},{}.1,2025-01-{:02}\n", id % 3, id % 28 + 1);
    let rows: Vec<String> = (1..=1000).map(row).collect();
    project.write("payments.csv", format!("payment_id,amount,paid_on\n{}", rows.concat()));
    project.write("broken.parquet", "nothing");
    project.write("notes.txt", "not a table");
    for (wrong, code) in [("broken.parquet", 3), ("notes.txt", 3)] {
        project.run(["init", wrong, "--project", "deep/new"]).failed(code, &[wrong]);
        assert!(!project.path("deep").exists(), "`init {wrong}` left something behind");
    }
    let out = project.run(["init", "payments.csv", "--project", "shop"]).worked();
    for schema in ["schema/metrics.schema.json", "schema/entente.schema.json"] {
        assert!(out.contains(schema) && project.path(format!("shop/{schema}")).exists(), "{out}");
    }
    let catalog = project.read("shop/schema/catalog.json");
    assert!(catalog.contains("\"decimal\""), "amounts are decimals:\n{catalog}");
    let metric =
        "metrics:\n  - { name: paid, description: Paid., owner: sales, model: payments, agg: sum, expr: amount }\n";
    project.write("shop/metrics/paid.yml", metric);
    project.run(["check", "--project", "shop"]).worked();
    let out = project.run(["query", "--project", "shop", "-m", "paid", "-f", "csv"]).worked();
    assert_eq!(out, "paid\n1100.0\n");
}

#[test]
fn a_folder_of_files_is_a_warehouse() {
    let project = Project::empty();
    let write = |name: &str, text: &str| {
        let path = project.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write(
        "entente.yml",
        "language: 1\nname: shop\nconnection: local\nconnections: { local: { type: duckdb, path: data } }\ntime_zone: UTC\n",
    );
    write(
        "metrics/orders.yml",
        "models:\n  - name: orders\n    description: Orders.\n    table: orders\n    primary_key: id\nmetrics:\n  - { name: paid, description: Paid., model: orders, agg: sum, expr: amount }\n",
    );
    project.run(["query", "-m", "paid"]).failed(3, &["there is no warehouse"]);
    write("data/orders/2025.csv", "id,amount\n1,0.10\n2,0.20\n");
    write("data/orders/2026.csv", "id,amount\n3,0.30\n");
    assert_eq!(project.run(["query", "-m", "paid", "-f", "csv"]).worked(), "paid\n0.60\n");
    project.run(["catalog", "pull"]).worked();
    project.run(["check"]).worked();
    write("data/orders/2027.tsv", "id\tamount\n4\t1\n");
    project
        .run(["query", "-m", "paid"])
        .failed(3, &["orders` cannot be read as a table: its files are of several kinds"]);
}
