//! By what a metric can be grouped.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;

use super::{About, Link};
use crate::{
    ids::{DimensionId, MetricId, ModelId},
    plan,
    project::{DimensionKind, MetricKind, Visible, to_one_routes},
};

/// Dimensions that are reached the same way.
#[derive(Debug, Serialize)]
pub(super) struct DimensionGroup {
    /// The role or model, as paths begin: `customers`, `origin`.
    through: String,
    /// The model at its end.
    model: Link,
    dimensions: Vec<DimensionRow>,
}

/// A dimension in a list.
#[derive(Debug, Serialize)]
pub(super) struct DimensionRow {
    path: String,
    about: About,
    kind: &'static str,
    values: Vec<String>,
}

impl DimensionRow {
    pub(super) fn new(project: &Visible<'_>, path: String, id: DimensionId) -> Self {
        let dimension = &project.dimensions[id];
        let kind = match dimension.kind {
            DimensionKind::String => "text",
            DimensionKind::Number if !dimension.buckets.is_empty() => "buckets",
            DimensionKind::Number => "number",
            DimensionKind::Boolean { .. } => "yes/no",
            DimensionKind::Time { .. } => "time",
        };
        let values = if dimension.buckets.is_empty() {
            if project.masks(id) { Vec::new() } else { dimension.values.clone() }
        } else {
            dimension.buckets.iter().map(|bucket| bucket.label.clone()).collect()
        };
        Self { path, about: About::new(&dimension.name, &dimension.docs), kind, values }
    }
}

/// Returns the dimensions that all of a metric's inputs can be grouped by, by the way they are reached.
///
/// Paths are written from the input from which most is reached, over the fewest joins.
pub(super) fn shared_dimensions(project: &Visible<'_>, metric: MetricId) -> Vec<DimensionGroup> {
    let mut models = Vec::new();
    for leaf in project.leaves(metric) {
        if let MetricKind::Simple(simple) = &project.metrics[leaf].kind
            && !models.contains(&simple.model)
        {
            models.push(simple.model);
        }
    }
    let seen = models.iter().map(|model| seen_from(project, *model, &models));
    let best = seen.max_by_key(|groups: &Groups| {
        let dimensions: usize = groups.values().map(|(_, rows)| rows.len()).sum();
        let joins: usize = groups.keys().map(|(joins, _)| joins).sum();
        (dimensions, Reverse(joins))
    });
    let group =
        |((_, through), (end, dimensions))| DimensionGroup { through, model: Link::model(project, end), dimensions };
    best.unwrap_or_default().into_iter().map(group).collect()
}

/// Dimensions by the number of joins and the roles that lead to them.
type Groups = BTreeMap<(usize, String), (ModelId, Vec<DimensionRow>)>;

/// Returns the dimensions reached from a model whose paths mean something for all models.
fn seen_from(project: &Visible<'_>, from: ModelId, models: &[ModelId]) -> Groups {
    let mut groups = Groups::new();
    for route in to_one_routes(project, from) {
        let end = project.route_end(from, &route);
        let through = match route.0.as_slice() {
            [] => project.models[from].name.clone(),
            joins => joins.iter().map(|join| project.joins[*join].role.as_str()).collect::<Vec<_>>().join("."),
        };
        let rows = project.dimensions_of(end).filter_map(|id| {
            let dimension = &project.dimensions[id];
            let path = format!("{through}.{}", dimension.name);
            let words: Vec<&str> = path.split('.').collect();
            // A dimension that is declared the same is another one, and what the path means for that model.
            let has_it = |model: &ModelId| plan::find_dimension(project, *model, &words).is_ok();
            let shown = !dimension.docs.hidden && models.iter().all(has_it);
            shown.then(|| DimensionRow::new(project, path.clone(), id))
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            groups.insert((route.0.len(), through), (end, rows));
        }
    }
    groups
}
