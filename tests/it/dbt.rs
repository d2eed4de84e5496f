//! Projects of dbt, imported by the command: the files that are written, the report, and what is refused.
//!
//! `tests/dbt/legacy` and `tests/dbt/newer` say the same shop in both generations of dbt's YAML; what they become lies
//! in their `imported/`, and `tests/cases/import` asks it for numbers; `tests/dbt/depots` has versions and partitions by the time. `UPDATE=1 cargo test` writes them anew.

use std::{collections::BTreeMap, fs, path::Path};

use entente::{
    engine::load_project,
    import::dbt::{Input, Options, SourceFile, import},
    plan::{self, Context, Principal, RequestText},
    sql::Dialect,
};
use tempfile::TempDir;

use crate::command::{Ran, entente};

/// The projects with a golden output.
const PROJECTS: [&str; 4] = ["legacy", "newer", "target", "depots"];

fn run(arguments: &[&str], folder: &Path) -> Ran {
    let mut command = entente();
    command.args(["import", "dbt"]).args(arguments).arg("--into").arg(folder);
    command.output().expect("the command runs").into()
}

/// Returns a folder with the project file and the catalog of a golden output.
fn prepared(project: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let golden = Path::new("tests/dbt").join(project).join("imported");
    for name in ["entente.yml", "schema/catalog.json"] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().expect("it has a folder")).expect("it is made");
        fs::copy(golden.join(name), to).expect("the golden output has it");
    }
    folder
}

/// Reads the files below `metrics/`, by name.
fn written(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder.join("metrics")).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).expect("it is text");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn both_generations_and_the_manifest_become_what_is_committed() {
    for project in PROJECTS {
        let folder = prepared(project);
        let golden = Path::new("tests/dbt").join(project).join("imported");
        let dbt = format!("tests/dbt/{project}");
        let report = run(&[&dbt, "--format", "json"], folder.path()).worked();
        let mut files = written(folder.path());
        files.insert("../report.json".to_owned(), report);
        if std::env::var_os("UPDATE").is_some() {
            let _ = fs::remove_dir_all(golden.join("metrics"));
            fs::create_dir_all(golden.join("metrics")).expect("it is made");
            for (name, text) in &files {
                fs::write(golden.join("metrics").join(name), text).expect("it is written");
            }
        }
        let mut committed = written(&golden);
        let report = fs::read_to_string(golden.join("report.json")).expect("the report is committed");
        committed.insert("../report.json".to_owned(), report);
        assert_eq!(files, committed, "{project}: UPDATE=1 writes it anew");
    }
}

#[test]
fn every_name_of_the_report_is_a_path_that_can_be_asked_for() {
    for project in PROJECTS {
        let folder = Path::new("tests/dbt").join(project).join("imported");
        let loaded = load_project(&folder);
        let errors: Vec<String> =
            loaded.diagnostics.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect();
        let project_of = loaded.project.unwrap_or_else(|| panic!("{project} has errors: {errors:?}"));
        let report = fs::read_to_string(folder.join("report.json")).expect("the report is committed");
        let report: serde_json::Value = serde_json::from_str(&report).expect("it is JSON");
        let values = |key: &str| -> Vec<String> {
            let entries = report[key].as_object().expect("it is an object");
            entries.values().map(|value| value.as_str().expect("it is a text").to_owned()).collect()
        };
        let metrics = values("metrics");
        for path in values("paths") {
            let asks = |metric: &String| {
                let text =
                    RequestText { metrics: vec![metric.clone()], by: vec![path.clone()], ..RequestText::default() };
                let now = "2026-01-15T12:00:00Z".parse().expect("it is a moment");
                let context = Context { now, dialect: Dialect::DuckDb };
                text.parse()
                    .and_then(|request| plan::plan(&project_of, &request, &Principal::default(), &context))
                    .is_ok()
            };
            assert!(metrics.iter().any(asks), "{project}: no metric can be asked for by `{path}`");
        }
    }
}

#[test]
fn what_is_there_is_replaced_only_by_force() {
    let folder = prepared("newer");
    run(&["tests/dbt/newer"], folder.path()).worked();
    run(&["tests/dbt/newer"], folder.path()).worked();
    let path = folder.path().join("metrics/visits.yml");
    fs::write(&path, "metrics: []\n").expect("it is written");
    run(&["tests/dbt/newer"], folder.path()).failed(1, &["visits.yml` is there already", "--force"]);
    run(&["tests/dbt/newer", "--dry-run"], folder.path()).worked();
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "metrics: []\n");
    run(&["tests/dbt/newer", "--force"], folder.path()).worked();
    assert!(fs::read_to_string(&path).expect("it is there").contains("visit_to_purchase"));
}

