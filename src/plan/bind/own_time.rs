//! The path of a metric's own time axis → a time key of that metric.
//!
//! To `revenue`, which is dated by it, `booked_at.month` is `time.month`; to claims, whose model joins to the parcels, it
//! is a key like any other.
//!
//! **Invariant:** to what is taken back, accumulated or a balance, its own time is never a plain key.

use super::{GroupKey, LeafUse, bind_path, find_metric, keys::paths_of, simple};
use crate::{
    ids::{MetricId, ModelId},
    plan::{Key, KeyKind, Request},
    project::{TimeAxis, Visible},
    sql::{Expr, Name},
};

/// Returns whether a path leads a model to a time axis.
pub(super) fn is_axis<W: AsRef<str>>(project: &Visible<'_>, model: ModelId, axis: &TimeAxis, path: &[W]) -> bool {
    let found = bind_path(project, model, path);
    found.is_ok_and(|found| found.route == axis.route && found.dimension == axis.dimension)
}

/// Returns whether a filter names a time axis, as `time` or by its path.
pub(in crate::plan) fn is_named(
    project: &Visible<'_>,
    filter: &Expr<Name>,
    model: ModelId,
    axis: Option<&TimeAxis>,
) -> bool {
    let is_time = |path: &Vec<String>| path.first().is_some_and(|word| word == "time");
    let paths = paths_of(project, filter);
    paths.iter().any(|path| is_time(path) || axis.is_some_and(|axis| is_axis(project, model, axis, path)))
}

/// Returns whether a path is the time of a metric: of every metric of rows behind it.
pub(super) fn is_time_of(project: &Visible<'_>, metric: MetricId, path: &[String]) -> bool {
    project.leaves(metric).iter().all(|leaf| {
        let simple = simple(project, *leaf);
        simple.time.as_ref().is_some_and(|axis| is_axis(project, simple.model, axis, path))
    })
}

/// Returns whether a key is the time of every metric that a request asks for.
pub(super) fn is_time_of_all(project: &Visible<'_>, request: &Request, key: &Key) -> bool {
    let KeyKind::Dimension { path, .. } = &key.kind else { return key.kind.is_time() };
    let is_time = |name: &str| find_metric(project, name).is_ok_and(|metric| is_time_of(project, metric, path));
    !request.metrics.is_empty() && request.metrics.iter().all(|metric| is_time(&metric.metric))
}

/// Returns keys as all leaves together mean them: a path is a time key if it is the time of each.
pub(super) fn of_all(project: &Visible<'_>, keys: Vec<GroupKey>, leaves: &[LeafUse]) -> Vec<GroupKey> {
    let mean = |key: GroupKey| {
        let is_time = |path: &[String]| leaves.iter().all(|leaf| is_time_of(project, leaf.metric, path));
        let is_own = !leaves.is_empty() && key.path().is_some_and(is_time);
        if is_own { key.into_own_time() } else { key.into_plain() }
    };
    keys.into_iter().map(mean).collect()
}

/// Returns a key as a leaf means it for which it matters.
pub(super) fn of_leaf(project: &Visible<'_>, leaf: &LeafUse, key: &GroupKey) -> GroupKey {
    let is_own = key.path().is_some_and(|path| is_time_of(project, leaf.metric, path));
    if is_own { key.clone().into_own_time() } else { key.clone() }
}
