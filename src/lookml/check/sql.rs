//! Is a SQL text whole: are its brackets and quotes closed, does it end as it may?
//!
//! Texts that cannot be judged without their dialect (escapes, dollar quotes, triple quotes, `#`) or without running
//! their Liquid are not judged.

use std::borrow::Cow;

/// What is wrong with a SQL text, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A bracket that nothing closes.
    Unclosed(usize, char),
    /// A bracket that closes nothing.
    Stray(usize, char),
    /// A quote that nothing closes.
    Quote(usize, char),
}

/// Returns whether quotes and comments cannot be told without the dialect.
fn depends_on_dialect(sql: &str) -> bool {
    sql.contains(['\\', '#']) || ["$$", "'''", "\"\"\""].iter().any(|odd| sql.contains(odd))
}

/// Returns the byte after the comment that begins at a byte.
fn end_of_comment(sql: &str, at: usize) -> Option<usize> {
    let rest = &sql.as_bytes()[at..];
    if rest.starts_with(b"--") {
        Some(sql[at..].find('\n').map_or(sql.len(), |end| at + end))
    } else if rest.starts_with(b"/*") {
        Some(sql[at + 2..].find("*/").map_or(sql.len(), |end| at + end + 4))
    } else {
        None
    }
}

/// Returns a SQL text with a blank for each comment and quoted text; the text as it is where they cannot be told.
pub(super) fn without_quotes(sql: &str) -> Cow<'_, str> {
    if depends_on_dialect(sql) {
        return Cow::Borrowed(sql);
    }
    let (mut kept, mut from, mut at) = (String::new(), 0, 0);
    while let Some(byte) = sql.as_bytes().get(at) {
        let end = match byte {
            b'\'' | b'"' | b'`' => sql[at + 1..].find(char::from(*byte)).map(|length| at + length + 2),
            _ => end_of_comment(sql, at),
        };
        match end {
            Some(end) => {
                kept.extend([&sql[from..at], " "]);
                (from, at) = (end, end);
            }
            None => at += 1,
        }
    }
    kept.push_str(&sql[from..]);
    Cow::Owned(kept)
}

/// Finds the first bracket or quote without its fellow.
pub(super) fn fault(sql: &str) -> Option<Fault> {
    if depends_on_dialect(sql) || ["{%", "{{", "@{"].iter().any(|live| sql.contains(live)) {
        return None;
    }
    let bytes = sql.as_bytes();
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if let Some(end) = end_of_comment(sql, at) {
            at = end;
            continue;
        }
        match byte {
            b'\'' | b'"' | b'`' => match sql[at + 1..].find(char::from(*byte)) {
                Some(length) => at += length + 1,
                None => return Some(Fault::Quote(at, char::from(*byte))),
            },
            b'(' | b'[' => open.push((at, *byte)),
            b')' | b']' => {
                let fellow = if *byte == b')' { b'(' } else { b'[' };
                if open.pop().is_none_or(|(_, opened)| opened != fellow) {
                    return Some(Fault::Stray(at, char::from(*byte)));
                }
            }
            _ => {}
        }
        at += 1;
    }
    open.pop().map(|(at, bracket)| Fault::Unclosed(at, char::from(bracket)))
}

/// Finds a reference that is none, outside of quotes and comments: `${price` without its `}`, `{TABLE}`, `$TABLE.`.
pub(super) fn broken_reference(sql: &str) -> Option<(usize, &'static str)> {
    if depends_on_dialect(sql) {
        return None;
    }
    let text = without_quotes(sql);
    let is_open = |inside: &str| {
        let inside = inside.split('}').next().unwrap_or_default();
        !["{%", "{{"].iter().any(|live| inside.contains(live))
    };
    let unclosed = |text: &str| {
        text.match_indices("${").map(|(at, _)| at).find(|at| {
            let inside = &text[at + 2..];
            let end = inside.find('}').unwrap_or(inside.len());
            (end == inside.len() || inside[..end].contains("${")) && is_open(inside)
        })
    };
    let bare = |text: &str| {
        let braces = text.match_indices("{TABLE}").map(|(at, _)| at);
        let dollars = text.match_indices("$TABLE.").map(|(at, _)| at);
        let is_alone = |at: &usize| !text[..*at].ends_with(['$', '@', '{']);
        braces.chain(dollars).find(is_alone)
    };
    let place = |find: &dyn Fn(&str) -> Option<usize>| find(&text).and_then(|_| find(sql));
    if let Some(at) = place(&unclosed) {
        return Some((at, "a `${` is not closed"));
    }
    place(&bare).map(|at| (at, "the table is named without `${` and `}`"))
}

/// Returns the place of a line comment that stands on the line of `;;` and swallows what Looker appends.
pub(super) fn trailing_comment(sql: &str) -> Option<usize> {
    if sql.contains("{%") || sql.contains("{{") {
        return None;
    }
    let line = sql.rfind('\n').map_or(0, |newline| newline + 1);
    let mut quote = None;
    for (at, byte) in sql.bytes().enumerate().skip(line) {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, b'-') if sql[at..].starts_with("--") => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_texts_have_no_fault() {
        for sql in [
            "",
            "a",
            "f(a, [1])",
            "'it''s (' || \"x)\"",
            "-- (\na",
            "/* ( */ a",
            "${x} + (1)",
            "'\\'(",
            "{% if a %}({% endif %}",
        ] {
            assert_eq!(fault(sql), None, "{sql}");
        }
    }

    #[test]
    fn quotes_and_comments_are_taken_out() {
        for (sql, expected) in [
            ("SUM(a)", "SUM(a)"),
            ("'it''s' || \"x\".`y z`", "   ||  . "),
            ("a -- SUM(b)\n+ /* ( ' */ größe", "a  \n+   größe"),
            ("a /* ends", "a  "),
            ("'not closed", "'not closed"),
            ("'\\'' || 'b'", "'\\'' || 'b'"),
        ] {
            assert_eq!(without_quotes(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_first_fault_is_found() {
        for (sql, expected) in [
            ("f(a", Fault::Unclosed(1, '(')),
            ("f(a))", Fault::Stray(4, ')')),
            ("a[1)", Fault::Stray(3, ')')),
            ("'abc", Fault::Quote(0, '\'')),
        ] {
            assert_eq!(fault(sql), Some(expected), "{sql}");
        }
    }

    #[test]
    fn a_broken_reference_is_found() {
        for (sql, expected) in [
            ("${a} + ${b.c} / {{ x }}", None),
            ("a + ${b.c", Some(4)),
            ("${a || ${b}", Some(0)),
            ("{TABLE}.a", Some(0)),
            ("1 + $TABLE.a", Some(4)),
            ("${TABLE}.a + @{TABLE}.b", None),
            ("'${a' || '{TABLE}' -- ${b", None),
            ("${{% parameter a %}}", None),
        ] {
            assert_eq!(broken_reference(sql).map(|(at, _)| at), expected, "{sql}");
        }
    }

    #[test]
    fn a_comment_swallows_only_on_the_last_line() {
        assert_eq!(trailing_comment(" a -- net "), Some(3));
        assert_eq!(trailing_comment(" a -- net\n "), None);
        assert_eq!(trailing_comment(" '--' "), None);
    }
}
