//! Where dbt means something else: the words that keep its numbers, and what is left out because none does.

use std::fs;

use entente::{
    catalog::Catalog,
    import::dbt::{Imported, Input, Options, SourceFile, import},
};

use crate::{
    command::Ran,
    dbt::{imported, with},
};

/// Returns why a thing was left out.
pub(crate) fn left_out<'i>(found: &'i Imported, name: &str) -> &'i str {
    let entry = found.report.left_out.iter().find(|entry| entry.name == name);
    entry.map_or_else(|| panic!("`{name}` is not left out: {:?}", found.report), |entry| &entry.why)
}

/// Returns whether the report tells something of a thing.
pub(crate) fn tells(found: &Imported, name: &str, why: &str) -> bool {
    found.report.changed.iter().any(|entry| entry.name == name && entry.why.contains(why))
}

/// Returns all that was written, in one text.
pub(crate) fn text(found: &Imported) -> String {
    found.files.iter().map(|file| file.text.as_str()).collect()
}

#[test]
fn a_filter_on_the_time_of_what_is_shifted_or_accumulated_is_not_written_for_rows() {
    let metrics = r#"
metrics:
  - { name: late, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('metric_time', 'day') }} >= '2024-03-01'" }
  - { name: late_by_axis, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('order__ordered_on', 'day') }} >= '2024-03-01'" }
  - { name: offset, label: x, type: derived, filter: "{{ TimeDimension('metric_time', 'day') }} >= '2024-03-01'", type_params: { expr: before, metrics: [{ name: amount, alias: before, offset_window: 14 days }] } }
  - { name: offset_of_input, label: x, type: derived, type_params: { expr: before, metrics: [{ name: amount, alias: before, offset_to_grain: month, filter: "{{ Dimension('metric_time') }} >= '2024-03-01'" }] } }
  - { name: offset_of_late, label: x, type: derived, type_params: { expr: before, metrics: [{ name: late_by_axis, alias: before, offset_window: 14 days }] } }
  - { name: total, label: x, type: cumulative, filter: "{{ TimeDimension('metric_time', 'day') }} >= '2024-03-01'", type_params: { measure: amount } }
  - { name: total_of_late, label: x, type: cumulative, type_params: { cumulative_type_params: { metric: { name: late }, window: 7 days } } }
  - { name: all, label: x, type: cumulative, type_params: { measure: amount } }
  - { name: filtered_total, label: x, type: derived, type_params: { expr: all_late, metrics: [{ name: all, alias: all_late, filter: "{{ TimeDimension('metric_time', 'month') }} = '2024-05-01'" }] } }
  - { name: paid, label: x, type: cumulative, type_params: { measure: amount }, filter: "{{ Dimension('order__status') }} = 'paid'" }
  - { name: twice_late, label: x, type: derived, type_params: { expr: late * 2, metrics: [late] } }
saved_queries:
  - { name: since_march, query_params: { metrics: [all], where: ["{{ TimeDimension('metric_time', 'day') }} >= '2024-03-01'"] } }
  - { name: amount_since_march, query_params: { metrics: [amount], where: ["{{ TimeDimension('metric_time', 'day') }} >= '2024-03-01'"] } }
"#;
    let found = with(metrics).expect("it is a project");
    for name in ["offset", "offset_of_input", "offset_of_late", "total", "total_of_late", "filtered_total"] {
        let why = left_out(&found, name);
        assert!(why.contains("a filter names its time"), "{name}: {why}");
    }
    assert!(left_out(&found, "since_march").contains("by which it is not grouped"));
    assert!(found.report.saved_queries.contains_key("amount_since_march"));
    assert_eq!(
        found.report.metrics.keys().collect::<Vec<_>>(),
        ["all", "amount", "late", "late_by_axis", "paid", "twice_late"]
    );
}

