//! `policies:`, who may see which rows and members (parsed and checked for form; not executed yet).

use super::Text;
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
