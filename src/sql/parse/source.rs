//! The text that is parsed, and where its parts lie.

use sqlparser::tokenizer::{Location, TokenWithSpan};

use super::ParseError;
use crate::files::Span;

/// A text with its place in a file.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    span: Span,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, span: Span) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, span, line_starts }
    }

    /// Returns the byte at which a line and column of `sqlparser` lie; both count from one, columns in characters.
    pub(super) fn offset(&self, location: Location) -> usize {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = self.line_starts.get(index(location.line)).copied().unwrap_or(self.text.len());
        let line = &self.text[start..];
        let column = index(location.column);
        start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
    }

    pub(super) fn part(&self, start: usize, end: usize) -> Span {
        self.span.part(start, end)
    }

    pub(super) fn span_of(&self, span: sqlparser::tokenizer::Span) -> Span {
        if span == sqlparser::tokenizer::Span::empty() {
            return self.span;
        }
        self.part(self.offset(span.start), self.offset(span.end))
    }

    pub(super) fn whole_error(&self, message: &str) -> ParseError {
        ParseError { message: message.to_owned(), span: self.span, help: None, too_large: false }
    }

    pub(super) fn error(&self, message: &str, token: &TokenWithSpan) -> ParseError {
        self.error_in(message, self.span_of(token.span))
    }

    pub(super) fn error_in(&self, message: &str, span: Span) -> ParseError {
        ParseError { span, ..self.whole_error(message) }
    }

    /// Makes an error on the word or sign that begins at a place.
    pub(super) fn error_at(&self, message: &str, place: Location) -> ParseError {
        let start = self.offset(place);
        let rest = &self.text[start..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = if word == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { word };
        self.error_in(message, self.part(start, start + length))
    }

    /// Makes an error on the end of the text.
    pub(super) fn end_error(&self, message: &str) -> ParseError {
        let end = self.text.trim_end().len();
        let last = self.text[..end].chars().next_back().map_or(0, char::len_utf8);
        self.error_in(message, self.part(end - last, end))
    }
}

impl ParseError {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn too_large(mut self) -> Self {
        self.too_large = true;
        self
    }
}

/// Splits `Expected: ), found: b at Line: 1, Column: 4` into what is wrong and where.
pub(super) fn split_location(text: &str) -> (&str, Option<Location>) {
    let Some((what, place)) = text.rsplit_once(" at Line: ") else { return (text, None) };
    let Some((line, column)) = place.split_once(", Column: ") else { return (what, None) };
    match (line.parse(), column.trim_end_matches(|c: char| !c.is_ascii_digit()).parse()) {
        (Ok(line), Ok(column)) => (what, Some(Location { line, column })),
        _ => (what, None),
    }
}
