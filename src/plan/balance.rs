//! Balances: the rows of one moment of each period count.
//!
//! `parcels_in_depot` by month: of each month the rows of its last day with data. The moment is chosen from the rows of
//! the model under the policies, before the filters of the request and of the metric, so that parts add up.
//!
//! **Invariant:** the moment of a group never depends on the group, save on its period and on `per`.

use super::{
    PlanError,
    bind::{Bound, Scan, ScanKind, bind_model, bind_path},
    same_key::of_one_zero,
    scan::{day_exists, filter_of_request, key_value, open, rows_in_range},
    scope::{Finished, Scope},
    time::TimeValue,
};
use crate::{
    project::{Balance, Edge, Member, Route},
    sql::{AggregateFunction, BinaryOp, Expr, From, Join, JoinKind, Select, SqlExpr},
    time::DateRange,
};

/// Returns the join that keeps the rows of the moment that counts.
///
/// ```sql
/// JOIN (SELECT DATE_TRUNC(day, MONTH) AS period, MAX(day) AS point FROM depot_inventory WHERE … GROUP BY 1) AS points
///   ON DATE_TRUNC(depot_inventory.day, MONTH) = points.period AND depot_inventory.day = points.point
/// ```
pub(super) fn point(
    bound: &Bound<'_>,
    scan: &Scan,
    balance: &Balance,
    scope: &mut Scope<'_>,
    axis: &TimeValue,
    keys: &[(usize, SqlExpr)],
    range: DateRange,
) -> Result<Join, PlanError> {
    let mut inner = open(bound, scan, range);
    let inner_axis = scan.axis.as_ref().map(|axis| inner.time(&axis.route, axis.dimension));
    let mut conditions = rows_in_range(bound, scan, &mut inner, inner_axis.as_ref(), range);
    conditions.extend(inner_axis.as_ref().and_then(|axis| day_exists(bound, scan, axis)));
    if let (true, ScanKind::Balance(_, filters)) = (balance.filtered, &scan.kind) {
        conditions.extend(filter_of_request(bound, scan, &mut inner)?);
        conditions.extend(filters.iter().map(|filter| inner.value(&Route::here(), filter)));
    }

    let points = scope.free_name("points");
    let mut items = Vec::new();
    let mut on = Vec::new();
    for ((position, key), (_, value)) in scan.keys.iter().zip(keys) {
        if key.is_time() || key.size_of_periods().is_some() {
            let name = format!("period_{}", position + 1);
            items.push(key_value(bound, scan, &mut inner, inner_axis.as_ref(), key, false)?.named(&name));
            on.push(value.clone().binary(BinaryOp::Eq, SqlExpr::column(&points, name)));
        }
    }
    let (theirs, ours) = (members(bound, scan, balance, &mut inner)?, members(bound, scan, balance, scope)?);
    for (index, (theirs, ours)) in theirs.into_iter().zip(ours).enumerate() {
        let name = format!("member_{}", index + 1);
        items.push(theirs.named(&name));
        on.push(ours.binary(BinaryOp::Same, SqlExpr::column(&points, name)));
    }
    let n_keys = items.len();
    let function = match balance.take {
        Edge::First => AggregateFunction::Min,
        Edge::Last => AggregateFunction::Max,
    };
    let moment = inner_axis.expect("a balance has a time axis").expr;
    items.push(SqlExpr::aggregate(function, Some(moment)).named("point"));
    on.push(axis.expr.clone().binary(BinaryOp::Eq, SqlExpr::column(&points, "point")));

    let Finished { from, joins, tables, promises, .. } = inner.finish()?;
    scope.reads(&tables);
    scope.rests_on(promises);
    let select = Select {
        items,
        from: Some(from),
        joins,
        filter: Expr::all(conditions),
        group_by: (0..n_keys).collect(),
        ..Select::default()
    };
    Ok(Join { kind: JoinKind::Inner, to: From::Select { select: Box::new(select), alias: points }, on: Expr::all(on) })
}

/// Returns the values of what the moment is chosen for each of.
fn members(
    bound: &Bound<'_>,
    scan: &Scan,
    balance: &Balance,
    scope: &mut Scope<'_>,
) -> Result<Vec<SqlExpr>, PlanError> {
    let mut values = Vec::new();
    for member in &balance.per {
        match member {
            Member::Model { name, model } => {
                let route = bind_model(bound.project, scan.model, name)?;
                let key = &bound.project.models[*model].primary_key;
                values.extend(key.iter().map(|column| scope.column(&route, column)));
            }
            Member::Dimension(path) => {
                let found = bind_path(bound.project, scan.model, path)?;
                let value = scope.dimension(&found.route, found.dimension);
                let value_type = bound.project.dimensions[found.dimension].column_type;
                values.push(of_one_zero(bound.frame.context.dialect, value_type, value));
            }
            Member::Time(_) => {}
        }
    }
    Ok(values)
}
