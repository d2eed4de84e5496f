//! Metrics with `agg`: aggregates of rows of one model.
//!
//! `{ model: shipments, agg: sum, expr: price * fx_rates.eur, where: customers.country <> 'XX' }`.

use super::{Context, aggregate_names, members};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{Span, Spanned},
    ids::{Id, MetricId, ModelId},
    project::{Aggregation, Balance, DimensionKind, Edge, Empty, MetricKind, Route, SimpleMetric, TimeAxis},
    resolve::{
        dimensions::report_foreign,
        expression::{Scope, condition, expression},
        names::unknown_model,
        path::{Found, find, path_span},
    },
    sql::article,
    syntax::{BalanceDef, ExpressionDef, MetricDef, Text},
};

/// Completes a metric that aggregates rows.
pub(super) fn complete(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    let (Some(agg), Some(model_name)) = (&def.agg, &def.model) else { return };
    let aggregation = aggregation_of(def, agg, &subject, diagnostics);
    let Some(model) = context.project.model_named(&model_name.value) else {
        let message = format!("{subject} names unknown model `{}`", model_name.value);
        let diagnostic = Diagnostic::new(Code::UnknownModel, model_name.span, message);
        diagnostics.push(unknown_model(&context.project, diagnostic));
        return;
    };
    let time = time_axis(context, def, model, &subject, diagnostics);
    let scope = Scope::of_metric(model, time.as_ref(), &subject);
    let value = def.expr.as_ref().map(|expr| expression(context, &scope, expr, diagnostics));
    let filter = def.filter.as_ref().and_then(|filter| condition(context, &scope, filter, diagnostics));
    let balance =
        def.balance.as_ref().map(|written| balance(context, model, written, time.as_ref(), &subject, diagnostics));
    let Some(aggregation) = aggregation else { return };
    let found = value.as_ref().map(|value| value.as_ref().map_or(ColumnType::Unknown, |value| value.column_type));
    let place = def.expr.as_ref().map_or(agg.span, ExpressionDef::span);
    let value_type = value_type(aggregation, agg, found, place, &subject, diagnostics);
    if let Some(Some(value)) = value.as_ref().filter(|_| !matches!(aggregation, Aggregation::Count)) {
        report_foreign(context, model, &value.expr, place, &subject, diagnostics);
    }
    let metric = &mut context.project.metrics[id];
    metric.kind = MetricKind::Simple(SimpleMetric {
        model,
        aggregation,
        expr: value.flatten().map(|value| value.expr),
        expr_type: found.unwrap_or(ColumnType::Integer),
        filter,
        time,
        balance,
    });
    metric.value_type = value_type;
    metric.when_empty = empty_of(aggregation);
}

/// Returns what an aggregate is over no rows, unless said: 0 for counts and sums.
pub(super) fn empty_of(aggregation: Aggregation) -> Empty {
    match aggregation {
        Aggregation::Count | Aggregation::Sum | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => {
            Empty::Zero
        }
        Aggregation::Avg
        | Aggregation::Min
        | Aggregation::Max
        | Aggregation::Percentile(_)
        | Aggregation::DiscretePercentile(_)
        | Aggregation::ApproxPercentile(_) => Empty::Null,
    }
}

