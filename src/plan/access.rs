//! A bound request → the same, granted to the principal.
//!
//! Policies are not executed yet: a project that declares one is refused by `resolve`, so every member that exists is
//! granted to everyone.
//!
//! **Invariant:** only what passed [`grant`] can be turned into SQL; [`Granted`] cannot be made elsewhere.

use super::{PlanError, bind::Bound};

/// A bound request whose members the principal may all see.
#[derive(Debug)]
pub(super) struct Granted<'p>(Bound<'p>);

impl<'p> Granted<'p> {
    /// Returns what was granted.
    pub(super) fn get(&self) -> &Bound<'p> {
        &self.0
    }
}

/// Checks the rights of the principal for everything that a bound request reads.
#[expect(clippy::unnecessary_wraps, reason = "policies refuse; the planner already passes their errors on")]
pub(super) fn grant(bound: Bound<'_>) -> Result<Granted<'_>, PlanError> {
    Ok(Granted(bound))
}
