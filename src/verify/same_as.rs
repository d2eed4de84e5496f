//! A dimension that is declared `same_as` another has the values of the other, so that both line up.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, cte, cte_named, key_name, n_rows},
    privacy::dimension_is_private,
};
use crate::{
    ids::DimensionId,
    plan::PlanError,
    project::Project,
    sql::{BinaryOp, Expr, Join, JoinKind, Select, SqlExpr},
};

/// Returns a check for each dimension that is the same as another.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let project = context.project;
    let mut checks = Vec::new();
    for (id, dimension) in project.dimensions.iter() {
        let Some(path) = &dimension.same_as else { continue };
        let name = format!(
            "`{}.{}` is the same as `{}`",
            project.models[dimension.model].name,
            dimension.name,
            path.join(".")
        );
        for other in others(project, path) {
            let draft = Draft { kind: Kind::SameAs, name: name.clone(), span: dimension.span };
            checks.push(draft.groups(context, asked(context, id, other, &path.join("."))));
        }
    }
    checks
}

/// Returns the dimensions that a path means: that of the model it names, and of the models its role leads to.
fn others(project: &Project, path: &[String]) -> Vec<DimensionId> {
    let [.., owner, name] = path else { return Vec::new() };
    let by_role = project.joins.values().filter(|join| join.role == *owner).map(|join| join.to);
    let models = project.model_named(owner).into_iter().chain(by_role);
    let mut found: Vec<DimensionId> = models.filter_map(|model| project.dimension_named(model, name)).collect();
    found.sort();
    found.dedup();
    found
}

/// Asks which values each side has alone: `here` and `there` are grouped apart, and looked up in one another.
fn asked(context: &Context<'_>, here: DimensionId, there: DimensionId, path: &str) -> Result<Asked, PlanError> {
    let project = context.project;
    let values = |id: DimensionId, whole: bool| {
        let model = project.dimensions[id].model;
        let mut rows = if whole { context.all_rows(model) } else { context.rows(model) };
        let value = rows.dimension(id);
        rows.select(vec![value.clone().named(key_name(0)), n_rows()], Some(value.is_null(true)), 1)
    };
    let lonely = |own: &str, other: &str, side: i64| {
        let column = |table: &str, name: &str| SqlExpr::column(table, name);
        let met = column(own, "key_1").binary(BinaryOp::Eq, column(other, "key_1"));
        let lonely = Expr::integer(side).when(column(other, "key_1").is_null(false));
        // Rows of the other side are not rows that were looked at.
        let n_rows = if side == 1 { column(own, "n_rows") } else { Expr::integer(0) };
        Select {
            items: vec![column(own, "key_1").named("key_1"), n_rows.named("n_rows"), lonely.named("side")],
            from: Some(cte_named(own)),
            joins: vec![Join { kind: JoinKind::Left, to: cte_named(other), on: Some(met) }],
            ..Select::default()
        }
    };
    let grouped = Select { union_all: vec![lonely("there", "here", 2)], ..lonely("here", "there", 1) };
    let way = |side, status, tell| Way {
        condition: SqlExpr::bare("side").binary(BinaryOp::Eq, Expr::integer(side)),
        status,
        tell,
    };
    let private = [here, there].into_iter().any(|id| dimension_is_private(project, id));
    let definition = &project.dimensions[here];
    let model = &project.models[definition.model].name;
    Ok(Asked {
        sources: vec![cte("here", values(here, false)?), cte("there", values(there, true)?), cte("grouped", grouped)],
        joins: Vec::new(),
        keys: vec![KeyColumn { name: definition.name.clone(), private }],
        ways: vec![
            way(1, Status::Broken, Tell::NotThere(path.to_owned())),
            way(2, Status::Doubtful, Tell::NotHere(path.to_owned())),
        ],
        help: Some(format!(
            "By `{path}`, metrics of `{model}` stand beside those of other models only where both have the value."
        )),
    })
}
