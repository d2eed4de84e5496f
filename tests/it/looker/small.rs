//! Small LookML projects: what each becomes, the numbers that it gives, and that the LookML beside it is whole.

use std::{fs, path::Path};

use entente::{
    diagnostics::Severity,
    files::SourceMap,
    import::lookml::{Imported, Options, Outcome, import},
    lookml::check::check,
};
use tempfile::TempDir;

use super::{is_lookml, run, texts};
use crate::command::{Ran, entente};

/// Orders of users, of whom one has none; the letters of a status vary.
const SHOP: &str = r#"
view: orders {
  derived_table: { sql: SELECT * FROM (VALUES
    (1, 10, 100.0, 'done', DATE '2024-01-03'), (2, 10, 50.0, 'Done', DATE '2024-02-03'), (3, 11, 20.0, NULL, DATE '2024-02-29'))
    AS t(id, user_id, price, status, created) ;; }
  dimension: id { primary_key: yes type: number }
  dimension: user_id { type: number }
  dimension: price { type: number }
  dimension: status { type: string }
  dimension_group: created {
    type: time timeframes: [date, month, year] datatype: date convert_tz: no sql: ${TABLE}.created ;;
  }
  measure: total { type: sum sql: ${price} ;; }
  MEASURES
}
view: users {
  derived_table: { sql: SELECT * FROM (VALUES (10, 'DE'), (11, 'FR'), (12, 'DE')) AS t(id, country) ;; }
  dimension: id { primary_key: yes type: number }
  dimension: country { type: string }
  measure: count { type: count }
  measure: germans { type: count filters: [country: "DE"] }
}
explore: orders {
  EXPLORE
  join: users { TYPE relationship: many_to_one sql_on: ${orders.user_id} = ${users.id} ;; }
}
"#;

/// Returns the shop as a model, with measures of orders and settings.
fn shop(measures: &str, (model, explore, join): (&str, &str, &str)) -> String {
    let text = SHOP.replace("MEASURES", measures).replace("EXPLORE", explore).replace("TYPE", join);
    format!("connection: \"c\"\n{model}\n{text}")
}

pub(super) fn imported(texts: &[(&str, &str)], model: Option<&str>) -> Imported {
    let mut files = SourceMap::new();
    for (path, text) in texts {
        files.add(*path, *text);
    }
    let options = Options { name: "small".to_owned(), model: model.map(str::to_owned), ..Options::default() };
    import(&files, &options).expect("it can be read")
}

pub(super) fn text<'i>(imported: &'i Imported, path: &str) -> &'i str {
    imported.files.iter().find(|file| file.path == path).map_or("", |file| &file.text)
}

/// Returns what became of a construct, and why.
pub(super) fn fate<'i>(imported: &'i Imported, path: &str, name: &str) -> (Outcome, &'i str) {
    let found = imported.report.constructs.iter().find(|entry| entry.place.path == path && entry.name == name);
    let found = found.unwrap_or_else(|| panic!("{name} of {path} is not in {:#?}", imported.report.constructs));
    (found.outcome, &found.why)
}

/// Imports a model by the command, and asks a measure of the result.
fn asked(model: &str, measure: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let (from, into) = (folder.path().join("looker"), folder.path().join("into"));
    fs::create_dir_all(&from).expect("it is made");
    fs::write(from.join("m.model.lkml"), model).expect("it is written");
    let imported = imported(&[("m.model.lkml", model)], None);
    run(&[&from.to_string_lossy()], &into).worked();
    let Some(metric) = imported.report.metrics.get(&format!("orders.{measure}")) else {
        return Err(fate(&imported, "m.model.lkml", &format!("orders.{measure}")).1.to_owned());
    };
    drop(duckdb::Connection::open(into.join("looker.duckdb")).expect("DuckDB makes a file"));
    let mut command = entente();
    command.arg("--project").arg(&into).args(["query", "--format", "csv", "--metrics", metric]);
    let ran: Ran = command.output().expect("the command runs").into();
    Ok(ran.worked().lines().nth(1).unwrap_or_default().to_owned())
}

