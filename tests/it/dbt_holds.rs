//! No import leaves a project that cannot be asked: what does not hold here has another name, or is left out with its reason.

use std::{collections::BTreeMap, fs};

use entente::{
    catalog::Catalog,
    engine::load_project,
    import::dbt::{Imported, Options},
};

use crate::{
    dbt::{ORDERS, imported, with},
    dbt_meaning::{left_out, project, tells},
};

/// Returns all that was written, in one text, once it is known to be a valid project.
fn checked(found: &Imported) -> String {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let config = "language: 1\nname: shop\nconnection: w\nconnections:\n  w: { type: duckdb, path: w.duckdb }\n";
    fs::write(folder.path().join("entente.yml"), config).expect("it is written");
    fs::create_dir(folder.path().join("metrics")).expect("it is made");
    for file in &found.files {
        fs::write(folder.path().join(&file.path), &file.text).expect("it is written");
    }
    let text: String = found.files.iter().map(|file| file.text.as_str()).collect();
    let loaded = load_project(folder.path());
    let errors: Vec<String> = loaded.diagnostics.iter().map(|found| found.message.clone()).collect();
    assert!(loaded.project.is_some(), "{errors:?} in\n{text}");
    text
}

fn of_duckdb(files: &[(&str, &str)]) -> Imported {
    project("name: shop\n", files, Options { dialect: Some("duckdb".into()), ..Options::default() })
}

/// The semantic model with other measures.
fn measuring(measures: &str) -> String {
    ORDERS.replace("measures: [", &format!("measures: [{measures}, "))
}

#[test]
fn a_part_of_a_column_is_one_of_its_time_dimension() {
    let orders = measuring(
        "{ name: in_may, agg: sum, expr: 'case when extract(month from ordered_on) = 5 then amount else 0 end', \
         create_metric: true }, { name: hours, agg: sum, expr: extract(hour from ordered_on), create_metric: true }",
    );
    let found = of_duckdb(&[("models/orders.yml", &orders)]);
    let text = checked(&found);
    assert!(text.contains("case when ordered_on.month_of_year = 5 then amount else 0 end"), "{text}");
    assert!(text.contains("expr: { duckdb: extract(hour from ordered_on) }"), "{text}");
    assert!(tells(&found, "hours", "cut so finely"));
    // Where the column itself is used as well, the dimension has another name.
    let orders = orders
        .replace("{ name: in_may", "{ name: last, agg: max, expr: ordered_on, create_metric: true }, { name: in_may");
    let text = checked(&of_duckdb(&[("models/orders.yml", &orders)]));
    assert!(
        text.contains("case when ordered_on_day.month_of_year = 5") && text.contains("expr: ordered_on\n"),
        "{text}"
    );
}

#[test]
fn periods_with_a_name_of_the_language_get_another() {
    let days = r#"
models:
  - name: days
    time_spine:
      standard_granularity_column: day
      custom_granularities: [{ name: fiscal_year, column_name: fy }, { name: retail_week }]
    columns: [{ name: day, granularity: day }]
metrics:
  - { name: of_2024, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('metric_time', 'fiscal_year') }} = '2024'" }
  - { name: before, label: x, type: derived, type_params: { expr: b, metrics: [{ name: amount, alias: b, offset_window: 2 retail_weeks }] } }
"#;
    let found = imported(&[("models/orders.yml", ORDERS), ("models/days.yml", days)]).expect("it is a project");
    let text = checked(&found);
    assert!(text.contains("granularities: { own_fiscal_year: { column: fy }, retail_week: {} }"), "{text}");
    assert!(text.contains("where: time.own_fiscal_year = '2024'"), "{text}");
    assert!(text.contains("b: { metric: amount, offset: 2 retail_week }"), "{text}");
    assert!(tells(&found, "fiscal_year", "it is called `own_fiscal_year` here"));
    assert_eq!(found.report.paths["metric_time__fiscal_year"], "time.own_fiscal_year");
}

