//! The tree of a dbt semantic layer → definitions of this language.
//!
//! **Invariant:** a metric whose filter or formula cannot be said is left out, and so is every metric made of it.

mod calendars;
mod conversion;
mod derived;
mod expression;
mod metrics;
mod models;
mod saved;
mod simple;

pub(super) use calendars::{calendars, tables};
pub(super) use expression::Types;
pub(super) use metrics::Metrics;
pub(super) use models::{Models, used_columns};
pub(super) use saved::saved_queries;

use super::{
    emit::Out,
    tree::{About, Layer},
    yaml::Node,
};

/// The entries of a definition, in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries(pub(super) Vec<(String, Out)>);

impl Entries {
    pub(super) fn put(&mut self, key: &str, value: Out) {
        self.0.push((key.to_owned(), value));
    }

    pub(super) fn text(&mut self, key: &str, text: impl Into<String>) {
        self.put(key, Out::Text(text.into()));
    }

    pub(super) fn maybe(&mut self, key: &str, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

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
            self.put("meta", Out::of_node(meta));
        }
    }
}

/// Returns a text without spaces at the ends of its lines.
fn tidied(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
