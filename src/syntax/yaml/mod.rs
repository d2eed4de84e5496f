//! YAML text → a tree of [`Node`]s that know where they were written.
//!
//! `hidden: yes # really` becomes an entry with a key, a scalar `yes` as written, and a span for each; what a scalar
//! means is decided by the key it stands under, never by its looks.
//!
//! **Invariant:** features that hide meaning (anchors, tags, merge keys, further documents) never get into the tree
//! unreported.

mod cut;
mod node;
mod problem;
mod read;
mod recover;

use crate::diagnostics::{Code, Diagnostic, Diagnostics};

pub(crate) use cut::{cut_entry, quoted};
pub(crate) use node::{Document, Entry, Mapping, Node, Scalar, Style, Value};
pub(crate) use read::{MAXIMUM_BYTES, read};

/// How many mistakes of a file are told.
const MAXIMUM_REPORTED: usize = 1_000;

/// What an expression is overwritten with that YAML cannot read, so that its place is kept.
const FILLER: char = 'x';

impl Scalar {
    /// Returns whether the text only keeps the place of what the file says there.
    pub(crate) fn is_stand_in(&self, source: &str) -> bool {
        self.text != source && self.text.len() == source.len() && self.text.chars().all(|c| c == FILLER)
    }
}

/// Returns whether a file has more mistakes than are told.
pub(crate) fn is_full(diagnostics: &Diagnostics) -> bool {
    diagnostics.len() > MAXIMUM_REPORTED
}

/// Adds a diagnostic of a file, unless it has so many that nobody reads them.
pub(crate) fn report(diagnostics: &mut Diagnostics, diagnostic: Diagnostic) {
    match diagnostics.len().cmp(&MAXIMUM_REPORTED) {
        std::cmp::Ordering::Less => diagnostics.push(diagnostic),
        std::cmp::Ordering::Equal => diagnostics.push(Diagnostic::new(
            Code::InvalidYaml,
            diagnostic.span(),
            format!("the file has more than {MAXIMUM_REPORTED} mistakes; those from here on are not told"),
        )),
        std::cmp::Ordering::Greater => {}
    }
}
