//! What makes a text no LookML.

use std::fmt;

/// A place that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What kind of mistake it is.
    pub kind: SyntaxErrorKind,
    /// The first byte of the place.
    pub start: usize,
    /// The byte after the place.
    pub end: usize,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The kinds of mistakes that make a text no LookML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyntaxErrorKind {
    /// Something stands where no such thing can stand; a colon, a comma or a value is missing.
    Unexpected,
    /// A `{` without its `}`, or a `}` without its `{`.
    Braces,
    /// A `[` without its `]`.
    List,
    /// A `"` without its fellow.
    Text,
    /// SQL, HTML or an expression without `;;`.
    Block,
    /// Blocks in blocks beyond any need.
    Depth,
    /// The YAML-like LookML of before 2016.
    OldForm,
}
