//! In which explore a metric is at home.
//!
//! An explore has one time axis, the one that its filters and its partition bounds speak of. A metric is at home where
//! the axis is its own; so `parcels_delivered` is in `shipments_by_delivered`, not in `shipments`, whose "last 28
//! days" are days of booking.
//!
//! **Invariant:** a metric has one home or none, and all its inputs have the same.

use std::collections::BTreeSet;

use super::policies::finds_what_all_see;
use crate::{
    ids::{MetricId, ModelId},
    project::{MetricKind, Project, Ref, TimeAxis},
    sql::Expr,
};

/// A model and a time axis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Home {
    /// The model whose rows are counted.
    pub model: ModelId,
    /// The time axis; absent if the model has none.
    pub axis: Option<TimeAxis>,
}

/// Finds the home of a metric, or says why it has none.
pub(super) fn home(project: &Project, metric: MetricId) -> Result<Home, String> {
    // Derived tables have no place for policies within an `exists`.
    let mut read = conditions(&project.metrics[metric].kind).into_iter();
    read.try_for_each(|expr| finds_what_all_see(project, expr, None))?;
    let mut homes: Vec<Home> = Vec::new();
    for leaf in project.leaves(metric) {
        let MetricKind::Simple(simple) = &project.metrics[leaf].kind else { continue };
        let home = Home { model: simple.model, axis: simple.time.clone() };
        if !homes.contains(&home) {
            homes.push(home);
        }
    }
    let models: BTreeSet<&str> = homes.iter().map(|home| project.models[home.model].name.as_str()).collect();
    if models.len() > 1 {
        let models: Vec<_> = models.into_iter().map(|name| format!("`{name}`")).collect();
        return Err(format!("its inputs are metrics of {}, which no explore lines up", models.join(" and ")));
    }
    match homes.as_slice() {
        [home] => Ok(home.clone()),
        [] => Err("it rests on no rows".to_owned()),
        several => {
            let axes: Vec<_> = several.iter().map(|home| axis_path(project, home)).collect();
            Err(format!("its inputs follow different times ({}), and an explore has one", axes.join(", ")))
        }
    }
}

/// Returns the expressions over rows of a metric itself.
fn conditions(kind: &MetricKind) -> Vec<&Expr<Ref>> {
    match kind {
        MetricKind::Simple(simple) => simple.expr.iter().chain(&simple.filter).collect(),
        MetricKind::Derived { inputs, .. } => inputs.iter().flat_map(|input| input.filter.values()).collect(),
        MetricKind::Funnel(funnel) => {
            let same = funnel.same.iter().flat_map(|(first, last)| [first, last]);
            funnel.steps.iter().map(|step| &step.by).chain(same).collect()
        }
        MetricKind::Cumulative { .. } | MetricKind::Nested(_) => Vec::new(),
    }
}

/// Returns the axis of a home as it is written in YAML.
pub(super) fn axis_path(project: &Project, home: &Home) -> String {
    match &home.axis {
        None => "no time".to_owned(),
        Some(axis) if axis.route.0.is_empty() => format!("`{}`", project.dimensions[axis.dimension].name),
        Some(axis) => format!("`{}`", project.dimension_path(home.model, &axis.route, axis.dimension)),
    }
}
