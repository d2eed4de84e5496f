//! Every command on the worked example.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use entente::warehouse::duckdb::{Access, DuckDb};

use crate::command::{NOW, Project, Ran, Scale, entente};

#[test]
fn the_example_checks_without_errors() {
    let ran = Project::parcel(Scale::Hundredth).run(["check", "--format", "concise"]);
    assert!(!ran.out.contains("error["), "{}", ran.out);
    ran.worked();
}

#[test]
fn a_query_answers_in_every_shape() {
    let project = Project::parcel(Scale::Hundredth);
    let ask = |format: &str| {
        let request = ["query", "-m", "parcels_booked,on_time_delivery_rate", "-b", "service", "-t", "2025"];
        project.run(request.into_iter().chain(["-w", "service in ('express', 'same_day')", "-f", format])).worked()
    };
    let table = ask("table");
    let mut lines = table.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("service")), "{table}");
    assert_eq!(lines.count(), 2, "{table}");
    assert!(table.contains('%'), "the rate is shown as its metric says:\n{table}");

    let csv = ask("csv");
    assert!(csv.starts_with("service,parcels_booked,on_time_delivery_rate\n"), "{csv}");
    assert!(!csv.contains('%'), "CSV is exact:\n{csv}");

    let json: serde_json::Value = serde_json::from_str(&ask("json")).expect("it is JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(2));
    assert!(json[0]["parcels_booked"].is_u64(), "{json}");
}

#[test]
fn a_query_says_which_periods_are_not_whole() {
    let project = Project::parcel(Scale::Hundredth);
    let request = ["query", "-m", "parcels_booked", "-b", "time.month", "-o", "time.month", "-t"];
    let ask = |range: &str, format: &str| project.run(request.into_iter().chain([range, "-f", format]));

    let json = ask("2025-03-10 to 2025-06-01", "json").worked();
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let rows = json.as_array().expect("it is an array");
    let marks: Vec<bool> = rows.iter().filter_map(|row| row["is_partial"].as_bool()).collect();
    assert_eq!(marks, [true, false, false], "{json}");

    let table = ask("2025-03-10 to 2025-06-01", "table");
    assert!(
        table.err.contains("1 of 3 rows stands for a period that is not over, or cut by the range"),
        "{}",
        table.err
    );
    let whole = ask("2025-03 to 2025-06", "table");
    assert!(!whole.err.contains("not over"), "{}", whole.err);
}

#[test]
fn periods_that_a_calendar_calls_by_labels_are_told_to_be_cut() {
    let project = Project::parcel(Scale::Hundredth);
    let terms = "CREATE TABLE marts.dim_terms AS SELECT calendar_date, \
        CASE WHEN calendar_date < DATE '2025-04-01' THEN 'winter' WHEN calendar_date < DATE '2025-10-01' THEN 'summer' END AS term \
        FROM marts.dim_retail_calendar WHERE calendar_date >= DATE '2025-01-01' AND calendar_date < DATE '2025-10-01'";
    let file = project.path("parcel.duckdb");
    DuckDb::open(&file, Access::ReadWrite).and_then(|file| file.execute_batch(terms)).expect("a table is made");
    project.write(
        "metrics/terms.yml",
        "calendars:\n  - name: terms\n    table: marts.dim_terms\n    date: calendar_date\n    granularities: { term: {} }\n",
    );
    project.run(["catalog", "pull"]).worked();
    let request = ["query", "-m", "parcels_booked", "-b", "time.term", "-o", "time.term", "-f", "json", "-t"];
    let marks = |range: &str| -> Vec<(String, bool)> {
        let json = project.run(request.into_iter().chain([range])).worked();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).expect("it is JSON");
        let mark = |row: &serde_json::Value| {
            (row["time.term"].as_str().expect("a label").to_owned(), row["is_partial"].as_bool().expect("a mark"))
        };
        rows.iter().map(mark).collect()
    };
    let (summer, winter) = ("summer".to_owned(), "winter".to_owned());
    assert_eq!(marks("2025-01-01 to 2025-09-01"), [(winter.clone(), false), (summer.clone(), true)]);
    assert_eq!(marks("2025-02-01 to 2025-10-01"), [(winter, true), (summer, false)]);
}