#[test]
fn metrics_and_saved_queries_that_the_api_shows_alike_are_told_apart() {
    let metric =
        |name: &str| format!("  - {{ name: {name}, label: x, type: simple, type_params: {{ measure: amount }} }}\n");
    let query = |name: &str| format!("  - {{ name: {name}, query_params: {{ metrics: [paid1] }} }}\n");
    let metrics =
        format!("metrics:\n{}{}saved_queries:\n{}{}", metric("paid_1"), metric("paid1"), query("q1"), query("q_1"));
    let found = with(&metrics).expect("it is a project");
    let text = checked(&found);
    assert_eq!((&*found.report.metrics["paid_1"], &*found.report.metrics["paid1"]), ("paid_1", "paid1_2"));
    assert!(tells(&found, "paid1", "it is called `paid1_2` here") && tells(&found, "q_1", "`q_1_2`"));
    assert!(text.contains("- name: q1\n    metrics: [paid1_2]"), "{text}");
}

/// A model of the table `days` with entities and one dimension.
fn joined(name: &str, entities: &str, dimension: &str) -> String {
    format!(
        "semantic_models:\n  - name: {name}\n    model: ref('days')\n    entities: [{entities}]\n    \
         dimensions: [{{ name: {dimension}, type: categorical }}]\n"
    )
}

#[test]
fn a_filter_takes_the_shortest_way_to_an_entity_of_another_model() {
    let metrics = r#"
metrics:
  - { name: of_ca, label: x, type: simple, type_params: { measure: amount }, filter: "{{ Dimension('owner__state') }} = 'CA'" }
  - { name: of_far, label: x, type: simple, type_params: { measure: amount }, filter: "{{ Dimension('nobody__colour') }} = 'red'" }
"#;
    let orders = ORDERS.replace(
        "expr: order_id }]",
        "expr: order_id }, { name: shop, type: foreign }, { name: courier, type: foreign }]",
    );
    let shops = joined("shops", "{ name: shop, type: primary }, { name: owner, type: foreign }", "size");
    let couriers = joined("couriers", "{ name: courier, type: primary }, { name: firm, type: foreign }", "speed");
    let firms = joined("firms", "{ name: firm, type: primary }, { name: owner, type: foreign }", "form");
    let owners = joined("owners", "{ name: owner, type: primary }", "state");
    let alone = joined("alone", "{ name: nobody, type: primary }", "colour");
    let files = [
        ("models/orders.yml", orders.as_str()),
        ("models/a.yml", &shops),
        ("models/b.yml", &couriers),
        ("models/c.yml", &firms),
        ("models/d.yml", &owners),
        ("models/e.yml", &alone),
        ("models/metrics.yml", metrics),
    ];
    let found = imported(&files).expect("it is a project");
    assert!(checked(&found).contains("where: shops.owners.state = 'CA'"), "{}", checked(&found));
    assert!(left_out(&found, "of_far").contains("nobody__colour"));
    // A second way of the same length is two meanings, in dbt as well.
    let couriers = couriers.replace("name: firm", "name: owner");
    let files = files.map(|(path, text)| if path == "models/b.yml" { (path, couriers.as_str()) } else { (path, text) });
    let found = imported(&files).expect("it is a project");
    assert!(left_out(&found, "of_ca").contains("could be a dimension of several"));
    checked(&found);
}

#[test]
fn what_does_not_hold_is_taken_out_alone() {
    let catalog = serde_json::json!({ "tables": {
        "orders": { "columns": [
            { "name": "order_id", "type": "integer" }, { "name": "ordered_on", "type": "date" }, { "name": "amount", "type": "decimal" }
        ] },
        "days": { "columns": [{ "name": "day", "type": "date" }, { "name": "season", "type": "boolean" }] }
    } });
    let days = "
models:
  - name: days
    time_spine: { standard_granularity_column: day, custom_granularities: [{ name: season }] }
    columns: [{ name: day, granularity: day }]
";
    let metrics = r#"
metrics:
  - { name: paid, label: x, type: simple, type_params: { measure: amount }, filter: "{{ Dimension('order__status') }} = 'paid'" }
  - { name: by_season, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('metric_time', 'season') }} = 1" }
