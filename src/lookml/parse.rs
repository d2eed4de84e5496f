//! LookML text → plain nodes: keys with words, texts, SQL, lists and blocks.
//!
//! `measure: revenue { type: sum sql: ${price} ;; }` becomes a block `measure` named `revenue` with two nodes. Places and
//! comments are dropped; who needs them reads with [`syntax`].
//!
//! **Invariant:** a file with any mistake has no nodes.

use std::fmt;

use super::syntax;

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The key.
    pub key: String,
    /// The value.
    pub value: NodeValue,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeValue {
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
pub enum Item {
    /// `orders.id`
    Word(String),
    /// `"a text"`
    Text(String),
    /// `orders.status: "complete"` or `orders.count: desc`
    Pair(String, String),
}

/// Why a text is not LookML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookmlError {
    /// The line, from one.
    pub line: usize,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
}

impl fmt::Display for LookmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads a LookML file; fails at its first mistake.
pub fn parse(text: &str) -> Result<Vec<Node>, LookmlError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Node {
        parse(text).expect("LookML").remove(0)
    }

    #[test]
    fn a_measure_is_a_named_block() {
        let node = first("measure: revenue { # net\n  type: sum\n  sql: ${price} ;;\n label: \"the \\\"net\\\"\" }");
        let NodeValue::Nodes { name, nodes } = node.value else { panic!("a block") };
        assert_eq!(name.as_deref(), Some("revenue"));
        assert_eq!(nodes[1].value, NodeValue::Block("${price}".to_owned()));
        assert_eq!(nodes[2].value, NodeValue::Text("the \"net\"".to_owned()));
    }

    #[test]
    fn lists_hold_words_texts_and_pairs() {
        let node = first("x: [a.b, -c*, \"t, u\", orders.status: \"done\", orders.count: desc,]");
        let word = |word: &str| Item::Word(word.to_owned());
        let pair = |key: &str, value: &str| Item::Pair(key.to_owned(), value.to_owned());
        let items = vec![
            word("a.b"),
            word("-c*"),
            Item::Text("t, u".to_owned()),
            pair("orders.status", "done"),
            pair("orders.count", "desc"),
        ];
        assert_eq!(node.value, NodeValue::List(items));
    }

    #[test]
    fn broken_lookml_is_refused_with_its_line() {
        for (text, line) in [
            ("view: a {\n  label: \"x\n}", 2),
            ("view: a {\n  sql_table_name: t\n}", 2),
            ("view: a {\n\n", 1),
            ("a: b\n}", 2),
            ("view a { }", 1),
            ("x: [a b]", 1),
        ] {
            assert_eq!(parse(text).expect_err(text).line, line, "{text}");
        }
        assert!(parse(&"a: {".repeat(10_000)).is_err());
    }
}
