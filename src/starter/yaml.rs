//! Drafts → YAML that people like to go on with.
//!
//! The project file is plain data and is written by serde. Models have a layout that no serializer gives: a join or a
//! dimension in one line, and comments on what was left out.
//!
//! **Invariant:** a text that comes from the data stands in quotes wherever YAML might read it as anything else.

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;

use crate::syntax::scalar;

use super::{
    draft::{DimensionDraft, Mark, MetricDraft, ModelDraft},
    words,
};

/// The project file of a project that was just begun.
#[derive(Serialize)]
struct ProjectFile<'a> {
    language: u32,
    name: &'a str,
    connection: &'a str,
    connections: BTreeMap<&'a str, DuckDbFile<'a>>,
    time_zone: &'a str,
    week_start: &'a str,
}

#[derive(Serialize)]
struct DuckDbFile<'a> {
    r#type: &'a str,
    path: &'a str,
}

/// Writes `entente.yml`.
pub(super) fn project(name: &str, database: &str, time_zone: &str) -> String {
    let file = ProjectFile {
        language: 1,
        name,
        connection: "local",
        connections: BTreeMap::from([("local", DuckDbFile { r#type: "duckdb", path: database })]),
        time_zone,
        week_start: "monday",
    };
    serde_yaml::to_string(&file).expect("texts and a number are plain YAML")
}

/// Writes the file of one model.
pub(super) fn model(model: &ModelDraft) -> String {
    let mut text =
        String::from("# A proposal of `entente init`: read it, describe it, take away what nobody needs.\nmodels:\n");
    let mut line = |indent: usize, content: &str| {
        writeln!(text, "{:indent$}{content}", "").expect("a string takes any text");
    };
    line(2, &format!("- name: {}", model.name));
    let table = model.table.rsplit('.').next().unwrap_or(&model.table);
    if !table.is_ascii() {
        line(4, &format!("label: {}", scalar(table)));
    }
    let description = format!("One row per {} (proposed).", words::singular(&model.name).replace('_', " "));
    line(4, &format!("description: {}", scalar(&description)));
    line(4, &format!("table: {}", scalar(&model.table)));
    match model.key.as_slice() {
        [] => line(4, "# primary_key: no column was found whose values never repeat"),
        [key] => line(4, &format!("primary_key: {}", scalar(key))),
        keys => line(4, &format!("primary_key: {}", list(keys))),
    }
    if let Some(time) = &model.time {
        line(4, &format!("time: {time}"));
    }
    if !model.joins.is_empty() {
        line(4, "joins:");
        for join in &model.joins {
            let role = join.role.as_ref().map_or_else(String::new, |role| format!(", as: {role}"));
            line(6, &format!("- {{ to: {}, key: {}{role} }}", join.to, scalar(&words::expression(&join.column))));
        }
    }
    if !model.dimensions.is_empty() {
        line(4, "dimensions:");
        for dimension in &model.dimensions {
            line(6, &format!("- {{ {} }}", dimension_keys(dimension)));
        }
    }
    if !model.left_out.is_empty() {
        line(4, &format!("# Left out, by type: {}", model.left_out.join(", ").replace(['\n', '\r'], " ")));
    }
    line(0, "");
    line(0, "metrics:");
    for (index, metric) in model.metrics.iter().enumerate() {
        if index > 0 {
            line(0, "");
        }
        metric_lines(metric, &model.name, &mut line);
    }
    text
}

fn dimension_keys(dimension: &DimensionDraft) -> String {
    let mut keys = format!("name: {}, type: {}", dimension.name, dimension.kind);
    if let Some(column) = &dimension.column {
        write!(keys, ", expr: {}", scalar(&words::expression(column))).expect("a string takes any text");
    }
    // A name in another script is kept for people.
    if let Some(column) = dimension.column.as_ref().filter(|column| !column.is_ascii()) {
        write!(keys, ", label: {}", scalar(column)).expect("a string takes any text");
    }
    for mark in &dimension.marks {
        keys.push_str(match mark {
            Mark::Day => ", granularity: day",
            Mark::Hidden => ", hidden: true",
            Mark::Nullable => ", nullable: true",
            Mark::Unsuggested => ", suggest: false",
        });
    }
    if let Some(class) = dimension.personal {
        write!(keys, ", pii: {class}").expect("a string takes any text");
    }
    if !dimension.values.is_empty() {
        write!(keys, ", values: {}", list(&dimension.values)).expect("a string takes any text");
    }
    keys
}

fn metric_lines(metric: &MetricDraft, model: &str, line: &mut impl FnMut(usize, &str)) {
    line(2, &format!("- name: {}", metric.name));
    line(4, &format!("description: {}", scalar(&metric.description)));
    line(4, "status: draft");
    line(4, &format!("model: {model}"));
    line(4, &format!("agg: {}", metric.agg));
    if let Some(column) = &metric.column {
        line(4, &format!("expr: {}", scalar(&words::expression(column))));
    }
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| scalar(value)).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_file_holds_any_path() {
        for path in ["shop.duckdb", "a: b #c.duckdb", "- 'x' \"y\"", "no", "12"] {
            let text = project("shop", path, "Europe/Paris");
            let read: serde_yaml::Value = serde_yaml::from_str(&text).expect("it is YAML");
            assert_eq!(read["connections"]["local"]["path"].as_str(), Some(path), "{text}");
        }
    }
}
