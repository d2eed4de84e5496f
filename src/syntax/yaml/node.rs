//! The tree of a YAML document.

use crate::{files::Span, syntax::Text};

/// What is in a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// The mapping with the sections; nothing if there is none, or if it is not YAML.
    pub(crate) root: Option<Node>,
    /// The names in definitions that were left out because they are not YAML.
    pub(crate) lost: Vec<String>,
}

/// A value and where it was written; the span of a scalar covers its text without quotes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it was written.
    pub(crate) span: Span,
    /// What was written.
    pub(crate) value: Value,
}

/// What was written.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing, as in `label:`.
    Absent,
    /// Text.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values.
    Mapping(Mapping),
    /// Something that was reported and has no value, such as an alias.
    Refused,
}

/// A scalar as written.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The text after YAML's own escapes.
    pub(crate) text: String,
    /// How it was written.
    pub(crate) style: Style,
    /// Where it was written, with its quotes.
    pub(crate) written: Span,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// After `|` or `>`.
    Block,
}

/// Keys and values in the order in which they were written.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    /// Whether it was written in braces.
    pub(crate) braces: bool,
    /// The entries, each key once.
    pub(crate) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Text,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// Returns what kind of value it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Absent | Value::Refused => "nothing",
            Value::Scalar(_) => "text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "keys",
        }
    }
}
