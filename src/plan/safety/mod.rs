//! What becomes of a metric that is grouped by a dimension: direct, deduplicated or refused, and why.
//!
//! `revenue` by `customers.country` is direct: each parcel has one customer. By `claims.kind` it is refused, and the
//! smallest made-up data shows what a join would make of it.
//!
//! **Invariant:** the verdict is the planner's own: it is read off what binding a key gives.

mod example;

pub use example::{CounterExample, ExampleTable};

use super::{
    JoinUse, PlanError, PlanErrorCode,
    bind::{Bound, Scan, bind_key, bind_path},
    fan_out,
    join_use::join_use,
    scope,
};
use crate::{
    ids::{MetricId, ModelId},
    project::{FanOut, MetricKind, Route, SimpleMetric, Visible},
    sql::Expr,
};

/// What becomes of a part of a metric that is grouped by a dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinSafety {
    /// The simple metric.
    pub metric: MetricId,
    /// The model whose rows it counts.
    pub model: ModelId,
    /// Whether its rows can be grouped so, and how.
    pub verdict: Verdict,
}

/// Whether rows can be grouped by a dimension.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Each row has one value: the joins that lead there multiply no row; none if the dimension is the model's own.
    Direct(Vec<JoinUse>),
    /// A row may have several values; it counts once in the group of each, or in each by a weight.
    Deduplicated(Vec<JoinUse>),
    /// The number would be wrong or means nothing.
    Refused {
        /// Why, and what to do instead.
        error: PlanError,
        /// Made-up data for which a join gives a wrong number, where one would.
        example: Option<CounterExample>,
    },
}

/// Returns what becomes of each part of a metric that is grouped by a dimension; one part for each model.
pub fn join_safety<W: AsRef<str>>(project: &Visible<'_>, metric: MetricId, path: &[W]) -> Vec<JoinSafety> {
    let mut parts: Vec<JoinSafety> = Vec::new();
    let counts_events = has_funnel(project, metric);
    for leaf in project.leaves(metric) {
        let Some(simple) = project.simple(leaf) else { continue };
        if parts.iter().any(|part| part.model == simple.model) {
            continue;
        }
        let verdict = match uses(project, simple, path, counts_events) {
            Ok(verdict) => verdict,
            Err(error) => Verdict::Refused { example: counter_example(project, leaf, path, &error), error },
        };
        parts.push(JoinSafety { metric: leaf, model: simple.model, verdict });
    }
    parts
}

/// Events that a join multiplied would be credited more than once, so a funnel goes over no to-many join.
fn has_funnel(project: &Visible<'_>, metric: MetricId) -> bool {
    let is_funnel = matches!(project.metrics[metric].kind, MetricKind::Funnel(_));
    is_funnel || project.inputs(metric).into_iter().any(|input| has_funnel(project, input))
}

/// Returns the joins that lead to a dimension and how rows count over them.
fn uses<W: AsRef<str>>(
    project: &Visible<'_>,
    simple: &SimpleMetric,
    path: &[W],
    counts_events: bool,
) -> Result<Verdict, PlanError> {
    let found =
        if counts_events { bind_path(project, simple.model, path)? } else { bind_key(project, simple.model, path)? };
    let joins = &found.route.0;
    scope::check_moment(project, simple.model, simple.time.as_ref(), &found.route)?;
    let uses: Vec<JoinUse> =
        (1..=joins.len()).map(|hops| join_use(project, simple.model, &Route(joins[..hops].to_vec()))).collect();
    let mut fan_outs = joins.iter().filter_map(|join| project.joins[*join].fan_out.as_ref()).peekable();
    if fan_outs.peek().is_none() {
        return Ok(Verdict::Direct(uses));
    }
    if fan_outs.any(|fan_out| matches!(fan_out, FanOut::Weight { .. })) {
        let arg = simple.expr.as_ref().map(|_| Expr::null());
        fan_out::weighed(simple.aggregation, arg, &Expr::integer(1))?;
    } else {
        fan_out::check_key(project, simple.model)?;
    }
    Ok(Verdict::Deduplicated(uses))
}

/// Returns made-up data that shows why a path is refused, if it is because of fan-out.
fn counter_example<W: AsRef<str>>(
    project: &Visible<'_>,
    metric: MetricId,
    path: &[W],
    error: &PlanError,
) -> Option<CounterExample> {
    if error.code != PlanErrorCode::FanOutRefused {
        return None;
    }
    let [.., owner, dimension] = path else { return None };
    let owner = owner.as_ref();
    let role = || project.joins.values().find(|join| join.role == owner).map(|join| join.to);
    let owner = project.model_named(owner).or_else(role)?;
    let dimension = project.dimension_named(owner, dimension.as_ref())?;
    example::build(project, metric, dimension)
}

/// Adds to a refusal the smallest data that shows what a join would make of the scan's first metric.
pub(super) fn with_example(bound: &Bound<'_>, scan: &Scan, path: &[String], error: PlanError) -> PlanError {
    let metric = scan.leaves.first().map(|leaf| bound.leaves[leaf.0].metric);
    let example = metric.and_then(|metric| counter_example(bound.project, metric, path, &error));
    match (example, error.help.clone()) {
        (Some(example), Some(help)) => error.help(format!("{help} For example, {}.", example.shows)),
        _ => error,
    }
}
