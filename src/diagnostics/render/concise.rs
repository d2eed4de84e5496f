//! One line each.

use std::fmt::Write;

use super::word;
use crate::{diagnostics::Diagnostic, files::SourceMap};

pub(super) fn render(diagnostics: &[Diagnostic], files: &SourceMap) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let span = diagnostic.span();
        let (path, at) = (&files.file(span.file).path, files.position(span));
        let (severity, code) = (word(diagnostic.code.severity()), diagnostic.code.name());
        let message = diagnostic.message.replace('\n', " ");
        writeln!(text, "{path}:{}:{}: {severity}[{code}] {message}", at.line, at.column)
            .expect("writing to a string does not fail");
    }
    text
}
