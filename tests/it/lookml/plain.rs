//! LookML text → plain nodes that own their texts, without places and comments; a file with any mistake has none.

use std::fmt;

use entente::lookml::syntax;

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// The key.
    pub(super) key: String,
    /// The value.
    pub(super) value: NodeValue,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeValue {
    /// `yes`, `many_to_one`, `3`.
    Word(String),
    /// `"Revenue"`, without quotes and escapes.
    Text(String),
    /// SQL, HTML or a Looker expression, up to `;;`.
    Block(String),
    /// `[a, "b", c: "d"]`
    List(Vec<Item>),
    /// `name { … }` or `{ … }`
    Nodes {
        /// The name.
        name: Option<String>,
        /// What is between the braces.
        nodes: Vec<Node>,
    },
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `orders.id`
    Word(String),
    /// `"a text"`
    Text(String),
    /// `orders.status: "complete"` or `orders.count: desc`
    Pair(String, String),
}

/// Why a text is not LookML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LookmlError {
    /// The line, from one.
    pub(super) line: usize,
    /// What is wrong, in lower case, without a full stop.
    pub(super) message: String,
}

impl fmt::Display for LookmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads a LookML file; fails at its first mistake.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, LookmlError> {
    let file = syntax::parse(text);
    match file.errors.first() {
        None => Ok(file.nodes.iter().map(node).collect()),
        Some(error) => Err(LookmlError { line: syntax::line_of(text, error.start), message: error.message.clone() }),
    }
}

fn node(written: &syntax::Node<'_>) -> Node {
    let value = match &written.value {
        syntax::Value::Word(word) => NodeValue::Word(word.value().into_owned()),
        syntax::Value::Text(text) => NodeValue::Text(text.value().into_owned()),
        syntax::Value::Block(block) => NodeValue::Block(block.block()),
        syntax::Value::List(items) => NodeValue::List(items.iter().map(item).collect()),
        syntax::Value::Nodes { name, nodes } => {
            NodeValue::Nodes { name: name.map(|name| name.text.to_owned()), nodes: nodes.iter().map(node).collect() }
        }
    };
    Node { key: written.key.text.to_owned(), value }
}

fn item(written: &syntax::Item<'_>) -> Item {
    match written {
        syntax::Item::Single(text) if text.quoted => Item::Text(text.value().into_owned()),
        syntax::Item::Single(word) => Item::Word(word.text.to_owned()),
        syntax::Item::Pair(key, value) => Item::Pair(key.value().into_owned(), value.value().into_owned()),
    }
}
