//! A metric → an expression over the measures of its leaves, with the API's meaning of "no rows".
//!
//! Looker's sums and counts are 0 over no rows and its other aggregates null. Where a definition says otherwise, or an
//! input is taken back to a time of which nothing is known, the expression asks for rows first:
//! `CASE WHEN ${last_year} > 0 THEN ${last_year} END`.
//!
//! **Invariant:** the rules are those of the planner's formulas, one by one.

use super::{
    super::{
        measure::{self, Extra},
        splice::Splices,
    },
    facts::{Window, gathered, moved},
    leaves::{CountedLeaf, Leaves},
};
use crate::{
    ids::MetricId,
    project::{Aggregation, Empty, Input, InputId, MetricKind},
    sql::{BinaryOp, Expr, Function, SqlExpr},
};

/// What the metrics above ask of one.
#[derive(Clone, Debug, Default)]
pub(in crate::lookml::emit) struct Above {
    pub(in crate::lookml::emit) extra: Extra,
    pub(in crate::lookml::emit) later: i64,
    pub(in crate::lookml::emit) window: Option<Window>,
    pub(in crate::lookml::emit) when_empty: Option<Empty>,
    /// The name of the hidden measure that is made of it.
    pub(in crate::lookml::emit) name: Option<String>,
}

/// An expression over measures.
#[derive(Clone, Debug)]
pub(in crate::lookml::emit) struct Formula {
    pub(in crate::lookml::emit) expr: SqlExpr,
    /// The leaves in it.
    pub(in crate::lookml::emit) leaves: Vec<usize>,
    /// Whether it is an aggregate that is null over no rows by itself.
    is_null_without_rows: bool,
}

/// Writes a metric over the measures of its leaves.
pub(in crate::lookml::emit) fn formula(
    leaves: &mut Leaves<'_, '_>,
    splices: &mut Splices,
    metric: MetricId,
    above: &Above,
) -> Result<Formula, String> {
    let project = leaves.emission.project;
    let definition = &project.metrics[metric];
    match &definition.kind {
        MetricKind::Simple(simple) => {
            let wanted = above.name.as_deref().unwrap_or(&definition.name);
            let shown = (above.later, above.window);
            let leaf = leaves.leaf(metric, simple, (above.extra.get(&simple.model), shown), wanted)?;
            let empty = above.when_empty.unwrap_or(definition.when_empty);
            Ok(of_leaf(leaves, splices, leaf, empty))
        }
        MetricKind::Derived { expr, inputs } => of_inputs(leaves, splices, metric, (expr, inputs), above),
        MetricKind::Cumulative { metric: inner, cumulation, take } => {
            let mut below = above.clone();
            below.window = Window::of(above.window, *cumulation, *take)?;
            below.when_empty = above.when_empty.or(definition.said_empty());
            if below.name.is_none() {
                let empty = below.when_empty.unwrap_or(project.metrics[*inner].when_empty);
                let is_leaf = project.simple(*inner).is_some_and(|simple| is_bare(simple.aggregation, empty));
                let name = &definition.name;
                below.name = Some(if is_leaf { name.clone() } else { format!("{name}_gathered") });
            }
            formula(leaves, splices, *inner, &below)
        }
        MetricKind::Nested(_) | MetricKind::Funnel(_) => Err("it is no sum over rows".to_owned()),
    }
}

/// Returns whether the measure of a leaf is the metric as it is, empty value included.
pub(in crate::lookml::emit) fn is_bare(aggregation: Aggregation, empty: Empty) -> bool {
    measure::emptiness(aggregation, empty).is_none()
}

