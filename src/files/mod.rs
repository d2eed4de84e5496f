//! The files of a project as text, with spans and line numbers.
//!
//! **Invariant:** nothing here reads a file. Text comes from the edge.

mod map;
mod span;

pub use map::{FileId, Position, SourceFile, SourceMap};
pub use span::{Span, Spanned};
