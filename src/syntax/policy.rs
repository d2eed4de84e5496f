//! `policies:`, who may see which rows and members (checked for form).

use super::{
    Text,
    keys::{Fields, Kind, Rule, Shape, key, keys, required},
};
use crate::files::Span;

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDef {
    /// `name:`
    pub name: Text,
    /// `model:` whose rows are filtered.
    pub model: Option<Text>,
    /// `rows:` the condition.
    pub rows: Option<Text>,
    /// `unless:` roles that see all rows.
    pub unless: Vec<Text>,
    /// `replaces:` models whose inherited policies this one stands for.
    pub replaces: Vec<Text>,
    /// `dimensions:` that are restricted.
    pub dimensions: Vec<Text>,
    /// `metrics:` that are restricted.
    pub metrics: Vec<Text>,
    /// `visible_to:` roles.
    pub visible_to: Vec<Text>,
    /// The whole entry.
    pub span: Span,
}

/// The keys of a policy.
pub(super) static POLICY: Kind = Kind {
    name: "policy",
    article: "a policy",
    doc: "Who may see which rows of a model, or which dimensions and metrics.",
    keys: keys![
        required("name", Shape::Name, "The name of the policy."),
        key("model", Shape::Reference, "The model whose rows are filtered."),
        key("rows", Shape::Condition, "The rows that may be seen; `$principal.country` is a claim of who asks."),
        key("unless", Shape::Texts, "Roles that see all rows."),
        key("replaces", Shape::Texts, "Models whose own policies this one stands for."),
        key("dimensions", Shape::Texts, "The dimensions that are restricted, such as `customers.email`."),
        key("metrics", Shape::Texts, "The metrics that are restricted."),
        key("visible_to", Shape::Texts, "The roles that see them."),
        meta
    ],
    rules: &[
        Rule::AtLeastOne(
            &["rows", "dimensions", "metrics"],
            "Add `rows` for a filter, or `dimensions` or `metrics` with `visible_to`.",
        ),
        Rule::Excludes(
            "rows",
            &["dimensions", "metrics", "visible_to"],
            "Write two policies: one for rows, one for members.",
        ),
        Rule::Needs("rows", &["model"], "Add `model`, whose rows are filtered."),
        Rule::Needs("model", &["rows"], "Add `rows` with the condition."),
        Rule::Needs("unless", &["rows"], "Add `rows` with the condition."),
        Rule::Needs("replaces", &["rows"], "Add `rows` with the condition."),
        Rule::Needs("dimensions", &["visible_to"], "Add `visible_to` with the roles that see them."),
        Rule::Needs("metrics", &["visible_to"], "Add `visible_to` with the roles that see them."),
    ],
};

impl PolicyDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            model: fields.text("model"),
            rows: fields.text("rows"),
            unless: fields.texts("unless"),
            replaces: fields.texts("replaces"),
            dimensions: fields.texts("dimensions"),
            metrics: fields.texts("metrics"),
            visible_to: fields.texts("visible_to"),
            span: fields.span,
        }
    }
}