fn of_leaf(leaves: &mut Leaves<'_, '_>, splices: &mut Splices, leaf: usize, empty: Empty) -> Formula {
    let CountedLeaf { aggregation, measure, .. } = leaves.get(leaf).clone();
    let value = splices.place(format!("${{{measure}}}"));
    let is_sum = aggregation == Aggregation::Sum;
    let is_count =
        matches!(aggregation, Aggregation::Count | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct);
    let expr = match empty {
        Empty::Zero if is_sum || is_count => value,
        Empty::Zero => or_zero(value),
        Empty::Null if is_sum => {
            let values = leaves.values_of(leaf);
            value.when(above_zero(splices, &values))
        }
        Empty::Null if is_count => {
            let rows = leaves.rows_of(leaf);
            value.when(above_zero(splices, &rows))
        }
        Empty::Null => value,
    };
    let is_null_without_rows = empty == Empty::Null && !is_count;
    Formula { expr, leaves: vec![leaf], is_null_without_rows }
}

fn of_inputs(
    leaves: &mut Leaves<'_, '_>,
    splices: &mut Splices,
    metric: MetricId,
    (expr, inputs): (&Expr<InputId>, &[Input]),
    above: &Above,
) -> Result<Formula, String> {
    let project = leaves.emission.project;
    let definition = &project.metrics[metric];
    let said = above.when_empty.or(definition.said_empty());
    let is_alone =
        matches!((expr, inputs), (Expr::Leaf(_), [only]) if only.offset.is_none() && only.when_empty.is_none());
    let mut formulas = Vec::new();
    for input in inputs {
        let is_shifted = input.offset.is_some();
        let mut below = above.clone();
        for (model, condition) in &input.filter {
            let both = match below.extra.remove(model) {
                Some(other) => other.and(condition.clone()),
                None => condition.clone(),
            };
            below.extra.insert(*model, both);
        }
        below.later += moved(project, input)?;
        below.window = gathered(above.window, input)?;
        let is_itself = below.extra.is_empty() && below.later == 0 && below.window.is_none();
        let owner = above.name.as_deref().unwrap_or(&definition.name);
        below.name = (!is_itself).then(|| format!("{owner}_{}", input.name));
        let of_input = if is_shifted { None } else { input.when_empty };
        below.when_empty = of_input.or(said.filter(|_| is_alone));
        let formula = formula(leaves, splices, input.metric, &below)?;
        formulas.push(if is_shifted {
            let formula = where_rows_are(leaves, splices, formula);
            match input.when_empty {
                Some(Empty::Zero) => Formula { expr: or_zero(formula.expr), ..formula },
                Some(Empty::Null) | None => formula,
            }
        } else {
            formula
        });
    }
    if let (true, [only]) = (is_alone, formulas.as_slice()) {
        return Ok(only.clone());
    }
    let mut used: Vec<usize> = formulas.iter().flat_map(|formula| formula.leaves.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let expr = expr.map(&mut |InputId(at)| formulas[*at].expr.clone());
    let whole = Formula { expr, leaves: used, is_null_without_rows: false };
    Ok(match said {
        Some(Empty::Zero) => Formula { expr: or_zero(whole.expr), ..whole },
        Some(Empty::Null) => where_rows_are(leaves, splices, whole),
        None => whole,
    })
}

/// Returns a formula where any of its leaves has rows, and null elsewhere.
fn where_rows_are(leaves: &mut Leaves<'_, '_>, splices: &mut Splices, formula: Formula) -> Formula {
    if formula.is_null_without_rows {
        return formula;
    }
    let mut rows: Vec<String> = formula.leaves.iter().map(|leaf| leaves.rows_of(*leaf)).collect();
    rows.dedup();
    let any = Expr::any(rows.iter().map(|rows| above_zero(splices, rows)).collect::<Vec<_>>());
    let expr = match any {
        Some(any) => formula.expr.when(any),
        None => formula.expr,
    };
    Formula { expr, ..formula }
}

fn above_zero(splices: &mut Splices, measure: &str) -> SqlExpr {
    splices.place(format!("${{{measure}}}")).binary(BinaryOp::Gt, Expr::integer(0))
}

fn or_zero(expr: SqlExpr) -> SqlExpr {
    Expr::call(Function::Coalesce, vec![expr, Expr::integer(0)])
}
