//! What policies keep from some is left out for all: LookML says nothing of policies yet.
//!
//! **Invariant:** no field shows a row, a dimension or a metric that a policy keeps from anyone.

use super::{Emission, Home};
use crate::{
    ids::{DimensionId, ModelId},
    project::{Project, Ref},
    sql::Expr,
};

/// Refuses a model with rows that not everyone may see: its own policies count, and those that it inherits.
pub(super) fn of_rows(project: &Project, model: ModelId) -> Result<(), String> {
    match project.policies.of_rows(model).first() {
        None => Ok(()),
        Some((_, policy)) => {
            let policy = &project.policies.rows[*policy].name;
            Err(format!("not everyone may see all of its rows (policy `{policy}`), which LookML does not say yet"))
        }
    }
}

/// Leaves the dimensions and metrics out that not everyone may see as they are.
pub(super) fn leave_out(emission: &mut Emission<'_>) {
    let project = emission.project;
    for restriction in &project.policies.restrictions {
        for id in restriction.masked.iter().chain(&restriction.dimensions) {
            let model = project.dimensions[*id].model;
            let reason = "not everyone may see its values, which LookML does not say yet";
            emission.draft_mut(model).leave_out(*id, reason.to_owned());
            if is_key(project, *id) {
                let name = &project.dimensions[*id].name;
                let reason = format!("not everyone may see `{name}`, and its key would show it");
                emission.unsayable.entry(model).or_insert(reason);
            }
        }
        for metric in &restriction.metrics {
            let home: Result<Home, String> = Err("not everyone may see it, which LookML does not say yet".to_owned());
            emission.homes.insert(*metric, home);
        }
    }
}

/// Returns whether the column that a dimension shows is part of a key, which needs a field of its own in Looker.
fn is_key(project: &Project, dimension: DimensionId) -> bool {
    let Some(column) = project.plain_column(dimension) else { return false };
    let model = project.dimensions[dimension].model;
    let reads = |expr: &Expr<Ref>| {
        let mut found = false;
        expr.for_each_leaf(&mut |leaf| {
            found |= matches!(leaf, Ref::Column { route, column: read, .. } if route.0.is_empty() && read == column)
                || matches!(leaf, Ref::Dimension { dimension: read, .. } if *read == dimension);
        });
        found
    };
    let joins = project.joins.values().any(|join| {
        join.keys
            .iter()
            .any(|key| (join.to == model && key.theirs == column) || (join.from == model && reads(&key.ours)))
    });
    joins || project.models[model].primary_key.iter().any(|key| key == column)
}