#[test]
fn offsets_of_months_shift_periods_and_those_of_days_rows() {
    let metrics = "
metrics:
  - { name: month_before, label: x, type: derived, type_params: { expr: a, metrics: [{ name: amount, alias: a, offset_window: 1 month }] } }
  - { name: week_before, label: x, type: derived, type_params: { expr: b, metrics: [{ name: amount, alias: b, offset_window: 7 days }] } }
  - { name: of_month, label: x, type: cumulative, type_params: { measure: amount, window: 1 month } }
  - { name: start, label: x, type: derived, type_params: { expr: c, metrics: [{ name: amount, alias: c, offset_to_grain: month }] } }
";
    let found = with(metrics).expect("it is a project");
    assert!(text(&found).contains("a: { metric: amount, offset: 1 month }"), "{}", text(&found));
    assert!(text(&found).contains("b: { metric: amount, offset: 7 days, shift: rows }"), "{}", text(&found));
    assert!(tells(&found, "month_before", "the last days of a month"));
    assert!(!tells(&found, "week_before", ""));
    assert!(tells(&found, "of_month", "up to three days") && tells(&found, "of_month", "shows its own first day"));
    assert!(tells(&found, "start", "by week"));
}

#[test]
fn a_metric_and_an_input_of_its_name_are_told_apart() {
    let metrics = "
metrics:
  - { name: growth, label: x, type: derived, type_params: { expr: amount_now - amount, metrics: [{ name: amount, offset_window: 7 days }, { name: amount, alias: amount_now }] } }
  - { name: twice, label: x, type: derived, type_params: { expr: amount - amount, metrics: [{ name: amount, offset_window: 7 days }, { name: amount }] } }
";
    let found = with(metrics).expect("it is a project");
    let written = "expr: amount_now - amount\n    inputs:\n      amount: { metric: amount, offset: 7 days, shift: rows }\n      \
                   amount_now: { metric: amount }\n";
    assert!(text(&found).contains(written), "{}", text(&found));
    assert_eq!(left_out(&found, "twice"), "two of its inputs are called `amount`");
}

#[test]
fn sql_keeps_what_its_warehouse_makes_of_null_and_its_constants() {
    let orders = crate::dbt::ORDERS
        .replace("dimensions:\n", "dimensions:\n      - { name: whole, type: categorical, expr: \"concat(first, ' ', last)\" }\n")
        .replace(
            "measures: [",
            "measures: [{ name: best, agg: sum, expr: \"greatest(price, 1)\", create_metric: true }, { name: of_file, agg: sum, \
             expr: \"case when status = 'of orders.csv' then 1 else 0 end\", create_metric: true }, \
             { name: pieces, agg: sum, expr: \"pieces::int\", create_metric: true }, ",
        );
    let metrics = r#"
metrics:
  - { name: least_of, label: x, type: derived, type_params: { expr: "least(best, amount)", metrics: [best, amount] } }
  - { name: nobody, label: x, type: simple, type_params: { measure: amount }, filter: "concat({{ Dimension('order__status') }}, '!') = '!'" }
"#;
    let of = |dialect: Option<&str>| {
        let files = [("models/orders.yml", orders.as_str()), ("models/m.yml", metrics)];
        project("name: shop\n", &files, Options { dialect: dialect.map(str::to_owned), ..Options::default() })
    };
    let found = of(Some("duckdb"));
    let written = text(&found);
    for says in [
        "concat(coalesce(cast(first as string), ''), ' ', coalesce(cast(last as string), ''))",
        "greatest(coalesce(price, 1), 1)",
        "expr: case when status = 'of orders.csv' then 1 else 0 end",
        "least(coalesce(best, amount), coalesce(amount, best))",
        "concat(coalesce(cast(status as string), ''), '!') = '!'",
        "expr: { duckdb: \"pieces::int\" }",
    ] {
        assert!(written.contains(says), "{says} is not in {written}");
    }
    assert!(tells(&found, "pieces", "halves"));
    let found = of(None);
    assert!(text(&found).contains("of orders.csv"));
    for name in ["best", "least_of", "nobody", "orders.whole"] {
        let why = left_out(&found, name);
        assert!(why.contains("pass over null") || why.contains("`best` was left out"), "{name}: {why}");
    }
}

#[test]
fn a_spine_of_hours_gives_no_periods_of_its_own() {
    let hours = r#"
models:
  - name: days
    time_spine: { standard_granularity_column: at, custom_granularities: [{ name: shift, column_name: shift_no }] }
    columns: [{ name: at, granularity: hour }]
metrics:
  - { name: early, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('metric_time', 'shift') }} = 1" }
