//! Metrics with `per`: a metric of a metric.
//!
//! `{ metric: parcels_booked, per: customers, agg: avg }`.
//!
//! **Invariant:** the metric below can be computed for each of the members.

use super::{
    Context, members, metric_named,
    simple::{aggregation_of, empty_of, value_type},
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, MetricId, ModelId},
    project::{Member, MetricKind, NestedMetric},
};

/// Completes a metric of a metric.
pub(super) fn complete(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    // Which keys go together was checked when the file was loaded.
    let (Some(name), Some(agg)) = (&def.metric, &def.agg) else { return };
    let Some(inner) = metric_named(context, &subject, name, diagnostics) else { return };
    let mut models: Vec<ModelId> = Vec::new();
    for leaf in context.project.leaves(inner) {
        models.extend(context.project.simple(leaf).map(|simple| simple.model).filter(|model| !models.contains(model)));
    }
    let per = members::resolve(context, &models, &def.per, &subject, diagnostics);
    let aggregation = aggregation_of(def, agg, &subject, diagnostics);
    for (key, span) in
        [("where", def.filter.as_ref().map(|text| text.span)), ("ignore", def.ignore.first().map(|text| text.span))]
    {
        if let Some(span) = span {
            let message = format!("{subject} has `{key}` beside `per`");
            let help = "Define the metric below with it, and name that one here.";
            diagnostics.push(Diagnostic::new(Code::ConflictingKeys, span, message).help(help));
        }
    }
    let moved = [
        def.window.as_ref().map(|window| window.span),
        def.to_date.as_ref().map(|to_date| to_date.span),
        def.all_time.as_ref().map(|all_time| all_time.span),
        def.offset.as_ref().map(|offset| offset.span),
    ];
    if let Some(span) = moved.into_iter().flatten().next() {
        let message = format!("{subject} is moved in time beside `per`");
        let help = "Accumulate or shift the metric below, and name that one here.";
        diagnostics.push(Diagnostic::new(Code::ConflictingKeys, span, message).help(help));
    }
    if let Some(include) = &def.include
        && !matches!(per.as_slice(), [Member::Model { .. }])
    {
        const HELP: &str =
            "Write `per` with one model: of dimensions, times and pairs of models no table says which there are.";
        let message = format!("{subject} includes all members, and only those of one model are known");
        diagnostics.push(Diagnostic::new(Code::ConflictingKeys, include.span, message).help(HELP));
    }
    let Some(aggregation) = aggregation else { return };
    let found = context.project.metrics[inner].value_type;
    let value_type = value_type(aggregation, agg, Some(found), agg.span, &subject, diagnostics);
    let metric = &mut context.project.metrics[id];
    metric.kind =
        MetricKind::Nested(NestedMetric { metric: inner, per, aggregation, include_all: def.include.is_some() });
    metric.value_type = value_type;
    metric.when_empty = empty_of(aggregation);
}
