//! Metrics made of other metrics: expressions over inputs, and one metric accumulated, shifted or filtered.
//!
//! `expr: on_time / parcels_due` with the input `on_time: { metric: parcels_due, where: is_on_time }`; a metric that the
//! expression names and `inputs` does not is an input as it is.
//!
//! **Invariant:** every input is used, and its filter reaches every model at the bottom of its metric.

use std::collections::BTreeMap;

use super::{
    Context, aggregate_names,
    changes::{Changes, Written, changes},
    empty_named, metric_named,
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Spanned,
    ids::{Id, MetricId},
    project::{Empty, Input, InputId, MetricKind, Take},
    resolve::{
        expression::{claim_outside_of_policy, unknown_function},
        names::suggest,
        path::{path_span, written},
        typing::{Typed, Typing},
    },
    sql::{Expr, Name},
    syntax::{ExpressionDef, InputDef, MetricDef},
};

/// Completes a metric whose `expr` speaks of metrics.
pub(super) fn complete(context: &mut Context<'_>, id: MetricId, expr: &Expr<Name>, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    // Declared inputs by name; none where the metric is unknown, which was reported.
    let declared: Vec<(&str, Option<Input>)> = def
        .inputs
        .iter()
        .map(|input| (input.name.value.as_str(), declared_input(context, def, input, diagnostics)))
        .collect();
    let mut used: Vec<Input> = Vec::new();
    let mut used_names: Vec<&str> = Vec::new();
    let whole = def.expr.as_ref().map_or(def.span, ExpressionDef::span);
    let mut broken = false;
    let (zone, calendar) = (context.project.time_zone, context.project.calendar);
    let mut leaf = |name: &Name, diagnostics: &mut Diagnostics| {
        let found = find_input(context, &subject, &declared, name, diagnostics);
        let Some(found) = found else {
            broken = true;
            return Typed::broken();
        };
        if let Some((name, _)) = declared.iter().find(|(name, _)| *name == found.name)
            && !used_names.contains(name)
        {
            used_names.push(name);
        }
        let column_type = context.project.metrics[found.metric].value_type;
        let position = used.iter().position(|input| *input == found).unwrap_or_else(|| {
            used.push(found);
            used.len() - 1
        });
        Typed { expr: Expr::Leaf(InputId(position)), column_type }
    };
    let typed = Typing { zone, calendar, whole, diagnostics, leaf: &mut leaf }.of(expr);
    if used.is_empty() && !broken {
        let message = format!("{subject} names no metric");
        let help = "Name metrics or inputs in `expr`; with `model` and `agg` it may speak of columns.";
        diagnostics.push(Diagnostic::new(Code::MissingExpression, whole, message).help(help));
    }
    for input in &def.inputs {
        if !used_names.contains(&input.name.value.as_str()) && !broken {
            let message = format!("input `{}` of {subject} is not used", input.name.value);
            diagnostics.push(
                Diagnostic::new(Code::UnusedInput, input.name.span, message).help("Use it in `expr`, or remove it."),
            );
        }
    }
    // A metric that only gives another a name is as empty as that one.
    let alone = match (&typed.expr, used.as_slice()) {
        (Expr::Leaf(_), [Input { metric, offset: None, when_empty, .. }]) => {
            Some(when_empty.unwrap_or(context.project.metrics[*metric].when_empty))
        }
        _ => None,
    };
    let metric = &mut context.project.metrics[id];
    metric.kind = MetricKind::Derived { expr: typed.expr, inputs: used };
    metric.value_type = typed.column_type;
    metric.when_empty = alone.unwrap_or(Empty::Null);
}

/// Finds the input that a name in a metric's expression means.
fn find_input(
    context: &Context<'_>,
    subject: &str,
    declared: &[(&str, Option<Input>)],
    name: &Name,
    diagnostics: &mut Diagnostics,
) -> Option<Input> {
    let words = match name {
        Name::Path(words) => words,
        Name::UnknownFunction { name } => {
            diagnostics.push(unknown_function(name));
            return None;
        }
        Name::Claim { name } => {
            diagnostics.push(claim_outside_of_policy(name));
            return None;
        }
        Name::AggregateFunction { name } => {
            let message = format!("{subject} aggregates with `{}` in an expression over metrics", name.value);
            diagnostics.push(Diagnostic::new(Code::AggregateInExpression, name.span, message).help(format!(
                "Metrics are aggregated already; for an aggregate of rows write `model` and {}.",
                aggregate_names::keys_for(&name.value)
            )));
            return None;
        }
        Name::Exists { span, .. } => {
            let message = format!("{subject} asks for rows in an expression over metrics");
            let help = "Put the condition into `where` of an input.";
            diagnostics.push(Diagnostic::new(Code::InvalidExpression, *span, message).help(help));
            return None;
        }
    };
    let [word] = words.as_slice() else {
        let message = format!("{subject} speaks of `{}`, but its expression has only metrics", written(words));
        let help = "Use dimensions in `where` of an input; with `model` and `agg` the expression is over rows.";
        diagnostics.push(Diagnostic::new(Code::UnknownMetric, path_span(words), message).help(help));
        return None;
    };
    if let Some((_, input)) = declared.iter().find(|(name, _)| *name == word.value) {
        return input.clone();
    }
    if let Some(metric) = context.project.metric_named(&word.value) {
        return Some(Input {
            name: word.value.clone(),
            metric,
            filter: BTreeMap::new(),
            offset: None,
            shift_rows: false,
            offset_to: None,
            ignore: None,
            cumulation: None,
            take: Take::Last,
            when_empty: None,
        });
    }
    diagnostics.push(unknown_name(context, subject, declared, word));
    None
}

