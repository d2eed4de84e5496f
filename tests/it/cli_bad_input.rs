//! Bad input of every kind: a clear error, the right exit code, and never a panic.

use std::{
    fs::{self, File},
    net::TcpListener,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::command::{Project, Ran, Scale};

const GOOD: &str = "\
models:
  - name: orders
    description: One row per order.
    table: orders
    primary_key: order_id
    dimensions:
      - { name: country, type: string, description: Country. }
metrics:
  - { name: orders, description: Orders., owner: sales, model: orders, agg: count }
";

/// Checks a project of these definitions and returns the concise diagnostics; they must be errors.
#[track_caller]
fn wrong(definitions: &str) -> String {
    let ran = Project::with(definitions).run(["check", "--format", "concise"]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran.out
}

#[test]
fn an_empty_answer_says_where_nothing_was_found() {
    let ran = Project::parcel(Scale::Hundredth).run(["query", "-m", "claims", "-b", "time.month", "-t", "2031"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("no rows from 2031-01-01 up to, not including, 2032-01-01"), "{}", ran.err);
}

#[test]
fn no_rows_that_were_asked_for_are_no_news() {
    let ran =
        Project::parcel(Scale::Hundredth).run(["query", "-m", "claims", "-b", "time.month", "-t", "2025", "-l", "0"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn a_range_has_a_day() {
    let project = Project::parcel(Scale::Hundredth);
    let asked = ["query", "-m", "claims", "-t", "2024-02-29 to 2024-02-29"];
    project.run(asked).failed(1, &["has no day", "for one day write `2024-02-29`"]);
    project.run(["query", "-m", "claims", "-t", "last month"]).failed(1, &["Write `last 1 month`"]);
    project.run(["query", "-m", "claims", "-t", "2025", "--now", "2026-01-01"]).worked();
    project.run(["query", "-m", "claims", "--now", "soon"]).failed(2, &["or a day such as `2026-01-15`"]);
}

#[test]
fn words_without_an_option_and_short_keys_are_put_in_their_place() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["query", "revenue"]).failed(2, &["Name metrics with `--metrics revenue`"]);
    project.run(["query", "-m", "revenue", "-b", "country"]).failed(1, &["Did you mean `customers.country`"]);
    project.run(["query", "-m", "revenue", "-b", "month"]).failed(1, &["Write `time.month`"]);
    let unquoted = project.run(["query", "-m", "revenue", "-w", "service = express"]);
    unquoted.failed(1, &["A text stands in single quotes: `'express'`."]);
}

#[test]
fn a_good_project_is_good() {
    Project::with(GOOD).run(["check"]).worked();
}

#[test]
fn a_project_without_a_catalog_says_what_was_not_checked() {
    let project = Project::with(GOOD);
    let ran = project.run(["check", "--format", "concise", "--warnings", "fail"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.starts_with("schema/catalog.json:1:1: warning[missing-catalog] there is no"), "{}", ran.out);
    let quiet = project.run(["check", "--format", "concise", "--warnings", "hide"]).worked();
    assert_eq!(quiet, "");
    project.write("schema/catalog.json", r#"{ "tables": { "orders": { "columns": [{ "name": "order_id", "type": "integer" }, { "name": "country", "type": "string" }] } } }"#);
    assert_eq!(project.run(["check", "--format", "concise", "--warnings", "fail"]).worked(), "");
}

#[test]
fn places_are_told_from_where_the_command_stands() {
    let project = Project::with(&GOOD.replace("agg: count", "agg: cuont"));
    let inner = project.path("metrics");
    let outer = project.path("").parent().expect("a folder above").to_owned();
    let name = project.path("").file_name().expect("a name").to_string_lossy().into_owned();
    let first = |folder: &std::path::Path, format: &str, workspace: &std::path::Path| {
        let mut command = project.command(["check", "--warnings", "hide", "--format", format, "--project"]);
        command.arg(project.path("")).current_dir(folder).env("GITHUB_WORKSPACE", workspace);
        let ran: Ran = command.output().expect("the command runs").into();
        assert_eq!(ran.code, 1, "{}", ran.err);
        ran.out
    };
    let out = first(&outer, "concise", &outer);
    assert!(out.starts_with(&format!("{name}/metrics/small.yml:9:")), "{out}");
    let out = first(&inner, "json", &outer);
    assert!(out.contains("\"path\": \"../metrics/small.yml\""), "{out}");
    let out = first(&inner, "github", &outer);
    assert!(out.contains(&format!("file={name}/metrics/small.yml,")), "{out}");
}

#[test]
fn broken_yaml_is_placed() {
    let out = wrong("models:\n  - { name: orders\nmetrics: [");
    assert!(out.contains("metrics/small.yml:"), "{out}");
    assert!(out.contains("error[invalid-yaml]"), "{out}");
}

#[test]
fn everything_wrong_is_reported_in_one_run() {
    let text = GOOD.replace("agg: count", "agg: cuont").replace("primary_key", "primry_key");
    let project = Project::with(&format!("{text}  - {{ name: Returns, description: x, model: ordrs, agg: count }}\n"));
    let ran = project.run(["check"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for code in ["unknown-key", "invalid-aggregate", "invalid-name", "unknown-model"] {
        assert!(ran.out.contains(&format!("error[{code}]")), "there is no {code}:\n{}", ran.out);
    }
    for near in ["`primary_key`", "`count`", "`returns`", "`orders`"] {
        assert!(ran.out.contains(near), "{near} is not offered:\n{}", ran.out);
    }
}

#[test]
fn one_mistake_is_told_once_and_with_its_way_out() {
    let joined = "models:\n  - name: orders\n    description: x\n    table: orders\n    primary_key: order_id\n    joins:\n      \
                  - { to: custmers, key: customer_id }\n    dimensions:\n      - { name: country, type: string, expr: customers.country }\n  \
                  - { name: customers, description: x, table: customers, primary_key: customer_id, dimensions: [ { name: country, \
                  type: string } ] }\n";
    let project = Project::with(joined);
    let ran = project.run(["check", "--format", "concise", "--warnings", "hide"]);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    assert!(ran.out.contains("unknown-model") && ran.out.contains("custmers"), "{}", ran.out);

    let out = wrong(&format!("{GOOD}  - {{ name: is_total, description: x, model: orders, agg: count }}\n"));
    assert!(out.contains("error[name-clash]"), "{out}");
    let long = "x".repeat(101);
    let whole = |metric: String| Project::with(&format!("{GOOD}  - {{ {metric} }}\n")).run(["check"]).out;
    let out = whole(format!("name: {long}, description: x, model: orders, agg: count"));
    assert!(out.contains("100 of them at most"), "{out}");
    let out = whole("name: sum, description: x, metric: orders, window: 99999999999999999999 days".to_owned());
    assert!(out.contains("too long") && out.contains("at most `100000`"), "{out}");
}

#[test]
fn numbers_of_periods_begin_with_one() {
    let project = Project::parcel(Scale::Hundredth);
    let asked = |metric: &str, time: &str| project.run(["query", "-m", metric, "-t", time]);
    asked("revenue", "last 0 days").failed(1, &["Write at least `last 1`"]);
    asked("revenue", "last 99999999999 days").failed(1, &["Write at most `last 100000 days`"]);
    asked("revenue over 0 days", "2025").failed(1, &["Write at least 1"]);
    for wrong in ["revenue previous 99999999999999999999 days", "revenue over 100001 months"] {
        asked(wrong, "2025").failed(1, &["Write at most 100000 of a unit"]);
    }
    asked("revenue previous -9223372036854775808 days", "2025").failed(1, &["is no offset"]);
    asked("revenue", "0000-01-01 to 2024-01-01").failed(1, &["is no time range"]);
}

#[test]
fn cycles_and_clashes_are_named() {
    let cycle = "  - { name: a, description: x, expr: b + 1 }\n  - { name: b, description: x, expr: a + 1 }\n";
    let out = wrong(&format!("{GOOD}{cycle}"));
    assert!(out.contains("error[cyclic-metric]"), "{out}");
    let out = wrong(&format!("{GOOD}  - {{ name: orders, description: x, model: orders, agg: count }}\n"));
    assert!(out.contains("error[duplicate-name]"), "{out}");
}

#[test]
fn tables_and_columns_that_are_missing_are_named() {
    let project = Project::with(&GOOD.replace("table: orders", "table: ordres"));
    project.write(
        "schema/catalog.json",
        r#"{"tables": {"orders": {"columns": [{"name": "order_id", "type": "integer"}]}}}"#,
    );
    let ran = project.run(["check", "--format", "concise"]);
    assert!(ran.out.contains("[unknown-table]") && ran.out.contains("ordres"), "{}", ran.out);
    let project = Project::with(GOOD);
    project.write(
        "schema/catalog.json",
        r#"{"tables": {"orders": {"columns": [{"name": "order_id", "type": "integer"}]}}}"#,
    );
    let ran = project.run(["check", "--format", "concise"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("error[unknown-column]") && ran.out.contains("country"), "{}", ran.out);
}

#[test]
fn a_broken_catalog_is_placed() {
    let project = Project::with(GOOD);
    project.write("schema/catalog.json", "{\n  \"tables\": 7\n}\n");
    let ran = project.run(["check", "--format", "concise"]);
    assert!(ran.out.contains("schema/catalog.json:2:13: error[invalid-configuration]"), "{}", ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_file_of_100_megabytes_is_not_read() {
    let project = Project::with(GOOD);
    let file = File::create(project.path("metrics/huge.yml")).expect("a file is made");
    file.set_len(100 << 20).expect("it is made long");
    let begun = Instant::now();
    let ran = project.run(["check", "--format", "concise"]);
    assert!(ran.out.contains("metrics/huge.yml:1:1: error[file-too-large]"), "{}", ran.out);
    assert_eq!(ran.code, 1);
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    let project = Project::with(GOOD);
    project.write("metrics/latin1.yml", b"metrics:\n  # gr\xf6\xdfe\n");
    let ran = project.run(["check"]);
    assert!(ran.out.contains("error[not-utf8]"), "{}", ran.out);
    assert!(ran.out.contains("metrics/latin1.yml:2:7") && ran.out.contains("byte 0xf6 at offset 15"), "{}", ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn deep_and_long_yaml_is_refused_not_run_out_of_stack() {
    let deep = format!("metrics: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(wrong(&deep).contains("error["));
    let expression =
        format!("{GOOD}  - {{ name: long, description: x, expr: \"{}orders\" }}\n", "orders + ".repeat(50_000));
    assert!(wrong(&expression).contains("error[expression-too-large]"));
    let nested = format!(
        "{GOOD}  - {{ name: deep, description: x, expr: \"{}orders{}\" }}\n",
        "(".repeat(5_000),
        ")".repeat(5_000)
    );
    assert!(wrong(&nested).contains("error["));
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_within_the_project() {
    use std::os::unix::fs::symlink;

    let project = Project::with(GOOD);
    let outside = Project::with(GOOD);
    symlink(outside.path("metrics/small.yml"), project.path("metrics/stolen.yml")).expect("a link is made");
    symlink("/etc", project.path("metrics/etc")).expect("a link is made");
    let ran = project.run(["check", "--format", "concise"]);
    assert!(ran.out.contains("metrics/stolen.yml:1:1: error[link-out-of-project]"), "{}", ran.out);
    assert!(ran.out.contains("metrics/etc:1:1: error[link-out-of-project]"), "{}", ran.out);
    assert_eq!(ran.code, 1);

    let project = Project::with(GOOD);
    project.write(
        "elsewhere/more.yml",
        "metrics:\n  - { name: more, description: x, owner: x, model: orders, agg: count }\n",
    );
    symlink("../elsewhere/more.yml", project.path("metrics/more.yml")).expect("a link is made");
    symlink("..", project.path("metrics/round")).expect("a link is made");
    let ran = project.run(["check", "--format", "concise"]);
    assert!(!ran.out.contains("link-out-of-project"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn a_file_whose_ending_is_in_capitals_is_read() {
    let project = Project::with("models: []\n");
    project.write("metrics/LOUD.YML", "metrics: [ { name: wrong } ]\n");
    project.write("metrics/Mixed.Yaml", "metrics: [ { name: also_wrong } ]\n");
    let ran = project.run(["check"]);
    assert!(ran.out.contains("metrics/LOUD.YML:1") && ran.out.contains("metrics/Mixed.Yaml:1"), "{}", ran.out);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let project = Project::with(GOOD);
    let made = Command::new("mkfifo").arg(project.path("metrics/pipe.yml")).status().expect("mkfifo runs");
    assert!(made.success());
    std::os::unix::fs::symlink("gone.yml", project.path("metrics/dangling.yml")).expect("a link is made");
    let ran = project.run(["check", "--format", "concise"]);
    assert!(
        ran.out.contains("metrics/pipe.yml:1:1: error[unreadable-file] `metrics/pipe.yml` is not a regular file"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("metrics/dangling.yml:1:1: error[unreadable-file]"), "{}", ran.out);
    assert_eq!(ran.code, 1);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let project = Project::with(GOOD);
    project.write("metrics/secret/more.yml", "metrics: []\n");
    let set = |mode| fs::set_permissions(project.path("metrics/secret"), fs::Permissions::from_mode(mode));
    set(0o000).expect("rights are taken");
    // Root may read everything, and then there is nothing to see.
    let root_reads_it = fs::read_dir(project.path("metrics/secret")).is_ok();
    let ran = project.run(["check", "--format", "concise"]);
    set(0o755).expect("rights are given back");
    if root_reads_it {
        return as_nobody();
    }
    assert!(
        ran.out.contains("metrics/secret:1:1: error[unreadable-file] folder `metrics/secret` may not be read"),
        "{}",
        ran.out
    );
    assert_eq!(ran.code, 1);
}

/// The same as a user without rights, for tests that run as root; `setpriv` is part of every Linux.
#[cfg(unix)]
fn as_nobody() {
    use std::os::unix::fs::PermissionsExt;

    let project = Project::with(GOOD);
    project.write("metrics/secret/more.yml", "metrics: []\n");
    let mode =
        |path: &str, mode| fs::set_permissions(project.path(path), fs::Permissions::from_mode(mode)).expect("rights");
    mode("", 0o755);
    mode("metrics/secret", 0o700);
    let binary = project.path("entente");
    fs::copy(env!("CARGO_BIN_EXE_entente"), &binary).expect("the binary is copied");
    let library = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".duckdb");
    let library = std::env::var_os("DUCKDB_LIB_DIR").map_or(library, Into::into).join("libduckdb.so");
    if library.exists() {
        fs::copy(library, project.path("libduckdb.so")).expect("the library is copied");
    }
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&binary)
        .args(["check", "--format", "concise"])
        .env("LD_LIBRARY_PATH", project.path(""))
        .current_dir(project.path(""))
        .output();
    let Ok(output) = output else { return };
    let ran = Ran::from(output);
    assert!(
        ran.out.contains("metrics/secret:1:1: error[unreadable-file] folder `metrics/secret` may not be read"),
        "{} {}",
        ran.out,
        ran.err
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn a_project_without_its_files_says_what_is_missing() {
    let project = Project::with(GOOD);
    fs::remove_dir_all(project.path("metrics")).expect("a folder is removed");
    let ran = project.run(["check", "--format", "concise"]);
    assert!(ran.out.contains("folder `metrics` is missing"), "{}", ran.out);
    let project = Project::empty();
    project.write("entente.yaml", "language: 1\n");
    let ran = project.run(["check", "--project", "."]);
    assert!(ran.out.contains("Rename `entente.yaml` to `entente.yml`."), "{}", ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_broken_configuration_is_placed_and_definitions_are_checked_all_the_same() {
    let project = Project::with("metrics:\n  - { name: orders, modle: orders, agg: count }\n");
    project.write("entente.yml", "language: 1\nname: small\nconection: local\n");
    let ran = project.run(["check", "--format", "concise"]);
    assert!(ran.out.contains("entente.yml:3:1: error[") && ran.out.contains("[unknown-key]"), "{}", ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_warehouse_that_is_not_there_ends_with_three() {
    let project = Project::with(GOOD);
    project.run(["query", "-m", "orders"]).failed(3, &["there is no warehouse", "small.duckdb", "entente demo"]);
    project.write("small.duckdb", "this is not a database, and it is long enough to be looked at");
    project.run(["query", "-m", "orders"]).failed(3, &["small.duckdb` is not a DuckDB file"]);
    fs::remove_file(project.path("small.duckdb")).expect("it was there");
    fs::create_dir(project.path("small.duckdb")).expect("a folder is made");
    project.run(["query", "-m", "orders"]).failed(3, &["has neither CSV nor Parquet files"]);
}

#[test]
fn a_warehouse_without_the_table_ends_with_three() {
    let project = Project::with(&GOOD.replace("table: orders", "table: marts.no_such_table"));
    entente::sample::create(&project.path("small.duckdb"), 0.001, &|_, _| {}).expect("the sample is made");
    project.run(["query", "-m", "orders"]).failed(3, &["the warehouse refused the query", "no_such_table"]);
}

#[test]
fn a_locked_warehouse_names_who_holds_it() {
    use entente::warehouse::duckdb::{Access, DuckDb};

    let project = Project::parcel(Scale::Hundredth);
    let held = DuckDb::open(&project.path("parcel.duckdb"), Access::ReadWrite).expect("it opens");
    project.run(["query", "-m", "parcels_booked"]).failed(3, &["is locked by", &std::process::id().to_string()]);
    drop(held);
    project.run(["query", "-m", "parcels_booked"]).worked();
}

#[test]
fn a_port_in_use_ends_with_three() {
    let project = Project::parcel(Scale::Hundredth);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port().to_string();
    project.run(["serve", "--port", &port]).failed(3, &[&format!("port {port} is in use"), "--port"]);
}

#[test]
fn one_port_for_two_listeners_is_told_as_what_it_is() {
    let project = Project::parcel(Scale::Hundredth);
    let ran = project.run(["serve", "--port", "4777", "--admin-port", "4777"]);
    ran.failed(2, &["port 4777 is named twice", "--admin-port"]);
    project.run(["serve", "--allow-host", "https://a.example"]).failed(2, &["without a scheme"]);
}

#[test]
fn a_broken_project_is_not_served() {
    let project = Project::with("metrics: [ { name: wrong } ]\n");
    let mut child = project.command(["serve", "--port", "0"]).stderr(Stdio::piped()).spawn().expect("the command runs");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be asked") {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it serves a broken project");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_secret_of_the_project_file_is_shown_beside_no_mistake() {
    for connection in [
        "{ type: snowflake, account: acme-eu, token: TOPS3CRET tok }",
        "{ type: snowflake, acount: acme-eu, token: TOPS3CRET }",
        "{ type: snowflake, token: TOPS3CRET, account: acme eu }",
        "{ type: postgres, host: db, password: 'TOPS3CRET, database: marts }",
        "{ type: postgres, host: db, database: marts, password: TOPS3CRET: x: y }",
        "{ type: postgres, host: db, database: marts, pasword: x, password: ${NO_SUCH:-TOPS3CRET} }",
        "\n    type: snowflake\n    account: acme-eu\n    token: |\n      TOPS3CRET\n      tok",
    ] {
        let project = Project::with(GOOD);
        project.write(
            "entente.yml",
            format!("language: 1\nname: small\nconnection: a\nconnections:\n  a: {connection}\n"),
        );
        for format in ["full", "concise", "json", "github"] {
            let Ran { code, out, err } = project.run(["check", "--format", format]);
            assert_eq!(code, 1, "{out}\n{err}");
            assert!(out.contains("entente.yml"), "{out}");
            assert!(!out.contains("S3CRET") && !err.contains("S3CRET"), "{connection} in {format}: {out}\n{err}");
        }
    }
}
