//! Takes keys out of a block, one after the other, and refuses what is left.

use std::str::FromStr;

use super::super::{
    parse::{Item, Node, NodeValue},
    tree::Filter,
};

/// The nodes of a block that were not read yet.
pub(super) struct Reader {
    place: String,
    nodes: Vec<Node>,
}

impl Reader {
    pub(super) fn new(place: impl Into<String>, nodes: Vec<Node>) -> Self {
        Self { place: place.into(), nodes }
    }

    /// Returns the finished value, if nothing is left.
    pub(super) fn finish<T>(self, value: T) -> Result<T, String> {
        match self.nodes.first() {
            None => Ok(value),
            Some(node) => Err(format!("{} has a `{}` that is not understood", self.place, node.key)),
        }
    }

    fn take_all(&mut self, key: &str) -> Vec<NodeValue> {
        let (taken, left) = std::mem::take(&mut self.nodes).into_iter().partition(|node| node.key == key);
        self.nodes = left;
        Vec::into_iter(taken).map(|node: Node| node.value).collect()
    }

    fn take(&mut self, key: &str) -> Result<Option<NodeValue>, String> {
        let mut values = self.take_all(key);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(format!("{} has `{key}` twice", self.place)),
        }
    }

    fn wrong<T>(&self, key: &str, wanted: &str) -> Result<T, String> {
        Err(format!("{}: `{key}` should be {wanted}", self.place))
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("{} has no `{key}`", self.place))
    }

    pub(super) fn word(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key)? {
            None => Ok(None),
            Some(NodeValue::Word(word)) => Ok(Some(word)),
            Some(_) => self.wrong(key, "a word"),
        }
    }

    pub(super) fn required_word(&mut self, key: &str) -> Result<String, String> {
        let word = self.word(key)?;
        self.required(key, word)
    }

    pub(super) fn keyword<T>(&mut self, key: &str, find: fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        match self.word(key)? {
            None => Ok(None),
            Some(word) => match find(&word) {
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
        match self.word(key)?.map(|word| word.parse()) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => self.wrong(key, "a number"),
        }
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key)? {
            None => Ok(None),
            Some(NodeValue::Text(text)) => Ok(Some(text)),
            Some(_) => self.wrong(key, "a quoted text"),
        }
    }

    pub(super) fn required_text(&mut self, key: &str) -> Result<String, String> {
        let text = self.text(key)?;
        self.required(key, text)
    }

    /// Reads a key that may be repeated, such as `include`.
    pub(super) fn texts(&mut self, key: &str) -> Result<Vec<String>, String> {
        let values = self.take_all(key);
        values
            .into_iter()
            .map(|value| match value {
                NodeValue::Text(text) => Ok(text),
                _ => self.wrong(key, "a quoted text"),
            })
            .collect()
    }

    pub(super) fn block(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key)? {
            None => Ok(None),
            Some(NodeValue::Block(text)) => Ok(Some(text)),
            Some(_) => self.wrong(key, "a block up to `;;`"),
        }
    }

    pub(super) fn required_block(&mut self, key: &str) -> Result<String, String> {
        let block = self.block(key)?;
        self.required(key, block)
    }

    fn list<T>(&mut self, key: &str, wanted: &str, item: fn(Item) -> Option<T>) -> Result<Vec<T>, String> {
        match self.take(key)? {
            None => Ok(Vec::new()),
            Some(NodeValue::List(items)) => match items.into_iter().map(item).collect() {
                Some(items) => Ok(items),
                None => self.wrong(key, wanted),
            },
            Some(_) => self.wrong(key, wanted),
        }
    }

    pub(super) fn words(&mut self, key: &str) -> Result<Vec<String>, String> {
        self.list(key, "a list of words", |item| match item {
            Item::Word(word) => Some(word),
            Item::Text(_) | Item::Pair(..) => None,
        })
    }

    pub(super) fn quoted(&mut self, key: &str) -> Result<Vec<String>, String> {
        self.list(key, "a list of quoted texts", |item| match item {
            Item::Text(text) => Some(text),
            Item::Word(_) | Item::Pair(..) => None,
        })
    }

    pub(super) fn pairs(&mut self, key: &str) -> Result<Vec<Filter>, String> {
        self.list(key, "a list of pairs", |item| match item {
            Item::Pair(field, value) => Some(Filter { field, value }),
            Item::Word(_) | Item::Text(_) => None,
        })
    }

    /// Reads every block of a key, with its name (empty if it has none).
    pub(super) fn named<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(String, Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let values = self.take_all(key);
        values
            .into_iter()
            .map(|value| match value {
                NodeValue::Nodes { name, nodes } => {
                    let name = name.unwrap_or_default();
                    let place = format!("{key} `{name}`");
                    read(name, Self::new(place, nodes))
                }
                NodeValue::Word(_) | NodeValue::Text(_) | NodeValue::Block(_) | NodeValue::List(_) => {
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