"#;
    let found = imported(&[("models/orders.yml", crate::dbt::ORDERS), ("models/days.yml", hours)]).expect("it is one");
    assert!(left_out(&found, "shift").contains("has a row for each hour"));
    assert!(left_out(&found, "early").contains("by `shift`"), "{:?}", found.report);
    assert!(!found.report.paths.contains_key("metric_time__shift") && !text(&found).contains("calendars:"));
    let manifest = r#"{ "semantic_models": [], "metrics": [], "project_configuration": { "time_spines": [ { "node_relation":
        { "schema_name": "s", "alias": "hours" }, "primary_column": { "name": "at", "time_granularity": "hour" },
        "custom_granularities": [{ "name": "shift", "column_name": "shift_no" }] } ] } }"#;
    let files = [("models/orders.yml", crate::dbt::ORDERS), ("target/semantic_manifest.json", manifest)];
    let found = imported(&files).expect("it is a project");
    assert!(left_out(&found, "shift").contains("has a row for each hour"));
}

const TARGETS: &str = r#"
semantic_models:
  - name: targets
    model: ref('days')
    defaults: { agg_time_dimension: month }
    primary_entity: target
    dimensions: [{ name: month, type: time, type_params: { time_granularity: month } }]
    measures: [{ name: goal, agg: sum, create_metric: true }]
saved_queries:
  - { name: daily, query_params: { metrics: [amount], group_by: [metric_time], where: ["{{ Dimension('metric_time') }} >= '2024-02-15'"] } }
  - { name: monthly, query_params: { metrics: [amount, goal], group_by: [TimeDimension('metric_time')] } }
"#;

#[test]
fn the_time_of_a_saved_query_is_as_fine_as_that_of_its_metrics() {
    let found = with(TARGETS).expect("it is a project");
    let text = text(&found);
    assert!(text.contains("by: [time.day]\n    where: time.day >= date '2024-02-15'"), "{text}");
    assert!(text.contains("metrics: [amount, goal]\n    by: [time.month]"), "{text}");
    assert_eq!(found.report.paths["metric_time"], "time.day");
    assert!(tells(&found, "targets", "`primary_entity` is a name without a column"));
}

#[test]
fn a_conversion_between_times_of_different_granularities_is_left_out() {
    let visits = "
semantic_models:
  - name: visits
    model: ref('days')
    defaults: { agg_time_dimension: at }
    entities: [{ name: visit, type: primary }, { name: order, type: foreign }]
    dimensions: [{ name: at, type: time, type_params: { time_granularity: hour } }]
    measures: [{ name: visits, agg: count, expr: 1 }]
metrics:
  - { name: orders, label: x, type: simple, type_params: { measure: n } }
  - { name: bought, label: x, type: conversion, type_params: { conversion_type_params: { base_measure: visits, conversion_measure: n, entity: order, window: 1 month } } }
";
    let orders = crate::dbt::ORDERS.replace("measures: [", "measures: [{ name: n, agg: count, expr: 1 }, ");
    let found = imported(&[("models/orders.yml", &orders), ("models/visits.yml", visits)]).expect("it is a project");
    assert!(left_out(&found, "bought").contains("different granularities"));
}

#[test]
fn percentiles_and_balances_keep_their_words() {
    let orders = crate::dbt::ORDERS.replace(
        "measures: [",
        "measures: [{ name: b, agg: sum, expr: amount, create_metric: true, non_additive_dimension: { name: ordered_on, \
         window_choice: max, window_groupings: [order__status] } }, ",
    );
    let newer = "
models:
  - name: days
    semantic_model: true
    agg_time_dimension: day
    columns: [{ name: day, granularity: day, entity: primary, dimension: { type: time, name: on_day } }]
    metrics: [{ name: p, agg: percentile, expr: pieces, percentile: 0.9, percentile_type: DISCRETE }]
";
    let found = imported(&[("models/orders.yml", &orders), ("models/days.yml", newer)]).expect("it is a project");
    let text = text(&found);
    assert!(text.contains("where: status is not null"), "{text}");
    assert!(text.contains("discrete: true"), "{text}");
}