fn unknown_name(
    context: &Context<'_>,
    subject: &str,
    declared: &[(&str, Option<Input>)],
    word: &Spanned<String>,
) -> Diagnostic {
    let message = format!("{subject} speaks of `{}`, which is neither an input nor a metric", word.value);
    let diagnostic = Diagnostic::new(Code::UnknownMetric, word.span, message);
    let is_row_name = context.dimension_ids.iter().any(|dimensions| dimensions.contains_key(word.value.as_str()));
    if is_row_name {
        return diagnostic.help(format!(
            "`{}` is a dimension: write `model` and `agg` to compute with rows, or put it into `where` of an input.",
            word.value
        ));
    }
    let names = context.project.metric_ids.keys().map(String::as_str);
    suggest(diagnostic, &word.value, declared.iter().map(|(name, _)| *name).chain(names), "metrics")
}

fn declared_input(
    context: &Context<'_>,
    def: &MetricDef,
    input: &InputDef,
    diagnostics: &mut Diagnostics,
) -> Option<Input> {
    let subject = format!("input `{}` of metric `{}`", input.name.value, def.name.value);
    let metric = metric_named(context, &subject, &input.metric, diagnostics)?;
    let changes = changes(
        context,
        metric,
        &subject,
        &Written {
            filter: input.filter.as_ref(),
            offset: input.offset.as_ref(),
            window: input.window.as_ref(),
            to_date: input.to_date.as_ref(),
            all_time: input.all_time.as_ref(),
            shift: input.shift.as_ref(),
            offset_to: input.offset_to.as_ref(),
            ignore: &input.ignore,
        },
        diagnostics,
    );
    let value_type = context.project.metrics[metric].value_type;
    let when_empty = input.when_empty.as_ref().and_then(|text| empty_named(text, value_type, &subject, diagnostics));
    Some(Input {
        name: input.name.value.clone(),
        metric,
        filter: changes.filter,
        offset: changes.offset,
        shift_rows: changes.shift_rows,
        offset_to: changes.offset_to,
        ignore: changes.ignore,
        cumulation: changes.cumulation,
        take: Take::Last,
        when_empty,
    })
}

/// Completes a metric with `metric:`: accumulated, or a derived metric with one input.
pub(super) fn complete_applied(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    let Some(name) = &def.metric else { return };
    let Some(inner) = metric_named(context, &subject, name, diagnostics) else { return };
    let written = Written {
        filter: def.filter.as_ref(),
        offset: def.offset.as_ref(),
        window: def.window.as_ref(),
        to_date: def.to_date.as_ref(),
        all_time: def.all_time.as_ref(),
        shift: None,
        offset_to: None,
        ignore: &def.ignore,
    };
    let changes = changes(context, inner, &subject, &written, diagnostics);
    let take = match def.take.as_ref().map(|take| take.value.as_str()) {
        Some("first") => Take::First,
        Some("avg") => Take::Avg,
        _ => Take::Last,
    };
    let (value_type, inner_empty) =
        (context.project.metrics[inner].value_type, context.project.metrics[inner].when_empty);
    let metric = &mut context.project.metrics[id];
    // A mean of days is no whole number, whatever the days are.
    metric.value_type = if take == Take::Avg { ColumnType::Float } else { value_type };
    match changes {
        Changes { filter, offset: None, cumulation: Some(cumulation), ignore: None, .. } if filter.is_empty() => {
            metric.kind = MetricKind::Cumulative { metric: inner, cumulation, take };
            metric.when_empty = inner_empty;
        }
        Changes { filter, offset, shift_rows, offset_to, ignore, cumulation } => {
            let input = Input {
                name: name.value.clone(),
                metric: inner,
                filter,
                offset,
                shift_rows,
                offset_to,
                ignore,
                cumulation,
                take,
                when_empty: None,
            };
            metric.kind = MetricKind::Derived { expr: Expr::Leaf(InputId(0)), inputs: vec![input] };
            // A shifted group without rows is null; a filtered one is as empty as its metric.
            metric.when_empty = if offset.is_some() { Empty::Null } else { inner_empty };
        }
    }
}
