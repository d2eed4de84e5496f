//! A shape → what a rollup has to keep to answer it: metrics, dimensions and a time of one model.
//!
//! **Invariant:** a need is of one model and one time axis.

use std::collections::BTreeSet;

use super::Shape;
use crate::{
    ids::{DimensionId, MetricId, ModelId},
    plan::find_dimension,
    project::{Project, Route, TimeAxis, Visible},
    time::{Granularity, TimePart},
};

/// A dimension, seen from a model.
pub(super) type Kept = (Route, DimensionId);

/// What a rollup has to keep.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) model: ModelId,
    pub(super) axis: TimeAxis,
    pub(super) metrics: BTreeSet<MetricId>,
    pub(super) dimensions: BTreeSet<Kept>,
}

/// Finds what has to be kept for a shape, model by model; says why no rollup answers it.
pub(super) fn needs(project: &Project, shape: &Shape) -> Result<Vec<Need>, String> {
    if shape.needs_rows {
        return Err("windows and rows of other tables are read from the rows themselves".to_owned());
    }
    if shape.time_zone != project.time_zone.name() {
        return Err(format!("it is asked in {}, and rollups are cut in {}", shape.time_zone, project.time_zone));
    }
    if shape.cut == "none" {
        return Err("its range begins or ends within a day".to_owned());
    }
    let mut needs = Vec::new();
    for name in &shape.metrics {
        let metric = project.metric_named(name).ok_or_else(|| format!("`{name}` is no metric any more"))?;
        add_metric(project, metric, &mut needs)?;
    }
    for need in &mut needs {
        for path in shape.keys.iter().chain(&shape.filters) {
            need.dimensions.extend(kept(project, need.model, &need.axis, path)?);
        }
    }
    if needs.is_empty() { Err("it asks for no metric".to_owned()) } else { Ok(needs) }
}

fn add_metric(project: &Project, metric: MetricId, needs: &mut Vec<Need>) -> Result<(), String> {
    let mut found: Vec<(ModelId, TimeAxis, MetricId)> = Vec::new();
    for leaf in project.leaves(metric) {
        let name = &project.metrics[leaf].name;
        let simple = project.simple(leaf).ok_or_else(|| format!("`{name}` is not computed from rows"))?;
        let axis = simple.time.clone().ok_or_else(|| format!("`{name}` has no time"))?;
        found.push((simple.model, axis, leaf));
    }
    let is_of_one = found.windows(2).all(|pair| (pair[0].0, &pair[0].1) == (pair[1].0, &pair[1].1));
    for (model, axis, leaf) in found {
        // A formula over several models is stored by its parts.
        let stored = if is_of_one { metric } else { leaf };
        match needs.iter_mut().find(|need| (need.model, &need.axis) == (model, &axis)) {
            Some(need) => {
                need.metrics.insert(stored);
            }
            None => needs.push(Need { model, axis, metrics: [stored].into(), dimensions: BTreeSet::new() }),
        }
    }
    Ok(())
}

/// Finds the dimension of a path; nothing if the path is the time that is kept anyway.
fn kept(project: &Project, model: ModelId, axis: &TimeAxis, path: &str) -> Result<Option<Kept>, String> {
    let mut words: Vec<&str> = path.split('.').collect();
    let last = words.last().copied().unwrap_or_default();
    let is_size = |name: &str| {
        Granularity::from_name(name).is_some()
            || TimePart::from_name(name).is_some()
            || project.calendar_granularity(name).is_some()
    };
    let is_time = words.len() > 1 && is_size(last);
    if is_time {
        if Granularity::from_name(last).is_some_and(Granularity::is_within_a_day) {
            return Err(format!("`{path}` is within a day, and whole days are kept"));
        }
        words.pop();
    }
    if words == ["time"] {
        return Ok(None);
    }
    let (route, dimension) = find_dimension(&Visible::whole(project), model, &words).map_err(|error| error.message)?;
    if (&route, dimension) == (&axis.route, axis.dimension) {
        return Ok(None);
    }
    if is_time {
        return Err(format!("`{path}` is a part of another time than the one that is kept"));
    }
    if project.dimensions[dimension].metric.is_some() {
        return Err(format!("`{path}` is a metric and changes with new rows"));
    }
    Ok(Some((route, dimension)))
}
