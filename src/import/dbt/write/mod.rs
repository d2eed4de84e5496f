//! The tree of a dbt semantic layer → definitions of this language.
//!
//! **Invariant:** a metric whose filter or formula cannot be said is left out, and so is every metric made of it.

mod calendars;
mod conversion;
mod derived;
mod dimensions;
mod expression;
mod joins;
mod metrics;
mod models;
mod saved;
mod simple;

pub(super) use calendars::{calendars, tables};
pub(super) use expression::{Types, is_open};
pub(super) use metrics::Metrics;
pub(super) use models::{Models, expressions};
pub(super) use saved::saved_queries;

use super::{
    tree::{About, Layer},
    yaml::{Node, Value},
};
pub(super) use crate::import::emit::{Entries, Out};

impl Entries {
    /// Puts what a thing says about itself.
    pub(super) fn about(&mut self, about: &About, layer: &Layer) {
        self.maybe("label", about.label.as_ref());
        self.maybe("description", about.description.as_ref().map(|text| tidied(text)));
        let of_group = about.group.as_ref().and_then(|group| layer.groups.get(group));
        let of_meta = about.meta.as_ref().and_then(|meta| meta.get("owner")).and_then(Node::text);
        self.maybe("owner", of_group.map(String::as_str).or(of_meta));
        self.maybe("group", about.group.as_ref());
        if !about.tags.is_empty() {
            self.put("tags", Out::texts(&about.tags));
        }
    }

    /// Puts the free data of dbt, last.
    pub(super) fn meta(&mut self, about: &About) {
        if let Some(meta) = &about.meta {
            self.put("meta", of_node(meta));
        }
    }
}

/// Returns a text without spaces at the ends of its lines.
fn tidied(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Returns the value of dbt's `meta:`.
fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite) && text.bytes().all(|byte| b"0123456789.-".contains(&byte))
}

fn of_node(node: &Node) -> Out {
    match &node.value {
        Value::Null => Out::Word("null".to_owned()),
        Value::Text(text, false) if is_number(text) || text == "true" || text == "false" => Out::Word(text.clone()),
        Value::Text(text, _) => Out::text(text),
        Value::List(items) => Out::List(items.iter().map(of_node).collect()),
        Value::Map(entries) => Out::Map(entries.iter().map(|(key, node)| (key.clone(), of_node(node))).collect()),
    }
}
