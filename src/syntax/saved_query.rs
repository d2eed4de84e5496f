//! `saved_queries:`.

use super::{
    Text,
    keys::{Fields, Kind, Shape, key, keys, required},
};
use crate::files::{Span, Spanned};

/// A saved query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQueryDef {
    /// `name:`
    pub name: Text,
    /// `description:`
    pub description: Option<Text>,
    /// `metrics:`
    pub metrics: Vec<Text>,
    /// `by:` keys such as `time.week` and `origin.region`.
    pub by: Vec<Text>,
    /// `where:`
    pub filter: Option<Text>,
    /// `having:`
    pub having: Option<Text>,
    /// `time:` such as `last 28 days` or `2025-01-01 to 2026-01-01`.
    pub time: Option<Text>,
    /// `order:`
    pub order: Option<Text>,
    /// `limit:`
    pub limit: Option<Spanned<u64>>,
    /// The whole entry.
    pub span: Span,
}

/// The keys of a saved query.
pub(super) static SAVED_QUERY: Kind = Kind {
    name: "saved query",
    article: "a saved query",
    doc: "A question that is asked often.",
    keys: keys![
        required("name", Shape::Name, "The name of the query."),
        key("description", Shape::Text, "What the answer is good for."),
        required("metrics", Shape::Texts, "The metrics that are asked for."),
        key("by", Shape::Texts, "What they are grouped by, such as `time.week` and `origin.region`."),
        key("where", Shape::Condition, "Which rows count."),
        key("having", Shape::Condition, "Which rows of the answer are shown."),
        key("time", Shape::Text, "The time range, such as `last 28 days` or `2025-01-01 to 2026-01-01`."),
        key("order", Shape::Text, "How the answer is ordered, such as `revenue desc`."),
        key("limit", Shape::Integer(1, 1_000_000), "The most rows that are shown."),
        meta
    ],
    rules: &[],
};

impl SavedQueryDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            description: fields.text("description"),
            metrics: fields.texts("metrics"),
            by: fields.texts("by"),
            filter: fields.text("where"),
            having: fields.text("having"),
            time: fields.text("time"),
            order: fields.text("order"),
            limit: fields.integer("limit"),
            span: fields.span,
        }
    }
}
