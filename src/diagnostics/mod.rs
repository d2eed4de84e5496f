//! What is wrong in a project, and how it is shown.
//!
//! A [`Diagnostic`] is data: a code with a page under `docs/diagnostics/`, a message, the places, and a way out.
//! Loading and resolving never stop at the first one; [`Diagnostics`] gathers them all.
//!
//! **Invariant:** nothing here prints; rendering returns text.

mod code;
pub mod render;

pub use code::{Code, Severity};

use crate::files::Span;

/// One thing that is wrong, with its place and a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of mistake it is.
    pub code: Code,
    /// What is wrong, short, in lower case, without a full stop: "metric `revenue` names unknown model `shipmets`".
    pub message: String,
    /// The places; the first is the main one. A problem of a whole file has the file's empty span at its start.
    pub labels: Vec<Label>,
    /// A full sentence that says how to mend it.
    pub help: Option<String>,
}

/// A place and what it has to do with the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words; may be empty for the main place.
    pub text: String,
}

impl Diagnostic {
    /// Makes a diagnostic without help or further places.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: vec![Label { span, text: String::new() }], help: None }
    }

    /// Says what the main place is.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.labels[0].text = text.into();
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds a sentence to its help.
    pub fn add_help(&mut self, sentence: &str) {
        self.help = Some(match self.help.take() {
            Some(help) => format!("{help} {sentence}"),
            None => sentence.to_owned(),
        });
    }

    /// Returns the main place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

/// Gathers diagnostics while a stage goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Returns an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// Returns the one that was added last.
    pub fn last_mut(&mut self) -> Option<&mut Diagnostic> {
        self.items.last_mut()
    }

    /// Adds all diagnostics of another list.
    pub fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
    }

    /// Returns whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.code.severity() == Severity::Error)
    }

    /// Keeps those that fulfil a condition.
    pub fn retain(&mut self, keep: impl Fn(&Diagnostic) -> bool) {
        self.items.retain(|item| keep(item));
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the diagnostics by place, each once.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.items.sort_by(|a, b| (a.span(), a.code, &a.message).cmp(&(b.span(), b.code, &b.message)));
        self.items.dedup();
        self.items
    }
}

/// Returns the candidate nearest to `name`, if it is near enough to be a likely misspelling.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = (length / 3).max(1).min(length.saturating_sub(1));
    candidates
        .into_iter()
        // No fewer edits lead from one to the other than their lengths differ by.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (distance(name, candidate), !same_beginning(name, candidate), candidate))
        .filter(|(distance, ..)| *distance <= limit)
        .min()
        .map(|(.., candidate)| candidate)
}

/// Returns whether two names begin with the same letter, which is seldom the wrong one.
fn same_beginning(a: &str, b: &str) -> bool {
    a.chars().next() == b.chars().next()
}

/// Counts the single-character edits between two names (Levenshtein, with swaps of neighbours as one edit).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("shipmets", ["depots", "shipments"]), Some("shipments"));
        assert_eq!(nearest("reveneu", ["revenue", "returns"]), Some("revenue"));
        assert_eq!(nearest("tabel", ["label", "table"]), Some("table"));
        assert_eq!(nearest("revenue", ["claims"]), None);
        assert_eq!(nearest("table", ["take", "label"]), None);
        assert_eq!(nearest("x", ["a"]), None);
    }
}
