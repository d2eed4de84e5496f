//! A balance whose moment is chosen behind the filters → the rows of that moment.
//!
//! `point: filtered` takes the last day that has rows of what is asked for. So the mark of `points` is set where the
//! filters of a query stand, and the view holds the rows that have it.
//!
//! **Invariant:** the moment hangs on the periods that a query shows and on `per`, and on no other key.

use std::collections::BTreeMap;

use super::{
    super::{
        Emission,
        home::Home,
        points,
        splice::Splices,
        union::{
            fields,
            formula::{Above, formula, is_bare},
            leaves::Leaves,
        },
    },
    fields::Fields,
    title,
};
use crate::{
    ids::MetricId,
    plan::ModelRows,
    project::{Balance, Edge, Route, SimpleMetric},
    sql::SqlExpr,
};

/// Makes the measure of a balance over the rows of its moment.
pub(super) fn measure(
    leaves: &mut Leaves<'_, '_>,
    metric: MetricId,
    simple: &SimpleMetric,
    shown: &mut BTreeMap<MetricId, String>,
) -> Result<(), String> {
    let definition = &leaves.emission.project.metrics[metric];
    let is_bare = is_bare(simple.aggregation, definition.when_empty);
    let name = (!is_bare).then(|| format!("{}_counted", definition.name));
    let mut splices = Splices::default();
    let made = formula(leaves, &mut splices, metric, &Above { name, ..Above::default() })?;
    fields::said(leaves, metric, (&made.expr, &made.leaves), &splices, shown)
}

/// Whether a row is of the moment of its period, among the rows that are left.
pub(super) fn mark(
    emission: &Emission<'_>,
    fields: &Fields,
    balance: &Balance,
    rows: &mut ModelRows<'_>,
    (time, splices): (Option<&SqlExpr>, &mut Splices),
) -> Result<SqlExpr, String> {
    let axis = fields.home.axis.as_ref().filter(|axis| axis.route == Route::here());
    let (Some(_), Some(time)) = (axis, time) else {
        return Err("it is a balance, and its model has no time of its own".to_owned());
    };
    let mut partition_by = fields.selected(emission, rows, Some(time), &|field| field.is_none(), splices);
    partition_by.extend(points::members(emission, rows, &fields.home, balance)?);
    Ok(points::is_moment(balance, time, partition_by))
}

/// Says what an explore of a moment is.
pub(super) fn description(emission: &Emission<'_>, home: &Home, balance: &Balance) -> String {
    let edge = match balance.take {
        Edge::First => "first",
        Edge::Last => "last",
    };
    let title = title(emission, home);
    format!("{title} at the {edge} moment of each period that has any of those which the filters of a query leave.")
}
