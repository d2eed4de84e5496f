//! Takes the part out of a text that is not YAML, so that the rest is read all the same.
//!
//! Nothing moves: what is taken out is overwritten with spaces, and an expression without quotes with letters.
//!
//! **Invariant:** places in the mended text are places in the file.

use std::ops::Range;

use crate::{
    diagnostics::{Code, Diagnostic},
    syntax::yaml::FILLER,
};

/// What to do about an error of the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Read the bytes as one plain text.
    Text(Range<usize>),
    /// Leave a definition out.
    LeaveOut(Range<usize>),
}

/// Finds a remedy for an error at a byte; none where the whole file is broken.
pub(super) fn remedy(text: &str, at: usize, diagnostic: &Diagnostic) -> Option<Remedy> {
    if diagnostic.code == Code::ExpressionCutByYaml {
        return Some(Remedy::Text(diagnostic.span().start as usize..diagnostic.span().end as usize));
    }
    let lines = lines(text);
    let line = lines.partition_point(|line| line.start <= at).checked_sub(1)?;
    let section = (0..=line).rev().find(|index| is_section(&text[lines[*index].clone()]))?;
    let end = (line + 1..lines.len()).find(|index| is_section(&text[lines[*index].clone()])).unwrap_or(lines.len());
    let column = lines[section + 1..end].iter().find_map(|line| dash(&text[line.clone()]));
    let Some(column) = column.filter(|_| line > section) else { return leave_out(text, &lines, section..end) };
    let begins = |index: &usize| dash(&text[lines[*index].clone()]) == Some(column);
    let first = (section + 1..=line).rev().find(begins);
    // An error at the very beginning of a definition comes from the one before.
    let at_beginning = first == Some(line) && text[lines[line].start..at].trim().is_empty();
    let first = if at_beginning { (section + 1..line).rev().find(begins).or(first) } else { first };
    let Some(first) = first else { return leave_out(text, &lines, section..end) };
    let last = (first + 1..end).find(begins).unwrap_or(end);
    leave_out(text, &lines, first..last)
}

/// Applies a remedy to the text that is to be read again, and returns the names that are lost by it.
pub(super) fn apply(text: &mut String, remedy: &Remedy) -> Vec<String> {
    let (range, fill, lost) = match remedy {
        Remedy::Text(range) => (range.clone(), FILLER, Vec::new()),
        Remedy::LeaveOut(range) => (range.clone(), ' ', names(&text[range.clone()])),
    };
    let filled: String = text[range.clone()]
        .chars()
        .flat_map(|c| std::iter::repeat_n(if c == '\n' { '\n' } else { fill }, c.len_utf8()))
        .collect();
    text.replace_range(range, &filled);
    lost
}

/// Returns what stands behind `name: ` in a text that is not YAML.
pub(super) fn names(text: &str) -> Vec<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    text.split("name: ").skip(1).map(|rest| word(rest.trim_start_matches(['"', '\'', ' ']))).collect()
}

fn leave_out(text: &str, lines: &[Range<usize>], range: Range<usize>) -> Option<Remedy> {
    let bytes = lines[range.start].start..lines[range.end - 1].end;
    // What is empty already has been left out before, in vain.
    (!text[bytes.clone()].trim().is_empty()).then_some(Remedy::LeaveOut(bytes))
}

fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let range = start..start + line.len();
            start = range.end;
            range
        })
        .collect()
}

/// Returns whether a line begins a section of the file.
fn is_section(line: &str) -> bool {
    line.starts_with(|c: char| !c.is_whitespace() && c != '#' && c != '-')
}

/// Returns the column of the dash that begins a line.
fn dash(line: &str) -> Option<usize> {
    let content = line.trim_start_matches(' ');
    (content.starts_with("- ") || content.trim_end() == "-").then_some(line.len() - content.len())
}
