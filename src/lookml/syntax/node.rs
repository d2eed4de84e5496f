//! The tree of a LookML file; every part borrows the text and knows its place.

use std::{borrow::Cow, ops::Range};

use super::super::lexical;

/// A part of the text: a key, a name, a word, what stands between quotes, or what stands before `;;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Piece<'a> {
    /// The text as written; without quotes, with escapes.
    pub text: &'a str,
    /// The byte at which it begins in the file.
    pub start: usize,
    /// Whether it stands between double quotes.
    pub quoted: bool,
}

impl<'a> Piece<'a> {
    /// Returns the byte after the last one.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Returns the bytes of the piece in the file.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end()
    }

    /// Returns what is said: a quoted text without its escapes, anything else as it is.
    pub fn value(&self) -> Cow<'a, str> {
        if self.quoted && self.text.contains('\\') {
            Cow::Owned(lexical::unquote(self.text))
        } else {
            Cow::Borrowed(self.text)
        }
    }

    /// Returns the SQL, HTML or expression of a [`Value::Block`] without the blanks around it and the indentation that its
    /// lines share.
    pub fn block(&self) -> String {
        lexical::unblock(self.text)
    }

    /// Returns the piece without the blanks around it.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let left = self.text.trim_start();
        let start = self.start + self.text.len() - left.len();
        Self { text: left.trim_end(), start, quoted: self.quoted }
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// The key.
    pub key: Piece<'a>,
    /// The value; an empty word where it is missing, which is an error of the file.
    pub value: Value<'a>,
    /// The byte after the node: after the last word, the closing quote or bracket, or `;;`.
    pub end: usize,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `yes`, `many_to_one`, `3`.
    Word(Piece<'a>),
    /// `"Revenue"`
    Text(Piece<'a>),
    /// SQL, HTML or a Looker expression: everything between `:` and `;;`.
    Block(Piece<'a>),
    /// `[a, "b", c: "d"]`
    List(Vec<Item<'a>>),
    /// `name { … }` or `{ … }`
    Nodes {
        /// The name.
        name: Option<Piece<'a>>,
        /// What is between the braces.
        nodes: Vec<Node<'a>>,
    },
}

/// An item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// `orders.id` or `"a text"`
    Single(Piece<'a>),
    /// `orders.status: "complete"` or `orders.count: desc`
    Pair(Piece<'a>, Piece<'a>),
}

impl<'a> Item<'a> {
    /// Returns the item, or the key of a pair.
    pub fn first(&self) -> Piece<'a> {
        match self {
            Self::Single(piece) | Self::Pair(piece, _) => *piece,
        }
    }
}

impl<'a> Node<'a> {
    /// Returns the bytes of the whole node in the file, from its key to its end.
    pub fn range(&self) -> Range<usize> {
        self.key.start..self.end
    }

    /// Returns the name of a block.
    pub fn name(&self) -> Option<Piece<'a>> {
        match &self.value {
            Value::Nodes { name, .. } => *name,
            Value::Word(_) | Value::Text(_) | Value::Block(_) | Value::List(_) => None,
        }
    }

    /// Returns what is between the braces of a block; nothing for other values.
    pub fn nodes(&self) -> &[Self] {
        match &self.value {
            Value::Nodes { nodes, .. } => nodes,
            Value::Word(_) | Value::Text(_) | Value::Block(_) | Value::List(_) => &[],
        }
    }

    /// Returns the items of a list; nothing for other values.
    pub fn items(&self) -> &[Item<'a>] {
        match &self.value {
            Value::List(items) => items,
            Value::Word(_) | Value::Text(_) | Value::Block(_) | Value::Nodes { .. } => &[],
        }
    }

    /// Returns the word, text or block of a plain value.
    pub fn piece(&self) -> Option<Piece<'a>> {
        match &self.value {
            Value::Word(piece) | Value::Text(piece) | Value::Block(piece) => Some(*piece),
            Value::List(_) | Value::Nodes { .. } => None,
        }
    }

    /// Returns the first node of a key between the braces.
    pub fn child(&self, key: &str) -> Option<&Self> {
        self.nodes().iter().find(|node| node.key.text == key)
    }

    /// Returns the nodes of a key between the braces.
    pub fn children<'n>(&'n self, key: &'n str) -> impl Iterator<Item = &'n Self> {
        self.nodes().iter().filter(move |node| node.key.text == key)
    }
}