#[test]
fn a_metric_that_is_called_like_a_key_is_no_second_column() {
    let project = Project::parcel(Scale::Hundredth);
    project.write(
        "metrics/twice.yml",
        "metrics:\n  - { name: service, description: Services., owner: network-pm, model: shipments, agg: count_distinct, expr: service }\n",
    );
    project
        .run(["query", "-m", "service", "-b", "service"])
        .failed(2, &["`service` is a metric and a key", "shipments"]);
    let both = project.run(["query", "-m", "service", "-b", "shipments.service", "-f", "csv"]).worked();
    assert!(both.starts_with("shipments.service,service\n"), "{both}");
}

#[test]
fn a_metric_that_is_called_like_another_one_with_its_words_is_not_taken_for_it() {
    let project = Project::parcel(Scale::Hundredth);
    project.write(
        "metrics/share.yml",
        "metrics:\n  - { name: revenue_share, description: Parcels., owner: network-pm, model: shipments, agg: count }\n",
    );
    for both in ["revenue share,revenue_share", "revenue_share,revenue share"] {
        project
            .run(["query", "-m", both, "-b", "service", "-t", "2025"])
            .failed(1, &["two different metrics", "`revenue_share`", "one of them only"]);
    }
    let share = ["query", "-m", "revenue share", "-b", "service", "-t", "2025"];
    project.run(share).worked();
    project
        .run(share.into_iter().chain(["--having", "revenue_share > 5000"]))
        .failed(1, &["`revenue_share`", "Rename"]);
    project.run(["query", "-m", "revenue share,revenue share", "-b", "service", "-t", "2025"]).worked();
}

#[test]
fn the_parts_of_a_query_add_up_to_the_whole() {
    let project = Project::parcel(Scale::Hundredth);
    let number = |ran: Ran| -> u64 {
        ran.worked()
            .lines()
            .skip(1)
            .map(|line| line.rsplit(',').next().expect("a field").parse::<u64>().expect("a count"))
            .sum()
    };
    let whole = number(project.run(["query", "-m", "parcels_booked", "-f", "csv"]));
    for key in ["service", "customers.country", "time.month", "origin.region", "time.day_of_week", "weight_class"] {
        assert_eq!(number(project.run(["query", "-m", "parcels_booked", "-b", key, "-f", "csv"])), whole, "by {key}");
    }
}

#[test]
fn having_order_limit_and_top_choose_rows() {
    let project = Project::parcel(Scale::Hundredth);
    let rows = |arguments: &[&str]| {
        let base = ["query", "-m", "parcels_booked", "-b", "customers.name", "-f", "csv"];
        let out = project.run(base.iter().chain(arguments)).worked();
        out.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["--limit", "3", "--order", "parcels_booked desc"]).len(), 3);
    let all = rows(&[]).len();
    let many = rows(&["--having", "parcels_booked > 20"]).len();
    assert!(many > 0 && many < all, "{many} of {all}");
    let top = rows(&["--top", "3 customers.name by parcels_booked with others"]);
    assert_eq!(top.len(), 4, "{top:?}");
}

#[test]
fn empty_periods_are_filled_when_asked() {
    let project = Project::parcel(Scale::Hundredth);
    let base = ["query", "-m", "parcels_booked", "-b", "time.day", "-t", "1990-01-01 to 1990-01-04", "-f", "csv"];
    assert_eq!(project.run(base).worked(), "time.day,parcels_booked\n");
    let filled = project.run(base.into_iter().chain(["--fill", "time"])).worked();
    assert_eq!(filled, "time.day,parcels_booked\n1990-01-01,0\n1990-01-02,0\n1990-01-03,0\n");
}

