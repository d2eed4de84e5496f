//! YAML of dbt → the tree, for both generations.
//!
//! **Invariant:** every key is read, known to say nothing about numbers, or in the report.

mod columns;
mod manifest;
mod metrics;
mod models;
mod rendered;
mod saved;

pub(super) use manifest::{add_semantic_manifest, read_manifest};

use super::{
    Options,
    jinja::Templates,
    nodes::Nodes,
    project::Project,
    report::{Place, Problem, Report},
    tree::{Filter, Layer},
    yaml::{Node, Value, boolean_of},
};

/// What reading needs and fills.
pub(super) struct Reading<'a> {
    pub(super) project: &'a Project,
    pub(super) nodes: &'a Nodes,
    pub(super) templates: &'a Templates,
    pub(super) options: &'a Options,
    pub(super) report: &'a mut Report,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) layer: Layer,
}

/// Reads the semantic layer of a project's YAML.
pub(super) fn read(project: &Project, options: &Options, report: &mut Report, problems: &mut Vec<Problem>) -> Layer {
    let mut reading = Reading {
        project,
        nodes: &project.nodes,
        templates: &project.templates,
        options,
        report,
        problems,
        layer: Layer::default(),
    };
    for document in &project.documents {
        reading.document(document);
    }
    reading.layer
}

impl Reading<'_> {
    fn document(&mut self, document: &Node) {
        for key in ["semantic_models", "semantic_model"] {
            for item in document.get(key).map(Node::items).unwrap_or_default() {
                self.semantic_model(item);
            }
        }
        for item in document.get("models").map(Node::items).unwrap_or_default() {
            self.model_with_semantics(item);
        }
        for key in ["metrics", "metric"] {
            for item in document.get(key).map(Node::items).unwrap_or_default() {
                self.metric(item, None);
            }
        }
        for key in ["saved_queries", "saved_query"] {
            for item in document.get(key).map(Node::items).unwrap_or_default() {
                self.saved_query(item);
            }
        }
        for item in document.get("groups").map(Node::items).unwrap_or_default() {
            let owner = |key: &str| item.at(&["owner", key]).and_then(Node::text);
            if let (Some(name), Some(owner)) = (item.text_of("name"), owner("name").or_else(|| owner("email"))) {
                self.layer.groups.insert(name.to_owned(), owner.to_owned());
            }
        }
        if let Some(configuration) = document.get("project_configuration") {
            self.spines_of_configuration(configuration);
        }
    }

    /// Returns the rendered text of a key.
    fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        let written = value.text()?;
        match self.templates.text(written) {
            Ok(text) => Some(text),
            Err(why) => {
                self.problems.push(
                    Problem::new(value.place.clone(), format!("`{key}`: {why}"))
                        .help("Only functions of dbt's YAML are known."),
                );
                None
            }
        }
    }

    /// Returns the text of a key that has to be there.
    fn required(&mut self, node: &Node, key: &str, what: &str) -> Option<String> {
        let text = self.text(node, key);
        if text.is_none() && node.get(key).and_then(Node::text).is_none() {
            self.problems.push(
                Problem::new(node.place.clone(), format!("{what} has no `{key}`")).help(format!("Add `{key}:`.")),
            );
        }
        text
    }

    /// Reports keys that are not among the known ones.
    fn check_keys(&mut self, node: &Node, known: &[&str], kind: &str, name: &str) {
        for (key, value) in node.entries() {
            if !known.contains(&key.as_str()) && value.value != Value::Null {
                let why = format!("key `{key}` is not known to this version");
                self.report.left_out(kind, name, &value.place, why);
            }
        }
    }

    /// Returns whether `config: { enabled: false }` takes a thing away, or `+enabled: false` of its folder.
    fn is_disabled(&mut self, node: &Node, kind: &str, name: &str) -> bool {
        let section = match kind {
            "metric" => "metrics",
            "saved query" => "saved-queries",
            _ => "semantic-models",
        };
        let written = node.at(&["config", "enabled"]);
        let found = written.or_else(|| self.project.configured(section, &node.place.path, name, "enabled"));
        let Some(text) = found.and_then(Node::text) else { return false };
        let flag = match self.templates.text(text) {
            Ok(text) => boolean_of(&text),
            Err(why) => {
                let why = format!("its `enabled` is not taken over, and it may be disabled in dbt: {why}");
                self.report.changed(kind, name, &node.place, why);
                None
            }
        };
        let disabled = flag == Some(false);
        if disabled {
            self.report.left_out(kind, name, &node.place, "it is disabled in dbt");
        }
        disabled
    }
}

/// Reads filters: a text, a list of texts, or the form of the manifest.
fn filters(node: Option<&Node>) -> Vec<Filter> {
    let Some(node) = node else { return Vec::new() };
    if let Some(list) = node.get("where_filters") {
        return list
            .items()
            .iter()
            .filter_map(|item| Some(filter(item.text_of("where_sql_template")?, &item.place)))
            .collect();
    }
    node.items().iter().filter_map(|item| Some(filter(item.text()?, &item.place))).collect()
}

fn filter(text: &str, place: &Place) -> Filter {
    Filter { text: text.trim().to_owned(), place: place.clone() }
}

/// Reads a window: `7 days`, or the form of the manifest with count and granularity.
fn window(node: Option<&Node>) -> Option<String> {
    let node = node?;
    match node.text() {
        Some(text) => Some(text.to_owned()),
        None => Some(format!("{} {}", node.text_of("count")?, node.text_of("granularity")?)),
    }
}
