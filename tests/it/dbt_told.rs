//! What a dbt project tells beside its numbers: tests, folders, columns, saved queries.

use entente::import::dbt::{Imported, Options};

use crate::{
    dbt::{ORDERS, imported, with},
    dbt_meaning::{left_out, project, tells, text},
};

#[test]
fn a_test_that_may_pass_all_the_same_gives_no_key() {
    let key = |config: &str, test: &str| {
        let orders =
            ORDERS.replace("entities: [{ name: order, type: primary, expr: order_id }]", "primary_entity: order");
        let columns = format!(
            "models:\n  - name: orders\n    columns:\n      - name: order_id\n        data_tests: [{{ unique: {test} }}, not_null]\n"
        );
        let files = [("models/orders.yml", orders.as_str()), ("models/columns.yml", &columns)];
        text(&project(&format!("name: shop\n{config}"), &files, Options::default())).contains("primary_key: order_id")
    };
    for test in ["{}", "{ config: { severity: ERROR, error_if: '!= 0', enabled: true } }", "{ name: x }"] {
        assert!(key("", test), "{test}");
    }
    for config in [
        "enabled: false",
        "severity: warn",
        "error_if: '>100'",
        "warn_if: '>10'",
        "limit: 1",
        "where: a",
        "fail_calc: max(n)",
    ] {
        assert!(!key("", &format!("{{ config: {{ {config} }} }}")) && !key("", &format!("{{ {config} }}")), "{config}");
    }
    assert!(!key("data_tests: { shop: { +severity: warn } }\n", "{}"));
    assert!(!key("tests: { +enabled: false }\n", "{}"));
}

#[test]
fn accepted_values_are_values() {
    let values = |test: &str| {
        let columns = format!("models:\n  - name: orders\n    columns: [{{ name: status, data_tests: [{test}] }}]\n");
        text(&imported(&[("models/orders.yml", ORDERS), ("models/columns.yml", &columns)]).expect("it is a project"))
    };
    for test in ["accepted_values: { values: [new, done] }", "accepted_values: { arguments: { values: [new, done] } }"]
    {
        assert!(values(&format!("{{ {test} }}")).contains("{ name: status, values: [new, done] }"), "{test}");
    }
    for test in ["values: [1, 2], quote: false", "values: [new], config: { where: a }", "values: []"] {
        assert!(!values(&format!("{{ accepted_values: {{ {test} }} }}")).contains("values:"), "{test}");
    }
}

const FOLDERS: &str = "
name: shop
metrics: { shop: { +tags: [all], +meta: { tier: bronze, unit: EUR }, marts: { +group: finance, +meta: { tier: gold }, +tags: [core] } } }
semantic-models: { shop: { +group: finance } }
saved-queries: { shop: { +tags: kept } }
";

#[test]
fn what_folders_say_holds_for_what_lies_in_them() {
    let metrics = "
groups: [{ name: finance, owner: { name: Finance team } }]
metrics:
  - { name: paid, label: Paid, type: simple, type_params: { measure: amount }, config: { meta: { unit: USD }, tags: [own, core] } }
saved_queries:
  - name: q
    label: Q
    description: All of it.
    config: { tags: [own], meta: { owner: ann }, group: finance, cache: { enabled: true } }
    query_params: { metrics: [paid] }
";
    let orders = ORDERS
        .replace("    model: ref('orders')", "    model: ref('orders')\n    config: { meta: { area: sales, team: a } }")
        .replace(
            "{ name: status, type: categorical }",
            "{ name: status, type: categorical, config: { meta: { team: b } } }",
        );
    let files = [("models/orders.yml", orders.as_str()), ("models/marts/metrics.yml", metrics)];
    let found = project(FOLDERS, &files, Options::default());
    let text = text(&found);
    for says in [
        "label: Paid\n    owner: Finance team\n    group: finance\n    tags: [all, core, own]\n",
        "meta: { tier: gold, unit: USD }",
        "owner: Finance team\n    group: finance\n    table: orders",
        "{ name: status, meta: { team: b } }",
        "meta: { area: sales, team: a }",
        "description: All of it.\n    metrics: [paid]\n    meta: { label: Q, group: finance, tags: [kept, own], owner: ann }",
    ] {
        assert!(text.contains(says), "{says} is not in {text}");
    }
    assert!(found.report.left_out.iter().any(|entry| entry.kind == "cache" && entry.why.contains("rollup")));
}