#[test]
fn a_folder_that_is_no_project_becomes_one() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    run(&["tests/dbt/newer", "--format", "markdown"], folder.path()).worked();
    assert!(folder.path().join("entente.yml").is_file());
    run(&["tests/dbt"], folder.path()).failed(1, &["dbt_project.yml", "this is not a dbt project"]);
    run(&["tests/none"], folder.path()).failed(2, &["is not a folder"]);
}

#[cfg(unix)]
#[test]
fn links_to_files_and_folders_are_followed() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let real = fs::canonicalize("tests/dbt/newer").expect("it is there");
    let dbt = folder.path().join("dbt");
    fs::create_dir_all(dbt.join("models")).expect("it is made");
    symlink(real.join("dbt_project.yml"), dbt.join("dbt_project.yml")).expect("links can be made");
    symlink(real.join("models"), dbt.join("models/marts")).expect("links can be made");
    symlink(&dbt, dbt.join("models/again")).expect("links can be made");
    let into = folder.path().join("metrics-project");
    run(&[&dbt.to_string_lossy()], &into).worked();
    assert!(into.join("metrics/purchases.yml").is_file());
}

/// Imports files given by path and text; `dbt_project.yml` is there.
pub(crate) fn imported(files: &[(&str, &str)]) -> Result<entente::import::dbt::Imported, String> {
    let all = [("dbt_project.yml", "name: shop\n"), ("models/orders.sql", "select 1"), ("models/days.sql", "")];
    let files = all
        .iter()
        .chain(files)
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect();
    import(&Input { files, options: Options::default() }).map_err(|problems| {
        let lines: Vec<String> =
            problems.iter().map(|problem| format!("{}: {}", problem.place, problem.message)).collect();
        lines.join("\n")
    })
}

pub(crate) const ORDERS: &str = "
semantic_models:
  - name: orders
    model: ref('orders')
    defaults: { agg_time_dimension: ordered_on }
    entities: [{ name: order, type: primary, expr: order_id }]
    dimensions:
      - { name: ordered_on, type: time, type_params: { time_granularity: day } }
      - { name: status, type: categorical }
    measures: [{ name: amount, agg: sum, create_metric: true }]
";

pub(crate) fn with(metrics: &str) -> Result<entente::import::dbt::Imported, String> {
    imported(&[("models/orders.yml", ORDERS), ("models/metrics.yml", metrics)])
}

