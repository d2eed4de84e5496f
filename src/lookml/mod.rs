//! Project → LookML tree → text; and text → tree, for checking.
//!
//! A model becomes a view, its metrics become measures, a model with metrics becomes an explore (one more for each
//! further time axis of its metrics). What LookML cannot say stands in the [`Report`], with the reason.
//!
//! **Invariant:** the same project gives the same bytes, every text reads back as the tree that it was made from, and
//! a metric is in an explore only if Looker's number there is the API's.

pub mod check;
mod emit;
mod header;
mod lexical;
mod options;
mod print;
mod read;
mod reconcile;
mod report;
pub mod syntax;
pub mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::resume_unwind,
    thread,
};

pub(crate) use emit::{group_name, human, per_member, percentile, whole_of, without_periods};
pub use options::Options;
pub(crate) use options::dialect_in_looker;
pub use print::{PrintError, Templates};
pub use reconcile::{Changes, Edited, Overwrite, reconcile};
pub use report::{AttributeType, Entry, Outcome, Report, Subject, UserAttribute};

use crate::project::Project;
use emit::Draught;

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
    let create_only = documents.iter().filter(|file| file.create_only).map(|file| file.path.clone()).collect();
    let files = print_all(&templates, documents)?;
    Ok(Emitted { files, create_only, report })
}

/// How many files one thread prints at least.
const FILES_PER_THREAD: usize = 64;

/// Prints each document below its header and reads it back, on all cores: no file knows of another. Each thread frees the
/// trees that it has printed.
fn print_all(templates: &Templates, documents: Vec<Draught>) -> Result<BTreeMap<String, String>, PrintError> {
    let print = |file: Draught| {
        let body = templates.print(&file.path, &file.document)?;
        let text = if file.create_only {
            header::stub(&file.advice, &body)
        } else {
            let sources: Vec<&str> = file.sources.iter().map(String::as_str).collect();
            header::generated(&sources, &file.advice, &body)
        };
        Ok((file.path, text))
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = documents.len().div_ceil(threads).max(FILES_PER_THREAD);
    if documents.len() <= share {
        return documents.into_iter().map(print).collect();
    }
    let shares: Vec<Result<Vec<(String, String)>, PrintError>> = thread::scope(|scope| {
        let mut documents = documents.into_iter();
        let mut take = || documents.by_ref().take(share).collect::<Vec<_>>();
        let started: Vec<_> = (0..threads)
            .map(|_| take())
            .map(|files| scope.spawn(move || files.into_iter().map(print).collect()))
            .collect();
        started.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let shares: Vec<Vec<_>> = shares.into_iter().collect::<Result<_, _>>()?;
    Ok(shares.into_iter().flatten().collect())
}
