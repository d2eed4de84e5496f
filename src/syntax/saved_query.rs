//! `saved_queries:`.

use super::Text;
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
