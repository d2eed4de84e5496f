//! Text of the portable language → tree.

use super::{Expr, Name};
use crate::files::Span;

/// Why a text is not an expression of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// Where, within the span of the text.
    pub span: Span,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether the text is over a limit of size or depth, rather than wrong.
    pub too_large: bool,
}

/// Parses a scalar expression; `span` is where the text stands, and spans of names lie within it.
pub fn parse_expression(_text: &str, _span: Span) -> Result<Expr<Name>, ParseError> {
    todo!()
}

/// Parses terms of an order: `revenue desc, time.month`; gives each expression and whether it descends.
pub fn parse_order(_text: &str, _span: Span) -> Result<Vec<(Expr<Name>, bool)>, ParseError> {
    todo!()
}

/// Checks that the `sql:` of a model is one SELECT and returns the names of its columns where they are plain.
pub fn parse_select(_text: &str, _span: Span) -> Result<Vec<String>, ParseError> {
    todo!()
}