#[test]
fn parts_and_hours_in_filters_are_parts_and_hours() {
    let orders = crate::dbt::ORDERS.replace(
        "dimensions:\n",
        "dimensions:\n      - { name: paid_at, type: time, type_params: { time_granularity: hour } }\n",
    );
    let metrics = r#"
metrics:
  - { name: of_march, label: x, type: simple, type_params: { measure: amount }, filter: "extract(month from {{ TimeDimension('metric_time', 'day') }}) = 3" }
  - { name: of_first, label: x, type: simple, type_params: { measure: amount }, filter: "extract(day from {{ TimeDimension('metric_time', 'month') }}) = 1" }
  - { name: paid_late, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('order__paid_at', 'hour') }} >= '2024-03-01 13:00:00'" }
  - { name: paid_since, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('order__paid_at', 'hour') }} >= '2024-03-01'" }
"#;
    let of_type = |word: &str| {
        let columns = [
            ("order_id", "integer"),
            ("paid_at", word),
            ("ordered_on", "date"),
            ("status", "string"),
            ("amount", "decimal"),
        ];
        let columns: Vec<_> =
            columns.iter().map(|(name, kind)| serde_json::json!({ "name": name, "type": kind })).collect();
        let catalog = serde_json::json!({ "tables": { "orders": { "columns": columns } } }).to_string();
        let options = Options { catalog: Catalog::from_json(&catalog).expect("it is a catalog"), ..Options::default() };
        project("name: shop\n", &[("models/orders.yml", &orders), ("models/m.yml", metrics)], options)
    };
    let found = of_type("datetime");
    let written = text(&found);
    assert!(written.contains("where: time.month_of_year = 3"), "{written}");
    assert!(left_out(&found, "of_first").contains("not cut so finely"));
    assert!(written.contains("paid_at.hour >= datetime '2024-03-01 13:00:00'"), "{written}");
    assert!(written.contains("paid_at.hour >= datetime '2024-03-01 00:00:00'"), "{written}");
    // What has no type here is left out with the reason that `entente check` would give, and the project checks.
    let found = of_type("timestamp");
    assert!(left_out(&found, "paid_late").contains("it does not hold here: a timestamp is compared with a datetime"));
    assert!(found.report.metrics.contains_key("of_march") && !text(&found).contains("paid_late"));
}

#[test]
fn a_metric_in_a_filter_is_asked_of_rows_that_are_there() {
    let customers = r#"
semantic_models:
  - name: customers
    model: ref('days')
    entities: [{ name: customer, type: primary }]
metrics:
  - { name: of_large, label: x, type: simple, type_params: { measure: amount }, filter: "{{ Metric('amount', group_by=['customer']) }} > 100" }
  - { name: of_itself, label: x, type: simple, type_params: { measure: amount }, filter: "{{ Metric('amount', group_by=['order']) }} > 100" }
"#;
    let orders = crate::dbt::ORDERS
        .replace("type: primary,", "type: primary, ")
        .replace("expr: order_id }]", "expr: order_id }, { name: customer, type: foreign }]");
    let found = imported(&[("models/orders.yml", &orders), ("models/c.yml", customers)]).expect("it is a project");
    assert!(tells(&found, "of_large", "a key that has none there"), "{:?}", found.report);
    assert!(!tells(&found, "of_itself", "a key that has none there"));
}

