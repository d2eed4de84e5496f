//! Where a text has keys, and where text or brackets run over several lines.

use std::collections::HashSet;

use crate::syntax::yaml::{Node, Style, Value};

/// What the steps of formatting have to know about a text.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Where keys of block mappings begin, with their quotes.
    keys: HashSet<usize>,
    /// Texts over several lines, in order: from the first byte to the one behind the last.
    texts: Vec<(usize, usize)>,
    /// Brackets and braces over several lines, in order, not one inside another.
    brackets: Vec<(usize, usize)>,
}

impl Places {
    /// Finds the places of a tree.
    pub(super) fn of(text: &str, tree: Option<&Node>) -> Self {
        let mut places = Self::default();
        if let Some(tree) = tree {
            places.visit(text, tree);
        }
        places
    }

    fn visit(&mut self, text: &str, node: &Node) {
        let (start, end) = (node.span.start as usize, node.span.end as usize);
        let over_lines = |start: usize, end: usize| text.get(start..end).is_some_and(|part| part.contains('\n'));
        match &node.value {
            Value::Absent | Value::Refused => {}
            Value::Scalar(scalar) => {
                let (start, end) = (scalar.written.start as usize, scalar.written.end as usize);
                match scalar.style {
                    Style::Block => {
                        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
                        self.texts.push((line, end));
                    }
                    Style::Plain | Style::Quoted if over_lines(start, end) => self.texts.push((start + 1, end)),
                    Style::Plain | Style::Quoted => {}
                }
            }
            Value::Sequence(items) => {
                if text[start..].starts_with('[') {
                    if over_lines(start, end) {
                        self.brackets.push((start + 1, end));
                    }
                    return;
                }
                items.iter().for_each(|item| self.visit(text, item));
            }
            Value::Mapping(mapping) => {
                if mapping.braces {
                    if over_lines(start, end) {
                        self.brackets.push((start + 1, end));
                    }
                    return;
                }
                for entry in &mapping.entries {
                    let start = entry.key.span.start as usize;
                    let quoted = start > 0 && matches!(text.as_bytes()[start - 1], b'\'' | b'"');
                    self.keys.insert(if quoted { start - 1 } else { start });
                    self.visit(text, &entry.value);
                }
            }
        }
    }

    /// Returns whether a key of a block mapping begins at a byte.
    pub(super) fn is_key(&self, at: usize) -> bool {
        self.keys.contains(&at)
    }

    /// Returns whether a byte lies in a text over several lines, in block style or not.
    pub(super) fn in_text_over_lines(&self, at: usize) -> bool {
        holds(&self.texts, at)
    }

    /// Returns whether the line with this first byte goes on with what began on a line before.
    pub(super) fn continues(&self, at: usize) -> bool {
        holds(&self.texts, at) || holds(&self.brackets, at)
    }
}

fn holds(ranges: &[(usize, usize)], at: usize) -> bool {
    let next = ranges.partition_point(|(start, _)| *start <= at);
    next > 0 && at < ranges[next - 1].1
}
