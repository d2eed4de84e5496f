//! Versions that are taken at the time of a metric: `as_of: time`.
//!
//! Bookings → listings → tariffs, where listings have no time: a booking meets the tariff that was valid when it was
//! booked, a cancellation the one that was valid when it was cancelled.
//!
//! **Invariant:** the time is brought to the type of the versions without a guess, or not at all.

use std::collections::BTreeSet;

use super::{AsOf, Join, Project, Ref, Route, TimeAxis};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, Id, JoinId, ModelId},
    sql::{Expr, cast_in},
};

impl Project {
    /// Returns the time of a metric's rows at which a join takes its versions, in their type, seen from the metric's model.
    ///
    /// An error says why the axis tells no version; it goes on from "the versions of `tariffs`".
    pub fn metric_time(&self, axis: &TimeAxis, join: &Join) -> Result<Expr<Ref>, String> {
        use ColumnType::{Date, DateTime, Timestamp, Unknown};
        let Some(AsOf::Metric(cast)) = &join.as_of else { return Err("are taken at a time of their own".to_owned()) };
        let time = Expr::Leaf(Ref::Dimension { route: axis.route.clone(), dimension: axis.dimension });
        let ours = self.dimensions[axis.dimension].column_type;
        let theirs = self.models[join.to].versions.as_ref().map_or(Unknown, |versions| versions.column_type);
        let to = match (cast, ours, theirs) {
            (Some(cast), ..) => *cast,
            (None, Unknown, _) | (None, _, Unknown) => return Ok(time),
            (None, ours, theirs) if ours == theirs => return Ok(time),
            (None, Timestamp | DateTime, Date) => Date,
            (None, ours, theirs) => {
                let name = &self.dimensions[axis.dimension].name;
                return Err(format!("are valid from a {theirs} on, and `{name}` is a {ours}"));
            }
        };
        let name = &self.dimensions[axis.dimension].name;
        cast_in(time, ours, to, self.time_zone)
            .map_err(|_| format!("are valid from a {theirs} on, and `{name}` is a {ours}"))
    }

    /// Returns the first join of an expression, or of what it reads, that takes versions at the time of a metric.
    pub fn join_by_metric(&self, expr: &Expr<Ref>) -> Option<JoinId> {
        self.join_by_metric_beyond(expr, &mut BTreeSet::new())
    }

    /// Dimensions may go around in circles in a project that is not valid yet.
    fn join_by_metric_beyond(&self, expr: &Expr<Ref>, seen: &mut BTreeSet<DimensionId>) -> Option<JoinId> {
        let mut found = None;
        expr.for_each_leaf(&mut |leaf| {
            let next = match leaf {
                Ref::Column { route, .. } | Ref::Exists { route, .. } => self.join_by_metric_on(route),
                Ref::Dimension { route, dimension } => self.join_by_metric_on(route).or_else(|| {
                    let is_new = seen.insert(*dimension);
                    is_new.then(|| self.join_by_metric_beyond(&self.dimensions[*dimension].expr, seen)).flatten()
                }),
                Ref::Calendar { day, .. } => self.join_by_metric_beyond(day, seen),
                Ref::Claim { .. } | Ref::Verbatim(_) => None,
            };
            found = found.or(next);
        });
        found
    }

    /// Returns the first join of a route that takes versions at the time of a metric.
    pub fn join_by_metric_on(&self, route: &Route) -> Option<JoinId> {
        route.0.iter().copied().find(|join| self.joins[*join].is_by_metric())
    }
}

/// Returns for each model whether a join that takes versions at the time of a metric is reached from it.
pub(super) fn models_by_metric(project: &Project) -> Vec<bool> {
    let mut reach = vec![false; project.models.len()];
    let mut next: Vec<ModelId> =
        project.joins.values().filter(|join| join.is_by_metric()).map(|join| join.from).collect();
    let mut before: Vec<Vec<ModelId>> = vec![Vec::new(); project.models.len()];
    for join in project.joins.values() {
        before[join.to.index()].push(join.from);
    }
    while let Some(model) = next.pop() {
        if !std::mem::replace(&mut reach[model.index()], true) {
            next.extend(&before[model.index()]);
        }
    }
    reach
}
