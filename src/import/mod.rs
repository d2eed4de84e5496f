//! Definitions of other semantic layers → definitions of this one, with a report of what could not be carried over.
//!
//! `dbt::import(files)` turns the semantic models and metrics of a dbt project into models and metrics.
//!
//! **Invariant:** files in, texts and a report out. Nothing here reads a file, and nothing is left out silently.

pub mod dbt;
mod emit;
pub mod lookml;
mod place;
mod refuse;

pub use place::Place;

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFile {
    /// The path below the folder of the entente project, such as `metrics/orders.yml`.
    pub path: String,
    /// The text.
    pub text: String,
}
