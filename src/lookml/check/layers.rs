//! What is said of one thing in several places: a view and its refinements, a field and what extends it.
//!
//! Later layers win, save for what adds up (`filters`, `join`, `link` …), which is asked for with [`Layers::all`], and
//! for what they take up with `EXTENDED`, which [`Layers::holding`] knows.

use super::super::syntax::{Item, Node, Piece, Value};
use crate::files::{FileId, Span};

/// A node and the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// The file.
    pub(crate) file: FileId,
    /// The node.
    pub(crate) node: &'a Node<'a>,
}

impl<'a> At<'a> {
    /// Returns another node of the same file.
    pub(crate) fn with(self, node: &'a Node<'a>) -> Self {
        Self { file: self.file, node }
    }

    /// Returns the nodes of a key between the braces.
    pub(crate) fn children(self, key: &str) -> impl Iterator<Item = At<'a>> {
        self.node.nodes().iter().filter(move |node| node.key.text == key).map(move |node| self.with(node))
    }

    /// Returns the first node of a key between the braces.
    pub(crate) fn child(self, key: &str) -> Option<Self> {
        self.node.nodes().iter().find(|node| node.key.text == key).map(|node| self.with(node))
    }

    /// Returns the word or text of a key.
    pub(crate) fn word(self, key: &str) -> Option<Word<'a>> {
        self.child(key).and_then(At::value)
    }

    /// Returns the word, text or block that is the value.
    pub(crate) fn value(self) -> Option<Word<'a>> {
        self.node.piece().map(|piece| Word { file: self.file, piece })
    }

    /// Returns the name of a block, or its key where it has none.
    pub(crate) fn name(self) -> Word<'a> {
        Word { file: self.file, piece: self.node.name().unwrap_or(self.node.key) }
    }

    /// Returns the place of the key.
    pub(crate) fn key_span(self) -> Span {
        self.span(self.node.key)
    }

    /// Returns the place of a piece of the same file.
    pub(crate) fn span(self, piece: Piece<'_>) -> Span {
        Span::new(self.file, piece.start, piece.end())
    }

    /// Returns the first word of each item of a list; a single word is a list of one.
    pub(crate) fn items(self) -> Vec<Word<'a>> {
        let word = |piece| Word { file: self.file, piece };
        match &self.node.value {
            Value::List(items) => items.iter().map(|item| word(item.first())).collect(),
            Value::Word(piece) | Value::Text(piece) => vec![word(*piece)],
            Value::Block(_) | Value::Nodes { .. } => Vec::new(),
        }
    }

    /// Returns whether a value takes up what it would replace: `sql: ${EXTENDED} + 1 ;;`, `fields: [EXTENDED*, id]`.
    fn takes_up(self) -> bool {
        match &self.node.value {
            Value::List(items) => items.iter().any(|item| item.first().text.starts_with("EXTENDED")),
            Value::Word(text) | Value::Text(text) | Value::Block(text) => text.text.contains("${EXTENDED}"),
            Value::Nodes { .. } => false,
        }
    }

    /// Returns fields and values of `filters:`, in either form.
    pub(crate) fn filters(self) -> Vec<(Word<'a>, Option<Word<'a>>)> {
        let word = |piece| Word { file: self.file, piece };
        match &self.node.value {
            Value::List(items) => items
                .iter()
                .map(|item| match item {
                    Item::Pair(key, value) => (word(*key), Some(word(*value))),
                    Item::Single(key) => (word(*key), None),
                })
                .collect(),
            Value::Nodes { .. } => self.word("field").map(|field| (field, self.word("value"))).into_iter().collect(),
            Value::Word(_) | Value::Text(_) | Value::Block(_) => Vec::new(),
        }
    }
}

/// A piece of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    /// The file.
    pub(crate) file: FileId,
    /// The piece.
    pub(crate) piece: Piece<'a>,
}

impl<'a> Word<'a> {
    /// Returns the text.
    pub(crate) fn text(self) -> &'a str {
        self.piece.text
    }

    /// Returns the place.
    pub(crate) fn span(self) -> Span {
        Span::new(self.file, self.piece.start, self.piece.end())
    }
}

/// Returns whether a view or an explore is only there to be extended, as its own declaration and its refinements say:
/// that of what it extends is not inherited.
pub(super) fn needs_extension(own: &[At<'_>]) -> bool {
    own.iter().rev().find_map(|layer| layer.word("extension")).is_some_and(|word| word.text() == "required")
}

/// What is said of one thing, the strongest last.
#[derive(Clone, Debug)]
pub(crate) struct Layers<'a> {
    first: At<'a>,
    more: Vec<At<'a>>,
}

impl<'a> Layers<'a> {
    pub(crate) fn new(first: At<'a>) -> Self {
        Self { first, more: Vec::new() }
    }

    /// Adds what is stronger than all before.
    pub(crate) fn push(&mut self, at: At<'a>) {
        self.more.push(at);
    }

    /// Adds all layers of another thing.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.more.extend(other.iter());
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = At<'a>> + '_ {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// Returns the strongest layer.
    pub(crate) fn last(&self) -> At<'a> {
        self.more.last().copied().unwrap_or(self.first)
    }

    /// Returns the strongest node of a key.
    pub(crate) fn child(&self, key: &str) -> Option<At<'a>> {
        self.iter().rev().find_map(|layer| layer.child(key))
    }

    /// Returns the strongest word of a key.
    pub(crate) fn word(&self, key: &str) -> Option<Word<'a>> {
        self.child(key).and_then(At::value)
    }

    /// Returns whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.child(key).is_some()
    }

    /// Returns whether the strongest word of a key is `yes`.
    pub(crate) fn says_yes(&self, key: &str) -> bool {
        self.word(key).is_some_and(|word| word.text() == "yes")
    }

    /// Returns the nodes of a key that hold: those of the strongest layer, and of those before it that it takes up.
    ///
    /// What a refinement or a child replaces is never run, whatever it refers to.
    pub(crate) fn holding(&self, key: &str) -> Vec<At<'a>> {
        let mut found = Vec::new();
        for layer in self.iter().rev() {
            let before = found.len();
            found.extend(layer.children(key));
            if found.len() > before && !found[before..].iter().any(|at: &At<'_>| at.takes_up()) {
                break;
            }
        }
        found
    }

    /// Returns the nodes of a key in all layers.
    pub(crate) fn all<'s>(&'s self, key: &'s str) -> impl Iterator<Item = At<'a>> + 's {
        self.iter().flat_map(move |layer| layer.children(key))
    }
}
