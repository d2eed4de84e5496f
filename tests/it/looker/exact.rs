//! Times, formats, constants and what is stored: what says the same here as in Looker, and what stays LookML.

use std::fs;

use entente::import::lookml::Outcome::{LeftBehind, Native, Verbatim};

use super::{
    run,
    small::{fate, imported, read, text, whole},
};

/// Items of orders, both with times of one name.
fn shop(items: &str, explore: &str) -> String {
    format!(
        "connection: \"c\"
        explore: items {{
          {explore}
          join: orders {{ relationship: many_to_one sql_on: ${{items.order_id}} = ${{orders.id}} ;; }}
        }}
        view: items {{
          sql_table_name: a.items ;;
          dimension: id {{ primary_key: yes type: number }}
          dimension: order_id {{ type: number }}
          dimension_group: returned {{ type: time sql: ${{TABLE}}.returned_at ;; }}
          dimension_group: updated {{ type: time sql: ${{TABLE}}.updated_at ;; }}
          measure: n {{ type: count }}
          {items}
        }}
        view: orders {{
          sql_table_name: a.orders ;;
          dimension: id {{ primary_key: yes type: number }}
          dimension_group: updated {{ type: time sql: ${{TABLE}}.changed_at ;; }}
        }}"
    )
}

#[test]
fn a_time_is_that_of_its_view() {
    for (filter, time, proposed) in [
        ("", "returned_at", "one of several times"),
        ("always_filter: { filters: [items.updated_date: \"7 days\"] }", "updated_at", ""),
        ("always_filter: { filters: [updated_date: \"7 days\"] }", "updated_at", ""),
        (
            "always_filter: { filters: [orders.updated_date: \"7 days\"] }",
            "returned_at",
            "give them `time: orders.updated`",
        ),
    ] {
        let found = imported(&[("m.model.lkml", &shop("", filter))], None);
        let metrics = text(&found, "metrics/items.yml");
        assert!(metrics.contains(&format!("time: {time}")), "{filter}: {metrics}");
        let proposals = found.report.proposals.join("\n");
        assert!(proposals.contains(proposed) && proposals.is_empty() == proposed.is_empty(), "{filter}: {proposals}");
    }
    for (time, outcome, why) in [
        ("returned_year", Native, ""),
        ("items.returned_year", Native, ""),
        ("items.updated_year", Verbatim, "`updated_at`, which is not the time of its model"),
        ("orders.updated_year", Verbatim, "`orders.updated`, which is not the time of its model"),
    ] {
        let before =
            format!("measure: before {{ type: period_over_period based_on: n based_on_time: {time} period: year }}");
        let found = imported(&[("m.model.lkml", &shop(&before, ""))], None);
        let (found, reason) = fate(&found, "m.model.lkml", "items.before");
        assert!(found == outcome && reason.contains(why), "{time}: {found:?} {reason}");
    }
}

#[test]
fn days_are_cut_where_looker_cuts_them() {
    let as_stored = "dimension_group: created { type: time convert_tz: no sql: ${TABLE}.created_at ;; }";
    for (zone, column, expected) in [
        ("America/New_York", "timestamp", "verbatim: dimension_group `items.created`"),
        ("America/New_York", "", "with a `schema/catalog.json` it is known"),
        ("America/New_York", "datetime", "12 native, 0 verbatim"),
        ("UTC", "timestamp", "native: dimension_group `items.created`"),
    ] {
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        let (from, into) = (folder.path().join("looker"), folder.path().join("into"));
        fs::create_dir_all(&from).expect("it is made");
        fs::create_dir_all(into.join("schema")).expect("it is made");
        fs::write(from.join("m.model.lkml"), shop(as_stored, "")).expect("it is written");
        let project = format!(
            "language: 1\nname: small\nconnection: w\nconnections:\n  w: {{ type: duckdb, path: w.duckdb }}\ntime_zone: {zone}\n"
        );
        fs::write(into.join("entente.yml"), project).expect("it is written");
        let table = |columns: &[&str]| {
            let kind = |name: &str| if name.ends_with("_at") { column } else { "integer" };
            let columns = columns.iter().map(|name| format!("{{\"name\": \"{name}\", \"type\": \"{}\"}}", kind(name)));
            format!("{{\"columns\": [{}]}}", columns.collect::<Vec<_>>().join(", "))
        };
        let items = table(&["id", "order_id", "returned_at", "updated_at", "created_at"]);
        let orders = table(&["id", "changed_at"]);
        let catalog = format!("{{\"tables\": {{\"a.items\": {items}, \"a.orders\": {orders}}}}}");
        if !column.is_empty() {
            fs::write(into.join("schema/catalog.json"), catalog).expect("it is written");
        }
        let report = run(&[&from.to_string_lossy(), "--dry-run"], &into).worked();
        assert!(report.contains(expected), "{zone} {column}: {report}");
    }
    // What Looker offers of a time does not say what its column holds.
    for (frames, granularity) in [("", ""), ("datatype: date", ", granularity: day")] {
        let group = format!(
            "dimension_group: paid {{ type: time timeframes: [raw, date] {frames} sql: ${{TABLE}}.paid_at ;; }}"
        );
        let found = imported(&[("m.model.lkml", &shop(&group, ""))], None);
        let metrics = text(&found, "metrics/items.yml");
        assert!(metrics.contains(&format!("{{ name: paid_at, type: time{granularity} }}")), "{metrics}");
    }
}

#[test]
fn an_escaped_percent_sign_multiplies_nothing() {
    let share = r#"measure: share { type: number sql: 100.0 * ${n} / NULLIF(${n}, 0) ;; value_format: "0.0\%" }"#;
    let folder = whole(&shop(share, ""));
    assert!(!read(&folder, "metrics/items.yml").contains("percent"));
    let view = read(&folder, "lookml_out/views/generated/items.view.lkml");
    assert!(view.contains(r#"value_format: "0.0\%""#), "{view}");
}

#[test]
fn constants_stand_with_their_values_in_what_stays_lookml() {
    let model = shop("dimension: place { type: string html: @{mark}{{ value }} ;; }", "")
        + "
        explore: kept {}
        view: kept {
          derived_table: { sql: SELECT {% parameter p %} AS x FROM `@{dataset}.t` ;; }
          parameter: p { type: number }
          dimension: x { label: \"In @{dataset}\" }
        }";
    let manifest = "project_name: \"small\"
        constant: dataset { value: \"acme.shop\" }
        constant: mark { value: \"<b>\" }";
    let found = imported(&[("m.model.lkml", &model), ("manifest.lkml", manifest)], None);
    let kept = text(&found, "lookml_out/kept/views/kept.view.lkml");
    assert!(kept.contains("`acme.shop.t`") && kept.contains("label: \"In acme.shop\""), "{kept}");
    assert!(found.files.iter().all(|file| !file.text.contains("@{")));
}

#[test]
fn what_is_stored_no_more_is_told() {
    let stored =
        "derived_table: { sql: SELECT * FROM a.orders ;; datagroup_trigger: nightly partition_keys: [\"id\"] }";
    let model = shop("", "").replace("sql_table_name: a.orders ;;", stored);
    let found = imported(&[("m.model.lkml", &model)], None);
    for key in ["datagroup_trigger", "partition_keys"] {
        let (outcome, why) = fate(&found, "m.model.lkml", &format!("orders.derived_table.{key}"));
        assert!(outcome == LeftBehind && why.contains("store it as a table"), "{key}: {outcome:?} {why}");
    }
}
