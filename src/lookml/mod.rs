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
    iter,
    panic::resume_unwind,
    sync::{Mutex, PoisonError, mpsc},
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
    let (report, printed) = print_while(&templates, |hand_on| emit::documents(project, options, hand_on));
    let create_only = printed.iter().filter(|file| file.create_only).map(|file| file.path.clone()).collect();
    // Of several mistakes the one of the first file is told, whichever was printed first.
    let files: BTreeMap<_, _> = printed.into_iter().map(|file| (file.path, file.text)).collect();
    let files = files.into_iter().map(|(path, text)| Ok((path, text?))).collect::<Result<_, PrintError>>()?;
    Ok(Emitted { files, create_only, report })
}

/// A file that was printed.
struct Printed {
    path: String,
    text: Result<String, PrintError>,
    create_only: bool,
}

/// Prints files on all cores while they are made: no file knows of another. Each thread frees the trees that it has printed.
fn print_while<T>(templates: &Templates, make: impl FnOnce(&mut dyn FnMut(Draught)) -> T) -> (T, Vec<Printed>) {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    let print_all = || iter::from_fn(next).map(|file| print(templates, file)).collect::<Vec<_>>();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        // Dropped with this closure also if it panics: the others wait for files as long as there is a sender.
        let sender = sender;
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(print_all)).collect();
        let made = make(&mut |file| sender.send(file).expect("the receiver outlives the threads"));
        drop(sender);
        let mut printed = print_all();
        for thread in others {
            printed.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        (made, printed)
    })
}

/// Prints a document below its header, and reads it back.
fn print(templates: &Templates, file: Draught) -> Printed {
    let text = templates.print(&file.path, &file.document).map(|body| {
        if file.create_only {
            header::stub(&file.advice, &body)
        } else {
            let sources: Vec<&str> = file.sources.iter().map(String::as_str).collect();
            header::generated(&sources, &file.advice, &body)
        }
    });
    Printed { path: file.path, text, create_only: file.create_only }
}
