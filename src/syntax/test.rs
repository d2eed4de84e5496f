//! `tests:`, numbers that are known.

use super::Text;
use crate::files::{Span, Spanned};

/// A test of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestDef {
    /// `name:`
    pub name: Text,
    /// `metric:`
    pub metric: Text,
    /// `time:` as in saved queries.
    pub time: Option<Text>,
    /// `where:`
    pub filter: Option<Text>,
    /// `by:` the value must hold in every group.
    pub by: Vec<Text>,
    /// `expect:` the exact value, as written.
    pub expect: Option<Text>,
    /// `between:` the least and the greatest value, as written.
    pub between: Option<(Text, Text)>,
    /// `anomaly:` (not executed yet)
    pub anomaly: Option<Spanned<serde_json::Value>>,
    /// The whole entry.
    pub span: Span,
}
