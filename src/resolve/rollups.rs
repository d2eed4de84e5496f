//! Rollups: their metrics can be put together from stored rows, and share the rollup's model and time.
//!
//! `{ name: daily, model: shipments, metrics: [revenue], time: { dimension: booked_at, granularity: day } }`.
//!
//! **Invariant:** a rollup of a project holds what its metrics need, and nothing that cannot be added up.

use std::collections::BTreeMap;

use super::{
    context::Context,
    expression::Scope,
    metrics::path_words,
    names::{unknown_metric, unknown_model},
    path::{Found, find, path_span, written},
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{DimensionId, MetricId, ModelId},
    project::{Combine, DimensionKind, MetricKind, Project, Ref, Rollup, RollupPart, RollupTime, Route, TimeAxis},
    sql::Expr,
    syntax::{RollupDef, Text},
    time::{Duration, Granularity},
};

/// A filter of a formula on a metric that it uses.
type Filter = BTreeMap<ModelId, Expr<Ref>>;

/// Completes all rollups.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let mut rollups: Vec<Rollup> =
        context.definitions.rollups.iter().filter_map(|def| complete(context, def, diagnostics)).collect();
    rollups.sort_by(|a, b| a.name.cmp(&b.name));
    context.project.rollups = rollups;
}

fn complete(context: &Context<'_>, def: &RollupDef, diagnostics: &mut Diagnostics) -> Option<Rollup> {
    let project = &context.project;
    let subject = format!("rollup `{}`", def.name.value);
    let model = project.model_named(&def.model.value);
    if model.is_none() {
        let message = format!("{subject} stores rows of unknown model `{}`", def.model.value);
        diagnostics.push(unknown_model(project, Diagnostic::new(Code::UnknownModel, def.model.span, message)));
    }
    let making = Making { context, subject: &subject, model: model? };
    if def.metrics.is_empty() {
        making.invalid(def.name.span, "stores no metrics", "Name at least one metric under `metrics`.", diagnostics);
    }
    let time = def.time.as_ref().and_then(|(path, granularity)| making.time(path, granularity.value, diagnostics));
    let dimensions = def.dimensions.iter().filter_map(|path| making.dimension(path, diagnostics)).collect();
    let mut parts = Vec::new();
    let mut metrics = Vec::new();
    for name in &def.metrics {
        match project.metric_named(&name.value) {
            None => diagnostics.push(unknown_metric(project, name.span, &subject, &name.value)),
            Some(metric) => {
                metrics.push(metric);
                making.parts(name, metric, time.as_ref(), &mut parts, diagnostics);
            }
        }
    }
    making.check_refresh(def, diagnostics);
    let rollup = Rollup {
        name: def.name.value.clone(),
        model: making.model,
        metrics,
        parts,
        dimensions,
        time,
        table: def.table.as_ref().map(|table| table.value.clone()),
        partition: def.partition.as_ref().map(|partition| partition.value),
        every: def.every.as_ref().map(|every| every.value),
        lookback: def.lookback.as_ref().map(|lookback| lookback.value),
        stored: None,
        span: def.span,
    };
    if rollup.table.is_some() {
        making.check_sketches(def, &rollup, diagnostics);
    }
    Some(rollup)
}

/// A rollup under construction.
struct Making<'c, 'd> {
    context: &'c Context<'d>,
    subject: &'c str,
    model: ModelId,
}

impl Making<'_, '_> {
    fn invalid(&self, span: crate::files::Span, what: &str, help: &str, diagnostics: &mut Diagnostics) {
        let message = format!("{} {what}", self.subject);
        diagnostics.push(Diagnostic::new(Code::InvalidRollup, span, message).help(help));
    }

    /// Finds a dimension of the model, or over its to-one joins.
    fn dimension(&self, path: &Text, diagnostics: &mut Diagnostics) -> Option<(Route, DimensionId)> {
        let words = path_words(path);
        match find(self.context, Scope::of_model(self.model, self.subject), &words) {
            Ok(Found::Dimension { route, dimension, at: None }) => {
                if self.context.project.dimensions[dimension].metric.is_some() {
                    let what = format!("keeps `{}`, which is a metric and changes with new rows", written(&words));
                    self.invalid(
                        path.span,
                        &what,
                        "Leave it out: it is computed from the rows themselves.",
                        diagnostics,
                    );
                    return None;
                }
                Some((route, dimension))
            }
            Ok(Found::Dimension { .. }) => {
                let what = format!("keeps `{}`, which is a part of a time", written(&words));
                let help = "Say the time once, under `time: { dimension: …, granularity: … }`.";
                self.invalid(path.span, &what, help, diagnostics);
                None
            }
            Ok(Found::Column { .. }) => {
                let message = format!("{} keeps `{}`, which is a column, not a dimension", self.subject, path.value);
                let help = "Declare it under `dimensions:` of its model.";
                diagnostics.push(Diagnostic::new(Code::UnknownDimension, path_span(&words), message).help(help));
                None
            }
            Ok(Found::Broken) => None,
            Err(reason) => {
                diagnostics.push(reason);
                None
            }
        }
    }

