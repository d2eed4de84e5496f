//! What is read from YAML, where it was written, and what is said about mistakes.

mod format;
mod mistakes;
mod schema;
mod spans;
mod survival;

use super::{Definitions, load};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    files::SourceMap,
};

/// Loads a text as the only file of a project.
fn load_text(text: &str) -> (SourceMap, Definitions, Vec<Diagnostic>) {
    let mut files = SourceMap::new();
    let file = files.add("metrics/x.yml", text);
    let mut diagnostics = Diagnostics::new();
    let definitions = load(&files, file, &mut diagnostics);
    (files, definitions, diagnostics.sorted())
}

/// Shows diagnostics as `code line:column message | help`, one a line.
fn told(text: &str) -> Vec<String> {
    let (files, _, diagnostics) = load_text(text);
    diagnostics
        .iter()
        .map(|diagnostic| {
            let at = files.position(diagnostic.span());
            let help = diagnostic.help.as_deref().unwrap_or("-");
            format!("{} {}:{} {} | {help}", diagnostic.code.name(), at.line, at.column, diagnostic.message)
        })
        .collect()
}
