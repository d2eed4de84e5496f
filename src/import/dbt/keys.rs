//! Data tests of dbt → what is known of keys and values.
//!
//! `data_tests: [unique, not_null]` on a column makes it a key; `relationships: { to: ref('customers'), field: id }`
//! leads to another table.
//!
//! **Invariant:** a test that may pass although rows are against it (`where`, `severity: warn`, `error_if`, `enabled: false`)
//! proves nothing about all rows and is ignored.

use super::{jinja::Templates, nodes::TableNode, yaml::Node};

/// Reads the constraints of a table and its columns, and their tests unless those of its folder prove nothing.
pub(super) fn tested(node: &mut TableNode, item: &Node, templates: &Templates, prove: bool) {
    for test in tests_of(item).filter(|_| prove) {
        if let (Some("unique_combination_of_columns"), Some(arguments)) = (name_of(test), arguments_of(test)) {
            combination(node, arguments.get("combination_of_columns"));
        }
    }
    for constraint in item.get("constraints").map(Node::items).unwrap_or_default() {
        if matches!(constraint.text_of("type"), Some("primary_key" | "unique")) {
            combination(node, constraint.get("columns"));
        }
    }
    for column in item.get("columns").map(Node::items).unwrap_or_default() {
        let Some(name) = column.text_of("name") else { continue };
        for constraint in column.get("constraints").map(Node::items).unwrap_or_default() {
            match constraint.text_of("type") {
                Some("primary_key") => {
                    node.unique.insert(vec![name.to_owned()]);
                    node.not_null.insert(name.to_owned());
                }
                Some("unique") => _ = node.unique.insert(vec![name.to_owned()]),
                Some("not_null") => _ = node.not_null.insert(name.to_owned()),
                _ => {}
            }
        }
        for test in tests_of(column).filter(|_| prove) {
            match (name_of(test), arguments_of(test)) {
                (Some("unique"), _) => _ = node.unique.insert(vec![name.to_owned()]),
                (Some("not_null"), _) => _ = node.not_null.insert(name.to_owned()),
                (Some("accepted_values"), arguments) => accepted(node, name, arguments),
                (Some("relationships"), Some(arguments)) => {
                    let relation = arguments.text_of("to").and_then(|to| templates.relation(to).ok());
                    if let (Some(relation), Some(field)) = (relation, arguments.text_of("field")) {
                        node.relationships.push((name.to_owned(), relation, field.to_owned(), test.place.clone()));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Notes the values of a column that a test accepts, where they are texts.
pub(super) fn accepted(node: &mut TableNode, column: &str, arguments: Option<&Node>) {
    let Some(arguments) = arguments.filter(|arguments| arguments.get("quote").and_then(Node::boolean) != Some(false))
    else {
        return;
    };
    let values = arguments.get("values").map(Node::items).unwrap_or_default();
    let values: Vec<String> = values.iter().filter_map(|value| value.text().map(str::to_owned)).collect();
    if !values.is_empty() {
        node.accepted.entry(column.to_owned()).or_insert(values);
    }
}

fn combination(node: &mut TableNode, columns: Option<&Node>) {
    let columns: Vec<String> = columns
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|column| column.text().map(str::to_owned))
        .collect();
    if !columns.is_empty() {
        node.unique.insert(columns);
    }
}

/// Returns the tests of a table or column that hold for all rows.
fn tests_of(item: &Node) -> impl Iterator<Item = &Node> {
    let both = ["tests", "data_tests"].into_iter().filter_map(|key| item.get(key));
    both.flat_map(Node::items).filter(|test| {
        body_of(test).is_none_or(|body| speaks_of_all_rows(|key| body.at(&["config", key]).or_else(|| body.get(key))))
    })
}

/// Returns whether a test with a configuration fails for any row that is against it.
pub(super) fn speaks_of_all_rows<'n>(configured: impl Fn(&str) -> Option<&'n Node>) -> bool {
    let is_one_of = |key: &str, usual: &[&str]| {
        let text = |node: &Node| Some(node.text()?.to_lowercase().replace(' ', ""));
        configured(key).is_none_or(|node| text(node).is_some_and(|text| usual.contains(&text.as_str())))
    };
    is_one_of("enabled", &["true", "yes", "on"])
        && is_one_of("severity", &["error"])
        && is_one_of("error_if", &["!=0", ">0"])
        && is_one_of("warn_if", &["!=0", ">0"])
        && is_one_of("fail_calc", &["count(*)"])
        && configured("where").is_none()
        && configured("limit").is_none()
}

/// Returns the name of a test without that of its package: `unique`, or the one key of a mapping.
fn name_of(test: &Node) -> Option<&str> {
    let name =
        test.text().or_else(|| test.text_of("test_name")).or_else(|| Some(test.entries().first()?.0.as_str()))?;
    name.rsplit('.').next()
}

/// Returns the arguments of a test, which newer projects put below `arguments:`.
fn arguments_of(test: &Node) -> Option<&Node> {
    let body = body_of(test)?;
    Some(body.get("arguments").unwrap_or(body))
}

fn body_of(test: &Node) -> Option<&Node> {
    if test.get("test_name").is_some() { Some(test) } else { test.entries().first().map(|(_, body)| body) }
}