"#;
    let files = [("models/orders.yml", ORDERS), ("models/days.yml", days), ("models/m.yml", metrics)];
    let catalog = Catalog::from_json(&catalog.to_string()).expect("it is a catalog");
    let found = project("name: shop\n", &files, Options { catalog, ..Options::default() });
    checked(&found);
    assert!(left_out(&found, "orders.status").contains("it does not hold here"), "{:?}", found.report);
    assert!(left_out(&found, "days").contains("it does not hold here"));
    for name in ["paid", "by_season"] {
        left_out(&found, name);
    }
    assert_eq!(found.report.metrics, BTreeMap::from([("amount".to_owned(), "amount".to_owned())]));
    assert!(
        !found.report.paths.contains_key("order__status") && !found.report.paths.contains_key("metric_time__season")
    );
}

#[test]
fn a_name_that_is_compared_with_a_number_is_one_whatever_it_is_called() {
    let orders = measuring(
        "{ name: food, agg: sum, expr: case when is_food = 1 then amount else 0 end, create_metric: true }, \
         { name: flagged, agg: sum, expr: case when flag = 1 then amount else 0 end, create_metric: true }",
    )
    .replace("dimensions:\n", "dimensions:\n      - { name: is_food, type: categorical }\n      - { name: flag, type: categorical }\n      - { name: price, type: categorical }\n");
    let metrics = r#"
metrics:
  - { name: dear, label: x, type: simple, type_params: { measure: amount }, filter: "greatest({{ Dimension('order__price') }}, {{ Dimension('order__flag') }}) > 200" }
"#;
    let found = of_duckdb(&[("models/orders.yml", &orders), ("models/m.yml", metrics)]);
    let text = checked(&found);
    for name in ["is_food", "flag", "price"] {
        assert!(text.contains(&format!("{{ name: {name}, type: number }}")), "{text}");
    }
    assert_eq!(found.report.metrics.keys().collect::<Vec<_>>(), ["amount", "dear", "flagged", "food"]);
}

#[test]
fn jinja_of_an_expression_is_what_dbt_made_of_it_or_nothing() {
    let orders = measuring("{ name: dollars, agg: sum, expr: \"{{ dollars('amount') }}\", create_metric: true }")
        .replace(
            "dimensions:\n",
            "dimensions:\n      - { name: clean, type: categorical, expr: \"{{ clean('status') }}\" }\n",
        );
    let found = of_duckdb(&[("models/orders.yml", &orders)]);
    assert!(!checked(&found).contains("{{"));
    for name in ["orders.clean", "dollars"] {
        assert!(left_out(&found, name).contains("run `dbt parse`"), "{}", left_out(&found, name));
    }
    let manifest = r#"{ "semantic_models": [{ "name": "orders", "dimensions": [{ "name": "clean", "expr": "lower(status)" }],
        "measures": [{ "name": "dollars", "expr": "amount / 100" }] }], "metrics": [] }"#;
    let found = of_duckdb(&[("models/orders.yml", &orders), ("target/semantic_manifest.json", manifest)]);
    let text = checked(&found);
    assert!(text.contains("expr: amount / 100") && text.contains("expr: lower(status)"), "{text}");
}

#[test]
fn an_aggregate_with_unknown_parameters_is_left_out() {
    let orders =
        measuring("{ name: valid, agg: count, expr: order_id, agg_params: { where: is_valid }, create_metric: true }");
    let found = imported(&[("models/orders.yml", &orders)]).expect("it is a project");
    assert!(left_out(&found, "valid").contains("its `agg_params` have `where`"));
    checked(&found);
}
