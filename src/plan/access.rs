//! A project and who asks → what they may see of it; a bound request → the same, granted.
//!
//! Every name of a request is looked up in an [`Access`], where what is hidden has no name; every scan opens its tables
//! through it, so that row policies and masks are part of the SQL. [`grant`] looks at the ids once more.
//!
//! **Invariant:** only what passed [`grant`] can be turned into SQL; [`Granted`] cannot be made elsewhere.

use std::ops::Deref;

use super::{PlanError, PlanErrorCode, Principal, bind::Bound};
use crate::project::{Project, RowPolicy, RowsSeen, Visible};

/// A project as a principal may see it.
#[derive(Debug)]
pub(super) struct Access<'p> {
    visible: Visible<'p>,
    /// Nobody in particular where the data itself is looked at.
    principal: Option<&'p Principal>,
}

/// All rows and members of a project, for those who look at the data itself with the rights of the warehouse:
/// `entente verify`. Only the rows of a model can be read through it; no request is planned for it.
#[derive(Debug)]
pub(crate) struct WholeData<'p>(Access<'p>);

impl<'p> WholeData<'p> {
    /// Opens the data of a project.
    pub(crate) fn of(project: &'p Project) -> Self {
        Self(Access { visible: Visible::whole(project), principal: None })
    }

    /// Returns the access of a scope over the data.
    pub(super) fn access(&self) -> &Access<'p> {
        &self.0
    }
}

impl<'p> Access<'p> {
    /// Returns what a principal may see of a project.
    pub(super) fn of(project: &'p Project, principal: &'p Principal) -> Self {
        Self { visible: Visible::to(project, principal), principal: Some(principal) }
    }

    /// Returns the rows that a policy lets the principal see.
    pub(super) fn rows(&self, policy: &RowPolicy) -> RowsSeen {
        self.principal.map_or(RowsSeen::All, |principal| policy.seen_by(principal))
    }
}

impl<'p> Deref for Access<'p> {
    type Target = Visible<'p>;

    fn deref(&self) -> &Visible<'p> {
        &self.visible
    }
}

/// A bound request whose members the principal may all see.
#[derive(Debug)]
pub(super) struct Granted<'p>(Bound<'p>);

impl<'p> Granted<'p> {
    /// Returns what was granted.
    pub(super) fn get(&self) -> &Bound<'p> {
        &self.0
    }
}

/// Grants a bound request if every metric that it computes is visible; dimensions are looked at in the scope of each
/// scan, which knows them by id.
pub(super) fn grant(bound: Bound<'_>) -> Result<Granted<'_>, PlanError> {
    let access = bound.project;
    if bound.leaves.iter().all(|leaf| access.shows_metric(leaf.metric)) {
        return Ok(Granted(bound));
    }
    Err(PlanError::new(PlanErrorCode::UnknownMetric, "the request reads a metric that does not exist"))
}

/// Refuses a dimension that is hidden, in the words for one that nobody defined.
pub(super) fn hidden(model: &str, dimension: &str) -> PlanError {
    PlanError::new(PlanErrorCode::UnknownField, format!("model `{model}` has no dimension `{dimension}`"))
}