    /// Finds the time, which has to be as fine as it is kept.
    fn time(&self, path: &Text, granularity: Granularity, diagnostics: &mut Diagnostics) -> Option<RollupTime> {
        let project = &self.context.project;
        let (route, dimension) = self.dimension(path, diagnostics)?;
        let definition = &project.dimensions[dimension];
        let DimensionKind::Time { finest } = definition.kind else {
            let what = format!("keeps the time `{}`, which is no time", path.value);
            self.invalid(path.span, &what, "Name a dimension of `type: time`.", diagnostics);
            return None;
        };
        if !finest.nests_in(granularity) {
            let what = format!(
                "keeps `{}` by {}, and its values are known by {} only",
                path.value,
                granularity.name(),
                finest.name()
            );
            let help = format!("Write `granularity: {}`, or a coarser one.", finest.name());
            self.invalid(path.span, &what, &help, diagnostics);
        }
        Some(RollupTime { axis: TimeAxis { route, dimension }, granularity, time_zone: project.time_zone })
    }

    /// Gathers what has to be stored for a metric, and says why it cannot be.
    fn parts(
        &self,
        name: &Text,
        metric: MetricId,
        time: Option<&RollupTime>,
        parts: &mut Vec<RollupPart>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut found = Vec::new();
        let reason = match gather(&self.context.project, metric, &Filter::new(), &mut found) {
            Err(reason) => Some((Code::RollupNotAdditive, reason)),
            Ok(()) => {
                let project = &self.context.project;
                let why = found.iter().find_map(|part| misfit(project, self.model, part.metric, time));
                why.map(|why| (Code::InvalidRollup, why))
            }
        };
        if let Some((code, reason)) = reason {
            let message = format!("{} cannot store metric `{}`: {reason}", self.subject, name.value);
            let help = match code {
                Code::RollupNotAdditive => {
                    "Leave it out, or store the metrics that it is made of; it is computed from the rows themselves."
                }
                _ => "Store it in a rollup of its own model and time.",
            };
            diagnostics.push(
                Diagnostic::new(code, name.span, message)
                    .also(self.context.project.metrics[metric].span, "the metric")
                    .help(help),
            );
            return;
        }
        for part in found {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }

    /// Warns of estimates that the warehouse of the connection cannot store.
    fn check_sketches(&self, def: &RollupDef, rollup: &Rollup, diagnostics: &mut Diagnostics) {
        let Some(dialect) = self.context.dialect else { return };
        let project = &self.context.project;
        for name in &def.metrics {
            let mut parts = Vec::new();
            let found = project.metric_named(&name.value).map(|id| gather(project, id, &Filter::new(), &mut parts));
            if !matches!(found, Some(Ok(()))) {
                continue;
            }
            let lacking = parts.iter().find_map(|part| Some((part, project.lacks_sketch(rollup, part, dialect)?)));
            let Some((part, reason)) = lacking else { continue };
            let metric = &project.metrics[part.metric];
            let message = format!("{} does not store metric `{}`: {reason}", self.subject, metric.name);
            diagnostics.push(
                Diagnostic::new(Code::RollupWithoutSketch, name.span, message).also(metric.span, "the metric").help(
                    "Keep what it counts under `dimensions`, or leave it out: it is computed from the rows themselves.",
                ),
            );
        }
    }

    fn check_refresh(&self, def: &RollupDef, diagnostics: &mut Diagnostics) {
        let Some((_, granularity)) = &def.time else {
            let needs = [
                def.partition.as_ref().map(|partition| (partition.span, "partition")),
                def.lookback.as_ref().map(|lookback| (lookback.span, "lookback")),
            ];
            for (span, key) in needs.into_iter().flatten() {
                let help = "Add `time: { dimension: …, granularity: … }`, or leave it out.";
                self.invalid(span, &format!("has a `{key}` and keeps no time"), help, diagnostics);
            }
            return;
        };
        if let Some(partition) = def.partition.as_ref().filter(|size| !granularity.value.nests_in(size.value)) {
            let what = format!("is partitioned by {} and kept by {}", partition.value.name(), granularity.value.name());
            self.invalid(partition.span, &what, "Partitions hold whole periods of the rollup's time.", diagnostics);
        }
    }
}

/// A rollup that nobody has written.
#[derive(Clone, Debug)]
pub struct WantedRollup {
    /// The name.
    pub name: String,
    /// The model whose rows are aggregated.
    pub model: ModelId,
    /// The metrics.
    pub metrics: Vec<MetricId>,
    /// The dimensions that are kept.
    pub dimensions: Vec<(Route, DimensionId)>,
    /// The time axis, which is kept by day.
    pub axis: TimeAxis,
    /// Where it is stored.
    pub table: String,
    /// How far back rows may still change.
    pub lookback: Duration,
}

/// Makes a rollup that nobody has written; says which metric it cannot store, and why.
pub fn rollup_of(project: &Project, wanted: WantedRollup) -> Result<Rollup, (MetricId, String)> {
    let WantedRollup { name, model, metrics, dimensions, axis, table, lookback } = wanted;
    let time = RollupTime { axis, granularity: Granularity::Day, time_zone: project.time_zone };
    let mut parts = Vec::new();
    for metric in &metrics {
        let mut found = Vec::new();
        gather(project, *metric, &Filter::new(), &mut found).map_err(|reason| (*metric, reason))?;
        if let Some(reason) = found.iter().find_map(|part| misfit(project, model, part.metric, Some(&time))) {
            return Err((*metric, reason));
        }
        for part in found {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    Ok(Rollup {
        name,
        model,
        metrics,
        parts,
        dimensions,
        time: Some(time),
        table: Some(table),
        partition: None,
        every: None,
        lookback: Some(lookback),
        stored: None,
        span: project.models[model].span,
    })
}

/// Says why a simple metric belongs to another rollup.
fn misfit(project: &Project, model: ModelId, metric: MetricId, time: Option<&RollupTime>) -> Option<String> {
    let simple = project.simple(metric)?;
    let name = &project.metrics[metric].name;
    if simple.model != model {
        let (own, other) = (&project.models[model].name, &project.models[simple.model].name);
        return Some(format!("`{name}` counts rows of `{other}`, and the rollup those of `{own}`"));
    }
    let time = time?;
    if simple.time.as_ref() == Some(&time.axis) {
        return None;
    }
    let path = |axis: &TimeAxis| project.dimension_path(model, &axis.route, axis.dimension);
    let axis = simple.time.as_ref().map_or_else(|| "no time".to_owned(), |axis| format!("`{}`", path(axis)));
    Some(format!("`{name}` follows {axis}, and the rollup `{}`", path(&time.axis)))
}

/// Gathers the simple metrics that a metric is put together from.
fn gather(project: &Project, metric: MetricId, filter: &Filter, parts: &mut Vec<RollupPart>) -> Result<(), String> {
    let definition = &project.metrics[metric];
    let name = &definition.name;
    match &definition.kind {
        MetricKind::Simple(simple) if simple.balance.is_some() => {
            Err(format!("`{name}` is a balance, which is never added up over time"))
        }
        MetricKind::Simple(simple) => {
            let combine = Combine::of(simple.aggregation)
                .ok_or_else(|| format!("`{name}` cannot be put together from values of smaller groups"))?;
            parts.push(RollupPart { metric, filter: filter.clone(), combine });
            Ok(())
        }
        MetricKind::Derived { inputs, .. } => inputs.iter().try_for_each(|input| {
            let mut both = filter.clone();
            for (model, condition) in &input.filter {
                let whole = match both.remove(model) {
                    Some(other) => other.and(condition.clone()),
                    None => condition.clone(),
                };
                both.insert(*model, whole);
            }
            gather(project, input.metric, &both, parts)
        }),
        MetricKind::Cumulative { metric, .. } => gather(project, *metric, filter, parts),
        MetricKind::Nested(_) => Err(format!("`{name}` aggregates the values of members")),
        MetricKind::Funnel(_) => Err(format!("`{name}` follows events in their order")),
    }
}
