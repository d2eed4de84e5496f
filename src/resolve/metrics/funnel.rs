//! Metrics with `funnel`: events of one key that follow one another.
//!
//! `funnel: [{ metric: bookings, by: booking_id }, { metric: handovers, by: shipment_id, within: 3 days }]`.
//!
//! **Invariant:** every step is an aggregate of rows with a time, a key, and rows that can be told apart.

use super::{Context, metric_named};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{Id, MetricId, ModelId},
    project::{Empty, Funnel, FunnelResult, FunnelStep, MetricKind, Ref},
    resolve::{
        expression::{Scope, expression},
        typing::Typed,
    },
    sql::{Expr, article},
    syntax::{ExpressionDef, FunnelDef, FunnelStepDef, Text},
    time::{Duration, Unit},
};

/// Completes a funnel.
pub(super) fn complete(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    let Some(written) = &def.funnel else { return };
    if written.steps.len() < 2 {
        let message = format!("{subject} is a funnel of one step");
        let help = "Add the step that follows, with `metric`, `by` and `within`.";
        diagnostics.push(Diagnostic::new(Code::WrongValue, written.span, message).help(help));
        return;
    }
    let steps: Vec<Option<(FunnelStep, ColumnType)>> = written
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| self::step(context, step, index == 0, &subject, diagnostics))
        .collect();
    let result = written.result.as_ref().map_or(Some(FunnelResult::Rate), |text| result_named(text, diagnostics));
    let Some(steps) = steps.into_iter().collect::<Option<Vec<_>>>() else { return };
    check_keys(&steps, &written.steps, &subject, diagnostics);
    let steps: Vec<FunnelStep> = steps.into_iter().map(|(step, _)| step).collect();
    let same = same(context, written, &steps, &subject, diagnostics);
    let Some(result) = result else { return };
    let metric = &mut context.project.metrics[id];
    metric.kind = MetricKind::Funnel(Funnel { steps, result, same });
    (metric.value_type, metric.when_empty) = match result {
        FunnelResult::Conversions => (ColumnType::Integer, Empty::Zero),
        FunnelResult::Rate | FunnelResult::ConversionsPerBase | FunnelResult::TimeBetween { .. } => {
            (ColumnType::Float, Empty::Null)
        }
    };
}

fn step(
    context: &Context<'_>,
    written: &FunnelStepDef,
    is_first: bool,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(FunnelStep, ColumnType)> {
    let metric = metric_named(context, subject, &written.metric, diagnostics)?;
    let name = &written.metric.value;
    let mut refuse = |code, span: Span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(code, span, message).help(help));
    };
    let Some(simple) = context.project.simple(metric).filter(|simple| simple.balance.is_none()) else {
        let message = format!("step `{name}` of {subject} is no count of events");
        refuse(Code::InvalidAggregate, written.metric.span, message, "Name a metric with `model` and `agg: count`.");
        return None;
    };
    if simple.time.is_none() {
        let message = format!("step `{name}` of {subject} has no time");
        refuse(Code::MissingTime, written.metric.span, message, "Give that metric or its model a `time:`.");
    }
    let within = written.within.as_ref();
    if let Some(within) = within.filter(|_| is_first) {
        let message = format!("the first step of {subject} has a `within`, and no step before it");
        refuse(Code::InvalidWindow, within.span, message, "Write `within` on the steps that follow.");
    }
    if let Some(within) = within.filter(|within| within.value.count <= 0) {
        let message = format!("step `{name}` of {subject} follows within no time");
        refuse(Code::InvalidWindow, within.span, message, "Write a positive time, such as `3 days`.");
    }
    let by = value(context, simple.model, &written.by, subject, diagnostics)?;
    let within: Option<Duration> = within.map(|within| within.value);
    Some((FunnelStep { metric, by: by.expr, within }, by.column_type))
}

/// Resolves a column, dimension or path of a model.
fn value(
    context: &Context<'_>,
    model: ModelId,
    text: &Text,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Typed<Ref>> {
    let scope = Scope::of_model(model, subject);
    expression(context, &scope, &ExpressionDef::Portable(text.clone()), diagnostics)
}

/// Keys of different types never meet, so such a funnel has no conversions.
fn check_keys(
    steps: &[(FunnelStep, ColumnType)],
    written: &[FunnelStepDef],
    subject: &str,
    diagnostics: &mut Diagnostics,
) {
    let Some(((_, first), further)) = steps.split_first() else { return };
    for ((_, column_type), step) in further.iter().zip(&written[1..]) {
        let known = *first != ColumnType::Unknown && *column_type != ColumnType::Unknown;
        let alike = first == column_type || (first.is_numeric() && column_type.is_numeric());
        if known && !alike {
            let message = format!(
                "the key of step `{}` of {subject} is {}, and that of the first step {}",
                step.metric.value,
                article(*column_type),
                article(*first)
            );
            diagnostics.push(
                Diagnostic::new(Code::TypeMismatch, step.by.span, message)
                    .help("Give the steps keys of one type: cast one of them in a dimension."),
            );
        }
    }
}

/// Resolves `same: { sku: product_sku }`: of the first and of the last step.
fn same(
    context: &Context<'_>,
    written: &FunnelDef,
    steps: &[FunnelStep],
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<(Expr<Ref>, Expr<Ref>)> {
    let model = |step: Option<&FunnelStep>| {
        step.and_then(|step| context.project.simple(step.metric)).map(|simple| simple.model)
    };
    let (Some(first), Some(last)) = (model(steps.first()), model(steps.last())) else { return Vec::new() };
    let mut pairs = Vec::new();
    for (of_first, of_last) in &written.same {
        let ours = value(context, first, of_first, subject, diagnostics);
        let theirs = value(context, last, of_last, subject, diagnostics);
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            pairs.push((ours.expr, theirs.expr));
        }
    }
    pairs
}

/// Reads `rate`, `conversions`, `conversions_per_base` or `p90 hours`.
fn result_named(text: &Text, diagnostics: &mut Diagnostics) -> Option<FunnelResult> {
    let time_between = || {
        let (percentile, unit) = text.value.split_once(' ')?;
        let percentile: u32 = percentile.strip_prefix('p')?.parse().ok().filter(|p| (1..100).contains(p))?;
        let unit = match unit {
            "minutes" => Unit::Minute,
            "hours" => Unit::Hour,
            "days" => Unit::Day,
            _ => return None,
        };
        Some(FunnelResult::TimeBetween { percentile: percentile * 10_000, unit })
    };
    let result = match text.value.as_str() {
        "rate" => Some(FunnelResult::Rate),
        "conversions" => Some(FunnelResult::Conversions),
        "conversions_per_base" => Some(FunnelResult::ConversionsPerBase),
        _ => time_between(),
    };
    if result.is_none() {
        let message = format!("a funnel has no result `{}`", text.value);
        diagnostics.push(
            Diagnostic::new(Code::WrongValue, text.span, message)
                .help("Write rate, conversions, conversions_per_base, or a percentile such as `p90 hours`."),
        );
    }
    result
}