#[test]
fn mistakes_are_told_with_file_line_and_column() {
    for (files, says) in [
        (vec![("models/a.yml", "semantic_models: [\n")], "models/a.yml:1:18: this is not YAML"),
        (vec![("models/a.yml", "a: 1\na: 2\n")], "models/a.yml:2:1: key `a` is given twice"),
        (
            vec![("models/a.yml", "semantic_models:\n  - name: x\n    model: ref('nothing')\n")],
            "models/a.yml:3:12: `ref('nothing')` stands for no model",
        ),
        (
            vec![(
                "models/a.yml",
                "semantic_models:\n  - name: x\n    model: ref('orders')\n  - name: x\n    model: ref('orders')\n",
            )],
            "models/a.yml:4:5: semantic model `x` is defined twice, also at models/a.yml:2:5",
        ),
        (vec![("models/a.yml", "metrics: [{ name: m, type: odd }]")], "metric `m` has unknown type `odd`"),
        (vec![("models/a.yml", "models: []")], "the project has no semantic model"),
        (vec![("target/manifest.json", "{")], "target/manifest.json:1:"),
        (vec![("target/manifest.json", "[]")], "target/manifest.json:1:1: this is not a map of sections"),
        (
            vec![("target/manifest.json", r#"{ "nodes": { "model.shop.orders": 1 } }"#)],
            "target/manifest.json:1:1: `nodes` is not a map from ids to maps",
        ),
        (
            vec![("target/semantic_manifest.json", r#"{ "metrics": {} }"#)],
            "target/semantic_manifest.json:1:1: `metrics` is not a list",
        ),
        (
            vec![("target/semantic_manifest.json", r#"{ "semantic_models": [{ "name": "a" }, 7] }"#)],
            "target/semantic_manifest.json:1:1: `semantic_models[1]` has no name",
        ),
    ] {
        let error = imported(&files).expect_err(says);
        assert!(error.contains(says), "{error}\ndoes not say\n{says}");
    }
}

#[test]
fn what_cannot_be_said_is_left_out_with_everything_made_of_it() {
    let metrics = r#"
metrics:
  - name: odd
    label: Odd
    type: simple
    type_params: { measure: amount }
    filter: "regexp_like({{ Dimension('order__status') }}, 'a+')"
  - { name: of_odd, label: Of odd, type: derived, type_params: { expr: odd * 2, metrics: [odd] } }
  - { name: far, label: Far, type: simple, type_params: { measure: amount }, filter: "{{ Dimension('user__name') }} = 'x'" }
  - { name: hourly, label: H, type: derived, type_params: { expr: amount, metrics: [{ name: amount, offset_to_grain: hour }] } }
  - { name: martian, label: M, type: cumulative, type_params: { measure: amount, window: 2 martian_days } }
  - { name: fine, label: Fine, type: simple, type_params: { measure: amount } }
"#;
    let report = with(metrics).expect("it is a project").report;
    let left_out: Vec<(&str, &str)> =
        report.left_out.iter().map(|entry| (entry.name.as_str(), entry.why.as_str())).collect();
    let says = |name: &str, why: &str| left_out.iter().any(|(of, reason)| *of == name && reason.contains(why));
    assert!(says("odd", "regexp_like"), "{left_out:?}");
    assert!(says("of_odd", "`odd` was left out"), "{left_out:?}");
    assert!(says("far", "user__name"), "{left_out:?}");
    assert!(says("hourly", "which is no week, month, quarter or year"), "{left_out:?}");
    assert!(says("martian", "a unit that durations do not have"), "{left_out:?}");
    assert_eq!(report.metrics.keys().collect::<Vec<_>>(), ["amount", "fine"]);
    let odd = report.left_out.iter().find(|entry| entry.name == "odd").expect("it is there");
    assert_eq!((odd.place.path.as_str(), odd.place.line), ("models/metrics.yml", 3));
}

#[test]
fn a_time_spine_with_granularities_of_its_own_is_a_calendar() {
    let days = "
models:
  - name: days
    time_spine:
      standard_granularity_column: day
      custom_granularities: [{ name: baking_week }, { name: season, column_name: season_start }]
    columns: [{ name: day, granularity: day }]
";
    let found = imported(&[("models/orders.yml", ORDERS), ("models/days.yml", days)]).expect("it is a project");
    let calendar = found.files.iter().find(|file| file.path == "metrics/calendars.yml").expect("it is written");
    assert!(
        calendar.text.contains("granularities: { baking_week: {}, season: { column: season_start } }"),
        "{}",
        calendar.text
    );
    assert_eq!(found.report.paths["metric_time__season"], "time.season");
}

#[test]
fn files_that_are_yaml_only_after_their_jinja_is_rendered_are_read() {
    let metrics = "
metrics:
{% for status in ['paid', 'open'] %}
  - name: amount_{{ status }}
    label: Amount
    type: simple
    type_params: { measure: amount }
    filter: \"{{ Dimension('order__status') }} = '{{ status }}'\"
{% endfor %}
";
    let found = with(metrics).expect("it is a project");
    assert!(found.report.metrics.contains_key("amount_paid") && found.report.metrics.contains_key("amount_open"));
    let orders = found.files.iter().find(|file| file.path == "metrics/orders.yml").expect("it is written");
    assert!(orders.text.contains("where: status = 'open'"), "{}", orders.text);
}

#[test]
fn a_file_that_calls_macros_of_the_project_needs_what_dbt_made_of_it() {
    let called = ("models/made.yml", "metrics:\n{% for name in shop_names() %}\n  - { name: x }\n{% endfor %}\n");
    let error = imported(&[("models/orders.yml", ORDERS), called]).expect_err("nobody knows the macro");
    assert!(error.contains("models/made.yml:2:2: its Jinja cannot be rendered here: "), "{error}");
    assert!(error.contains("shop_names"), "{error}");
    let manifest = ("target/semantic_manifest.json", "{ \"semantic_models\": [], \"metrics\": [] }");
    let found = imported(&[("models/orders.yml", ORDERS), called, manifest]).expect("it is a project");
    let told = found.report.changed.iter().find(|entry| entry.name == "models/made.yml").expect("it is told");
    assert!(told.why.contains("`target/` alone"), "{}", told.why);
}

#[test]
fn definitions_lie_where_the_project_says() {
    let says = |paths: &str| {
        let project = format!("name: shop\nmodel-paths: {paths}\n");
        let files = [("dbt_project.yml", project.as_str()), ("orders.sql", "select 1"), ("layer/orders.yml", ORDERS)];
        let of_files = files.map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() });
        import(&Input { files: of_files.to_vec(), options: Options::default() })
    };
    for everywhere in ["[\".\"]", "[\"./\"]", "[layer, .]"] {
        let found = says(everywhere).unwrap_or_else(|_| panic!("{everywhere} is the project's folder"));
        assert!(found.report.metrics.contains_key("amount"), "{everywhere}");
    }
    assert!(says("[models]").is_err(), "nothing lies there");
}

#[test]
fn a_schema_that_is_left_open_is_that_of_a_variable_or_of_the_target() {
    let open = ORDERS.replace("model: ref('orders')", "node_relation: { schema_name: $place, alias: orders }");
    let table = |project: &str, options: Options| {
        let files = [("dbt_project.yml", project), ("models/orders.yml", open.as_str())];
        let files = files.map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() }).to_vec();
        let found = import(&Input { files, options }).expect("it is a project");
        let line = found.files.iter().flat_map(|file| file.text.lines()).find(|line| line.contains("table:"));
        line.expect("a model has a table").trim().to_owned()
    };
    let of_project = "name: shop\nvars: { place: mill }\n";
    let given = Options { vars: BTreeMap::from([("place".into(), "gate".into())]), ..Options::default() };
    let target = Options { schema: Some("marts".into()), ..Options::default() };
    assert_eq!(table(of_project, Options::default()), "table: mill.orders");
    assert_eq!(table(of_project, given), "table: gate.orders");
    assert_eq!(table("name: shop\n", target), "table: marts.orders");
}

#[test]
fn conversions_that_count_a_column_are_the_rows_where_it_is_not_null() {
    let visits = "
semantic_models:
  - name: visits
    model: ref('days')
    defaults: { agg_time_dimension: day }
    entities: [{ name: order, type: foreign, expr: order_id }]
    dimensions: [{ name: day, type: time, type_params: { time_granularity: day } }]
    measures: [{ name: visits, agg: count, expr: visit_id }]
";
    let orders =
        ORDERS.replace("create_metric: true }]", "create_metric: true }, { name: paid, agg: count, expr: paid_at }]");
    let metrics = "
metrics:
  - name: visit_to_paid
    label: Visit to paid
    type: conversion
    type_params:
      conversion_type_params: { base_measure: visits, conversion_measure: paid, entity: order, window: 7 days }
";
    let files =
        [("models/orders.yml", orders.as_str()), ("models/visits.yml", visits), ("models/metrics.yml", metrics)];
    let found = imported(&files).expect("it is a project");
    assert!(found.report.left_out.is_empty(), "{:?}", found.report.left_out);
    let orders = found.files.iter().find(|file| file.path == "metrics/orders.yml").expect("it is written");
    assert!(orders.text.contains("where: (paid_at) is not null"), "{}", orders.text);
}

/// A small deterministic source of numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("it is below a size")
    }
}

