//! Workflow commands of GitHub Actions.
//!
//! See <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>.

use std::fmt::Write;

use super::word;
use crate::{
    diagnostics::{Diagnostic, Severity},
    files::SourceMap,
};

pub(super) fn render(diagnostics: &[Diagnostic], files: &SourceMap) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let span = diagnostic.span();
        let file = files.file(span.file);
        let (start, end) = (files.position(span), file.position(span.end as usize));
        let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!("\n{help}"));
        writeln!(
            text,
            "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            command(diagnostic.code.severity()),
            escaped(&file.path).replace(':', "%3A").replace(',', "%2C"),
            start.line,
            start.column,
            end.line,
            end.column,
            diagnostic.code.name(),
            escaped(&format!("{}{help}", diagnostic.message)),
        )
        .expect("writing to a string does not fail");
    }
    text
}

/// Returns GitHub's word for a severity.
fn command(severity: Severity) -> &'static str {
    if severity == Severity::Note { "notice" } else { word(severity) }
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
