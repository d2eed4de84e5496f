//! Project → LookML tree → text; and text → tree, for checking.
//!
//! A model becomes a view, its metrics become measures, a model with metrics becomes an explore (one more for each
//! further time axis of its metrics). What LookML cannot say stands in the [`Report`], with the reason.
//!
//! **Invariant:** the same project gives the same bytes, every text reads back as the tree that it was made from, and
//! a metric is in an explore only if Looker's number there is the API's.

mod emit;
mod header;
mod lexical;
mod options;
mod parse;
mod print;
mod read;
mod reconcile;
mod report;
pub mod syntax;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};

pub use options::Options;
pub use parse::{Item, LookmlError, Node, NodeValue, parse};
pub use print::{PrintError, Templates};
pub use reconcile::{Changes, Edited, Overwrite, reconcile};
pub use report::{AttributeType, Entry, Outcome, Report, Subject, UserAttribute};

use crate::project::Project;

/// The LookML of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emitted {
    /// The files by path, relative to the output folder.
    pub files: BTreeMap<String, String>,
    /// Those among them that are written only if there is none: they belong to people afterwards.
    pub create_only: BTreeSet<String>,
    /// What became of each metric.
    pub report: Report,
}

/// Emits the LookML of a project.
///
/// Fails only where a template of the caller's own is at fault.
pub fn emit(project: &Project, options: &Options<'_>) -> Result<Emitted, PrintError> {
    let templates = Templates::new(&options.templates)?;
    let (documents, report) = emit::documents(project, options);
    let mut emitted = Emitted { report, ..Emitted::default() };
    for file in documents {
        let body = templates.print(&file.path, &file.document)?;
        let text = if file.create_only {
            emitted.create_only.insert(file.path.clone());
            header::stub(&file.advice, &body)
        } else {
            let sources: Vec<&str> = file.sources.iter().map(String::as_str).collect();
            header::generated(&sources, &file.advice, &body)
        };
        emitted.files.insert(file.path, text);
    }
    Ok(emitted)
}
