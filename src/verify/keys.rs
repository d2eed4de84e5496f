//! Declared keys are keys: no two rows share one, and no part of one is null. Every join rests on them.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, key_name, n_rows},
    privacy::column_is_private,
};
use crate::{
    ids::ModelId,
    plan::ModelRows,
    project::{JoinKey, Project, Relationship},
    sql::{AggregateFunction, BinaryOp, Expr, SelectItem, SqlExpr},
};

/// Returns a check for each primary and unique key.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let of_model = |model: ModelId| {
        let declared = &context.project.models[model];
        let primary = Some(&declared.primary_key).filter(|key| !key.is_empty());
        primary.into_iter().chain(&declared.unique).map(move |columns| check(context, model, columns))
    };
    context.project.models.ids().flat_map(of_model).collect()
}

fn check(context: &Context<'_>, model: ModelId, columns: &[String]) -> Check {
    let project = context.project;
    let name = format!("key of `{}`: {}", project.models[model].name, columns.join(", "));
    let mut keys: Vec<KeyColumn> = columns
        .iter()
        .map(|column| KeyColumn { name: column.clone(), private: column_is_private(project, model, column) })
        .collect();
    let rows = context.rows(model);
    let mut items: Vec<SelectItem> =
        columns.iter().enumerate().map(|(at, column)| rows.column(column).named(key_name(at))).collect();
    if keys.iter().any(|key| key.private)
        && let Some((column, value)) = first_row(project, model, &rows)
    {
        items.push(value.named(key_name(keys.len())));
        keys.push(column);
    }
    items.push(n_rows());
    let any_null = Expr::any((0..columns.len()).map(|at| SqlExpr::bare(key_name(at)).is_null(false)));
    let ways = vec![
        Way { condition: any_null.expect("a key has a column"), status: Status::Broken, tell: Tell::NoValue },
        Way {
            condition: SqlExpr::bare("n_rows").binary(BinaryOp::Gt, Expr::integer(1)),
            status: Status::Broken,
            tell: Tell::Repeated,
        },
    ];
    let asked = rows
        .select(items, None, columns.len())
        .map(|grouped| Asked::of(grouped, keys, ways, help(project, model, columns)));
    Draft { kind: Kind::Keys, name, span: project.models[model].span }.groups(context, asked)
}

/// Returns the least primary key of a group of rows, where it is one column and may be shown.
pub(super) fn first_row(project: &Project, model: ModelId, rows: &ModelRows<'_>) -> Option<(KeyColumn, SqlExpr)> {
    let [column] = project.models[model].primary_key.as_slice() else { return None };
    if column_is_private(project, model, column) {
        return None;
    }
    let least = SqlExpr::aggregate(AggregateFunction::Min, Some(rows.column(column)));
    Some((KeyColumn { name: format!("first {column}"), private: false }, least))
}

/// Says which joins rest on a key.
fn help(project: &Project, model: ModelId, columns: &[String]) -> String {
    let rests = |keys: &[JoinKey]| {
        let met = |column: &String| keys.iter().any(|key| key.theirs.eq_ignore_ascii_case(column));
        columns.iter().all(met)
    };
    let joins = project.joins.values().filter(|join| join.to == model && rests(&join.keys));
    let joins: Vec<String> = joins
        .map(|join| {
            let one_to_one = if join.relationship == Relationship::OneToOne { " (one to one)" } else { "" };
            format!("`{}.{}`{one_to_one}", project.models[join.from].name, join.role)
        })
        .collect();
    let counted = match joins.as_slice() {
        [] => format!("Metrics of `{}` count such rows once each", project.models[model].name),
        joins => format!("Metrics over the join {} count a row once for each", joins.join(", ")),
    };
    format!("{counted}: mend the data, or declare a key that is one.")
}
