//! Keys over to-many joins → how the rows that such a join multiplies are counted.
//!
//! Parcels by the kind of their claims: with `fan_out: dedupe` a parcel with a lost and a damaged part counts once in
//! each of the two groups, however many claims there are. With a weight it counts by the part that each claim takes.
//!
//! **Invariant:** a row that no join multiplies counts as ever; one that is multiplied never counts by its copies.

use super::{
    PlanError, PlanErrorCode,
    bind::{Bound, Scan, bind_key},
    scope::Scope,
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{Aggregation, FanOut, Project, Ref, Route, Visible},
    sql::{AggregateFunction, BinaryOp, Expr, Function, SqlExpr},
};

/// How the rows of a scan are counted.
#[derive(Debug)]
pub(super) enum Counted {
    /// Each row that is there.
    Plainly,
    /// Each row of the model once per group; these columns tell its rows apart.
    OncePerGroup(Vec<SqlExpr>),
    /// By a weight, which is 1 for a row that meets none of the many.
    ByWeight(SqlExpr),
}

/// Returns whether rows of a scan are multiplied by the keys that they are grouped by.
pub(super) fn multiplies(bound: &Bound<'_>, scan: &Scan) -> bool {
    !ways(bound, scan).is_empty()
}

/// Returns whether rows of a model are split by a weight under some keys, so that their parts may add up to nothing.
pub(super) fn splits<'k>(project: &Visible<'_>, model: ModelId, keys: impl IntoIterator<Item = &'k [String]>) -> bool {
    !weights(project, &ways_of(project, model, keys)).is_empty()
}

fn ways(bound: &Bound<'_>, scan: &Scan) -> Vec<Route> {
    ways_of(bound.project, scan.model, scan.keys.iter().filter_map(|(_, key)| key.path()))
}

/// The way over to-many joins that some keys take, each way once, up to its last to-many join.
fn ways_of<'k>(project: &Visible<'_>, model: ModelId, keys: impl IntoIterator<Item = &'k [String]>) -> Vec<Route> {
    let mut ways: Vec<Route> = Vec::new();
    for path in keys {
        let Ok(found) = bind_key(project, model, path) else { continue };
        let Some(last) = found.route.0.iter().rposition(|join| project.joins[*join].fan_out.is_some()) else {
            continue;
        };
        let way = Route(found.route.0[..=last].to_vec());
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

fn weights<'p>(project: &'p Project, ways: &[Route]) -> Vec<(Route, &'p Expr<Ref>, ColumnType)> {
    let mut weights = Vec::new();
    for way in ways {
        for (position, join) in way.0.iter().enumerate() {
            if let Some(FanOut::Weight { weight, column_type }) = &project.joins[*join].fan_out {
                weights.push((Route(way.0[..=position].to_vec()), weight, *column_type));
            }
        }
    }
    weights
}

/// Decides how the rows of a scan are counted under the keys of the request.
pub(super) fn counted(bound: &Bound<'_>, scan: &Scan, scope: &mut Scope<'_>) -> Result<Counted, PlanError> {
    let project = bound.project;
    let ways = ways(bound, scan);
    if ways.is_empty() {
        return Ok(Counted::Plainly);
    }
    let model = &project.models[scan.model];
    if let Some((way, weight, _)) = weights(project, &ways).into_iter().next() {
        let to_many =
            ways.iter().map(|way| way.0.iter().filter(|join| project.joins[**join].fan_out.is_some()).count());
        if to_many.sum::<usize>() > 1 {
            return Err(PlanError::new(
                PlanErrorCode::FanOutRefused,
                format!("rows of `{}` are split by a weight and multiplied by another to-many join", model.name),
            )
            .help("Group by dimensions of one of the two only."));
        }
        let last = way.0.last().expect("a way has a join");
        let declared = project.joins[*last].reverse_of.expect("a join with `fan_out` is walked the other way");
        let key = project.joins[declared].keys.first().expect("a join has a key");
        // A key that is equal to ours is not null, so a null tells a row that met nothing.
        let met = scope.value(&way, &key.ours).is_null(true);
        // A weight that is not known is none: the row takes no part, and is a row all the same.
        let weight = or_none(scope.value(&way, weight));
        let branches = vec![(met, weight)];
        return Ok(Counted::ByWeight(Expr::Case { branches, otherwise: Some(Box::new(Expr::integer(1))) }));
    }
    check_key(project, scan.model)?;
    let alias = scope.base_alias();
    Ok(Counted::OncePerGroup(model.primary_key.iter().map(|column| SqlExpr::column(alias, column.clone())).collect()))
}

/// Checks that something tells the rows of a model apart, so that each can count once.
pub(super) fn check_key(project: &Project, model: ModelId) -> Result<(), PlanError> {
    let model = &project.models[model];
    if !model.primary_key.is_empty() {
        return Ok(());
    }
    Err(PlanError::new(
        PlanErrorCode::FanOutRefused,
        format!("rows of `{}` have to count once per group, and nothing tells them apart", model.name),
    )
    .help(format!("Give model `{}` a `primary_key`.", model.name)))
}

fn or_none(part: SqlExpr) -> SqlExpr {
    Expr::call(Function::Coalesce, vec![part, Expr::integer(0)])
}

/// Returns an aggregate over rows that are split by weights: sums and counts are of parts, others have none.
pub(super) fn weighed(
    aggregation: Aggregation,
    arg: Option<SqlExpr>,
    weight: &SqlExpr,
) -> Result<(AggregateFunction, SqlExpr), PlanError> {
    let parts = match (aggregation, arg) {
        (Aggregation::Sum, Some(value)) => value.binary(BinaryOp::Multiply, weight.clone()),
        (Aggregation::Count, None) => weight.clone(),
        // A row that is not counted is none of a count, not unknown: a mean has its day.
        (Aggregation::Count, Some(counted)) => or_none(weight.clone().when(counted.is_null(true))),
        _ => {
            return Err(PlanError::new(
                PlanErrorCode::FanOutRefused,
                "only sums and counts can be split by a weight, as their parts add up to the whole",
            )
            .help("Ask for metrics that are sums or counts, or give the join `fan_out: dedupe`."));
        }
    };
    Ok((AggregateFunction::Sum, parts))
}

/// Returns the type of the weights by which the rows of a scan are split, if they are.
pub(super) fn weight_type(bound: &Bound<'_>, scan: &Scan) -> Option<ColumnType> {
    let (_, _, column_type) = weights(bound.project, &ways(bound, scan)).into_iter().next()?;
    Some(if column_type == ColumnType::Float { ColumnType::Float } else { ColumnType::Decimal })
}

/// Says which groups overlap.
pub(super) fn overlaps(bound: &Bound<'_>) -> Vec<String> {
    let project = bound.project;
    let mut told = Vec::new();
    for scan in &bound.scans {
        let ways = ways(bound, scan);
        if ways.is_empty() || !weights(project, &ways).is_empty() {
            continue;
        }
        let model = &project.models[scan.model].name;
        let many: Vec<String> =
            ways.iter().map(|way| format!("`{}`", project.models[project.route_end(scan.model, way)].name)).collect();
        let text = format!(
            "groups overlap: a row of `{model}` counts once in each group of {} that it meets, so groups do not add up to \
             the total",
            many.join(", ")
        );
        if !told.contains(&text) {
            told.push(text);
        }
    }
    told
}