#[test]
fn garbage_is_an_error_or_a_report_but_never_a_panic() {
    let paths =
        ["legacy/models/marts/semantic_models.yml", "legacy/models/marts/metrics.yaml", "newer/models/bakery.yml"];
    let texts: Vec<String> =
        paths.iter().map(|path| fs::read_to_string(Path::new("tests/dbt").join(path)).expect("it is there")).collect();
    let models: Vec<(String, String)> = ["customers", "orders", "visits", "stock", "tiers", "days"]
        .iter()
        .map(|name| (format!("models/{name}.sql"), String::new()))
        .collect();
    let scraps = [
        "{{", "}}", "{%", "'", "\"", ":", "- ", "\n", "&a ", "*a", "null", "[", "}", "🍞", "\u{0}", "%", "))", "1e999",
    ];
    let mut random = Random(0x5eed);
    for round in 0..400 {
        let mut text = texts[round % texts.len()].clone();
        for _ in 0..=random.below(4) {
            let mut at = random.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if random.below(3) == 0 {
                let mut end = (at + random.below(40)).min(text.len());
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.replace_range(at..end.max(at), "");
            } else {
                text.insert_str(at, scraps[random.below(scraps.len())]);
            }
        }
        let mut files = vec![("models/x.yml", text.as_str())];
        files.extend(models.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        if let Ok(found) = imported(&files) {
            for file in &found.files {
                serde_yaml::from_str::<serde_yaml::Value>(&file.text).expect("what is written is YAML");
            }
        }
    }
}
