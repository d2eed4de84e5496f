//! A first look at the text of a document, before anything recursive reads it.
//!
//! **Invariant:** whatever passes nests at most [`MAX_NESTING`] deep, so that a recursive parser cannot overflow.

use std::collections::BTreeSet;

use async_graphql::Pos;

use crate::{
    graphql::{Code, GraphqlError},
    plan::PlanErrorCode,
};

/// The greatest size of a document in bytes.
const MAX_BYTES: usize = 100_000;
/// The greatest number of tokens; a list of 1,000 values and a dashboard's document fit.
const MAX_TOKENS: usize = 10_000;
/// The greatest number of brackets that are open at the same time.
const MAX_NESTING: usize = 64;

/// What kind of bracket is open.
enum Open {
    /// A selection set, a list, or arguments.
    Other,
    /// An object value, with the names of its fields so far.
    Object(BTreeSet<String>),
}

/// Refuses documents that are too long, nest too deep, or give a field of an object value twice.
///
/// The last is a rule of the specification (5.6.3) that the parser's tree can no longer show.
pub(super) fn check(text: &str) -> Result<(), GraphqlError> {
    if text.len() > MAX_BYTES {
        return Err(too_large(format!("the document has {} bytes, and at most {MAX_BYTES} are read", text.len())));
    }
    let (mut tokens, mut arguments) = (0_usize, 0_usize);
    let mut open: Vec<Open> = Vec::new();
    let mut last_name: Option<(usize, &str)> = None;
    let mut position = 0;
    while let Some(letter) = text.as_bytes().get(position) {
        let start = position;
        let mut name = None;
        match letter {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                position += 1;
                continue;
            }
            b'#' => {
                position += text[position..].find(['\n', '\r']).unwrap_or(text.len() - position);
                continue;
            }
            b'"' => position = end_of_string(text, position),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => {
                let is_inside = |byte: &u8| matches!(byte, b'_' | b'.' | b'+' | b'-') || byte.is_ascii_alphanumeric();
                let length = text.as_bytes()[position..].iter().take_while(|byte| is_inside(byte)).count();
                name = Some((start, &text[start..start + length]));
                position += length;
            }
            b'{' | b'[' | b'(' => {
                arguments += usize::from(*letter == b'(');
                let is_object = *letter == b'{' && arguments > 0;
                open.push(if is_object { Open::Object(BTreeSet::new()) } else { Open::Other });
                if open.len() > MAX_NESTING {
                    return Err(too_large(format!("the document nests deeper than {MAX_NESTING} brackets"))
                        .at(place(text, start)));
                }
                position += 1;
            }
            b'}' | b']' | b')' => {
                arguments = arguments.saturating_sub(usize::from(*letter == b')'));
                open.pop();
                position += 1;
            }
            b':' => {
                if let (Some(Open::Object(fields)), Some((at, field))) = (open.last_mut(), last_name)
                    && !fields.insert(field.to_owned())
                {
                    return Err(GraphqlError::new(Code::ValidationFailed, format!("`{field}` is given twice"))
                        .at(place(text, at)));
                }
                position += 1;
            }
            _ => position += 1,
        }
        last_name = name;
        tokens += 1;
        if tokens > MAX_TOKENS {
            return Err(too_large(format!("the document has more than {MAX_TOKENS} tokens")));
        }
    }
    Ok(())
}

/// Returns the position behind a string that begins here; an unfinished one ends with the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    if let Some(block) = rest.strip_prefix("\"\"\"") {
        let mut from = 0;
        while let Some(end) = block[from..].find("\"\"\"") {
            if block[..from + end].ends_with('\\') {
                from += end + 3;
            } else {
                return start + 3 + from + end + 3;
            }
        }
        return text.len();
    }
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' | '\n' => return start + at + 1,
            _ => {}
        }
    }
    text.len()
}

fn place(text: &str, at: usize) -> Pos {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    Pos { line, column }
}

fn too_large(message: String) -> GraphqlError {
    GraphqlError::plan(PlanErrorCode::LimitExceeded, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        check(text).err().map(|error| error.message)
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        assert!(refused(&"{a".repeat(100_000 / 2)).is_some_and(|message| message.contains("nests deeper")));
        assert_eq!(refused(r#"{ a(b: "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{") }"#), None);
    }

    #[test]
    fn an_object_value_gives_each_field_once() {
        assert_eq!(refused(r#"{ a(b: {eq: "x", eq: "y"}) }"#).as_deref(), Some("`eq` is given twice"));
        assert_eq!(refused(r#"{ a(b: {eq: "eq: eq:", ne: "x"}, c: {eq: "x"}) { eq: d eq: d } }"#), None);
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let block = format!("{{ a(b: \"\"\"{}\\\"\"\" \"\"\") }}", "{".repeat(100));
        assert_eq!(refused(&block), None);
        assert_eq!(refused(&format!("# {}\n{{ a }}", "{".repeat(100))), None);
    }
}
