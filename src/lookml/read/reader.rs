//! Takes keys out of a block, one after the other, and refuses what is left.

use std::{fmt, str::FromStr};

use super::super::{
    syntax::{Item, Node, Value},
    tree::Filter,
};

/// The nodes of a block that were not read yet.
pub(super) struct Reader<'n> {
    place: Place<'n>,
    nodes: Vec<&'n Node<'n>>,
}

/// What a reader reads, for messages.
#[derive(Clone, Copy)]
enum Place<'n> {
    File,
    Block { key: &'n str, name: &'n str },
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Block { key, name } => write!(f, "{key} `{name}`"),
        }
    }
}

impl<'n> Reader<'n> {
    /// Reads a file.
    pub(super) fn new(nodes: &'n [Node<'n>]) -> Self {
        Self { place: Place::File, nodes: nodes.iter().collect() }
    }

    /// Returns the finished value, if nothing is left.
    pub(super) fn finish<T>(self, value: T) -> Result<T, String> {
        match self.nodes.first() {
            None => Ok(value),
            Some(node) => Err(format!("{} has a `{}` that is not understood", self.place, node.key.text)),
        }
    }

    fn take_all(&mut self, key: &str) -> Vec<&'n Node<'n>> {
        self.nodes.extract_if(.., |node| node.key.text == key).collect()
    }

    fn take(&mut self, key: &str) -> Result<Option<&'n Value<'n>>, String> {
        let Some(at) = self.nodes.iter().position(|node| node.key.text == key) else { return Ok(None) };
        let node = self.nodes.remove(at);
        if self.nodes[at..].iter().any(|node| node.key.text == key) {
            return Err(format!("{} has `{key}` twice", self.place));
        }
        Ok(Some(&node.value))
    }

    fn wrong<T>(&self, key: &str, wanted: &str) -> Result<T, String> {
        Err(format!("{}: `{key}` should be {wanted}", self.place))
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("{} has no `{key}`", self.place))
    }

    fn borrowed_word(&mut self, key: &str) -> Result<Option<&'n str>, String> {
        match self.take(key)? {
            None => Ok(None),
            Some(Value::Word(word)) => Ok(Some(word.text)),
            Some(_) => self.wrong(key, "a word"),
        }
    }

    pub(super) fn word(&mut self, key: &str) -> Result<Option<String>, String> {
        Ok(self.borrowed_word(key)?.map(str::to_owned))
    }

    pub(super) fn required_word(&mut self, key: &str) -> Result<String, String> {
        let word = self.word(key)?;
        self.required(key, word)
    }

    pub(super) fn keyword<T>(&mut self, key: &str, find: fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        match self.borrowed_word(key)? {
            None => Ok(None),
            Some(word) => match find(word) {
                Some(keyword) => Ok(Some(keyword)),
                None => self.wrong(key, "one of the known words"),
            },
        }
    }

    pub(super) fn required_keyword<T>(&mut self, key: &str, find: fn(&str) -> Option<T>) -> Result<T, String> {
        let word = self.keyword(key, find)?;
        self.required(key, word)
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, String> {
        self.keyword(key, |word| match word {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        })
    }

    pub(super) fn number<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, String> {
        match self.borrowed_word(key)?.map(str::parse) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => self.wrong(key, "a number"),
        }
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.value().into_owned())),
            Some(_) => self.wrong(key, "a quoted text"),
        }
    }

    pub(super) fn required_text(&mut self, key: &str) -> Result<String, String> {
        let text = self.text(key)?;
        self.required(key, text)
    }

    /// Reads a key that may be repeated, such as `include`.
    pub(super) fn texts(&mut self, key: &str) -> Result<Vec<String>, String> {
        let nodes = self.take_all(key);
        nodes
            .into_iter()
            .map(|node| match &node.value {
                Value::Text(text) => Ok(text.value().into_owned()),
                _ => self.wrong(key, "a quoted text"),
            })
            .collect()
    }

    pub(super) fn block(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key)? {
            None => Ok(None),
            Some(Value::Block(block)) => Ok(Some(block.block())),
            Some(_) => self.wrong(key, "a block up to `;;`"),
        }
    }

    pub(super) fn required_block(&mut self, key: &str) -> Result<String, String> {
        let block = self.block(key)?;
        self.required(key, block)
    }

    fn list<T>(&mut self, key: &str, wanted: &str, item: fn(&Item<'_>) -> Option<T>) -> Result<Vec<T>, String> {
        match self.take(key)? {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => match items.iter().map(item).collect() {
                Some(items) => Ok(items),
                None => self.wrong(key, wanted),
            },
            Some(_) => self.wrong(key, wanted),
        }
    }

    pub(super) fn words(&mut self, key: &str) -> Result<Vec<String>, String> {
        self.list(key, "a list of words", |item| match item {
            Item::Single(word) if !word.quoted => Some(word.text.to_owned()),
            Item::Single(_) | Item::Pair(..) => None,
        })
    }

    pub(super) fn quoted(&mut self, key: &str) -> Result<Vec<String>, String> {
        self.list(key, "a list of quoted texts", |item| match item {
            Item::Single(text) if text.quoted => Some(text.value().into_owned()),
            Item::Single(_) | Item::Pair(..) => None,
        })
    }

    pub(super) fn pairs(&mut self, key: &str) -> Result<Vec<Filter>, String> {
        self.list(key, "a list of pairs", |item| match item {
            Item::Pair(field, value) => {
                Some(Filter { field: field.value().into_owned(), value: value.value().into_owned() })
            }
            Item::Single(_) => None,
        })
    }

    /// Reads every block of a key, with its name (empty if it has none).
    pub(super) fn named<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(String, Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let nodes = self.take_all(key);
        nodes
            .into_iter()
            .map(|node| match &node.value {
                Value::Nodes { name, nodes } => {
                    let name = name.map_or("", |name| name.text);
                    let place = Place::Block { key: node.key.text, name };
                    read(name.to_owned(), Self { place, nodes: nodes.iter().collect() })
                }
                Value::Word(_) | Value::Text(_) | Value::Block(_) | Value::List(_) => {
                    self.wrong(key, "a block in braces")
                }
            })
            .collect()
    }

    /// Reads the block of a key that may be there once.
    pub(super) fn only<T>(
        &mut self,
        key: &str,
        read: impl FnMut(String, Self) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let mut blocks = self.named(key, read)?;
        if blocks.len() > 1 {
            return Err(format!("{} has `{key}` twice", self.place));
        }
        Ok(blocks.pop())
    }
}
