//! Comments that allow what is found: `# entente: allow lookml-unknown-field`.
//!
//! Such a comment holds for its own line and the next one; `allow-file` holds for the whole file.

use std::collections::{HashMap, HashSet};

use super::source::Source;
use crate::{
    diagnostics::Diagnostic,
    files::{FileId, SourceMap},
};

/// What the comments of all files allow.
#[derive(Debug, Default)]
pub(super) struct Allowed<'a> {
    lines: HashSet<(FileId, usize, &'a str)>,
    files: HashMap<FileId, Vec<&'a str>>,
}

impl<'a> Allowed<'a> {
    /// Reads the comments of all files.
    pub(super) fn of(sources: &[Source<'a>], files: &SourceMap) -> Self {
        let mut allowed = Self::default();
        for source in sources {
            for comment in &source.file.comments {
                let Some((_, rest)) = comment.text.split_once("entente:") else { continue };
                let mut words = rest.split([' ', ',']).filter(|word| !word.is_empty());
                match words.next() {
                    Some("allow") => {
                        let line = files.file(source.id).position(comment.start).line;
                        for code in words {
                            allowed.lines.extend([(source.id, line, code), (source.id, line + 1, code)]);
                        }
                    }
                    Some("allow-file") => allowed.files.entry(source.id).or_default().extend(words),
                    _ => {}
                }
            }
        }
        allowed
    }

    /// Returns whether a comment allows a finding.
    pub(super) fn allows(&self, found: &Diagnostic, files: &SourceMap) -> bool {
        if self.lines.is_empty() && self.files.is_empty() {
            return false;
        }
        let (file, code) = (found.span().file, found.code.name());
        self.files.get(&file).is_some_and(|codes| codes.contains(&code))
            || self.lines.contains(&(file, files.position(found.span()).line, code))
    }
}
