//! Selected fields and their arguments → [`plan::Request`](crate::plan::Request)s.
//!
//! `report { rows { by { time(granularity: MONTH) } revenue } totals { revenue } }` becomes two requests: revenue by
//! `time.month`, and revenue alone.
//!
//! **Invariant:** what is planned is the collected tree; order, aliases and fragments change the response, never a number.

mod arguments;
mod columns;
mod cursor;
mod filter;
mod generic;
mod order;
mod report;
mod selection;

pub(super) use arguments::{check_page, first, time_range};
pub use cursor::CursorKey;
pub(super) use cursor::{Cursor, Page, expired};
pub(super) use generic::{dimension, dimension_of, generic};
pub(super) use report::{Part, Report, Rows, report, where_filter};

use super::types::Vocabulary;
use crate::{
    files::{SourceMap, Span, Spanned},
    project::Visible,
    sql::{Expr, Name},
};

/// What names are looked up in.
pub(super) struct Context<'a> {
    /// The project, as far as it is visible.
    pub(super) project: &'a Visible<'a>,
    /// What the fields stand for.
    pub(super) vocabulary: &'a Vocabulary,
}

/// Returns a path as an expression; it was written in no file.
pub(super) fn path<'w>(words: impl IntoIterator<Item = &'w str>) -> Expr<Name> {
    let span = Span::new(SourceMap::new().add("", ""), 0, 0);
    Expr::Leaf(Name::Path(words.into_iter().map(|word| Spanned::new(word.to_owned(), span)).collect()))
}
