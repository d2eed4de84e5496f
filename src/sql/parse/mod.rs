//! Text of the portable language → tree.
//!
//! `price * fx_rates.eur` → `Binary { Multiply, Leaf(price), Leaf(fx_rates.eur) }`, each word with its span. The words
//! are cut by `sqlparser` and checked ([`tokens`]), `sqlparser` builds its tree, and [`convert`] lets through what the
//! language has; everything else is an error that says what to write instead.
//!
//! **Invariant:** no text, however long or deep, overflows the stack: sizes are checked before parsing.

mod aggregates;
mod call;
mod convert;
mod foreign;
mod functions;
mod literal;
mod reference;
mod select;
mod source;
mod tokens;

use sqlparser::{
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::{Token, TokenWithSpan},
};

use super::{Expr, Name};
use crate::files::Span;
use convert::Convert;
use source::Source;

pub use aggregates::{FoundAggregate, SplitFormula, split_aggregates};
pub use foreign::{Portable, to_portable, to_portable_in};
pub use functions::{FunctionDoc, functions, other_words};
pub use reference::expression_reference;
pub use select::{parse_select, tables_of_select};

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

/// The greatest length of a text in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The greatest number of words and signs of a text.
const MAX_TOKENS: usize = 8_000;
/// The greatest number of names, constants, operators and calls of an expression.
const MAX_NODES: usize = 1_000;
/// How deep parentheses may be nested.
const MAX_PARENTHESES: usize = 50;
/// How deep the tree may be; chains of AND and OR are not deep, since they are balanced.
const MAX_DEPTH: usize = 100;

/// Parses a scalar expression; `span` is where the text stands, and spans of names lie within it.
pub fn parse_expression(text: &str, span: Span) -> Result<Expr<Name>, ParseError> {
    let source = Source::new(text, span);
    let tokens = tokens::tokenize(&source)?;
    parse_tokens(&source, tokens)
}

/// Parses terms of an order: `revenue desc, time.month`; gives each expression and whether it descends.
pub fn parse_order(text: &str, span: Span) -> Result<Vec<(Expr<Name>, bool)>, ParseError> {
    let source = Source::new(text, span);
    let mut terms = Vec::new();
    for mut term in tokens::split_at_commas(tokens::tokenize(&source)?) {
        let descending = match term.last().and_then(|token| tokens::plain_word(&token.token)) {
            Some(word) if word.eq_ignore_ascii_case("desc") => true,
            Some(word) if word.eq_ignore_ascii_case("asc") => false,
            Some(word) if word.eq_ignore_ascii_case("first") || word.eq_ignore_ascii_case("last") => {
                return Err(source
                    .error("the place of nulls is not part of an order", &term[term.len() - 1])
                    .help("Leave it off: nulls come last, in every warehouse."));
            }
            Some(word) if is_direction(word) && term.len() > 1 && term[term.len() - 2].token != Token::Period => {
                return Err(source
                    .error(&format!("`{word}` is no direction"), &term[term.len() - 1])
                    .help("Write `desc` behind what descends; without it rows ascend."));
            }
            _ => {
                terms.push((parse_tokens(&source, term)?, false));
                continue;
            }
        };
        // A dimension may be called `desc`: a direction needs something before it.
        if term.len() > 1 {
            term.pop();
        }
        terms.push((parse_tokens(&source, term)?, descending));
    }
    Ok(terms)
}

/// Returns whether a word is a direction written out.
fn is_direction(word: &str) -> bool {
    word.eq_ignore_ascii_case("descending") || word.eq_ignore_ascii_case("ascending")
}

fn parse_tokens(source: &Source, mut tokens: Vec<TokenWithSpan>) -> Result<Expr<Name>, ParseError> {
    let calls = tokens::rewrite_exists(source, &mut tokens)?;
    if tokens.is_empty() {
        return Err(source.whole_error("there is no expression").help("Write a value, such as `price * quantity`."));
    }
    let mut parser = Parser::new(&Language).with_recursion_limit(4 * MAX_DEPTH).with_tokens_with_locations(tokens);
    let parsed = parser.parse_expr().map_err(|error| explain(source, error))?;
    let next = parser.peek_token();
    if next.token != Token::EOF {
        return Err(unexpected(source, &next));
    }
    Convert::new(source, &calls).expr(&parsed, 0)
}

/// Puts an error of `sqlparser` into our words.
fn explain(source: &Source, error: ParserError) -> ParseError {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            return source.whole_error("the expression is nested too deep").too_large();
        }
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
    };
    let (what, place) = source::split_location(&text);
    let (wanted, found) = what
        .strip_prefix("Expected: ")
        .and_then(|rest| rest.split_once(", found: "))
        .map_or((None, None), |(wanted, found)| (Some(wanted), Some(found)));
    let end = found == Some("EOF");
    let message = match (wanted, found) {
        (Some(wanted), _) if end => format!("the expression ends where {} should follow", in_our_words(wanted)),
        (Some(wanted), Some(found)) => format!("found `{found}` where {} should stand", in_our_words(wanted)),
        _ => format!("not an expression: {}", what.to_lowercase()),
    };
    let error = match place {
        Some(place) if !end => source.error_at(&message, place),
        _ => source.end_error(&message),
    };
    match found.and_then(tokens::help_for_word) {
        Some(help) => error.help(help),
        None => error,
    }
}

fn in_our_words(wanted: &str) -> String {
    match wanted {
        "an expression" | "an expression:" => "a value".to_owned(),
        "BETWEEN or IN after NOT" | "IN or BETWEEN after NOT" => "`in`, `between` or `like`".to_owned(),
        _ if wanted.starts_with("[NOT] NULL") => "`null`, `not null`, `true` or `false`".to_owned(),
        _ if wanted.len() < 8 => format!("`{}`", wanted.to_lowercase()),
        _ => wanted.to_lowercase(),
    }
}

fn unexpected(source: &Source, token: &TokenWithSpan) -> ParseError {
    let word = token.token.to_string();
    let error = source.error(&format!("unexpected `{word}`"), token);
    match tokens::help_for_word(&word) {
        Some(help) => error.help(help),
        None => error.help("An expression is one value; join conditions by `and` or `or`."),
    }
}

/// The signs and words of the language, for `sqlparser`.
#[derive(Debug)]
struct Language;

impl sqlparser::dialect::Dialect for Language {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"'
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        // Words that mean nothing in the language have lost their keyword before.
        keyword != Keyword::NoKeyword
    }
}

#[cfg(test)]
mod tests;
