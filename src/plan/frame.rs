//! What every part of one plan reads: the project as far as it is visible, and the moment and dialect it is made for.
//!
//! **Invariant:** a scope, a scan and every select inside another are made for the same principal.

use super::{Context, access::Access};

/// What every part of one plan reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'p> {
    /// The project as the principal may see it.
    pub(super) project: &'p Access<'p>,
    /// The moment and the dialect.
    pub(super) context: Context,
    /// Whether rows may be read from rollups.
    pub(super) from_rollups: bool,
}
