//! Which columns hold what must not be shown.
//!
//! `{ name: email, pii: email }` makes the column `email` of its model private, and every expression over it; so do a
//! `mask`, and a policy that shows the dimension to some roles only.
//!
//! **Invariant:** what cannot be read (SQL of one dialect) is private where its model has anything private.

use crate::{
    ids::{DimensionId, ModelId},
    project::{Project, Ref},
    sql::Expr,
};

/// Returns whether the values of a dimension may not be shown.
pub(super) fn dimension_is_private(project: &Project, id: DimensionId) -> bool {
    let dimension = &project.dimensions[id];
    is_declared_private(project, id) || expr_is_private(project, dimension.model, &dimension.expr)
}

/// Returns whether an expression of a model shows anything private.
pub(super) fn expr_is_private(project: &Project, model: ModelId, expr: &Expr<Ref>) -> bool {
    let mut found = false;
    expr.for_each_leaf(&mut |leaf| {
        found |= match leaf {
            Ref::Column { route, column, .. } => column_is_private(project, project.route_end(model, route), column),
            Ref::Dimension { dimension, .. } => dimension_is_private(project, *dimension),
            // Whether there is a row tells nothing of its values.
            Ref::Exists { .. } | Ref::Claim { .. } => false,
            Ref::Calendar { day, .. } => expr_is_private(project, model, day),
            Ref::Verbatim(_) => private_dimensions(project).any(|id| project.dimensions[id].model == model),
        };
    });
    found
}

/// Returns whether a column of a model shows in a private dimension.
pub(super) fn column_is_private(project: &Project, model: ModelId, column: &str) -> bool {
    private_dimensions(project).any(|id| {
        let dimension = &project.dimensions[id];
        shows(project, dimension.model, &dimension.expr, (model, column))
    })
}

/// Returns whether an expression of a model is computed from a column.
fn shows(project: &Project, of: ModelId, expr: &Expr<Ref>, (model, column): (ModelId, &str)) -> bool {
    let mut found = false;
    expr.for_each_leaf(&mut |leaf| {
        found |= match leaf {
            Ref::Column { route, column: named, .. } => {
                project.route_end(of, route) == model && named.eq_ignore_ascii_case(column)
            }
            Ref::Dimension { dimension, .. } => {
                let inner = &project.dimensions[*dimension];
                shows(project, inner.model, &inner.expr, (model, column))
            }
            Ref::Exists { .. } | Ref::Claim { .. } => false,
            Ref::Calendar { day, .. } => shows(project, of, day, (model, column)),
            Ref::Verbatim(_) => of == model,
        };
    });
    found
}

fn is_declared_private(project: &Project, id: DimensionId) -> bool {
    let restricted = |list: &[DimensionId]| list.binary_search(&id).is_ok();
    project.dimensions[id].pii.is_some()
        || project.dimensions[id].mask.is_some()
        || project.policies.restrictions.iter().any(|kept| restricted(&kept.masked) || restricted(&kept.dimensions))
}

fn private_dimensions(project: &Project) -> impl Iterator<Item = DimensionId> {
    project.dimensions.ids().filter(|id| is_declared_private(project, *id))
}
