//! Answers → the bytes of a response.
//!
//! **Invariant:** keys stand in the order of the selection, and every value has the form that its type promises.

pub(super) mod json;
mod rows;
mod select;
mod trust;

pub(super) use rows::{Form, Piece, Shape, first_unsaid, value};
pub(super) use select::selected;
pub(super) use trust::{Evidence, compiled, shown, status, trust};
