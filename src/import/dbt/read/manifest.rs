//! `target/manifest.json`, `target/catalog.json` and `target/semantic_manifest.json` → what they know beyond the YAML:
//! relations, types, tests, and semantic models of packages.
//!
//! **Invariant:** what the YAML says is taken from the YAML; the manifest may be older.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reading, rendered::take_rendered};
use crate::catalog::CatalogColumn;
use crate::import::dbt::{
    Input, Options,
    jinja::{Relation, Templates},
    keys::{accepted, speaks_of_all_rows},
    nodes::{Nodes, TableNode, column_type},
    project::{Project, about},
    report::{Place, Problem, Report},
    tree::Layer,
    yaml::Node,
};

/// Reads a JSON file of `target/`, if it is there.
fn json(input: &Input, path: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    let file = input.file(path)?;
    match serde_json::from_str::<serde_json::Value>(&file.text) {
        Ok(value) => match misshapen(path, &value) {
            None => return Some(Node::from_json(&value, &Place::file(path))),
            Some(message) => problems.push(written_anew(Place::file(path), message)),
        },
        Err(error) => {
            let place = Place::new(path, error.line(), error.column());
            problems.push(written_anew(place, format!("this is not JSON: {error}")));
        }
    }
    None
}

fn written_anew(place: Place, message: String) -> Problem {
    Problem::new(place, message).help("Run `dbt parse` to write it anew, or delete it.")
}

/// What has another shape than dbt gives it: sections are lists of named things in the semantic manifest, and maps from
/// ids elsewhere.
fn misshapen(path: &str, value: &serde_json::Value) -> Option<String> {
    let Some(sections) = value.as_object() else { return Some("this is not a map of sections".to_owned()) };
    let are_lists = path.ends_with("semantic_manifest.json");
    let known = ["nodes", "sources", "groups", "semantic_models", "metrics", "saved_queries"];
    for (name, section) in
        sections.iter().filter(|(name, section)| known.contains(&name.as_str()) && !section.is_null())
    {
        if !are_lists {
            if !section.as_object().is_some_and(|items| items.values().all(serde_json::Value::is_object)) {
                return Some(format!("`{name}` is not a map from ids to maps"));
            }
            continue;
        }
        let Some(items) = section.as_array() else { return Some(format!("`{name}` is not a list")) };
        if let Some(nameless) = items.iter().position(|item| !item["name"].is_string()) {
            return Some(format!("`{name}[{nameless}]` has no name"));
        }
    }
    None
}

/// Adds what `manifest.json` and `catalog.json` know about tables.
pub(in crate::import::dbt) fn read_manifest(
    input: &Input,
    nodes: &mut Nodes,
    templates: &Templates,
    groups: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    let Some(manifest) = json(input, "target/manifest.json", problems) else { return };
    if let Some(adapter) = manifest.at(&["metadata", "adapter_type"]).and_then(Node::text) {
        nodes.adapter = Some(adapter.to_owned());
    }
    let catalog = json(input, "target/catalog.json", problems);
    let mut by_id: BTreeMap<String, Relation> = BTreeMap::new();
    for section in ["nodes", "sources"] {
        for (id, item) in manifest.get(section).map(Node::entries).unwrap_or_default() {
            let Some(name) = item.text_of("name") else { continue };
            let relation = match item.text_of("resource_type") {
                Some("model" | "seed" | "snapshot") => {
                    Relation::Ref { package: None, name: name.to_owned(), version: None }
                }
                Some("source") => Relation::Source {
                    source: item.text_of("source_name").unwrap_or_default().to_owned(),
                    table: name.to_owned(),
                },
                _ => continue,
            };
            let of_catalog = catalog.as_ref().and_then(|catalog| catalog.at(&[section, id, "columns"]));
            add_node(nodes, &relation, item, of_catalog, templates);
            by_id.insert(id.clone(), relation);
        }
    }
    for (_, item) in manifest.get("nodes").map(Node::entries).unwrap_or_default() {
        if item.text_of("resource_type") == Some("test") && speaks_of_all_rows(|key| item.at(&["config", key])) {
            add_test(nodes, item, &by_id, templates);
        }
    }
    for (_, item) in manifest.get("groups").map(Node::entries).unwrap_or_default() {
        let owner = |key: &str| item.at(&["owner", key]).and_then(Node::text);
        if let (Some(name), Some(owner)) = (item.text_of("name"), owner("name").or_else(|| owner("email"))) {
            groups.entry(name.to_owned()).or_insert_with(|| owner.to_owned());
        }
    }
}

