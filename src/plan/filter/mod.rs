//! A filter of a request → SQL, in the scope of one scan.
//!
//! `customers.country in ('DE', 'FR') and time.month >= '2025-01-01'` joins the customers once and compares the month.
//! A filter must reach the model of every metric of the query; it is never applied to some of them.
//!
//! **Invariant:** a filter is typed as every condition of a request is.

mod labels;
mod names;

use self::{
    labels::check_labels,
    names::{bind_name, compares_own_time, route_of},
};
use super::{
    PlanError,
    bind::{GroupKey, Shift},
    condition::Typing,
    scope::Scope,
    time::Cut,
};
use crate::{
    ids::ModelId,
    project::{Route, TimeAxis, Visible},
    sql::{Expr, Name, SqlExpr},
};

/// What a filter is bound against.
pub(super) struct FilterContext<'c> {
    /// The project, as far as it is visible.
    pub(super) project: &'c Visible<'c>,
    /// The model of the scan.
    pub(super) model: ModelId,
    /// The time axis of the scan, for `time.…`.
    pub(super) axis: Option<&'c TimeAxis>,
    /// How far back the scan is taken: `time.…` means the shifted time, save beside another column of its row.
    pub(super) shift: Shift,
    /// How periods are cut.
    pub(super) cut: Cut,
    /// The way from the model to the rows that are read, where those are rows to which it joins: a name means what it means
    /// for the model.
    pub(super) behind: Option<&'c Route>,
    /// The keys of the request: what rows are grouped by may be filtered over a to-many join too.
    pub(super) keys: &'c [GroupKey],
}

/// Returns whether all that a filter names is known of the rows at the end of a route, whatever row leads to them.
pub(super) fn is_known_at(context: &FilterContext<'_>, filter: &Expr<Name>, route: &Route) -> bool {
    let is_known = |name: &Name| {
        let behind = route_of(context, name).and_then(|found| found.behind(route));
        behind.is_some_and(|behind| !behind.0.iter().any(|join| context.project.joins[*join].is_by_metric()))
    };
    let mut all = true;
    filter.for_each_leaf(&mut |name| all &= is_known(name));
    all
}

/// Binds a filter in a scope.
pub(super) fn bind_filter(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    filter: &Expr<Name>,
) -> Result<SqlExpr, PlanError> {
    check_labels(context, filter)?;
    let unmoved = FilterContext { shift: Shift::default(), ..*context };
    let stays = |part: &Expr<Name>| !context.shift.is_none() && compares_own_time(context, part);
    let mut leaf = |name: &Name, stays| bind_name(if stays { &unmoved } else { context }, scope, name);
    Typing::new(context.project, context.cut, &stays, &mut leaf).condition(filter, "the filter")
}
