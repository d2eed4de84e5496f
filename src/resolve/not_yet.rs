//! What the language can say and this version does not execute.
//!
//! Each such key is one `not-yet` at the key's value: nothing that changes a number is ignored silently.

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    syntax::{Definitions, DimensionDef, InputDef, MetricDef, ModelDef},
    time::Unit,
};

/// Reports every key that is not executed yet.
pub(super) fn report(definitions: &Definitions, diagnostics: &mut Diagnostics) {
    let mut found: Vec<(Span, String)> = Vec::new();
    definitions.models.iter().for_each(|def| in_model(def, &mut found));
    definitions.metrics.iter().for_each(|def| in_metric(def, &mut found));
    found.extend(definitions.rollups.iter().map(|def| (def.name.span, format!("rollup `{}`", def.name.value))));
    found.extend(definitions.policies.iter().map(|def| (def.name.span, format!("policy `{}`", def.name.value))));
    found.extend(definitions.calendars.iter().map(|def| (def.name.span, format!("calendar `{}`", def.name.value))));
    for test in &definitions.tests {
        if let Some(anomaly) = &test.anomaly {
            found.push((anomaly.span, format!("`anomaly` of test `{}`", test.name.value)));
        }
    }
    for (span, what) in found {
        diagnostics.push(
            Diagnostic::new(Code::NotYet, span, format!("{what} is part of the language, but not executed yet"))
                .help("Leave it out for the present; docs/guide says what this version executes."),
        );
    }
}

fn in_model(def: &ModelDef, found: &mut Vec<(Span, String)>) {
    let name = &def.name.value;
    for join in &def.joins {
        if let Some(fan_out) = &join.fan_out {
            found.push((fan_out.span, format!("`fan_out` of a join of model `{name}`")));
        }
    }
    def.dimensions.iter().for_each(|dimension| in_dimension(dimension, name, found));
}

fn in_dimension(def: &DimensionDef, model: &str, found: &mut Vec<(Span, String)>) {
    if let Some(metric) = &def.metric {
        found.push((metric.span, format!("a metric as dimension `{}` of model `{model}`", def.name.value)));
    }
    if let Some(mask) = &def.mask {
        found.push((mask.span, format!("`mask` of dimension `{}` of model `{model}`", def.name.value)));
    }
}

fn in_metric(def: &MetricDef, found: &mut Vec<(Span, String)>) {
    let name = &def.name.value;
    let mut not_yet = |span, key: &str| found.push((span, format!("`{key}` of metric `{name}`")));
    if let Some(funnel) = &def.funnel {
        not_yet(funnel.span, "funnel");
    }
    if let Some(balance) = &def.balance {
        not_yet(balance.span, "balance");
    }
    if let Some(per) = def.per.first() {
        not_yet(per.span, "per");
    }
    if let Some(include) = &def.include {
        not_yet(include.span, "include");
    }
    if let Some(ignore) = def.ignore.first() {
        not_yet(ignore.span, "ignore");
    }
    if let Some(take) = def.take.as_ref().filter(|take| take.value != "last") {
        not_yet(take.span, &format!("take: {}", take.value));
    }
    if let Some(revision) = def.revision.as_ref().filter(|revision| revision.value != 1) {
        not_yet(revision.span, &format!("revision: {}", revision.value));
    }
    if let Some(discrete) = def.discrete.as_ref().filter(|discrete| discrete.value) {
        not_yet(discrete.span, "discrete");
    }
    let exact = def.agg.as_ref().is_some_and(|agg| agg.value.contains("count_distinct"));
    let percentile = def.agg.as_ref().is_some_and(|agg| agg.value.starts_with('p') || agg.value == "median");
    if let Some(approximate) = def.approximate.as_ref().filter(|value| value.value && percentile && !exact) {
        not_yet(approximate.span, "approximate");
    }
    def.inputs.iter().for_each(|input| in_input(input, name, found));
}

fn in_input(def: &InputDef, metric: &str, found: &mut Vec<(Span, String)>) {
    let mut not_yet =
        |span, key: &str| found.push((span, format!("`{key}` of input `{}` of metric `{metric}`", def.name.value)));
    if let Some(offset_to) = &def.offset_to {
        not_yet(offset_to.span, "offset_to");
    }
    if let Some(ignore) = def.ignore.first() {
        not_yet(ignore.span, "ignore");
    }
    if let Some(shift) = &def.shift {
        // The reading that is meant unless said may be said: rows for days and weeks, periods for the others.
        let by_rows = def.offset.as_ref().is_some_and(|offset| matches!(offset.unit, Unit::Day | Unit::Week));
        let default = if by_rows { "rows" } else { "periods" };
        if shift.value != default {
            not_yet(shift.span, &format!("shift: {}", shift.value));
        }
    }
}