fn node_mut<'n>(nodes: &'n mut Nodes, relation: &Relation) -> &'n mut TableNode {
    match relation {
        Relation::Ref { name, .. } => nodes.refs.entry(name.clone()).or_default(),
        Relation::Source { source, table } => nodes.sources.entry((source.clone(), table.clone())).or_default(),
    }
}

fn add_node(nodes: &mut Nodes, relation: &Relation, item: &Node, of_catalog: Option<&Node>, templates: &Templates) {
    let node = node_mut(nodes, relation);
    if node.place == Place::default() {
        node.place = item.place.clone();
        node.about = about(item, templates);
    }
    if let Some(written) = item.text_of("relation_name") {
        let words = written.split('.').map(|word| word.trim_matches(['"', '`', '[', ']']).to_owned()).collect();
        match item.text_of("version") {
            // The relation of a model with versions is that of the latest one.
            Some(version) if item.text_of("latest_version").is_some_and(|latest| latest != version) => {}
            _ => {
                node.relation = Some(words);
                node.latest = None;
            }
        }
    }
    let config = item.get("config");
    let found = |key: &str| config.and_then(|config| config.get(key)).cloned();
    node.partition_by = found("partition_by").or(node.partition_by.take());
    node.requires_partition |= found("require_partition_filter").and_then(|flag| flag.boolean()).unwrap_or(false);
    if let Some(columns) = found("cluster_by") {
        node.cluster_by = columns.items().iter().filter_map(|column| column.text().map(str::to_owned)).collect();
    }
    for (name, column) in item.get("columns").map(Node::entries).unwrap_or_default() {
        if let Some(written) = column.text_of("data_type") {
            node.types.entry(name.to_lowercase()).or_insert_with(|| column_type(written));
        }
        if let Some(text) = column.text_of("description").filter(|text| !text.is_empty()) {
            node.columns.entry(name.clone()).or_insert_with(|| text.to_owned());
        }
    }
    for (name, column) in of_catalog.map(Node::entries).unwrap_or_default() {
        if let Some(written) = column.text_of("type") {
            let column_type = column_type(written);
            node.types.insert(name.to_lowercase(), column_type);
            node.listed.push(CatalogColumn { name: name.clone(), column_type, form: None });
        }
    }
}

fn add_test(nodes: &mut Nodes, item: &Node, by_id: &BTreeMap<String, Relation>, templates: &Templates) {
    let attached = item.text_of("attached_node").and_then(|id| by_id.get(id));
    let (Some(relation), Some(test)) = (attached, item.get("test_metadata")) else { return };
    let node = node_mut(nodes, relation);
    let argument = |key: &str| test.at(&["kwargs", key]);
    let column = argument("column_name").and_then(Node::text).or_else(|| item.text_of("column_name"));
    match (test.text_of("name"), column) {
        (Some("unique"), Some(column)) => _ = node.unique.insert(vec![column.to_owned()]),
        (Some("not_null"), Some(column)) => _ = node.not_null.insert(column.to_owned()),
        (Some("accepted_values"), Some(column)) => accepted(node, column, test.get("kwargs")),
        (Some("unique_combination_of_columns"), _) => {
            let columns = argument("combination_of_columns").map(Node::items).unwrap_or_default();
            let columns: Vec<String> = columns.iter().filter_map(|column| column.text().map(str::to_owned)).collect();
            if !columns.is_empty() {
                node.unique.insert(columns);
            }
        }
        (Some("relationships"), Some(column)) => {
            let to = argument("to").and_then(Node::text).and_then(|to| templates.relation(to).ok());
            if let (Some(to), Some(field)) = (to, argument("field").and_then(Node::text)) {
                let known = node.relationships.iter().any(|(ours, relation, ..)| ours == column && *relation == to);
                if !known {
                    node.relationships.push((column.to_owned(), to, field.to_owned(), item.place.clone()));
                }
            }
        }
        _ => {}
    }
}

