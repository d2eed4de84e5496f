//! Commands on the worked example: checks, tests, the catalog, formatting, help, verification.

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
