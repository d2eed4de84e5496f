//! The keys and paths that a request names.

use super::{BoundTop, own_time};
use crate::{
    ids::MetricId,
    plan::{Key, KeyKind, MetricRequest, Order, OrderBy, PlanError, PlanErrorCode, Request, Top},
    project::{Project, Visible},
    sql::{Expr, Name},
    time::{Granularity, TimePart},
};

/// Returns whether an expression of a request speaks of the metrics' time axis.
pub(super) fn names_time(expr: &Expr<Name>) -> bool {
    let mut found = false;
    expr.for_each_leaf(&mut |name| {
        found |= matches!(name, Name::Path(words) if words.first().is_some_and(|word| word.value == "time"));
    });
    found
}

/// Returns the dimensions that a condition names, without the granularities and parts behind them.
pub(super) fn paths_of(project: &Project, expr: &Expr<Name>) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    expr.for_each_leaf(&mut |name| {
        if let Name::Path(words) = name {
            let mut path: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
            let last = path.last().filter(|_| path.len() > 1);
            let is_size = |name: &str| {
                Granularity::from_name(name).is_some()
                    || TimePart::from_name(name).is_some()
                    || project.calendar_granularity(name).is_some()
            };
            if last.is_some_and(|last| is_size(last)) {
                path.pop();
            }
            paths.push(path);
        }
    });
    paths
}

/// Finds the keys of a request that paths name; `time` names every time key.
pub(super) fn positions(
    project: &Visible<'_>,
    request: &Request,
    metric: MetricId,
    paths: &[Vec<String>],
) -> Result<Vec<usize>, PlanError> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        found.extend((0..request.keys.len()).filter(|index| is_named(project, metric, &request.keys[*index], path)));
        if found.len() == before {
            let names: Vec<&str> = request.keys.iter().map(|key| key.name.as_str()).collect();
            return Err(PlanError::new(
                PlanErrorCode::GrainMismatch,
                format!("`within {}` names no key of the request", path.join(".")),
            )
            .help(format!("Group by it, or name one of the keys: {}.", names.join(", "))));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Returns whether a path names a key of a metric: `time` its time, also where that is asked for by the path of its axis.
pub(super) fn is_named(project: &Visible<'_>, metric: MetricId, key: &Key, path: &[String]) -> bool {
    let is_time = matches!(path, [time] if time == "time");
    let by_kind = match &key.kind {
        KeyKind::Time(_) | KeyKind::TimePart(_) => is_time,
        KeyKind::Dimension { path: of_key, .. } => {
            path == of_key || is_time && own_time::is_time_of(project, metric, of_key)
        }
    };
    by_kind || path.join(".") == key.name
}

/// Finds the key of a top-n query and the request that ranks its members.
pub(super) fn bind_top(project: &Visible<'_>, request: &Request, top: &Top) -> Result<BoundTop, PlanError> {
    super::find_metric(project, &top.by)?;
    let is_key = |key: &Key| {
        key.name == top.of || matches!(&key.kind, KeyKind::Dimension { path, .. } if path.join(".") == top.of)
    };
    let Some(key) = request.keys.iter().position(is_key) else {
        return Err(PlanError::new(
            PlanErrorCode::GrainMismatch,
            format!("the top members of `{}` are asked for, and it is no key of the request", top.of),
        )
        .help("Group by it, or name one of the keys."));
    };
    if !matches!(request.keys[key].kind, KeyKind::Dimension { granularity: None, part: None, .. }) {
        return Err(PlanError::new(PlanErrorCode::GrainMismatch, "the top members of a time are not ranked")
            .help("Name a key that is a plain dimension."));
    }
    let by = MetricRequest::plain(&top.by, &top.by);
    let ranking = Request {
        keys: vec![Key { name: "member".to_owned(), kind: request.keys[key].kind.clone() }],
        order: vec![Order { by: OrderBy::Column(by.name.clone()), descending: true, nulls_first: false }],
        metrics: vec![by],
        filter: request.filter.clone(),
        time: request.time.clone(),
        time_zone: request.time_zone,
        limit: Some(top.count),
        ..Request::default()
    };
    Ok(BoundTop { key, ranking, other: top.other })
}
