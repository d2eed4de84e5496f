//! Every foreign key has its row on the one side, which a `complete` join promises. That the one side is one is checked with its key.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, cte, cte_named, every_column, key_name, n_rows},
    keys::first_row,
    privacy::{column_is_private, expr_is_private},
};
use crate::{
    ids::JoinId,
    plan::PlanError,
    project::Join as ProjectJoin,
    sql::{BinaryOp, Expr, Join, JoinKind, Select, SelectItem, SqlExpr, formula},
};

/// Returns a check for each join as it was declared.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let joins = context.project.joins.iter();
    let declared = joins.filter(|(_, join)| join.reverse_of.is_none() && !join.keys.is_empty());
    declared.map(|(id, _)| check(context, id)).collect()
}

fn check(context: &Context<'_>, id: JoinId) -> Check {
    let project = context.project;
    let join = &project.joins[id];
    let (from, to) = (&project.models[join.from].name, &project.models[join.to].name);
    let name = format!("join `{from}.{}` to `{to}`", join.role);
    Draft { kind: Kind::Joins, name, span: join.span }.groups(context, asked(context, id))
}

fn asked(context: &Context<'_>, id: JoinId) -> Result<Asked, PlanError> {
    let project = context.project;
    let join = &project.joins[id];
    let to = &project.models[join.to].name;
    let mut rows = context.rows(join.from);
    let mut keys: Vec<KeyColumn> = join
        .keys
        .iter()
        .map(|key| KeyColumn {
            name: formula(&key.ours, &|leaf| project.leaf_name(leaf)),
            private: column_is_private(project, join.to, &key.theirs) || expr_is_private(project, join.from, &key.ours),
        })
        .collect();
    keys.extend(join.own_as_of().map(|time| KeyColumn {
        name: formula(time, &|leaf| project.leaf_name(leaf)),
        private: expr_is_private(project, join.from, time),
    }));
    let n_keys = keys.len();
    let values = join.keys.iter().map(|key| &key.ours).chain(join.own_as_of()).enumerate();
    let mut items: Vec<SelectItem> = values.map(|(at, value)| rows.value(value).named(key_name(at))).collect();
    if let Some((column, value)) = first_row(project, join.from, &rows) {
        keys.push(column);
        items.push(value.named(key_name(n_keys)));
    }
    let n_columns = items.len();
    items.push(n_rows());
    let foreign = rows.select(items, None, n_keys)?;

    let same = (0..n_keys).map(|at| {
        let ours = SqlExpr::column("grouped", key_name(at));
        ours.binary(BinaryOp::Eq, SqlExpr::column("matched", key_name(at)))
    });
    let matched = Join { kind: JoinKind::Left, to: cte_named("matched"), on: Expr::all(same) };
    let null = Expr::any((0..n_keys).map(|at| SqlExpr::column("grouped", key_name(at)).is_null(false)));
    let (of_null, of_dangling) =
        if join.complete { (Status::Broken, Status::Broken) } else { (Status::Holds, Status::Doubtful) };
    let ways = vec![
        Way { condition: null.expect("a join has keys"), status: of_null, tell: Tell::NoKey },
        Way {
            condition: SqlExpr::column("matched", key_name(0)).is_null(false),
            status: of_dangling,
            tell: Tell::Dangling(to.clone()),
        },
    ];
    let hidden = match &project.models[join.to].filter {
        Some(_) => format!(" The `where` of `{to}` hides rows, too."),
        None => String::new(),
    };
    let help = if join.complete {
        format!(
            "Such rows fall out of a number wherever it is asked by `{to}`, since the join is `complete`: mend the data, or \
             take the promise back.{hidden}"
        )
    } else {
        format!(
            "Such rows stay in every number, with null for the dimensions of `{to}`; a policy on `{to}` hides them.{hidden}"
        )
    };
    let sources = vec![
        cte("foreign_keys", foreign),
        cte("one_side", one_side(context, join)?),
        cte("matched", matches(join, n_keys)),
        cte("grouped", every_column("foreign_keys", n_columns)),
    ];
    Ok(Asked { sources, joins: vec![matched], keys, ways, help: Some(help) })
}

/// The keys of the one side, each once, with the times of validity where rows are versions.
fn one_side(context: &Context<'_>, join: &ProjectJoin) -> Result<Select, PlanError> {
    let rows = context.all_rows(join.to);
    let mut items: Vec<SelectItem> =
        join.keys.iter().enumerate().map(|(at, key)| rows.column(&key.theirs).named(key_name(at))).collect();
    if let (Some(_), Some(versions)) = (join.own_as_of(), &context.project.models[join.to].versions) {
        items.push(rows.column(&versions.from).named("valid_from"));
        items.push(rows.column(&versions.to).named("valid_to"));
    }
    Ok(Select { distinct: true, ..rows.select(items, None, 0)? })
}

/// The foreign keys that have a row on the one side, each once however many rows it meets.
fn matches(join: &ProjectJoin, n_keys: usize) -> Select {
    let ours = |at: usize| SqlExpr::column("foreign_keys", key_name(at));
    let theirs = |name: &str| SqlExpr::column("one_side", name);
    let mut conditions: Vec<SqlExpr> =
        (0..join.keys.len()).map(|at| ours(at).binary(BinaryOp::Eq, theirs(&key_name(at)))).collect();
    if join.own_as_of().is_some() {
        let at = ours(join.keys.len());
        conditions.push(at.clone().binary(BinaryOp::GtEq, theirs("valid_from")));
        conditions.push(theirs("valid_to").is_null(false).or(at.binary(BinaryOp::Lt, theirs("valid_to"))));
    }
    Select {
        distinct: true,
        items: (0..n_keys).map(|at| ours(at).named(key_name(at))).collect(),
        from: Some(cte_named("foreign_keys")),
        joins: vec![Join { kind: JoinKind::Inner, to: cte_named("one_side"), on: Expr::all(conditions) }],
        ..Select::default()
    }
}
