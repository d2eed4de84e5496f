//! Names that clash: with one another in a view, and with the words of SQL.

use std::collections::BTreeMap;

use entente::{lookml::Emitted, sql::Dialect};

use super::{
    plain::{Node, NodeValue, parse},
    worlds::{Dialects, World, emit, written},
};

fn names() -> World {
    written(include_str!("names.yml"))
}

/// The lines of a field, from its head to the end of its view.
fn field<'e>(emitted: &'e Emitted, path: &str, head: &str) -> &'e str {
    let text = emitted.files.get(path).unwrap_or_else(|| panic!("{path} in {:?}", emitted.files.keys()));
    let at = text.find(&format!("  {head} {{")).unwrap_or_else(|| panic!("{head} in\n{text}"));
    text[at..].split("\n  }\n").next().expect("a text has a first part")
}

/// The columns of derived tables with the fields that show them bare.
fn shown(emitted: &Emitted) -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in emitted.files.values() {
        let nodes = parse(text).expect("it is LookML");
        for view in nodes.iter().filter(|node| node.key == "view") {
            let NodeValue::Nodes { name: Some(view), nodes } = &view.value else { continue };
            if view != "entente_time_zone" && nodes.iter().any(|node| node.key == "derived_table") {
                nodes.iter().filter_map(column).for_each(|(column, field)| {
                    shown.entry(format!("{view}.{column}")).or_default().push(field);
                });
            }
        }
    }
    shown
}

fn column(node: &Node) -> Option<(String, String)> {
    let NodeValue::Nodes { name: Some(name), nodes } = &node.value else { return None };
    let sql = nodes.iter().find(|node| node.key == "sql")?;
    let NodeValue::Block(sql) = &sql.value else { return None };
    let column = sql.trim().strip_prefix("${TABLE}.").filter(|column| !column.contains(' '))?;
    Some((column.to_owned(), format!("{} {name}", node.key)))
}

#[test]
fn a_column_of_a_derived_table_is_that_of_one_field() {
    let shown = shown(&emit(&names(), Dialects::Configured));
    assert!(shown.contains_key("share.delivered") && shown.contains_key("share.delivered_at"), "{shown:?}");
    let twice: Vec<_> = shown.iter().filter(|(_, fields)| fields.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_time_keeps_its_fields_when_another_comes() {
    let orders = "views/generated/orders.view.lkml";
    let emitted = emit(&names(), Dialects::Configured);
    for (group, column) in
        [("ordered", "ordered_day"), ("ordered_at", "ordered_at"), ("paid_at", "paid_at"), ("paid_on", "paid_on")]
    {
        let text = field(&emitted, orders, &format!("dimension_group: {group}"));
        assert!(text.contains(&format!("sql: ${{TABLE}}.{column} ;;")), "{text}");
    }
}

#[test]
fn views_are_called_by_no_word_of_sql() {
    let expected = [
        (Dialect::BigQuery, ["order_", "user", "select_", "union_"]),
        (Dialect::Postgres, ["order_", "user_", "select_", "union_"]),
    ];
    for (dialect, [order, user, select, union]) in expected {
        let emitted = emit(&names(), Dialects::Only(dialect));
        let orders = &emitted.files["explores/generated/orders.explore.lkml"];
        for alias in [order, user] {
            let join = format!("join: {alias} {{\n    from: customers\n");
            assert!(orders.contains(&join), "{join} in\n{orders}");
        }
        let choices = &emitted.files[&format!("views/generated/{select}.view.lkml")];
        assert!(choices.contains("label: \"Select\""), "{choices}");
        assert!(emitted.files.contains_key(&format!("explores/generated/{union}.explore.lkml")));
    }
}

#[test]
fn the_greatest_of_a_text_is_a_text() {
    let emitted = emit(&names(), Dialects::Configured);
    for (view, measure) in [("orders", "last_kind"), ("orders_all_time", "last_kind_so_far")] {
        let text = field(&emitted, &format!("views/generated/{view}.view.lkml"), &format!("measure: {measure}"));
        assert!(text.contains("type: string"), "{text}");
    }
}

#[test]
fn what_a_field_passes_on_asks_for_nothing_that_it_does_not() {
    let emitted = emit(&written(include_str!("passed.yml")), Dialects::Configured);
    let status = field(&emitted, "views/generated/orders.view.lkml", "dimension: status");
    for (expected, is_there) in [
        ("alias: [old_status]", true),
        ("drill_fields: [by_hand, customers.country]", true),
        ("html", false),
        ("label: \"Mail\"", false),
        ("label: \"Find\"", true),
    ] {
        assert_eq!(status.contains(expected), is_there, "{expected} in\n{status}");
    }
    let support = field(&emitted, "views/generated/orders.view.lkml", "dimension: note");
    assert!(support.contains("{{ customers.email._value }}"), "{support}");
    let report = emitted.report.to_text().split_whitespace().collect::<Vec<_>>().join(" ");
    for reason in [
        "orders.status.lookml.alias a field of the view is called `n`",
        "orders.status.lookml.drill_fields not everyone who sees it may see `customers.email`",
        "orders.n.lookml.drill_fields `customers.phone` is personal data, which is in no drill",
        "orders.status.lookml.html its Liquid asks for `customers.email`, which not everyone who sees it may see",
        "orders.status.lookml.links its Liquid asks for `customers.email`, which not everyone who sees it may see",
    ] {
        assert!(report.contains(reason), "{reason} in\n{report}");
    }
}
