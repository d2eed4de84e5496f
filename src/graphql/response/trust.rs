//! What is known of an answer: `trust`.

use serde_json::{Value, json};

use crate::{
    engine::{Answered, CacheOutcome, Cost},
    plan::{JoinUse, Plan, Pruning},
    project::{Aggregation, Principal, Project, Status},
    sql::{Bound, Literal},
    warehouse::Metered,
};

/// The answers that a report was made of, and the metrics in it.
#[derive(Default)]
pub(in crate::graphql) struct Evidence<'a> {
    /// The answers.
    pub(in crate::graphql) answers: Vec<&'a Answered>,
    /// The metrics that were asked for, by name.
    pub(in crate::graphql) metrics: Vec<&'a str>,
}

/// Returns the whole `Trust` of a report, as it is for who asks.
pub(in crate::graphql) fn trust(project: &Project, evidence: &Evidence<'_>, principal: &Principal) -> Value {
    let plans = || evidence.answers.iter().map(|answered| &*answered.answer.plan);
    let first = plans().next();
    let as_of = evidence.answers.iter().map(|answered| answered.answer.as_of).min();
    let zone = first.map_or(project.time_zone, |plan| plan.time_zone);
    let mut pruning = distinct(plans().flat_map(|plan| plan.pruning.iter().map(pruned)));
    pruning.sort_by_key(ToString::to_string);
    let axes = plans().flat_map(|plan| {
        plan.axes.iter().map(|(id, axis)| json!({ "metric": project.metrics[*id].name, "dimension": axis }))
    });
    let warnings = plans().flat_map(|plan| plan.warnings.iter().cloned());
    let warnings = warnings.chain(hidden_from_nobody(project, evidence, principal));
    json!({
        "definitions": evidence.metrics.iter().filter_map(|name| {
            let metric = &project.metrics[project.metric_named(name)?];
            Some(json!({ "name": metric.name, "hash": metric.hash, "status": status(&metric.status) }))
        }).collect::<Vec<_>>(),
        "asOf": as_of.map(|at| at.with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
        "cache": { "status": outcome(evidence) },
        "rollups": distinct(plans().flat_map(|plan| {
            plan.rollups.iter().filter(|used| used.is_used).map(|used| json!({ "name": used.rollup }))
        })),
        "pruning": pruning,
        "joinSafety": distinct(plans().flat_map(|plan| plan.joins.iter().map(join))),
        "axes": distinct(axes),
        "range": {
            "from": first.and_then(|plan| plan.range.from).map(|day| day.to_string()),
            "to": first.and_then(|plan| plan.range.to).map(|day| day.to_string()),
        },
        "timeZone": zone.name(),
        "bytesEstimated": estimated(evidence).map(|bytes| bytes.to_string()),
        "bytesScanned": metered(evidence, |metered| metered.scanned).map(|bytes| bytes.to_string()),
        "cost": cost(evidence),
        "approximate": evidence.metrics.iter().filter(|name| is_approximate(project, name)).collect::<Vec<_>>(),
        "overlapping": plans().any(|plan| plan.overlapping),
        "warnings": distinct(warnings.map(|text| json!({ "message": text }))),
    })
}

/// Says that policies may hide rows of the metrics, where nobody is said to ask.
fn hidden_from_nobody(project: &Project, evidence: &Evidence<'_>, principal: &Principal) -> Option<String> {
    let metrics = evidence.metrics.iter().filter_map(|name| project.metric_named(name));
    let models = if principal.is_nobody() { project.models_with_hidden_rows(metrics) } else { Vec::new() };
    let names: Vec<String> = models.iter().map(|model| format!("`{model}`")).collect();
    (!names.is_empty()).then(|| {
        format!("policies hide rows of {} from whoever is not known, and nobody is said to ask", names.join(", "))
    })
}

/// Returns what `CompiledSql` tells of a plan, besides its text.
pub(in crate::graphql) fn compiled(plan: &Plan) -> (Vec<Value>, Vec<Value>) {
    (plan.pruning.iter().map(pruned).collect(), plan.joins.iter().map(join).collect())
}

/// Returns the value of `MetricStatus`.
pub(in crate::graphql) fn status(status: &Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Draft => "DRAFT",
        Status::Proposed => "PROPOSED",
        Status::Deprecated { .. } => "DEPRECATED",
    }
}

