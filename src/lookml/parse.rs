//! LookML text → nodes: keys with words, texts, SQL, lists and blocks.
//!
//! `measure: revenue { type: sum sql: ${price} ;; }` becomes a block `measure` named `revenue` with two nodes. Any
//! LookML can be read, not only what entente writes; comments are dropped.
//!
//! **Invariant:** nothing here knows which keys exist, save which of them end in `;;`.

use std::fmt;

use super::lexical;

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

/// The greatest depth of blocks; Looker's own language needs six.
const MAX_DEPTH: usize = 32;

/// Reads a LookML file.
pub fn parse(text: &str) -> Result<Vec<Node>, LookmlError> {
    let mut cursor = Cursor { text, at: 0 };
    let nodes = cursor.nodes(0)?;
    cursor.skip_blanks();
    match cursor.peek() {
        None => Ok(nodes),
        Some(_) => Err(cursor.error("a `}` closes nothing")),
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn error(&self, message: impl Into<String>) -> LookmlError {
        LookmlError { line: self.text[..self.at].matches('\n').count() + 1, message: message.into() }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), LookmlError> {
        if self.eat(wanted) { Ok(()) } else { Err(self.error(format!("`{wanted}` is missing"))) }
    }

    /// Reads `orders.id`, `+orders`, `detail*`, `-orders.metrics*`, `yes`, `3`.
    fn word(&mut self) -> Result<String, LookmlError> {
        self.skip_blanks();
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || ":,{}[]\"#".contains(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("a word is missing"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn text(&mut self) -> Result<String, LookmlError> {
        self.expect('"')?;
        let rest = self.rest();
        let mut escaped = false;
        for (index, c) in rest.char_indices() {
            match c {
                '"' if !escaped => {
                    self.at += index + 1;
                    return Ok(lexical::unquote(&rest[..index]));
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        Err(self.error("a text is not closed by `\"`"))
    }

    fn block(&mut self) -> Result<String, LookmlError> {
        let rest = self.rest();
        let end = rest.find(";;").ok_or_else(|| self.error("a block is not closed by `;;`"))?;
        self.at += end + 2;
        Ok(lexical::unblock(&rest[..end]))
    }

    fn nodes(&mut self, depth: usize) -> Result<Vec<Node>, LookmlError> {
        if depth > MAX_DEPTH {
            return Err(self.error("blocks are nested too deeply"));
        }
        let mut nodes = Vec::new();
        loop {
            self.skip_blanks();
            if matches!(self.peek(), None | Some('}')) {
                return Ok(nodes);
            }
            let key = self.word()?;
            self.expect(':')?;
            let value = self.value(&key, depth)?;
            nodes.push(Node { key, value });
        }
    }

    fn value(&mut self, key: &str, depth: usize) -> Result<NodeValue, LookmlError> {
        if lexical::is_block_key(key) {
            return Ok(NodeValue::Block(self.block()?));
        }
        self.skip_blanks();
        match self.peek() {
            Some('"') => Ok(NodeValue::Text(self.text()?)),
            Some('[') => Ok(NodeValue::List(self.list()?)),
            Some('{') => self.braces(None, depth),
            _ => {
                let word = self.word()?;
                self.skip_blanks();
                if self.peek() == Some('{') { self.braces(Some(word), depth) } else { Ok(NodeValue::Word(word)) }
            }
        }
    }

    fn braces(&mut self, name: Option<String>, depth: usize) -> Result<NodeValue, LookmlError> {
        self.expect('{')?;
        let nodes = self.nodes(depth + 1)?;
        self.expect('}')?;
        Ok(NodeValue::Nodes { name, nodes })
    }

    fn list(&mut self) -> Result<Vec<Item>, LookmlError> {
        self.expect('[')?;
        let mut items = Vec::new();
        loop {
            if self.eat(']') {
                return Ok(items);
            }
            items.push(self.item()?);
            if !self.eat(',') {
                self.expect(']')?;
                return Ok(items);
            }
        }
    }

    fn item(&mut self) -> Result<Item, LookmlError> {
        self.skip_blanks();
        if self.peek() == Some('"') {
            return Ok(Item::Text(self.text()?));
        }
        let word = self.word()?;
        if !self.eat(':') {
            return Ok(Item::Word(word));
        }
        self.skip_blanks();
        let value = if self.peek() == Some('"') { self.text()? } else { self.word()? };
        Ok(Item::Pair(word, value))
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
            ("view: a {\n\n", 3),
            ("a: b\n}", 2),
            ("view a { }", 1),
            ("x: [a b]", 1),
        ] {
            assert_eq!(parse(text).expect_err(text).line, line, "{text}");
        }
        assert!(parse(&"a: {".repeat(10_000)).is_err());
    }
}