#[test]
fn a_measure_gives_the_number_of_looker_or_stays_lookml() {
    let plain = ("", "", "type: left_outer");
    let folded = ("case_sensitive: no", "", "");
    let inner = ("", "", "type: inner");
    for (measure, settings, expected) in [
        // Looker counts the users that the orders reach: two of the three.
        ("type: number sql: ${total} / ${users.count} ;;", plain, Ok("85")),
        ("type: number sql: ${total} / ${users.count} ;;", inner, Err("rows out that have no match")),
        ("type: number sql: ${total} / ${users.germans} ;;", plain, Err("only a count without filters")),
        ("type: count filters: [user_id: \"NOT 10, 12\"]", plain, Ok("1")),
        ("type: count filters: [status: \"DONE\"]", plain, Ok("0")),
        ("type: count filters: [status: \"DONE\"]", folded, Ok("2")),
        ("type: count filters: [status: \"-DONE\"]", folded, Ok("1")),
        ("type: count filters: [status: \"d%\"]", folded, Ok("2")),
        ("type: count filters: [status: \"DONE\"]", ("case_sensitive: no", "case_sensitive: yes", ""), Ok("0")),
        ("type: count filters: [status: \"DONE\"]", ("", "case_sensitive: no", ""), Ok("2")),
        ("type: count filters: [status: \"schön\"]", folded, Err("warehouses differ")),
        ("type: count filters: [users.country: \"-DE\"]", plain, Ok("1")),
        ("type: count filters: [users.country: \"-DE\"]", inner, Err("rows out that have no match")),
        ("type: count filters: [created_month: \"2024-02\"]", plain, Ok("2")),
        ("type: count filters: [created_date: \"2024\"]", plain, Ok("3")),
        ("type: count filters: [created_month: \"2024-02-03\"]", plain, Err("bounds no whole month")),
        ("type: count filters: [created_month: \"last month\"]", plain, Err("the day on which Looker is asked")),
    ] {
        let model = shop(&format!("measure: it {{ {measure} }}"), settings);
        let found = asked(&model, "it");
        match (&found, expected) {
            (Ok(number), Ok(wanted)) => {
                let number: f64 = number.parse().expect("it is a number");
                assert!((number - wanted.parse::<f64>().expect("it is a number")).abs() < 1e-9, "{measure}: {found:?}");
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{measure}: {why}"),
            _ => panic!("{measure} {settings:?}: {found:?}"),
        }
    }
}

/// Imports a model, builds, and returns the folder with its LookML, in which the check finds no error.
pub(super) fn whole(model: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let from = folder.path().join("looker");
    fs::create_dir_all(&from).expect("it is made");
    fs::write(from.join("m.model.lkml"), model).expect("it is written");
    let into = folder.path().join("into");
    run(&[&from.to_string_lossy()], &into).worked();
    let mut build = entente();
    let built: Ran = build.arg("--project").arg(&into).arg("build").output().expect("the command runs").into();
    built.worked();
    let mut files = SourceMap::new();
    for (path, text) in texts(&into, "lookml_out").iter().filter(|(path, _)| is_lookml(path)) {
        files.add(path.trim_start_matches("lookml_out/"), &**text);
    }
    let found = check(&files).diagnostics;
    let errors: Vec<&str> =
        found.iter().filter(|found| found.code.severity() == Severity::Error).map(|found| &*found.message).collect();
    assert!(errors.is_empty(), "{errors:?}\n{model}");
    folder
}

pub(super) fn read(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join("into").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn what_stays_lookml_keeps_its_name() {
    let measures = "measure: count { type: count filters: [created_date: \"last month\"] drill_fields: [id, count] }
        measure: average { type: running_total sql: ${total} ;; }
        measure: orders_total { type: max sql: ${price} ;; }";
    let folder = whole(&shop(measures, ("", "case_sensitive: no", "")));
    let refined = read(&folder, "lookml_out/views/refined/orders.view.lkml");
    for part in ["measure: count {", "drill_fields: [id, count]", "measure: average {", "sql: ${orders_total_2} ;;"] {
        assert!(refined.contains(part), "{part}:\n{refined}");
    }
    let generated = read(&folder, "lookml_out/views/generated/orders.view.lkml");
    for part in ["measure: orders_total_2 {", "alias: [total]", "measure: orders_total {"] {
        assert!(generated.contains(part), "{part}:\n{generated}");
    }
}

#[test]
fn what_names_a_renamed_measure_follows_it() {
    let measures = "measure: count { type: count drill_fields: [id, count, users.count] }
        measure: twice {
          type: number sql: ${count} * 2 ;;
          html: {{ count._rendered_value }} of {{ users.count._value }} {% if _filters['orders.count'] %} 'count' {% endif %} ;;
          link: { label: \"Count {{ orders.count._value }}\" url: \"/x?n={{ count._value }}\" }
        }
        measure: so_far { type: running_total sql: ${count} ;; html: <b>{{ count._value }}</b> ;; }";
    let facts = "
view: facts {
  derived_table: { explore_source: orders { column: user_id {} column: count {} column: n { field: orders.count } } }
  dimension: user_id { primary_key: yes }
  dimension: lifetime { type: number sql: ${TABLE}.count ;; }
}
explore: facts {}";
    let folder = whole(&(shop(measures, ("", "", "")) + facts));
    let files = ["views/generated/orders", "views/refined/orders", "kept/views/facts"];
    let [generated, refined, kept] = files.map(|path| read(&folder, &format!("lookml_out/{path}.view.lkml")));
    for (text, part) in [
        (&generated, "drill_fields: [id, orders_count, users.users_count]"),
        (&generated, "{{ orders_count._rendered_value }} of {{ users.users_count._value }}"),
        (&generated, "_filters['orders.orders_count'] %} 'count' {%"),
        (&generated, "Count {{ orders.orders_count._value }}"),
        (&generated, "/x?n={{ orders_count._value }}"),
        (&refined, "sql: ${orders_count} ;;"),
        (&refined, "<b>{{ orders_count._value }}</b>"),
        (&kept, "column: count { field: orders.orders_count }"),
        (&kept, "column: n { field: orders.orders_count }"),
        (&kept, "sql: ${TABLE}.count ;;"),
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn a_timeframe_leaves_its_name_to_a_field() {
    let fields = "dimension: created_day_of_week { type: string sql: {% if true %} 'a' {% endif %} ;; }";
    let folder = whole(&shop(fields, ("", "", "")));
    let refined = read(&folder, "lookml_out/views/refined/orders.view.lkml");
    let frames = refined.lines().find(|line| line.contains("timeframes:")).unwrap_or_default();
    assert!(frames.contains("day_of_month") && !frames.contains("day_of_week"), "{refined}");
}

#[test]
fn filters_tell_letters_apart_in_lookml_as_before() {
    let folder = whole(&shop(
        "measure: week { type: count filters: [created_date: \"7 days\"] }",
        ("case_sensitive: no", "", ""),
    ));
    let explore = read(&folder, "lookml_out/kept/explores/orders.explore.lkml");
    assert_eq!(explore.matches("case_sensitive: no").count(), 1, "{explore}");
}

#[test]
fn a_join_to_what_stays_lookml_is_not_native() {
    let facts = "
view: facts {
  derived_table: { explore_source: orders { column: user_id {} } }
  dimension: user_id { primary_key: yes type: number }
}
explore: +orders { join: facts { relationship: many_to_one sql_on: ${orders.user_id} = ${facts.user_id} ;; } }";
    let model = shop("", ("", "", "")) + facts;
    let found = imported(&[("m.model.lkml", &model)], None);
    assert_eq!(fate(&found, "m.model.lkml", "orders.facts"), (Outcome::Verbatim, "view `facts` stays LookML"));
}

#[test]
fn a_project_of_which_nothing_can_be_said_is_refused() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let from = folder.path().join("looker");
    fs::create_dir_all(&from).expect("it is made");
    let model = "connection: \"c\"
        view: v { derived_table: { sql: SELECT {% parameter p %} AS x ;; } parameter: p { type: number } dimension: x {} }
        explore: v {}";
    fs::write(from.join("m.model.lkml"), model).expect("it is written");
    let into = folder.path().join("into");
    run(&[&from.to_string_lossy()], &into).failed(1, &["nothing of the Looker project", "--dry-run"]);
    assert!(!into.exists());
    assert!(run(&[&from.to_string_lossy(), "--dry-run"], &into).worked().contains("holds Liquid"));
}

/// The view that the models of a project share.
const BASE: (&str, &str) = (
    "base.view.lkml",
    "view: orders {
  sql_table_name: shop.orders ;;
  dimension: id { primary_key: yes type: number }
  dimension: price { type: number }
  dimension: country { type: string }
  measure: revenue { type: sum sql: ${price} ;; }
  measure: n { type: count }
  measure: each { type: number sql: ${revenue} / NULLIF(${n}, 0) ;; }
}",
);

fn model(text: &str) -> String {
    format!("connection: \"c\"\ninclude: \"/base.view.lkml\"\n{text}")
}

#[test]
fn what_models_show_otherwise_is_told() {
    let a = model("explore: orders {}");
    let spoke =
        "view: +orders { measure: revenue { sql: ${price} * 0.5 ;; } measure: most { type: max sql: ${price} ;; }
        measure: half { type: number sql: ${revenue} ;; } dimension: price { label: \"Net\" } }
        explore: orders {}";
    let b = model(spoke);
    let files = [("a.model.lkml", &*a), ("b.model.lkml", &*b), BASE];
    let found = imported(&files, None);
    let otherwise = "model `b` has `orders.revenue` otherwise than a model before it: `--model b` imports it so";
    for (path, name, expected) in [
        ("b.model.lkml", "+orders", (Outcome::Native, "")),
        ("b.model.lkml", "orders.most", (Outcome::Native, "")),
        ("b.model.lkml", "orders.revenue", (Outcome::LeftBehind, otherwise)),
        ("b.model.lkml", "orders.half", (Outcome::LeftBehind, otherwise)),
        ("base.view.lkml", "orders.revenue", (Outcome::Native, "")),
        ("base.view.lkml", "orders.n", (Outcome::Native, "")),
        ("base.view.lkml", "orders.each", (Outcome::LeftBehind, otherwise)),
        ("b.model.lkml", "orders", (Outcome::Native, "")),
    ] {
        assert_eq!(fate(&found, path, name), expected, "{path}: {name}");
    }
    assert!(fate(&found, "b.model.lkml", "orders.price").1.contains("model `b` says it otherwise"));
    let metrics = text(&found, "metrics/orders.yml");
    assert!(!metrics.contains("0.5") && metrics.contains("name: most") && !metrics.contains("half"), "{metrics}");

    // The other way round the spoke comes first, and the hub's own number is the one that is not here.
    let found = imported(&[("a.model.lkml", &*b), ("b.model.lkml", &*a), BASE], None);
    assert!(text(&found, "metrics/orders.yml").contains("0.5"));
    assert_eq!(fate(&found, "base.view.lkml", "orders.revenue"), (Outcome::LeftBehind, otherwise));

    let found = imported(&files, Some("b"));
    let metrics = text(&found, "metrics/orders.yml");
    assert!(metrics.contains("0.5") && metrics.contains("half"), "{metrics}");
    assert!(found.report.constructs.iter().all(|entry| entry.place.path != "a.model.lkml"));
}

#[test]
fn views_of_one_name_in_two_models_are_told_apart() {
    let of = |model: &str, table: &str, column: &str| {
        format!(
            "connection: \"{model}\"
            view: items {{ sql_table_name: {table} ;; dimension: {column} {{ type: number }}
              measure: revenue {{ type: sum sql: ${{{column}}} ;; }} }}
            explore: items {{}}"
        )
    };
    let (a, b) = (of("mysql", "shop_a.items", "price"), of("snowflake", "shop_b.items", "net"));
    let found = imported(&[("a.model.lkml", &a), ("b.model.lkml", &b)], None);
    for name in ["items.revenue", "items.net"] {
        let (outcome, why) = fate(&found, "b.model.lkml", name);
        assert_eq!(outcome, Outcome::LeftBehind);
        assert!(why.contains("model `b` has `items.sql_table_name` otherwise"), "{why}");
    }
    assert!(
        found.report.proposals[0].contains("several connections, `mysql`, `snowflake`"),
        "{:?}",
        found.report.proposals
    );
    assert!(!text(&found, "metrics/items.yml").contains("net"));
}

#[test]
fn what_one_model_keeps_from_some_is_kept_from_them() {
    let a = model("explore: orders {}");
    let guarded = |filter: &str| model(&format!("explore: orders {{ {filter} }}"));
    let filter = "access_filter: { field: orders.country user_attribute: country }";
    for own in ["a.model.lkml", "z.model.lkml"] {
        let found = imported(&[(own, &*guarded(filter)), ("b.model.lkml", &*a), BASE], None);
        let policies = text(&found, "metrics/policies.yml");
        assert!(policies.contains("rows: country = $principal.country"), "{own}: {policies}");
        assert_eq!(fate(&found, own, "orders.access_filter").0, Outcome::Native, "{own}");
    }
    let found = imported(
        &[("a.model.lkml", &*a), ("b.model.lkml", &*guarded("sql_always_where: ${orders.country} = 'DE' ;;")), BASE],
        None,
    );
    let warning = &found.report.proposals[0];
    assert!(warning.contains("model `b` guards explore `orders` by `sql_always_where`, which is NOT"), "{warning}");
    assert!(fate(&found, "b.model.lkml", "orders.sql_always_where").1.contains("`--model b`"));

    // What has no form as a policy takes the metrics with it.
    let unsayable = "access_filter: { field: orders.nowhere user_attribute: country }";
    for models in [[&a, &guarded(unsayable)], [&guarded(unsayable), &a]] {
        let found = imported(&[("a.model.lkml", &**models[0]), ("b.model.lkml", &**models[1]), BASE], None);
        assert!(!text(&found, "metrics/orders.yml").contains("metrics:"));
        let (outcome, why) = fate(&found, "base.view.lkml", "orders.n");
        assert_eq!(outcome, Outcome::Verbatim);
        let why = format!("{why}{}", fate(&found, "base.view.lkml", "orders").1);
        assert!(why.contains("keeps rows from some") || why.contains("keeps rows back"), "{why}");
    }
}

#[test]
fn models_that_tell_letters_apart_otherwise_leave_filters_to_looker() {
    let (a, b) = (model("explore: orders {}"), model("case_sensitive: no\nexplore: orders {}"));
    let view =
        BASE.1.replace("measure: n {", "measure: german { type: count filters: [country: \"DE\"] } measure: n {");
    let found = imported(&[("a.model.lkml", &a), ("b.model.lkml", &b), ("base.view.lkml", &view)], None);
    let (outcome, why) = fate(&found, "base.view.lkml", "orders.german");
    assert_eq!(outcome, Outcome::Verbatim);
    assert!(why.contains("its explores differ on `case_sensitive`"), "{why}");
    assert_eq!(fate(&found, "b.model.lkml", "no").0, Outcome::LeftBehind);
}

#[test]
fn a_model_that_is_not_there_is_named_with_those_that_are() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    run(&["tests/looker/acme", "--model", "sales"], folder.path()).failed(2, &["has no model `sales`", "acme"]);
    assert!(!Path::new(folder.path()).join("metrics").exists());
}
