//! Requests of keys without metrics: the model whose rows have them.
//!
//! `shipments.service` alone gives the distinct services of the shipments.

use super::{GroupKey, MakesRows, Scan, ScanKind, Shift, bind_path, keys::paths_of, knows_path};
use crate::{
    ids::{JoinId, ModelId},
    plan::{KeyKind, PlanError, PlanErrorCode, Request},
    project::{Route, TimeAxis, Visible},
};

/// Finds the model whose rows a query of keys alone is about.
pub(super) fn scan_of_keys(project: &Visible<'_>, request: &Request) -> Result<Scan, PlanError> {
    let mut paths = Vec::new();
    for key in &request.keys {
        match &key.kind {
            KeyKind::Dimension { path, .. } => paths.push(path.as_slice()),
            KeyKind::Time(_) | KeyKind::TimePart(_) => {
                return Err(PlanError::new(PlanErrorCode::KeysNeedMetric, "`time` is the time axis of metrics")
                    .help("Ask for a metric, or group by a time dimension by its name."));
            }
        }
    }
    let Some(first) = paths.first() else {
        return Err(PlanError::new(PlanErrorCode::KeysNeedMetric, "a query without metrics and keys asks for nothing")
            .help("Ask for at least one metric."));
    };
    let filter = request.filter.as_ref().map(|filter| paths_of(project, filter)).unwrap_or_default();
    let reaches_keys = |model: ModelId| paths.iter().all(|path| knows_path(project, model, path));
    let reaches_filter = |model: ModelId| filter.iter().all(|path| knows_path(project, model, path));
    let named = first.first().filter(|_| first.len() > 1).and_then(|word| project.model_named(word));
    let at_home = named.filter(|model| reaches_keys(*model) && reaches_filter(*model));
    // A filter that no such model reaches has an error of its own, later.
    let filtered = at_home.is_some() || project.models.ids().any(|model| reaches_keys(model) && reaches_filter(model));
    let reaches_all = |model: ModelId| reaches_keys(model) && (!filtered || reaches_filter(model));
    let candidates: Vec<ModelId> = match at_home.or_else(|| named.filter(|model| reaches_all(*model))) {
        Some(model) => vec![model],
        None => {
            // The nearest model: the one from which the keys are reached over the fewest joins.
            let hops = |model: ModelId| -> usize {
                // A way that was declared is nearer than any that is walked the other way.
                let cost = |join: &JoinId| if project.joins[*join].reverse_of.is_some() { 1_000 } else { 1 };
                let found = paths.iter().filter_map(|path| bind_path(project, model, path).ok());
                found.map(|found| found.route.0.iter().map(cost).sum::<usize>()).sum()
            };
            let all: Vec<(usize, ModelId)> =
                project.models.ids().filter(|id| reaches_all(*id)).map(|id| (hops(id), id)).collect();
            let least = all.iter().map(|(hops, _)| *hops).min();
            all.into_iter().filter(|(hops, _)| Some(*hops) == least).map(|(_, id)| id).collect()
        }
    };
    let [model] = candidates.as_slice() else {
        if candidates.is_empty() {
            // A misspelled key has a better message than "no model has them all".
            for path in &paths {
                if !project.models.ids().any(|id| knows_path(project, id, path)) {
                    let nearest_model = named.or_else(|| project.models.ids().next());
                    if let Some(model) = nearest_model {
                        return Err(bind_path(project, model, path).expect_err("no model knows the path"));
                    }
                }
            }
        }
        if let (Some(model), [key]) = (candidates.first(), request.keys.as_slice()) {
            let message = format!("several models have the key `{}`", key.name);
            let help =
                format!("Write its path from one of them, such as `{}.{}`.", project.models[*model].name, key.name);
            return Err(PlanError::new(PlanErrorCode::KeysNeedMetric, message).help(help));
        }
        let keys: Vec<&str> = request.keys.iter().map(|key| key.name.as_str()).collect();
        return Err(PlanError::new(
            PlanErrorCode::KeysNeedMetric,
            format!("no one model has the keys {}", keys.join(", ")),
        )
        .help("Ask for a metric that lines them up, or write the keys from one model's point of view."));
    };
    let time = project.models[*model].time.filter(|dimension| project.shows_dimension(*dimension));
    let axis = time.map(|dimension| TimeAxis { route: Route::here(), dimension });
    Ok(Scan {
        model: *model,
        moment: axis.clone().filter(|_| project.may_be_by_metric(*model)),
        axis: axis.filter(|_| request.time.is_some()),
        kind: ScanKind::Rows,
        shift: Shift::default(),
        cumulation: None,
        offset_to: None,
        keys: request.keys.iter().map(GroupKey::from).enumerate().collect(),
        leaves: Vec::new(),
        makes_rows: MakesRows::Always,
    })
}