#[test]
fn a_saved_query_is_run_by_its_name() {
    let project = Project::parcel(Scale::Hundredth);
    let out = project.run(["query", "--saved", "weekly_network_review", "--now", NOW, "-f", "csv"]).worked();
    assert!(out.starts_with("time.week,origin.region,parcels_booked,"), "{out}");
    project
        .run(["query", "--saved", "weekly_netwrk_review"])
        .failed(2, &["unknown saved query", "Did you mean `weekly_network_review`?"]);
}

#[test]
fn a_plan_is_explained_stage_by_stage() {
    let project = Project::parcel(Scale::Hundredth);
    let out =
        project.run(["explain", "-m", "revenue,claims", "-b", "time.month,customers.country", "-t", "2025"]).worked();
    for section in ["request", "time", "joins", "plan", "partitions", "sql (duckdb)"] {
        assert!(out.lines().any(|line| line == section), "there is no section `{section}`:\n{out}");
    }
    assert!(out.contains("marts.fct_shipments.booked_date: proved to be in ["), "{out}");
}

#[test]
fn a_code_is_explained_by_its_page() {
    let project = Project::empty();
    let page = project.run(["explain", "file-too-large"]).worked();
    assert!(page.starts_with("# file-too-large\n"), "{page}");
    project.run(["explain", "file-too-larg"]).failed(2, &["unknown code", "Did you mean `file-too-large`?"]);
    let codes = project.run(["explain", "codes"]).worked();
    assert_eq!(codes.lines().count(), entente::diagnostics::Code::ALL.len());
}

#[test]
fn the_tests_of_the_example_pass_and_a_wrong_one_fails() {
    let project = Project::parcel(Scale::Hundredth);
    let out = project.run(["test", "--now", NOW]).worked();
    assert!(out.contains("rate_is_a_rate") && out.contains("key of `shipments`: shipment_id"), "{out}");

    project.write("metrics/wrong.yml", "tests:\n  - { name: wrong, metric: parcels_booked, expect: 1 }\n");
    let ran = project.run(["test", "wrong"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("FAIL  wrong: it is ") && ran.out.contains(", not 1"), "{}", ran.out);
    assert!(ran.out.contains("metrics/wrong.yml:2; `entente explain --metrics parcels_booked`"), "{}", ran.out);
}

#[test]
fn a_key_that_is_none_fails_the_test() {
    let project = Project::with(
        "models:\n  - { name: customers, description: Accounts., table: marts.dim_customers, primary_key: country }\n",
    );
    entente::sample::create(&project.path("small.duckdb"), 0.01, &|_, _| {}).expect("the sample is made");
    let ran = project.run(["test"]);
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert!(ran.out.contains("FAIL  key of `customers`: country: "), "{}", ran.out);
    assert!(ran.out.contains("values occur more than once"), "{}", ran.out);
    assert!(ran.out.contains("1 row has no value"), "{}", ran.out);
}

#[test]
fn what_cannot_be_read_fails_the_test_and_hides_no_other() {
    let project = Project::with(
        "models:\n  - { name: a, description: Rows., table: marts.dim_customers, primary_key: no_such }\n  \
         - { name: b, description: Rows., table: marts.dim_customers, primary_key: customer_id, dimensions: [ { name: old, \
         type: string, expr: gone } ] }\nmetrics:\n  \
         - { name: rows, model: b, description: All rows., agg: count }\ntests:\n  \
         - { name: refused, metric: rows, where: \"old = 'x'\", expect: 1 }\n",
    );
    entente::sample::create(&project.path("small.duckdb"), 0.01, &|_, _| {}).expect("the sample is made");
    let ran = project.run(["test"]);
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert!(ran.out.contains("FAIL  refused: the warehouse refused the query: it names a column"), "{}", ran.out);
    assert!(ran.out.contains("metrics/small.yml:7; `entente explain"), "{}", ran.out);
    assert!(ran.out.contains("FAIL  key of `a`: no_such: the warehouse refused"), "{}", ran.out);
    assert!(ran.out.contains("ok    key of `b`: customer_id"), "{}", ran.out);
    assert!(ran.err.contains("1 ok, 2 failed"), "{}", ran.err);
    let told = project.run(["test", "--format", "json"]);
    assert_eq!(told.code, 1, "{}", told.err);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("it is JSON");
    assert_eq!((&told[0]["name"], &told[0]["status"]), (&"refused".into(), &"error".into()), "{told}");
    assert_eq!((&told[0]["file"], &told[0]["line"]), (&"metrics/small.yml".into(), &7.into()), "{told}");
    assert_eq!((&told[2]["status"], &told[2]["message"]), (&"ok".into(), &serde_json::Value::Null), "{told}");
}

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
fn the_catalog_is_written_and_compared() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["catalog", "pull"]).worked();
    project.run(["catalog", "pull", "--check"]).worked();
    let text = project.read("schema/catalog.json").replace("\"oldest_hours\"", "\"oldest\"");
    project.write("schema/catalog.json", text);
    let ran = project.run(["catalog", "pull", "--check"]);
    assert_eq!(ran.out, "marts.depot_inventory\n", "{}", ran.err);
    ran.failed(1, &["out of date"]);
}

