//! LookML text → blocks, by a reader of the test's own.
//!
//! Nothing is known here of which parameters there are, save that SQL, HTML and expressions end in `;;`.

use std::{iter::Peekable, str::CharIndices};

use super::{Looker, refuse};

/// `name { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) name: String,
    pub(super) items: Vec<(String, Value)>,
}

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A word or a text in quotes.
    Word(String),
    /// Everything up to `;;`.
    Code(String),
    /// `[a, b: "c"]`: what stands before a colon, and what behind it.
    List(Vec<(String, Option<String>)>),
    Block(Block),
}

impl Block {
    fn find(&self, key: &str) -> Option<&Value> {
        self.items.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// A word, or a text.
    pub(super) fn word(&self, key: &str) -> Option<&str> {
        match self.find(key)? {
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether it says `yes`, or what holds where it says nothing.
    pub(super) fn says(&self, key: &str, otherwise: bool) -> bool {
        self.word(key).map_or(otherwise, |word| word == "yes")
    }

    /// SQL or an expression.
    pub(super) fn code(&self, key: &str) -> Option<&str> {
        match self.find(key)? {
            Value::Code(code) => Some(code),
            _ => None,
        }
    }

    /// The items of a list, with what stands behind their colons.
    pub(super) fn pairs(&self, key: &str) -> Vec<(String, Option<String>)> {
        match self.find(key) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    /// The items of a list.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        self.pairs(key).into_iter().map(|(word, _)| word).collect()
    }

    /// The filters of a list: field and expression.
    pub(super) fn filters(&self) -> Vec<(String, String)> {
        self.pairs("filters").into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
    }

    /// All blocks with a key.
    pub(super) fn blocks<'b>(&'b self, key: &str) -> impl Iterator<Item = &'b Self> + use<'b> {
        let key = key.to_owned();
        self.items.iter().filter(move |(name, _)| *name == key).filter_map(|(_, value)| match value {
            Value::Block(block) => Some(block),
            _ => None,
        })
    }

    /// The only block with a key.
    pub(super) fn block(&self, key: &str) -> Option<&Self> {
        self.blocks(key).last()
    }

    /// A block with a key and a name.
    pub(super) fn named(&self, key: &str, name: &str) -> Option<&Self> {
        self.blocks(key).find(|block| block.name == name)
    }
}

/// Reads a file.
pub(super) fn read(text: &str) -> Looker<Block> {
    let mut reader = Reader { text, at: text.char_indices().peekable() };
    let items = reader.items()?;
    if reader.next_is('}') {
        return refuse("a brace closes nothing");
    }
    Ok(Block { name: String::new(), items })
}

struct Reader<'t> {
    text: &'t str,
    at: Peekable<CharIndices<'t>>,
}

impl<'t> Reader<'t> {
    fn position(&mut self) -> usize {
        self.at.peek().map_or(self.text.len(), |(position, _)| *position)
    }

    fn blanks(&mut self) {
        while let Some((_, c)) = self.at.peek().copied() {
            if c == '#' {
                while self.at.next_if(|(_, c)| *c != '\n').is_some() {}
            } else if c.is_whitespace() {
                self.at.next();
            } else {
                return;
            }
        }
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.blanks();
        self.at.peek().is_some_and(|(_, c)| *c == wanted)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.next_is(wanted);
        if found {
            self.at.next();
        }
        found
    }

    fn need(&mut self, wanted: char) -> Looker<()> {
        if self.take(wanted) {
            return Ok(());
        }
        let at = self.position();
        refuse(format!("`{wanted}` is missing before `{}`", self.text[at..].chars().take(20).collect::<String>()))
    }

    fn word(&mut self) -> Looker<&'t str> {
        self.blanks();
        let from = self.position();
        while self.at.next_if(|(_, c)| !c.is_whitespace() && !":,{}[]\"#".contains(*c)).is_some() {}
        let to = self.position();
        if from == to { refuse("a word is missing") } else { Ok(&self.text[from..to]) }
    }

    fn quoted(&mut self) -> Looker<String> {
        self.need('"')?;
        let mut text = String::new();
        while let Some((_, c)) = self.at.next() {
            match c {
                '"' => return Ok(text),
                '\\' if self.at.peek().is_some_and(|(_, c)| *c == '"' || *c == '\\') => {
                    text.extend(self.at.next().map(|(_, c)| c));
                }
                other => text.push(other),
            }
        }
        refuse("a text is not closed")
    }

    fn scalar(&mut self) -> Looker<String> {
        if self.next_is('"') { self.quoted() } else { self.word().map(str::to_owned) }
    }

    fn code(&mut self) -> Looker<String> {
        let from = self.position();
        let Some(length) = self.text[from..].find(";;") else { return refuse("`;;` is missing") };
        while self.at.next_if(|(position, _)| *position < from + length + 2).is_some() {}
        Ok(self.text[from..from + length].trim().to_owned())
    }

    fn items(&mut self) -> Looker<Vec<(String, Value)>> {
        let mut items = Vec::new();
        loop {
            self.blanks();
            if self.at.peek().is_none() || self.next_is('}') {
                return Ok(items);
            }
            let key = self.word()?.to_owned();
            self.need(':')?;
            let value = self.value(&key)?;
            items.push((key, value));
        }
    }

    fn value(&mut self, key: &str) -> Looker<Value> {
        if key.starts_with("sql") || key.starts_with("expression") || key == "html" {
            return Ok(Value::Code(self.code()?));
        }
        if self.next_is('[') {
            return Ok(Value::List(self.list()?));
        }
        let name = if self.next_is('{') { String::new() } else { self.scalar()? };
        if !self.next_is('{') {
            return Ok(Value::Word(name));
        }
        self.need('{')?;
        let items = self.items()?;
        self.need('}')?;
        Ok(Value::Block(Block { name, items }))
    }

    fn list(&mut self) -> Looker<Vec<(String, Option<String>)>> {
        self.need('[')?;
        let mut items = Vec::new();
        while !self.take(']') {
            let word = self.scalar()?;
            let behind = if self.take(':') { Some(self.scalar()?) } else { None };
            items.push((word, behind));
            if !self.take(',') {
                self.need(']')?;
                break;
            }
        }
        Ok(items)
    }
}