pub(crate) fn project(config: &str, files: &[(&str, &str)], options: Options) -> Imported {
    let own = [("dbt_project.yml", config), ("models/orders.sql", "select 1"), ("models/days.sql", "select 1")];
    let files = own.iter().chain(files).map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() });
    import(&Input { files: files.collect(), options }).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn what_is_disabled_is_left_out_however_it_is_said() {
    let config = "
name: shop
vars: { prod: true }
metrics: { shop: { off: { +enabled: false }, by_name: { +enabled: false } } }
saved-queries: { shop: { +enabled: \"{{ not var('prod') }}\" } }
models: { shop: { gone: { +enabled: false } } }
";
    let metric = |name: &str, more: &str| {
        format!(
            "  - {{ name: {name}, label: x, type: derived, type_params: {{ expr: amount, metrics: [amount] }}{more} }}\n"
        )
    };
    let metrics = format!(
        "metrics:\n{}{}{}{}saved_queries:\n  - {{ name: q, query_params: {{ metrics: [amount] }} }}\n",
        metric("off_by_var", ", config: { enabled: \"{{ not var('prod') }}\" }"),
        metric("on_by_var", ", config: { enabled: \"{{ var('prod') }}\" }"),
        metric("by_name", ""),
        metric("who_knows", ", config: { enabled: \"{{ nobody_knows() }}\" }"),
    );
    let of_folder = format!("metrics:\n{}{}", metric("off_by_folder", ""), metric("on", ", config: { enabled: true }"));
    let model = |name: &str| {
        format!(
            "models:\n  - name: {name}\n    semantic_model: true\n    columns: [{{ name: id, entity: primary }}]\n    \
             metrics: [{{ name: of_{name}, agg: count, expr: 1 }}]\n"
        )
    };
    let found = project(
        config,
        &[
            ("models/orders.yml", crate::dbt::ORDERS),
            ("models/metrics.yml", &metrics),
            ("models/off/metrics.yml", &of_folder),
            ("models/gone/by_folder.sql", "select 1"),
            ("models/gone/by_folder.yml", &model("by_folder")),
            ("models/by_file.sql", "{{ config(enabled=false) }} select 1"),
            ("models/by_file.yml", &model("by_file")),
        ],
        Options::default(),
    );
    for name in ["off_by_var", "by_name", "off_by_folder", "q"] {
        assert_eq!(left_out(&found, name), "it is disabled in dbt", "{name}");
    }
    assert!(
        left_out(&found, "of_by_folder").contains("disabled") && left_out(&found, "of_by_file").contains("disabled")
    );
    assert!(tells(&found, "who_knows", "may be disabled"));
    assert_eq!(found.report.metrics.keys().collect::<Vec<_>>(), ["amount", "on", "on_by_var", "who_knows"]);
}

#[test]
fn yaml_is_read_wherever_dbt_reads_it() {
    let metric = |name: &str| {
        format!("metrics: [{{ name: {name}, label: x, type: simple, type_params: {{ measure: amount }} }}]")
    };
    let found = project(
        "name: shop\nmacro-paths: [lib]\n",
        &[
            ("models/orders.yml", crate::dbt::ORDERS),
            ("analyses/a.yml", &metric("of_analyses")),
            ("lib/b.yml", &metric("of_macros")),
            ("tests/c.yaml", &metric("of_tests")),
            ("elsewhere/d.yml", &metric("of_nothing")),
            ("analyses/days.sql", "{{ config(alias='other') }}"),
        ],
        Options::default(),
    );
    assert_eq!(found.report.metrics.keys().collect::<Vec<_>>(), ["amount", "of_analyses", "of_macros", "of_tests"]);
}

#[test]
fn tables_are_called_after_the_target() {
    let table = |profile: &str, options: Options| {
        let config = "name: shop\nprofile: shop\nmodels: { +schema: \"{{ 'live' if target.name == 'prod' else target.schema }}\" }\n";
        let files = [("models/orders.yml", crate::dbt::ORDERS), ("profiles.yml", profile)];
        let found = project(config, &files, options);
        let text = text(&found);
        let line = text.lines().find(|line| line.contains("table:")).expect("a model has a table").trim().to_owned();
        (line, tells(&found, "orders", "its `schema` is not taken over"))
    };
    let profile = "shop: { target: prod, outputs: { prod: { type: duckdb, schema: mart } } }";
    assert_eq!(table(profile, Options::default()), ("table: mart_live.orders".to_owned(), false));
    let other = profile.replace("prod", "dev");
    assert_eq!(table(&other, Options::default()), ("table: mart_mart.orders".to_owned(), false));
    let told = Options { schema: Some("gate".into()), ..Options::default() };
    assert_eq!(table("other: {}", told), ("table: gate.orders".to_owned(), true));
}

#[test]
fn what_is_ignored_is_not_read() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    };
    write("dbt_project.yml", "name: shop\n");
    write("models/orders.sql", "select 1");
    write("models/orders.yml", crate::dbt::ORDERS);
    write("models/old/broken.yml", "metrics: [\n");
    write("models/half.draft.yml", "metrics: [\n");
    let dbt = folder.path().to_string_lossy().into_owned();
    let run = || -> Ran {
        let mut command = crate::command::entente();
        command.args(["import", "dbt", &dbt, "--dry-run"]).output().expect("the command runs").into()
    };
    run().failed(1, &["this is not YAML"]);
    write(".dbtignore", "# drafts\n*.draft.yml\nmodels/old/\n");
    run().worked();
    write(".dbtignore", "models/**/*.yml\n!models/orders.yml\n");
    run().worked();
}
