//! The values of a time dimension are starts of its `granularity`: a time within a month cannot be told from its month.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, key_name, n_rows},
    keys::first_row,
    privacy::dimension_is_private,
};
use crate::{
    catalog::ColumnType,
    ids::DimensionId,
    plan::local_time,
    project::DimensionKind,
    sql::{AggregateFunction, BinaryOp, Expr, SqlExpr},
    time::Granularity,
};

/// Returns a check for each time dimension whose granularity is coarser than its type.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let dimensions = context.project.dimensions.iter();
    dimensions
        .filter_map(|(id, dimension)| match dimension.kind {
            DimensionKind::Time { finest } => {
                let by_type = match dimension.column_type {
                    ColumnType::Date => Granularity::Day,
                    _ => Granularity::Second,
                };
                (finest > by_type).then(|| check(context, id, finest))
            }
            _ => None,
        })
        .collect()
}

fn check(context: &Context<'_>, id: DimensionId, finest: Granularity) -> Check {
    let project = context.project;
    let dimension = &project.dimensions[id];
    let model = &project.models[dimension.model].name;
    let mut rows = context.rows(dimension.model);
    let value = rows.dimension(id);
    let local = local_time(value, dimension.column_type, project.time_zone);
    let period = rows.period(local.clone(), finest);
    // A wall clock is compared with a wall clock.
    let start = match dimension.column_type {
        ColumnType::Date => period,
        _ => Expr::Cast { arg: Box::new(period), to: ColumnType::DateTime },
    };
    let private = dimension_is_private(project, id);
    let mut keys = vec![KeyColumn { name: dimension.name.clone(), private }];
    let is_within = local.clone().binary(BinaryOp::NotEq, start);
    let flag =
        Expr::Case { branches: vec![(is_within, Expr::integer(1))], otherwise: Some(Box::new(Expr::integer(0))) };
    let mut items = vec![local.named(key_name(0))];
    if let Some((column, first)) = first_row(project, dimension.model, &rows) {
        keys.push(column);
        items.push(first.named(key_name(1)));
    }
    // The flag is the same for all rows of a value.
    let flag = SqlExpr::aggregate(AggregateFunction::Max, Some(flag));
    items.push(n_rows());
    items.push(flag.named("is_within"));
    let ways = vec![Way {
        condition: SqlExpr::bare("is_within").binary(BinaryOp::Eq, Expr::integer(1)),
        status: Status::Broken,
        tell: Tell::Within(finest.name()),
    }];
    let help = format!("Leave `granularity: {finest}` out, or cut the times with `expr: trunc(…, {finest})`.");
    let asked = rows.select(items, None, 1).map(|grouped| Asked::of(grouped, keys, ways, help));
    let name = format!("granularity of `{model}.{}`: {finest}", dimension.name);
    Draft { kind: Kind::Granularity, name, span: dimension.span }.groups(context, asked)
}
