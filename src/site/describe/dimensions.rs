//! By what a metric can be grouped.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{About, Link};
use crate::{
    ids::{DimensionId, MetricId, ModelId},
    project::{DimensionKind, MetricKind, Project, Route, routes_ending_in, to_one_routes},
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
    pub(super) fn new(project: &Project, path: String, id: DimensionId) -> Self {
        let dimension = &project.dimensions[id];
        let kind = match dimension.kind {
            DimensionKind::String => "text",
            DimensionKind::Number if !dimension.buckets.is_empty() => "buckets",
            DimensionKind::Number => "number",
            DimensionKind::Boolean { .. } => "yes/no",
            DimensionKind::Time { .. } => "time",
        };
        let values = if dimension.buckets.is_empty() {
            dimension.values.clone()
        } else {
            dimension.buckets.iter().map(|bucket| bucket.label.clone()).collect()
        };
        Self { path, about: About::new(&dimension.name, &dimension.docs), kind, values }
    }
}

/// Returns the dimensions that all of a metric's inputs can be grouped by, by the way they are reached.
pub(super) fn shared_dimensions(project: &Project, metric: MetricId) -> Vec<DimensionGroup> {
    let mut models = Vec::new();
    for leaf in project.leaves(metric) {
        if let MetricKind::Simple(simple) = &project.metrics[leaf].kind
            && !models.contains(&simple.model)
        {
            models.push(simple.model);
        }
    }
    let Some((&first, others)) = models.split_first() else { return Vec::new() };
    let mut groups: BTreeMap<(usize, String), (ModelId, Vec<DimensionRow>)> = BTreeMap::new();
    for route in to_one_routes(project, first) {
        let end = project.route_end(first, &route);
        let through = through(project, first, &route);
        if !others.iter().all(|other| leads_to(project, *other, &through, end)) {
            continue;
        }
        let shown = project.models[end].dimensions.iter().filter(|id| !project.dimensions[**id].docs.hidden);
        let rows: Vec<_> = shown
            .map(|id| DimensionRow::new(project, format!("{through}.{}", project.dimensions[*id].name), *id))
            .collect();
        if !rows.is_empty() {
            groups.insert((route.0.len(), through), (end, rows));
        }
    }
    let group =
        |((_, through), (end, dimensions))| DimensionGroup { through, model: Link::model(project, end), dimensions };
    groups.into_iter().map(group).collect()
}

/// `origin`, `customers.parent`; the model's own name for the route that stays.
fn through(project: &Project, from: ModelId, route: &Route) -> String {
    if route.0.is_empty() {
        return project.models[from].name.clone();
    }
    route.0.iter().map(|join| project.joins[*join].role.as_str()).collect::<Vec<_>>().join(".")
}

/// Returns whether a path means one thing from another model too.
fn leads_to(project: &Project, from: ModelId, through: &str, end: ModelId) -> bool {
    if project.models[from].name == through {
        return from == end;
    }
    let roles: Vec<&str> = through.split('.').collect();
    match routes_ending_in(project, from, &roles).as_slice() {
        [route] => project.route_end(from, route) == end,
        _ => false,
    }
}
