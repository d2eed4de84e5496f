//! `tests:`, numbers that are known.

use super::{
    Text,
    keys::{Fields, Kind, Rule, Shape, key, keys, required},
};
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

/// The keys of a test.
pub(super) static TEST: Kind = Kind {
    name: "test",
    article: "a test",
    doc: "A number that is known.",
    keys: keys![
        required("name", Shape::Name, "The name of the test."),
        required("metric", Shape::Reference, "The metric that is asked for."),
        key("time", Shape::Text, "The time range, such as `2024-02-29` or `2025-01-01 to 2026-01-01`."),
        key("where", Shape::Condition, "Which rows count."),
        key("by", Shape::Texts, "What it is grouped by; the test then holds for every group."),
        key("expect", Shape::Literal, "The exact value."),
        key("between", Shape::Pair, "The least and the greatest value."),
        key("anomaly", Shape::Anything, "That the value is like its past."),
        meta
    ],
    rules: &[
        Rule::AtLeastOne(
            &["expect", "between", "anomaly"],
            "Add `expect: 18233` for the exact value, or `between: [0, 1]` for bounds.",
        ),
        Rule::AtMostOne(&["expect", "between", "anomaly"], "Write one test for each."),
    ],
};

impl TestDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        let mut between = fields.texts("between").into_iter();
        Self {
            name: fields.required_text("name"),
            metric: fields.required_text("metric"),
            time: fields.text("time"),
            filter: fields.text("where"),
            by: fields.texts("by"),
            expect: fields.text("expect"),
            between: between.next().zip(between.next()),
            anomaly: fields.json("anomaly"),
            span: fields.span,
        }
    }
}
