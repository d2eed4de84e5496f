//! What every part of one plan reads: the project, who asks, and the moment and dialect it is made for.
//!
//! **Invariant:** a scope, a scan and every select inside another are made for the same principal.

use super::{Context, Principal};
use crate::project::Project;

/// What every part of one plan reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'p> {
    /// The project.
    pub(super) project: &'p Project,
    /// Who asks.
    #[expect(dead_code, reason = "policies will read it")]
    pub(super) principal: &'p Principal,
    /// The moment and the dialect.
    pub(super) context: Context,
}