/// Reads how a balance is taken from a period.
fn balance(
    context: &Context<'_>,
    model: ModelId,
    written: &BalanceDef,
    time: Option<&TimeAxis>,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Balance {
    if time.is_none() && context.project.models[model].versions.is_none() {
        let message = format!("{subject} is a balance, and its model has no time");
        diagnostics.push(
            Diagnostic::new(Code::MissingTime, written.span, message)
                .help("Give the metric or its model a `time:`, the moment at which the balance was taken."),
        );
    }
    Balance {
        take: if written.take.value == "first" { Edge::First } else { Edge::Last },
        per: members::resolve(context, &[model], &written.per, subject, diagnostics),
        filtered: written.point.is_some(),
    }
}

/// Reads `sum`, `count_distinct`, `p99_9`; `approximate: true` makes a distinct count an estimate.
pub(super) fn aggregation_of(
    def: &MetricDef,
    agg: &Text,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Aggregation> {
    let Some(aggregation) = aggregate_names::read(&agg.value) else {
        let message = format!("{subject} has unknown aggregate `{}`", agg.value);
        let diagnostic = Diagnostic::new(Code::InvalidAggregate, agg.span, message);
        diagnostics.push(aggregate_names::instead_of(diagnostic, &agg.value));
        return None;
    };
    let aggregation = match (&def.discrete, aggregation) {
        (Some(discrete), Aggregation::Percentile(millionths)) if discrete.value => {
            Aggregation::DiscretePercentile(millionths)
        }
        (Some(discrete), _) if discrete.value => {
            let message = format!("{subject} cannot be discrete: `{}` is no percentile", agg.value);
            let diagnostic = Diagnostic::new(Code::InvalidAggregate, discrete.span, message);
            diagnostics.push(diagnostic.help("Leave `discrete` out, or write a percentile such as `p90`."));
            aggregation
        }
        _ => aggregation,
    };
    match (&def.approximate, aggregation) {
        (Some(approximate), _) if !approximate.value => Some(aggregation),
        (Some(_), Aggregation::CountDistinct | Aggregation::ApproxCountDistinct) => {
            Some(Aggregation::ApproxCountDistinct)
        }
        (Some(_), Aggregation::Percentile(millionths) | Aggregation::ApproxPercentile(millionths)) => {
            Some(Aggregation::ApproxPercentile(millionths))
        }
        (None, _) => Some(aggregation),
        (
            Some(approximate),
            Aggregation::Count
            | Aggregation::Sum
            | Aggregation::Avg
            | Aggregation::Min
            | Aggregation::Max
            | Aggregation::DiscretePercentile(_),
        ) => {
            let message = format!("{subject} cannot be approximate: `{}` is always exact", agg.value);
            diagnostics.push(
                Diagnostic::new(Code::InvalidAggregate, approximate.span, message).help("Leave `approximate` out."),
            );
            Some(aggregation)
        }
    }
}

/// Returns the type of an aggregate, or reports why it cannot be taken.
pub(super) fn value_type(
    aggregation: Aggregation,
    agg: &Text,
    found: Option<ColumnType>,
    place: Span,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> ColumnType {
    let Some(found) = found else {
        if aggregation != Aggregation::Count {
            let message = format!("{subject} does not say what `{}` is taken of", agg.value);
            diagnostics.push(
                Diagnostic::new(Code::MissingExpression, agg.span, message)
                    .help("Add `expr`: a column, a dimension, or what one row is worth; only `count` does without."),
            );
        }
        return ColumnType::Integer;
    };
    let numeric = found.is_numeric() || found == ColumnType::Unknown;
    let (allowed, value_type) = match aggregation {
        Aggregation::Count => (found != ColumnType::Boolean, ColumnType::Integer),
        Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => {
            (found != ColumnType::Json, ColumnType::Integer)
        }
        Aggregation::Sum => (numeric, found),
        Aggregation::Avg | Aggregation::Percentile(_) | Aggregation::ApproxPercentile(_) => {
            (numeric, ColumnType::Float)
        }
        Aggregation::DiscretePercentile(_) => (numeric, found),
        Aggregation::Min | Aggregation::Max => (!matches!(found, ColumnType::Boolean | ColumnType::Json), found),
    };
    if !allowed {
        let message = format!("{subject} takes `{}` of {}", agg.value, article(found));
        let help = match (aggregation, found) {
            (Aggregation::Count, _) => {
                "A count takes false like true; write the condition as `where` to count the rows where it holds."
            }
            (_, ColumnType::Boolean) => "Write `agg: count` and the condition as `where`.",
            (_, ColumnType::Json) => "Take a value out of it with `json_text(…, 'key')`.",
            (_, ColumnType::String) => "Write `cast(… as decimal)`, or `agg: count_distinct` to count the values.",
            _ => "Only numbers are summed or averaged; `min` and `max` work for times.",
        };
        diagnostics.push(Diagnostic::new(Code::InvalidAggregate, place, message).help(help));
    }
    value_type
}

/// Returns the metric's own time axis, else its model's.
fn time_axis(
    context: &Context<'_>,
    def: &MetricDef,
    model: ModelId,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<TimeAxis> {
    let Some(time) = &def.time else {
        let dimension = context.project.models[model].time?;
        return Some(TimeAxis { route: Route::here(), dimension });
    };
    let words = path_words(time);
    let found = find(context, Scope::of_model(model, subject), &words);
    match found {
        Ok(Found::Dimension { route, dimension, at: None }) => {
            match context.project.dimensions[dimension].kind {
                DimensionKind::Time { .. } => return Some(TimeAxis { route, dimension }),
                DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => {}
            }
            let message = format!("{subject} has dimension `{}` as its time, which is no time", time.value);
            let place = context.dimensions[dimension.index()].name.span;
            diagnostics.push(
                Diagnostic::new(Code::TypeMismatch, time.span, message)
                    .also(place, "the dimension")
                    .help("Give the dimension `type: time`, or name another one."),
            );
        }
        Ok(Found::Dimension { at: Some(_), .. }) => {
            let message = format!("the time of {subject} has a granularity, which only a query chooses");
            let help = "Name the time dimension alone.";
            diagnostics.push(Diagnostic::new(Code::TypeMismatch, time.span, message).help(help));
        }
        Ok(Found::Column { column, .. }) => {
            let message = format!("{subject} has `{}` as its time, which is no dimension", time.value);
            diagnostics.push(
                Diagnostic::new(Code::UnknownDimension, path_span(&words), message)
                    .help(format!("Add the dimension `{{ name: {column}, type: time }}` to its model.")),
            );
        }
        Ok(Found::Broken) => {}
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    None
}

/// Splits a path at its points; each word keeps its place.
pub(in crate::resolve) fn path_words(text: &Text) -> Vec<Spanned<String>> {
    let mut start = 0;
    text.value
        .split('.')
        .map(|word| {
            let span = text.span.part(start, start + word.len());
            start += word.len() + 1;
            Spanned::new(word.to_owned(), span)
        })
        .collect()
}