/// Adds semantic models, metrics and saved queries that only `semantic_manifest.json` has.
pub(in crate::import::dbt) fn add_semantic_manifest(
    input: &Input,
    mut layer: Layer,
    project: &Project,
    options: &Options,
    report: &mut Report,
    problems: &mut Vec<Problem>,
) -> Layer {
    let (nodes, templates) = (&project.nodes, &project.templates);
    let manifest = json(input, "target/semantic_manifest.json", problems);
    take_rendered(&mut layer, manifest.as_ref(), report);
    let Some(manifest) = manifest else { return layer };
    let models: BTreeSet<String> = layer.models.iter().map(|model| model.name.clone()).collect();
    let metrics: BTreeSet<String> = layer.metrics.iter().map(|metric| metric.name.clone()).collect();
    let saved: BTreeSet<String> = layer.saved_queries.iter().map(|query| query.name.clone()).collect();
    // Measures with `create_metric` are metrics of the manifest; the YAML's are made from the measures.
    let made: BTreeSet<String> = layer
        .models
        .iter()
        .flat_map(|model| &model.measures)
        .filter(|measure| measure.create_metric)
        .map(|measure| measure.name.clone())
        .collect();
    let spines_known = !layer.spines.is_empty();
    // Where the project has YAML of its own, a name that only the manifest has is of a package, or gone by now.
    let of_packages = (!layer.models.is_empty()).then(|| package_names(input, project, problems));
    let mut reading = Reading { project, nodes, templates, options, report, problems, layer };
    let is_new = |item: &Node, known: &BTreeSet<String>| {
        item.text_of("name")
            .is_some_and(|name| !known.contains(name) && of_packages.as_ref().is_none_or(|names| names.contains(name)))
    };
    for item in manifest.get("semantic_models").map(Node::items).unwrap_or_default() {
        if is_new(item, &models) {
            reading.semantic_model(item);
        }
    }
    for item in manifest.get("metrics").map(Node::items).unwrap_or_default() {
        let of_known = item.at(&["type_params", "metric_aggregation_params", "semantic_model"]).and_then(Node::text);
        // A private metric of the manifest is a measure of the YAML.
        let private = item.at(&["type_params", "is_private"]).and_then(Node::boolean) == Some(true);
        let is_measure = private && of_known.is_some_and(|model| models.contains(model));
        if is_new(item, &metrics) && is_new(item, &made) && !is_measure {
            reading.metric(item, None);
        }
    }
    for item in manifest.get("saved_queries").map(Node::items).unwrap_or_default() {
        if is_new(item, &saved) {
            reading.saved_query(item);
        }
    }
    if let Some(configuration) = manifest.get("project_configuration").filter(|_| !spines_known) {
        reading.spines_of_configuration(configuration);
    }
    reading.layer
}

/// Returns the names of semantic models, metrics and saved queries that `manifest.json` says are of packages.
fn package_names(input: &Input, project: &Project, problems: &mut Vec<Problem>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(manifest) = json(input, "target/manifest.json", problems) else { return names };
    for section in ["semantic_models", "metrics", "saved_queries"] {
        for (_, item) in manifest.get(section).map(Node::entries).unwrap_or_default() {
            if item.text_of("package_name").is_some_and(|package| package != project.name) {
                names.extend(item.text_of("name").map(str::to_owned));
            }
        }
    }
    names
}
