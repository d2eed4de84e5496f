//! `lookml::check`: what it finds in projects with one mistake each, and that it says nothing about projects without.

mod clean;
#[cfg(feature = "cli")]
mod command;
mod fuzz;
mod grown;
mod outside;
mod seeded;
mod written;

use std::collections::BTreeMap;

use entente::{
    diagnostics::{Diagnostic, Severity, render},
    files::SourceMap,
    lookml::check::{Checked, check},
};

/// A project: its files by path.
type Project = BTreeMap<String, String>;

/// Checks some files.
fn checked(project: &Project) -> (SourceMap, Checked) {
    let mut files = SourceMap::new();
    for (path, text) in project {
        files.add(path, text);
    }
    let checked = check(&files);
    (files, checked)
}

/// Shows findings, one a line.
fn shown(found: &[Diagnostic], files: &SourceMap) -> String {
    render::render(render::Format::Concise, found, files, render::Color::Never)
}

/// Fails unless nothing is found that is worse than a note.
fn assert_clean(name: &str, project: &Project) {
    let (files, checked) = checked(project);
    let found: Vec<Diagnostic> =
        checked.diagnostics.into_iter().filter(|found| found.code.severity() != Severity::Note).collect();
    assert!(found.is_empty(), "{name}:\n{}", shown(&found, &files));
}

/// Reads a project from one text: each file begins with `=== path`.
fn project(text: &str) -> Project {
    let files = text.split("=== ").skip(1);
    files
        .map(|file| {
            let (path, text) = file.split_once('\n').expect("a path and a text");
            (path.to_owned(), text.to_owned())
        })
        .collect()
}
