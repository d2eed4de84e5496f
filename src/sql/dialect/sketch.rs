//! Sketches of different values: small, and put together without counting a value twice.
//!
//! `HLL_COUNT.INIT(customer_id, 15)` of each day is stored, `HLL_COUNT.MERGE(…)` of a month's days estimates its customers.
//!
//! **Invariant:** what is written for a sketch is what may be kept for years, not what a warehouse computes with today.

use super::Dialect;
use crate::catalog::ColumnType;

/// How a dialect writes sketches: what stands before and behind the argument.
#[derive(Clone, Copy, Debug)]
pub(in crate::sql) struct Sketches {
    /// The types of values that can be put in a sketch.
    pub(super) values: &'static [ColumnType],
    /// A sketch of values.
    pub(in crate::sql) sketch: (&'static str, &'static str),
    /// One sketch of sketches.
    pub(in crate::sql) merged: (&'static str, &'static str),
    /// The number of different values of sketches.
    pub(in crate::sql) estimate: (&'static str, &'static str),
}

impl Dialect {
    /// Says why the warehouse has no sketch of values of a type that could be stored, if it has none.
    pub fn sketch_of(self, value: ColumnType) -> Result<(), String> {
        let title = self.title();
        match self.syntax().sketches() {
            None => Err(format!("{title} has no sketch of different values")),
            Some(_) if value == ColumnType::Unknown => {
                Err(format!("{title} has sketches of some types only, and the type of what is counted is not known"))
            }
            Some(sketches) if sketches.values.contains(&value) => Ok(()),
            Some(_) => Err(format!("{title} has no sketch of values of type `{}`", value.name())),
        }
    }
}
