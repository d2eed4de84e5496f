//! Text → nodes: blocks and their recovery after a mistake.

use super::{super::lexical, Node, Piece, SyntaxError, SyntaxErrorKind, Value, text::terminator_in};

/// The greatest depth of blocks; Looker's own language needs six.
const MAX_DEPTH: usize = 32;

/// The longest part of a line that is skipped at once.
const MAX_SKIP: usize = 200;

/// A place in a text, and what was found before it.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    comments: Vec<Piece<'a>>,
    errors: Vec<SyntaxError>,
    /// Where the next `;;` is, as seen from an earlier place; no text is searched twice.
    pub(super) terminator: Option<usize>,
}

/// How the nodes between two braces ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// At `}`, which is not read yet.
    Brace,
    /// At the end of the text.
    Text,
    /// At a declaration that can stand only further out: a brace is missing before it.
    Outer,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, comments: Vec::new(), errors: Vec::new(), terminator: terminator_in(text) }
    }

    pub(super) fn finish(self) -> (Vec<Piece<'a>>, Vec<SyntaxError>) {
        (self.comments, self.errors)
    }

    /// Reads the whole text.
    pub(super) fn file(&mut self) -> Vec<Node<'a>> {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        let mut nodes = Vec::new();
        self.skip_blanks();
        if self.text[self.at..].starts_with("- ") {
            let end = self.line_end(self.at);
            let message = "this is the YAML-like LookML of before 2016, which Looker converts and no longer reads";
            self.error(SyntaxErrorKind::OldForm, self.at, end, message);
            return nodes;
        }
        while self.nodes(&mut nodes, 0) == Ending::Brace {
            self.error(SyntaxErrorKind::Braces, self.at, self.at + 1, "a `}` closes nothing");
            self.at += 1;
        }
        nodes
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn error(&mut self, kind: SyntaxErrorKind, start: usize, end: usize, message: impl Into<String>) {
        self.errors.push(SyntaxError { kind, start, end, message: message.into() });
    }

    pub(super) fn piece(&self, start: usize, end: usize, quoted: bool) -> Piece<'a> {
        Piece { text: &self.text[start..end], start, quoted }
    }

    /// Returns the byte after the last one of a line, without its line end.
    pub(super) fn line_end(&self, from: usize) -> usize {
        let end = self.text[from..].find('\n').map_or(self.text.len(), |newline| from + newline);
        if self.text[from..end].ends_with('\r') { end - 1 } else { end }
    }

    /// Skips blanks and comments.
    pub(super) fn skip_blanks(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'#' => {
                    let end = self.line_end(self.at);
                    self.comments.push(self.piece(self.at, end, false));
                    self.at = end;
                }
                0..=127 => return,
                _ => {
                    let next = self.text[self.at..].chars().next();
                    match next.filter(|c| c.is_whitespace() || *c == '\u{feff}') {
                        Some(blank) => self.at += blank.len_utf8(),
                        None => return,
                    }
                }
            }
        }
    }

    /// Reads `orders.id`, `+orders`, `detail*`, `-orders.metrics*`, `yes`, `3`, `//project/view`; nothing if there is none.
    pub(super) fn word(&mut self) -> Piece<'a> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b':' | b',' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => break,
                0..=127 => self.at += 1,
                _ => match self.text[self.at..].chars().next().filter(|c| !c.is_whitespace()) {
                    Some(letter) => self.at += letter.len_utf8(),
                    None => break,
                },
            }
        }
        self.piece(start, self.at, false)
    }

    /// Reads nodes until something that is no node.
    fn nodes(&mut self, nodes: &mut Vec<Node<'a>>, depth: usize) -> Ending {
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Ending::Text,
                Some(b'}') => return Ending::Brace,
                Some(_) => {}
            }
            if depth > 0 && lexical::belongs_further_out(&self.text[self.at..], depth) {
                return Ending::Outer;
            }
            let before = self.at;
            if let Some(node) = self.node(depth) {
                nodes.push(node);
            }
            debug_assert!(self.at > before, "every turn reads something");
        }
    }

    fn node(&mut self, depth: usize) -> Option<Node<'a>> {
        let key = self.word();
        if key.text.is_empty() {
            return self.stray(depth);
        }
        self.skip_blanks();
        if self.peek() == Some(b':') {
            self.at += 1;
        } else {
            let message = format!("a `:` is missing after `{}`", key.text);
            self.error(SyntaxErrorKind::Unexpected, key.start, key.end(), message);
            // `view orders { … }` and `label "x"` say what was meant; anything else is skipped up to the line's end.
            let mut ahead = self.text[self.at..].chars().take(MAX_SKIP);
            let opens = ahead.find(|c| !c.is_alphanumeric() && !"_+. ".contains(*c)) == Some('{');
            if !opens && !matches!(self.peek(), Some(b'"' | b'[')) {
                self.skip_line(key.end());
                return None;
            }
        }
        let value = self.value(key, depth);
        Some(Node { key, value, end: self.at })
    }

    /// Reads what is no node.
    fn stray(&mut self, depth: usize) -> Option<Node<'a>> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => {
                self.error(SyntaxErrorKind::Unexpected, start, start + 1, "a `{` has no key before it");
                let key = self.piece(start, start, false);
                let value = self.braces(key, None, depth);
                return Some(Node { key, value, end: self.at });
            }
            Some(b'"') => {
                let text = self.text();
                self.error(SyntaxErrorKind::Unexpected, start, text.end(), "a text has no key before it");
            }
            _ => {
                let found = self.text[start..].chars().next().map_or(1, char::len_utf8);
                let message = format!("`{}` cannot stand here", self.text[start..start + found].escape_default());
                self.error(SyntaxErrorKind::Unexpected, start, start + found, message);
                self.at += found;
            }
        }
        self.skip_line(self.at);
        None
    }

    /// Skips the rest of a line that makes no sense, up to a brace, or beyond a `;;` in it.
    fn skip_line(&mut self, from: usize) {
        let bytes = &self.text.as_bytes()[from..];
        let found = bytes.iter().take(MAX_SKIP).position(|byte| b"\n{}".contains(byte));
        let mut end = from + found.unwrap_or(bytes.len().min(MAX_SKIP));
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        let newline = bytes.iter().take(MAX_SKIP).position(|byte| *byte == b'\n').map_or(end, |length| from + length);
        if let Some(terminator) = self.next_terminator(from).filter(|terminator| *terminator < newline) {
            end = terminator + ";;".len();
        }
        self.at = self.at.max(end);
    }

    fn value(&mut self, key: Piece<'a>, depth: usize) -> Value<'a> {
        if lexical::is_block_key(key.text) {
            return Value::Block(self.block(key));
        }
        let from = self.at;
        self.skip_blanks();
        match self.peek() {
            Some(b'"') => Value::Text(self.text()),
            Some(b'[') => Value::List(self.list()),
            Some(b'{') => self.braces(key, None, depth),
            _ => self.word_or_block(key, from, depth),
        }
    }

    fn word_or_block(&mut self, key: Piece<'a>, from: usize, depth: usize) -> Value<'a> {
        let word = self.word();
        let after = self.at;
        self.skip_blanks();
        match self.peek() {
            Some(b'{') if !word.text.is_empty() => return self.braces(key, Some(word), depth),
            // `label: description: "x"`: the word is the next key.
            Some(b':') if !word.text.is_empty() => {}
            _ if !word.text.is_empty() => {
                // Comments after the word are read again by whoever goes on.
                self.rewind(after);
                return Value::Word(word);
            }
            _ => {}
        }
        self.error(SyntaxErrorKind::Unexpected, key.start, key.end(), format!("`{}` has no value", key.text));
        self.rewind(from);
        Value::Word(self.piece(self.at, self.at, false))
    }

    /// Goes back, and forgets the comments that were read beyond.
    pub(super) fn rewind(&mut self, to: usize) {
        self.at = to;
        while self.comments.last().is_some_and(|comment| comment.start >= to) {
            self.comments.pop();
        }
    }

    fn braces(&mut self, key: Piece<'a>, name: Option<Piece<'a>>, depth: usize) -> Value<'a> {
        let open = self.at;
        self.at += 1;
        let mut nodes = Vec::new();
        if depth >= MAX_DEPTH {
            self.error(SyntaxErrorKind::Depth, open, open + 1, "blocks are nested too deeply");
            self.at = self.text.len();
            return Value::Nodes { name, nodes };
        }
        match self.nodes(&mut nodes, depth + 1) {
            Ending::Brace => self.at += 1,
            Ending::Text | Ending::Outer if self.errors.last().is_some_and(|e| e.kind == SyntaxErrorKind::Depth) => {}
            Ending::Text | Ending::Outer => {
                let (end, what) = name.map_or((open + 1, ""), |name| (name.end(), name.text));
                let message = format!("{} is not closed by `}}`", described(key.text, what));
                let start = if key.text.is_empty() { open } else { key.start };
                self.error(SyntaxErrorKind::Braces, start, end, message);
            }
        }
        Value::Nodes { name, nodes }
    }
}

/// Names a block: "view `orders`" or "`derived_table`".
fn described(key: &str, name: &str) -> String {
    if name.is_empty() { format!("`{key}`") } else { format!("{key} `{name}`") }
}
