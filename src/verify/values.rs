//! The `values` of a dimension are all that it has; a null is none.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, key_name, n_rows},
    keys::first_row,
    privacy::dimension_is_private,
};
use crate::{
    ids::DimensionId,
    project::DimensionKind,
    sql::{Expr, Literal, SqlExpr},
};

/// Returns a check for each dimension that lists its values.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let listed = context.project.dimensions.iter().filter(|(_, dimension)| {
        !dimension.values.is_empty() && dimension.kind == DimensionKind::String && dimension.buckets.is_empty()
    });
    listed.map(|(id, _)| check(context, id)).collect()
}

fn check(context: &Context<'_>, id: DimensionId) -> Check {
    let project = context.project;
    let dimension = &project.dimensions[id];
    let model = &project.models[dimension.model].name;
    let private = dimension_is_private(project, id);
    let mut rows = context.rows(dimension.model);
    let mut keys = vec![KeyColumn { name: dimension.name.clone(), private }];
    let mut items = vec![rows.dimension(id).named(key_name(0))];
    if let Some((column, value)) = first_row(project, dimension.model, &rows) {
        keys.push(column);
        items.push(value.named(key_name(1)));
    }
    items.push(n_rows());
    let listed = dimension.values.iter().map(|value| Expr::Literal(Literal::String(value.clone()))).collect();
    let ways = vec![Way {
        condition: Expr::In { arg: Box::new(SqlExpr::bare(key_name(0))), list: listed, negated: true },
        status: Status::Broken,
        tell: Tell::Unlisted,
    }];
    let help = format!("Add them to `values` of `{model}.{}`, or mend the data.", dimension.name);
    let asked = rows.select(items, None, 1).map(|grouped| Asked::of(grouped, keys, ways, help));
    let name = format!("values of `{model}.{}`", dimension.name);
    Draft { kind: Kind::Values, name, span: dimension.span }.groups(context, asked)
}
