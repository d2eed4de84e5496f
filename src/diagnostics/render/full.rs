//! The lines of the files with marks beneath, as rustc shows them.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle};

use super::{Color, summary};
use crate::{
    diagnostics::{Diagnostic, Label, Severity},
    files::{FileId, SourceFile, SourceMap},
};

/// How long a line may be that is shown as it is.
const LONGEST_LINE: usize = 2_000;

pub(super) fn render(diagnostics: &[Diagnostic], files: &SourceMap, color: Color) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = match color {
        Color::Always => Renderer::styled(),
        Color::Never => Renderer::plain(),
    }
    .decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(diagnostic, files)]));
        text.push_str("\n\n");
    }
    text.push_str(&summary(diagnostics));
    text.push('\n');
    text
}

fn group<'a>(diagnostic: &'a Diagnostic, files: &'a SourceMap) -> Group<'a> {
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code.name()));
    for file in files_of(diagnostic) {
        let labels: Vec<(usize, &Label)> =
            diagnostic.labels.iter().enumerate().filter(|(_, label)| label.span.file == file).collect();
        group = match snippet(files.file(file), &labels) {
            Some(snippet) => group.element(snippet),
            None => group.element(Origin::path(&files.file(file).path)),
        };
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// Returns the files of a diagnostic in the order of its labels.
fn files_of(diagnostic: &Diagnostic) -> Vec<FileId> {
    let mut found = Vec::new();
    for label in &diagnostic.labels {
        if !found.contains(&label.span.file) {
            found.push(label.span.file);
        }
    }
    found
}

/// Returns the lines of a file around the labels; none for a problem of the whole file.
fn snippet<'a>(file: &'a SourceFile, labels: &[(usize, &'a Label)]) -> Option<Snippet<'a, Annotation<'a>>> {
    let whole_file = |label: &Label| label.span.start == 0 && label.span.end == 0;
    if labels.iter().all(|(_, label)| whole_file(label)) {
        return None;
    }
    let least = labels.iter().map(|(_, label)| label.span.start as usize).min()?;
    let greatest = labels.iter().map(|(_, label)| shown_end(&file.text, label)).max()?;
    let start = file.text.get(..least)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = file.text.get(greatest..)?.find('\n').map_or(file.text.len(), |newline| greatest + newline);
    // Only the lines between the labels are given away, and of very long lines only the part around the labels.
    let start = if least - start > LONGEST_LINE { boundary(&file.text, least - LONGEST_LINE) } else { start };
    let end = if end - greatest > LONGEST_LINE { boundary(&file.text, greatest + LONGEST_LINE) } else { end };
    // The carriage returns of Windows are not drawn.
    let shown = &file.text[start..end];
    let drawn = |at: usize| at - start - shown[..at - start].matches("\r\n").count();
    let annotations = labels.iter().map(|(index, label)| {
        let kind = if *index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(drawn(label.span.start as usize)..drawn(shown_end(&file.text, label)));
        if label.text.is_empty() { annotation } else { annotation.label(&label.text) }
    });
    Some(
        Snippet::source(shown.trim_end_matches('\r').replace("\r\n", "\n"))
            .path(&file.path)
            .line_start(file.position(start).line)
            .annotations(annotations),
    )
}

/// Returns where the mark of a label ends: a definition of many lines is marked on its first one.
fn shown_end(text: &str, label: &Label) -> usize {
    let (start, end) = (label.span.start as usize, label.span.end as usize);
    let marked = text.get(start..end).unwrap_or_default();
    start + marked.find('\n').map_or(marked.len(), |newline| marked[..newline].trim_end().len())
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
