//! What must not hang on the time of a metric: `as_of: time` means a time only where a metric is asked for.
//!
//! Which rows a model has, by what keys it joins and when its metrics count is the same for every metric.
//!
//! **Invariant:** a join that takes versions at the time of the metric is needed by no `where` of a model, no key or time
//! of another join and no time axis; a metric whose own definition needs one has a time in the versions' type.

use super::context::Context;
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{Id, JoinId, MetricId},
    project::{MetricKind, Ref, SimpleMetric},
    sql::Expr,
};

/// Reports what needs versions of a time that it has not.
pub(super) fn report(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let project = &context.project;
    if !project.joins.values().any(|join| join.is_by_metric()) {
        return;
    }
    for model in project.models.ids() {
        let def = context.models[model.index()];
        let needed = project.models[model].filter.as_ref().and_then(|filter| project.join_by_metric(filter));
        if let (Some(join), Some(filter)) = (needed, &def.filter) {
            let subject = format!("the `where` of model `{}`", def.name.value);
            refuse(context, filter.span, &subject, join, diagnostics);
        }
    }
    for (id, join) in project.joins.iter().filter(|(_, join)| join.reverse_of.is_none()) {
        let def = context.joins[id.index()].0;
        let mut ours = join.keys.iter().map(|key| &key.ours).chain(join.own_as_of());
        if let Some(needed) = ours.find_map(|expr| project.join_by_metric(expr)) {
            let subject = format!("join `{}` of model `{}`", join.role, project.models[join.from].name);
            refuse(context, super::joins::key_span(def), &subject, needed, diagnostics);
        }
    }
    for metric in project.metrics.ids() {
        if let MetricKind::Simple(simple) = &project.metrics[metric].kind {
            report_metric(context, metric, simple, diagnostics);
        }
    }
}

fn report_metric(context: &Context<'_>, id: MetricId, simple: &SimpleMetric, diagnostics: &mut Diagnostics) {
    let project = &context.project;
    let metric = &project.metrics[id];
    let axis = simple
        .time
        .as_ref()
        .map(|axis| (axis, Expr::Leaf(Ref::Dimension { route: axis.route.clone(), dimension: axis.dimension })));
    if let Some(needed) = axis.as_ref().and_then(|(_, time)| project.join_by_metric(time)) {
        refuse(context, metric.span, &format!("the time of metric `{}`", metric.name), needed, diagnostics);
        return;
    }
    let own = simple.expr.iter().chain(&simple.filter);
    let Some(needed) = own.clone().find_map(|expr| project.join_by_metric(expr)) else { return };
    let to = &project.models[project.joins[needed].to];
    let (message, help) = match axis {
        None => (
            format!("metric `{}` needs the version of `{}` at its time, and has none", metric.name, to.name),
            "Give the metric a `time:`, or the join a time of its own in `as_of`.".to_owned(),
        ),
        Some((axis, _)) => {
            let Err(reason) = project.metric_time(axis, &project.joins[needed]) else { return };
            let theirs = to.versions.as_ref().map_or(ColumnType::Unknown, |versions| versions.column_type);
            (
                format!("metric `{}` needs the version of `{}` at its time: these {reason}", metric.name, to.name),
                format!("Write `as_of: cast(time as {theirs})` in the join, which takes the start of a day."),
            )
        }
    };
    diagnostics.push(
        Diagnostic::new(Code::InvalidAsOf, metric.span, message)
            .also(as_of_span(context, needed), "the version is taken here")
            .help(help),
    );
}

fn refuse(context: &Context<'_>, span: Span, subject: &str, needed: JoinId, diagnostics: &mut Diagnostics) {
    let to = &context.project.models[context.project.joins[needed].to].name;
    let message = format!("{subject} needs a version of `{to}`, and which one depends on the metric");
    diagnostics.push(
        Diagnostic::new(Code::InvalidAsOf, span, message)
            .also(as_of_span(context, needed), "the version is taken here")
            .help("Write it without that model, or give the join a time of its own in `as_of`."),
    );
}

fn as_of_span(context: &Context<'_>, join: JoinId) -> Span {
    let def = context.joins[join.index()].0;
    def.as_of.as_ref().map_or(def.span, |text| text.span)
}
