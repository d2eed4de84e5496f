//! Expressions that YAML cuts into pieces because they are not in quotes.
//!
//! `{ expr: coalesce(a, b) }` is an entry `expr: coalesce(a` and a key `b)`; `where: name = 'a #1'` is `name = 'a` and
//! a comment; `where: kind = 'a: b'` is an error of the parser. All three are told as what they are.

use crate::{
    diagnostics::{Code, Diagnostic},
    files::{FileId, Span},
};

use super::{Entry, Mapping, Scalar, Style, Value};

/// Keys under which an expression stands, wherever they occur.
const EXPRESSION_KEYS: [&str; 8] = ["expr", "where", "having", "rows", "bigquery", "duckdb", "postgres", "snowflake"];

/// How far the end of a cut expression is looked for.
const REACH: usize = 1_000;

/// How far the line around an expression is shown; looking further would cost much in a file of one line.
const SHOWN: usize = 200;

/// An expression put together again.
pub(crate) struct Cut {
    /// The whole expression.
    pub(crate) text: String,
    /// Where it lies in the file.
    pub(crate) span: Span,
    /// How many of the entries behind are pieces of it.
    pub(crate) pieces: usize,
    /// What to tell the writer.
    pub(crate) diagnostic: Diagnostic,
}

/// Returns whether every bracket and every quote of an expression is closed.
fn balanced(text: &str) -> bool {
    let (mut depth, mut quote) = (0_i64, None);
    for c in text.chars() {
        track(c, &mut depth, &mut quote);
    }
    depth <= 0 && quote.is_none()
}

/// Writes a text as a quoted YAML scalar on one line.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains(['\\', '"']) && !text.contains('\n') {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
    }
}

/// Puts the value of the entry at `index` together again if YAML has cut it.
pub(crate) fn cut_entry(text: &str, mapping: &Mapping, index: usize) -> Option<Cut> {
    let Entry { key, value } = &mapping.entries[index];
    let Value::Scalar(Scalar { text: value_text, style: Style::Plain, written }) = &value.value else { return None };
    if balanced(value_text) {
        return None;
    }
    let start = written.start as usize;
    let (end, at) = if follows_comment(text, written.end as usize) {
        (end_of_line(text, start), "` #`")
    } else if mapping.braces {
        (end_in_braces(text, start)?, "a comma")
    } else {
        return None;
    };
    let pieces = mapping.entries[index + 1..].iter().take_while(|entry| (entry.key.span.start as usize) < end).count();
    let expression = text[start..end].trim_end();
    let span = Span::new(key.span.file, start, start + expression.len());
    let diagnostic = tell(text, span, &format!("YAML cuts the expression of `{}` at {at}", key.value));
    Some(Cut { text: expression.to_owned(), span, pieces, diagnostic })
}

/// Explains an error of the parser at a byte by an expression without quotes, if it is one.
pub(super) fn at_error(file: FileId, text: &str, at: usize) -> Option<Diagnostic> {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let (key, start) = last_expression_key(&text[line_start..at], line_start)?;
    let start = start + text[start..].len() - text[start..].trim_start_matches(' ').len();
    let before = &text[line_start..start];
    let braces = before.matches('{').count() > before.matches('}').count();
    let end = if braces { end_in_braces(text, start)? } else { end_of_line(text, start) };
    let expression = text.get(start..end)?.trim_end();
    let opens_something_else = expression.starts_with(['|', '>', '{', '[', '&', '*', '#']);
    if expression.is_empty() || at > end || opens_something_else || expression.contains('\n') || !balanced(expression) {
        return None;
    }
    let span = Span::new(file, start, start + expression.len());
    Some(tell(text, span, &format!("YAML does not read the expression of `{key}` as one text")))
}

/// Returns the name of the last key for an expression in the head of a line, and where its value begins.
fn last_expression_key(head: &str, offset: usize) -> Option<(&'static str, usize)> {
    let ends_a_word = |at: usize| head[..at].chars().next_back().is_none_or(|c| matches!(c, ' ' | '{' | ','));
    EXPRESSION_KEYS
        .iter()
        .filter_map(|key| {
            let found = head.match_indices(key).filter(|(at, _)| ends_a_word(*at));
            let values = found.map(|(at, _)| at + key.len()).filter(|after| head[*after..].starts_with(": "));
            values.last().map(|after| (*key, offset + after + 1))
        })
        .max_by_key(|(_, start)| *start)
}

fn tell(text: &str, span: Span, message: &str) -> Diagnostic {
    let (start, end) = (span.start as usize, span.end as usize);
    let replacement = quoted(&text[start..end].split_whitespace().collect::<Vec<_>>().join(" "));
    let replacement = if text[start..end].contains('\n') { replacement } else { quoted(&text[start..end]) };
    let before = text.as_bytes()[start.saturating_sub(SHOWN)..start].iter().rposition(|byte| *byte == b'\n');
    let before = before.map_or(start.min(SHOWN), |at| start.min(SHOWN) - at - 1);
    let near = text.as_bytes()[end..].iter().take(SHOWN);
    let behind = near.clone().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(near.len());
    let line = if before < SHOWN && behind < SHOWN {
        format!("{}{replacement}{}", &text[start - before..start], &text[end..end + behind])
    } else {
        replacement
    };
    let line = line.trim();
    Diagnostic::new(Code::ExpressionCutByYaml, span, message)
        .label("this has to be in quotes")
        .help(format!("Put it in quotes: `{line}`."))
}

fn follows_comment(text: &str, end: usize) -> bool {
    let rest = text[end..].trim_start_matches([' ', '\t']);
    rest.len() < text.len() - end && rest.starts_with('#')
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..].find(['\n', '\r']).map_or(text.len(), |newline| from + newline)
}

/// Finds where an expression in braces ends: before the comma or bracket that belongs to YAML.
fn end_in_braces(text: &str, start: usize) -> Option<usize> {
    let (mut depth, mut quote) = (0_i64, None);
    for (at, c) in text[start..].char_indices().take_while(|(at, _)| *at < REACH) {
        if quote.is_none() && depth == 0 && matches!(c, ',' | '}' | ']') {
            return Some(start + at);
        }
        track(c, &mut depth, &mut quote);
    }
    None
}

fn track(c: char, depth: &mut i64, quote: &mut Option<char>) {
    match (*quote, c) {
        (None, '\'' | '"') => *quote = Some(c),
        (None, '(' | '[') => *depth += 1,
        (None, ')' | ']') => *depth -= 1,
        (Some(open), _) if open == c => *quote = None,
        _ => {}
    }
}