#[test]
fn periods_of_calendars_outlive_a_mistake_in_the_definitions() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["catalog", "pull"]).worked();
    let before = project.read("schema/catalog.json");
    let right = project.read("metrics/shipments.yml");
    project.write("metrics/shipments.yml", right.replace("agg: median", "agg: medain"));
    project.run(["catalog", "pull", "--check"]).worked();
    let ran = project.run(["catalog", "pull"]);
    assert!(ran.err.contains("the periods of calendars are as they were"), "{}", ran.err);
    ran.worked();
    assert_eq!(project.read("schema/catalog.json"), before);
}

#[test]
fn a_catalog_of_another_warehouse_is_not_written() {
    let project = Project::parcel(Scale::Hundredth);
    let before = project.read("schema/catalog.json");
    let elsewhere = DuckDb::open(&project.path("elsewhere.duckdb"), Access::ReadWrite).expect("a file");
    elsewhere.execute_batch("CREATE VIEW empty AS SELECT 1 AS one; DROP VIEW empty").expect("it has no tables");
    let config = project.read("entente.yml").replace("parcel.duckdb", "elsewhere.duckdb");
    project.write("entente.yml", config);
    drop(elsewhere);
    project.run(["catalog", "pull"]).failed(1, &["the warehouse has no", "`schema/catalog.json` is as it was"]);
    let elsewhere = DuckDb::open(&project.path("elsewhere.duckdb"), Access::ReadWrite).expect("a file");
    elsewhere.execute_batch("CREATE TABLE other (id INTEGER)").expect("a table");
    drop(elsewhere);
    project.run(["catalog", "pull"]).failed(1, &["none of the", "entente.yml"]);
    assert_eq!(project.read("schema/catalog.json"), before);
    // A catalog without tables is one, and none is none.
    project.write("schema/catalog.json", "{ \"tables\": {} }");
    let ran = project.run(["check"]);
    assert!(ran.out.contains("the warehouse has no table `marts.fct_shipments`"), "{}", ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn formatting_keeps_the_meaning_and_comes_to_rest() {
    let project = Project::parcel(Scale::Hundredth);
    let before = project.run(["query", "-m", "revenue", "-b", "time.month", "-f", "csv"]).worked();
    project.run(["fmt"]).worked();
    project.run(["fmt", "--check"]).worked();
    assert_eq!(project.run(["query", "-m", "revenue", "-b", "time.month", "-f", "csv"]).worked(), before);
    assert!(project.read("metrics/tables.yml").contains("# devices keep events for up to three days"));

    project.write("metrics/untidy.yml", "saved_queries:\n    -   {name:   untidy,  metrics:  [revenue]}\n");
    let ran = project.run(["fmt", "--check"]);
    assert!(ran.out.contains("untidy.yml"), "{}", ran.out);
    ran.failed(1, &["not in the layout"]);
}

#[test]
fn a_file_formatted_from_another_folder_names_its_schema_by_its_depth() {
    let project = Project::parcel(Scale::Hundredth);
    project.write("metrics/deep/er/x.yml", "meta: 1\n");
    for folder in ["metrics/deep/er", "metrics", "schema"] {
        project.write("metrics/deep/er/x.yml", "meta: 1\n");
        let path = project.path("metrics/deep/er/x.yml");
        let mut command = project.command(["fmt".as_ref(), path.as_os_str()]);
        Ran::from(command.current_dir(project.path(folder)).output().expect("entente runs")).worked();
        let head = "# yaml-language-server: $schema=../../../schema/metrics.schema.json\n";
        assert!(project.read("metrics/deep/er/x.yml").starts_with(head), "from {folder}");
    }
}

#[test]
fn a_project_above_the_working_folder_is_found() {
    let project = Project::parcel(Scale::Hundredth);
    let mut command = project.command(["check"]);
    command.current_dir(project.path("metrics"));
    Ran::from(command.output().expect("the command runs")).worked();
    let elsewhere = Project::empty();
    elsewhere.run(["check"]).failed(2, &["is not in a project", "--project"]);
    let folder = project.path("");
    elsewhere.run(["check".as_ref(), "--project".as_ref(), folder.as_os_str()]).worked();
    elsewhere.run(["check", "--project", "nowhere"]).failed(2, &["`nowhere` is not a folder"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let project = Project::parcel(Scale::Hundredth);
    let mut child = project
        .command(["query", "-m", "parcels_booked", "-b", "customers.name,time.day", "-f", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut first = [0; 10];
    child.stdout.take().expect("it is piped").read_exact(&mut first).expect("it writes");
    let mut said = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{status}: {said}");
    assert_eq!(said, "");
}

#[cfg(unix)]
#[test]
fn a_reader_of_errors_that_leaves_is_no_panic() {
    let project = Project::with("metrics: [ { name: wrong } ]\n");
    let script = format!("{} build 2>&1 | true; exit ${{PIPESTATUS:-0}}", env!("CARGO_BIN_EXE_entente"));
    for _ in 0..5 {
        let output = Command::new("bash").args(["-c", &script]).current_dir(project.path("")).output();
        let Ok(output) = output else { return };
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn colors_are_for_those_who_ask() {
    let project = Project::with("metrics: [ { name: wrong } ]\n");
    assert!(!project.run(["check"]).out.contains('\u{1b}'), "a pipe gets no colors");
    assert!(project.run(["check", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn every_command_has_help_with_examples() {
    let help = |arguments: &[&str]| -> String {
        let output = entente().args(arguments).output().expect("the command runs");
        Ran::from(output).worked()
    };
    let whole = help(&["--help"]);
    assert!(whole.contains("Exit codes:"), "{whole}");
    let commands = whole.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let text = help(&[name, "--help"]);
        assert!(text.contains("Examples:"), "`{name}` has no examples");
        assert!(text.lines().all(|line| line.chars().count() <= 140), "`{name}` has long lines");
    }
}

#[test]
fn wrong_arguments_end_with_two() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["quary"]).failed(2, &["unrecognized subcommand", "query"]);
    project.run(["query", "--metric", "revenue"]).failed(2, &["--metrics"]);
    project.run(["query"]).failed(2, &["nothing is asked", "--metrics"]);
    project.run(["query", "-m", "revenue", "--top", "many"]).failed(2, &["is no top"]);
    project.run(["query", "-m", "revenue", "--dialect", "duckdb"]).failed(2, &["--sql"]);
    // Whoever names a test that is not there must not be told that it passes.
    project.run(["test", "shipmnts"]).failed(2, &["no test has `shipmnts` in its name", "`shipments`"]);
    project.run(["verify", "shipmnts"]).failed(2, &["no declaration has `shipmnts` in its name", "`shipments`"]);
    project.run(["verify", "no such thing at all"]).failed(2, &["Leave the text out"]);
    let bare: Ran = Command::output(&mut entente()).expect("the command runs").into();
    bare.failed(2, &["Usage:"]);
}

#[test]
fn a_request_that_is_refused_ends_with_one() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["query", "-m", "revenu"]).failed(1, &["revenu", "`revenue`"]);
    project.run(["query", "-m", "revenue", "-b", "customers.contry"]).failed(1, &["contry", "country"]);
    project.run(["query", "-m", "revenue", "-w", "service ="]).failed(1, &["error:"]);
    project.run(["query", "-m", "revenue", "-t", "last blue moon"]).failed(1, &["last blue moon"]);
    project.run(["query", "-m", "revenue", "-b", "depots.region"]).failed(1, &["origin", "destination"]);
}

#[test]
fn the_reference_page_is_what_help_says() {
    crate::generated::check("docs/reference/cli.md", &entente::cli::reference());
}

#[test]
fn the_data_of_the_example_keeps_what_is_declared() {
    let project = Project::parcel(Scale::Hundredth);
    let ran = project.run(["verify", "--now", NOW]);
    assert!(ran.err.contains(" 0 broken"), "{} {}", ran.out, ran.err);
    let out = ran.worked();
    assert!(out.contains("ok    key of `shipments`: shipment_id\n"), "{out}");
    assert!(out.contains("warn  join `shipments.customers` to `customers`: "), "{out}");
    assert_eq!(project.run(["verify", "--only", "joins", "--warnings", "fail", "--now", NOW]).code, 1);
    assert_eq!(project.run(["verify", "--only", "values", "--warnings", "fail", "--now", NOW]).code, 0);
}

#[test]
fn broken_declarations_are_named_to_people_and_programs() {
    let project = Project::with(
        "models:\n  - name: customers\n    description: Accounts.\n    table: marts.dim_customers\n    \
         primary_key: customer_id\n    unique: [[email], [segment]]\n    dimensions:\n      \
         - { name: email, type: string, pii: email, values: [nobody] }\n      \
         - { name: segment, type: string, values: [small] }\n",
    );
    entente::sample::create(&project.path("small.duckdb"), 0.01, &|_, _| {}).expect("the sample is made");
    let ran = project.run(["verify"]);
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    assert!(ran.out.contains("FAIL  values of `customers.segment`: 2 values are not listed"), "{}", ran.out);
    assert!(!ran.out.contains('@'), "an address is shown:\n{}", ran.out);

    let json = project.run(["verify", "segment", "--only", "values", "--format", "json"]);
    assert_eq!(json.code, 1);
    let findings: serde_json::Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(findings[0]["status"], "error", "{findings}");
    assert_eq!(findings[0]["file"], "metrics/small.yml", "{findings}");
    assert_eq!(findings[0]["faults"][0]["values"], 2, "{findings}");
    assert!(findings[0]["faults"][0]["examples"][0]["values"][0]["value"].is_string(), "{findings}");
}

#[test]
fn a_query_that_the_warehouse_refuses_hides_no_other_finding() {
    let project = Project::with(
        "models:\n  - { name: a, description: Rows., table: marts.dim_customers, primary_key: no_such }\n  \
         - { name: b, description: Rows., table: marts.dim_customers, primary_key: segment }\n",
    );
    entente::sample::create(&project.path("small.duckdb"), 0.01, &|_, _| {}).expect("the sample is made");
    let ran = project.run(["verify"]);
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    assert!(ran.out.contains("none  key of `a`: no_such: the warehouse refused"), "{}", ran.out);
    assert!(ran.out.contains("FAIL  key of `b`: segment: "), "{}", ran.out);
}
