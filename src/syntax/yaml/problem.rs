//! What is wrong with a text before it is YAML.

use granit_parser::{ErrorKind, ScanError};

use super::{MAXIMUM_BYTES, cut};
use crate::{
    diagnostics::{Code, Diagnostic},
    files::{FileId, Span},
};

/// Returns the diagnostic of a file that is too long to be read.
pub(super) fn too_large(file: FileId, text: &str) -> Option<Diagnostic> {
    (text.len() > MAXIMUM_BYTES).then(|| {
        let message =
            format!("the file has {} bytes, more than the {} MiB that are read", text.len(), MAXIMUM_BYTES >> 20);
        Diagnostic::new(Code::FileTooLarge, Span::new(file, 0, 0), message)
            .help("Definitions are small; move data elsewhere, or split the file by model.")
    })
}

/// Returns a diagnostic for the first few characters that no YAML text may hold.
pub(super) fn control_characters(file: FileId, text: &str) -> Vec<Diagnostic> {
    let forbidden = |byte: &u8| (*byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || *byte == 0x7f;
    let places = text.bytes().enumerate().filter(|(_, byte)| forbidden(byte));
    places
        .take(5)
        .map(|(at, byte)| {
            let message = format!("character U+{byte:04X} is not allowed in YAML");
            Diagnostic::new(Code::InvalidYaml, Span::new(file, at, at + 1), message)
                .help("Remove the character; it is not visible in most editors.")
        })
        .collect()
}

/// Turns an error of the parser into a diagnostic.
pub(super) fn of_scan(file: FileId, text: &str, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let end = text[at..].chars().next().map_or(at, |c| if c == '\n' { at } else { at + c.len_utf8() });
    let span = Span::new(file, at, end);
    let kind = error.kind();
    if *kind == ErrorKind::DirectiveDisallowed {
        return Diagnostic::new(Code::YamlFeature, span, "a YAML directive is not part of the definitions language")
            .help("Leave the line that begins with `%` out.");
    }
    if *kind != ErrorKind::RecursionLimitExceeded
        && let Some(diagnostic) = cut::at_error(file, text, at)
    {
        return diagnostic;
    }
    // A `- ` in brackets means that the brackets were meant to end before.
    let span = match kind {
        ErrorKind::BlockEntryInFlowCollection => {
            last_open_bracket(text, at).map_or(span, |at| Span::new(file, at, at + 1))
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            tab_before(text, at).or_else(|| tab_after(text, at)).map_or(span, |at| Span::new(file, at, at + 1))
        }
        _ => span,
    };
    let (message, help) = explain(kind);
    let message = message.map_or_else(|| error.info(), str::to_owned);
    Diagnostic::new(Code::InvalidYaml, span, message).help(help)
}

/// Finds the tab at or before a byte of the same line.
fn tab_before(text: &str, at: usize) -> Option<usize> {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let until = (at + 1).min(text.len());
    text.as_bytes()[line..until].iter().rposition(|byte| *byte == b'\t').map(|tab| line + tab)
}

/// Finds the tab that indents the line behind a byte: the reader may stop at the end of the line before it.
fn tab_after(text: &str, at: usize) -> Option<usize> {
    let line = at + text[at..].find('\n')? + 1;
    let mut indentation = text[line..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t'));
    indentation.position(|byte| byte == b'\t').map(|tab| line + tab)
}

/// Finds the bracket or brace before a byte that is not closed before it, whatever is in quotes.
fn last_open_bracket(text: &str, at: usize) -> Option<usize> {
    let mut depth = 0;
    text[..at].char_indices().rev().find_map(|(at, c)| {
        depth += match c {
            ']' | '}' => 1,
            '[' | '{' => -1,
            _ => 0,
        };
        (depth < 0).then_some(at)
    })
}

/// Says in the words of a writer of definitions what the parser found.
fn explain(kind: &ErrorKind) -> (Option<&'static str>, &'static str) {
    match kind {
        ErrorKind::RecursionLimitExceeded => (
            Some("lists and mappings lie more than 64 deep in one another"),
            "Write fewer brackets or less indentation.",
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            (Some("a tab stands where YAML allows only spaces"), "Indent with two spaces.")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => (
            Some("the line is not indented like its neighbors"),
            "Begin all keys of one definition in the same column, two spaces further than what holds them.",
        ),
        ErrorKind::ExpectedBlockMappingKey => (
            Some("a key was expected here"),
            "Write `key: value` in the column of the keys above, or check the indentation and the quotes of the lines before.",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            Some("the line is neither indented like the keys above it nor an entry of the list"),
            "Begin all keys of one definition in the same column, and each entry of a list with `- `.",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            Some("`: ` is not possible here"),
            "Put text that holds `: ` in quotes, or begin a new line for a new key.",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey | ErrorKind::MappingKeyNotAllowed => {
            (Some("a key without `: `"), "Write `key: value`, with a space after the colon.")
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            (Some("the quotes are not closed"), "Close the quotes at the end of the text.")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            Some("text follows the closing quote"),
            "Put the whole value in quotes; inside single quotes write `''` for a quote.",
        ),
        ErrorKind::UnknownQuotedScalarEscape => {
            (Some("unknown escape in double quotes"), "Write `\\\\` for a backslash, or use single quotes.")
        }
        ErrorKind::UnclosedFlowCollection { open: '{' }
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => (
            Some("braces are not closed"),
            "Close them with `}`, put a comma between entries, and quote values with commas or brackets.",
        ),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowSequence => (
            Some("brackets are not closed"),
            "Close a list with `]`, put a comma between entries, and quote entries with commas or brackets.",
        ),
        ErrorKind::MismatchedFlowCollectionEnd { .. } | ErrorKind::MisplacedFlowCollectionEnd => (
            Some("a closing bracket that fits no opening one"),
            "Pair `[` with `]` and `{` with `}`, and quote text that holds them.",
        ),
        ErrorKind::BomInsideDocument => {
            (Some("a byte-order mark in the middle of the file"), "Remove the invisible character U+FEFF.")
        }
        ErrorKind::UnexpectedCharacter { character: '`' | '@' } => {
            (Some("text cannot begin with `@` or a backquote"), "Put the text in quotes.")
        }
        ErrorKind::UnexpectedCharacter { character: '%' } => {
            (Some("text cannot begin with `%`"), "Put the text in quotes.")
        }
        // The parser has many more kinds, which its own words say well enough.
        _ => (None, "Mend the line, or put the value in quotes."),
    }
}