#[test]
fn what_columns_say_holds_for_their_entities_and_dimensions() {
    let newer = "
models:
  - name: orders
    semantic_model: true
    columns:
      - { name: order_id, entity: { name: order, type: primary, config: { meta: { own: 1 } } }, config: { meta: { of: column } } }
      - { name: shop_id, entity: { name: shop, type: foreign }, config: { meta: { of: column } } }
      - { name: status, dimension: categorical, config: { meta: { sensitive: true }, tags: [pii] } }
    derived_semantics:
      dimensions: [{ name: size, type: categorical, expr: 'amount > 2', odd: 1 }]
      entities: [{ name: twin, type: foreign, expr: order_id, odd: 1 }]
";
    let found = imported(&[("models/orders.yml", newer)]).expect("it is a project");
    let text = text(&found);
    for says in [
        "{ name: order, expr: order_id, meta: { own: 1 } }",
        "{ name: shop, expr: shop_id, meta: { of: column } }",
        "{ name: status, tags: [pii], meta: { sensitive: true } }",
    ] {
        assert!(text.contains(says), "{says} is not in {text}");
    }
    for name in ["size", "twin"] {
        assert_eq!(left_out(&found, name), "key `odd` is not known to this version");
    }
}

#[test]
fn a_saved_query_of_what_is_accumulated_takes_a_range() {
    let query = |name: &str, by: &str, filters: &str| {
        format!("  - {{ name: {name}, query_params: {{ metrics: [all], group_by: [{by}], where: [{filters}] }} }}\n")
    };
    let day = "\"TimeDimension('metric_time', 'day')\"";
    let time = |grain: &str, rest: &str| format!("\"{{{{ TimeDimension('metric_time', '{grain}') }}}} {rest}\"");
    let (from, to) = (time("day", ">= '2024-01-08'"), time("day", "< '2024-01-11'"));
    let paid = "\"{{ Dimension('order__status') }} = 'paid'\"";
    let saved = [
        query("both", day, &format!("{from}, {to}, {paid}")),
        query("within", day, &time("day", "between '2024-01-08' and '2024-01-10'")),
        query("since", day, &time("day", "> '2024-01-07'")),
        query("one", day, &time("day", "= '2024-01-08'")),
        query("until", day, &to),
        query("by_month", "\"TimeDimension('metric_time', 'month')\"", &from),
        query("months", day, &time("month", ">= '2024-01-01'")),
        query("none", day, &format!("{to}, {}", time("day", ">= '2024-02-01'"))),
    ];
    let metrics = format!(
        "metrics: [{{ name: all, label: x, type: cumulative, type_params: {{ measure: amount }} }}]\nsaved_queries:\n{}",
        saved.concat()
    );
    let found = with(&metrics).expect("it is a project");
    let text = text(&found);
    for (name, says) in [
        ("both", "by: [time.day]\n    where: orders.status = 'paid'\n    time: 2024-01-08 to 2024-01-11"),
        ("within", "time: 2024-01-08 to 2024-01-11"),
        ("since", "time: since 2024-01-08"),
        ("one", "time: 2024-01-08 to 2024-01-09"),
    ] {
        let written = text.split(&format!("- name: {name}\n")).nth(1).expect("it is written");
        assert!(written.split("- name:").next().is_some_and(|written| written.contains(says)), "{name}: {written}");
    }
    for (name, why) in [
        ("until", "has no first one"),
        ("none", "leaves no day"),
        ("by_month", "by which it is not grouped"),
        ("months", "would cut the rows"),
    ] {
        assert!(left_out(&found, name).contains(why), "{name}: {}", left_out(&found, name));
    }
}

#[test]
fn what_is_finer_than_a_day_is_told() {
    let orders = ORDERS.replace("time_granularity: day", "time_granularity: hour").replace(
        "dimensions:\n",
        "dimensions:\n      - { name: edited_at, type: time, type_params: { time_granularity: millisecond } }\n",
    );
    let metrics = r#"
metrics:
  - { name: all, label: x, type: cumulative, type_params: { measure: amount } }
  - { name: noon, label: x, type: simple, type_params: { measure: amount }, filter: "{{ TimeDimension('metric_time', 'day') }} >= '2024-01-02 12:00:00'" }
"#;
    let found: Imported =
        imported(&[("models/orders.yml", &orders), ("models/metrics.yml", metrics)]).expect("it is a project");
    assert!(text(&found).contains("{ name: edited_at, type: time, granularity: second }"), "{}", text(&found));
    assert!(tells(&found, "orders.edited_at", "as fine as a second here, not a millisecond"));
    assert_eq!(found.report.paths["order__edited_at"], "orders.edited_at.second");
    assert!(tells(&found, "all", "asked for with a range of time"));
    assert!(left_out(&found, "noon").contains("a time within a day"));
}