/// The answer that came the slowest way speaks for all; nothing to ask is at hand.
fn outcome(evidence: &Evidence<'_>) -> &'static str {
    let any = |outcome| evidence.answers.iter().any(|answered| answered.cache == outcome);
    if any(CacheOutcome::Miss) {
        "MISS"
    } else if any(CacheOutcome::Shared) {
        "SHARED"
    } else {
        "HIT"
    }
}

/// Returns what the warehouse was asked while this request waited, for it or for another one as well; what was at hand costs
/// nothing, and an answer that is used twice costs once.
fn asked<'a>(evidence: &'a Evidence<'_>) -> impl Iterator<Item = Option<&'a Cost>> {
    let answers = move || evidence.answers.iter().filter(|answered| answered.cache != CacheOutcome::Hit);
    let is_first = move |at: usize, id: u64| !answers().take(at).any(|answered| answered.answer.id == id);
    let once = answers().enumerate().filter(move |(at, answered)| is_first(*at, answered.answer.id));
    // A total that came with the rows of its query cost nothing of its own.
    let of_queries = once.filter(|(_, answered)| answered.answer.cost.is_some() || !is_with_rows(evidence, answered));
    of_queries.map(|(_, answered)| answered.answer.cost.as_ref())
}

fn is_with_rows(evidence: &Evidence<'_>, answered: &Answered) -> bool {
    let totals = evidence.answers.iter().filter_map(|other| other.answer.total.as_ref());
    totals.into_iter().any(|total| total.id == answered.answer.id)
}

/// Adds up the bytes of all queries; nothing if one is not known.
fn estimated(evidence: &Evidence<'_>) -> Option<u64> {
    asked(evidence).try_fold(0_u64, |sum, cost| Some(sum.saturating_add(cost?.estimate.as_ref()?.bytes)))
}

fn metered(evidence: &Evidence<'_>, of: impl Fn(Metered) -> Option<u64>) -> Option<u64> {
    asked(evidence).try_fold(0_u64, |sum, cost| Some(sum.saturating_add(of(cost?.metered)?)))
}

/// Returns the `Cost` of a report.
fn cost(evidence: &Evidence<'_>) -> Value {
    let queries: Vec<Option<&Cost>> = asked(evidence).collect();
    let estimates = || queries.iter().filter_map(|cost| cost.as_ref()?.estimate.as_ref());
    let basis = if queries.is_empty() {
        Some("at hand".to_owned())
    } else {
        estimates().next().map(|first| first.basis.to_string())
    };
    let price = evidence.answers.iter().find_map(|answered| answered.answer.cost.as_ref()?.price.as_ref());
    let billed = metered(evidence, |metered| metered.billed);
    let at_most =
        queries.iter().try_fold(0_u64, |sum, cost| Some(sum.saturating_add(cost.as_ref()?.estimate.as_ref()?.billed)));
    let micros = price.zip(billed.or(at_most)).map(|(price, bytes)| price.micros(bytes));
    let tables = estimates().flat_map(|estimate| &estimate.tables).map(|table| {
        json!({
            "table": table.table,
            "bytes": table.bytes.to_string(),
            "partitions": table.partitions.map(|(read, _)| read.to_string()),
            "partitionsOfTable": table.partitions.map(|(_, all)| all.to_string()),
        })
    });
    json!({
        "bytesEstimated": estimated(evidence).map(|bytes| bytes.to_string()),
        "bytesBilled": billed.map(|bytes| bytes.to_string()),
        "basis": basis,
        "price": micros.map(|micros| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)),
        "currency": price.map(|price| &price.currency),
        "tables": tables.collect::<Vec<_>>(),
    })
}

fn is_approximate(project: &Project, name: &str) -> bool {
    let leaves = project.metric_named(name).map(|id| project.leaves(id)).unwrap_or_default();
    leaves
        .into_iter()
        .filter_map(|id| project.simple(id))
        .any(|simple| matches!(simple.aggregation, Aggregation::ApproxCountDistinct | Aggregation::ApproxPercentile(_)))
}

fn pruned(pruning: &Pruning) -> Value {
    let Bound { from, to } = &pruning.bound;
    json!({
        "table": pruning.table,
        "column": pruning.column,
        "from": from.as_ref().map(shown),
        "to": to.as_ref().map(shown),
        "proven": pruning.proven,
        "holds": pruning.promise,
    })
}

fn join(join: &JoinUse) -> Value {
    json!({ "path": join.path, "reason": join.reason })
}

/// Shows a constant as people write it.
pub(in crate::graphql) fn shown(literal: &Literal) -> Value {
    Value::String(match literal {
        Literal::Null => return Value::Null,
        Literal::Boolean(truth) => truth.to_string(),
        Literal::Integer(number) => number.to_string(),
        Literal::Decimal(digits) => digits.clone(),
        Literal::Float(bits) => f64::from_bits(*bits).to_string(),
        Literal::String(text) => text.clone(),
        Literal::Date(day) => day.to_string(),
        Literal::DateTime(at) => at.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        Literal::Timestamp(at) => at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
    })
}

fn distinct(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}
