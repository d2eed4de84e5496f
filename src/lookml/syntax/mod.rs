//! LookML as written: keys, words, texts, SQL, lists and blocks, each with its place; no meaning.
//!
//! `measure: revenue { type: sum sql: ${price} ;; }` becomes a node `measure` whose value is a block named `revenue` with
//! two nodes. Any file can be read: hand-written ones, ones with Windows line ends or a byte order mark, broken ones. After
//! a mistake reading goes on, so that all mistakes of a file are found.
//!
//! **Invariant:** what lies between two neighbouring pieces of a tree without errors is blanks, comments, `:` `,` `;;`,
//! brackets and quotes: nothing of a file is lost. Nothing here panics, and nothing knows which parameters exist, save
//! those of [`lexical`](super::lexical) that end in `;;`.

mod cursor;
mod error;
mod list;
mod node;
mod text;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use node::{Item, Node, Piece, Value};

use cursor::Cursor;

/// A LookML file as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// The whole text.
    pub text: &'a str,
    /// What stands in the file, outermost first.
    pub nodes: Vec<Node<'a>>,
    /// The comments, each from its `#` to the end of its line. A `#` inside SQL or a text begins no comment.
    pub comments: Vec<Piece<'a>>,
    /// What could not be read, in the order of the text.
    pub errors: Vec<SyntaxError>,
}

/// Reads a LookML file; what is broken is in [`File::errors`], and everything around it in [`File::nodes`].
pub fn parse(text: &str) -> File<'_> {
    let mut cursor = Cursor::new(text);
    let nodes = cursor.file();
    let (comments, mut errors) = cursor.finish();
    errors.sort_by_key(|error| error.start);
    File { text, nodes, comments, errors }
}

/// Returns the line of a byte offset, from one.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
