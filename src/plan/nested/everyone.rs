//! Members without rows: each counts with the empty value of the metric below.
//!
//! `parcels_per_customer` with `include: all`: a customer without parcels in May counts as 0 in May.
//!
//! **Invariant:** what is known of a member is taken from the member; all else from the groups that are there.

use std::collections::BTreeSet;

use super::MEMBERS;
use crate::{
    ids::{ModelId, TableId},
    plan::{
        KeyKind, PlanError,
        bind::{Bound, BoundPath, Scan, WithoutRows, bind_model, bind_path},
        filter::{FilterContext, bind_filter, is_known_at},
        same_key::same_key,
        scan::{Rows, dimension_value, key_column},
        scope::{Finished, Scope},
        to_sql::{self, IS_OTHER},
    },
    project::{Member, NestedMetric, Route},
    sql::{BinaryOp, Cte, Expr, From, Join, JoinKind, Name, Select, SelectItem, SqlExpr, UnaryOp},
};

/// The members and groups that have rows.
const SOME: &str = "members_with_rows";
/// All members.
const ALL: &str = "all_members";
/// The groups that are there.
const GROUPS: &str = "groups_with_rows";

/// The columns of the select below.
#[derive(Clone, Copy)]
pub(super) struct Below<'c> {
    /// One for each key of the scan.
    pub(super) keys: &'c [String],
    /// Those that tell members apart.
    pub(super) members: &'c [String],
    /// The metric below.
    pub(super) value: &'c str,
    /// What the metric is of a member who is not among them.
    pub(super) without_rows: &'c WithoutRows,
}

/// Adds the members without rows to the rows of a nested metric.
pub(super) fn with_all_members(
    bound: &Bound<'_>,
    scan: &Scan,
    nested: &NestedMetric,
    mut rows: Rows,
    below: Below<'_>,
) -> Result<Rows, PlanError> {
    let [Member::Model { name, model }] = nested.per.as_slice() else {
        unreachable!("a metric that includes all members has those of one model")
    };
    let From::Select { select: some, .. } = rows.from else { unreachable!("the members come from a select") };
    let Below { keys: columns, members: member_columns, value, without_rows } = below;

    let mut all = members(bound, scan, name, *model)?;
    let with_rest = rows.rest.is_some();
    if with_rest {
        all.mark_rest(bound)?;
    }
    let key = &bound.project.models[*model].primary_key;
    all.items.splice(
        0..0,
        key.iter().zip(member_columns).map(|(column, name)| all.scope.column(&Route::here(), column).named(name)),
    );
    let mut items: Vec<SelectItem> = Vec::new();
    let mut group_columns = Vec::new();
    for ((position, _), name) in scan.keys.iter().zip(columns) {
        let source = if all.keys.contains(position) { ALL } else { GROUPS };
        if source == GROUPS {
            group_columns.push(name.clone());
        }
        items.push(SqlExpr::column(source, name).named(name));
    }
    if with_rest {
        let source = if all.top_members.is_some() { ALL } else { GROUPS };
        if source == GROUPS {
            group_columns.push(IS_OTHER.to_owned());
        }
        items.push(SqlExpr::column(source, IS_OTHER).named(IS_OTHER));
    }
    for (item, position) in all.items.iter_mut().skip(member_columns.len()).zip(&all.keys) {
        let at = scan.keys.iter().position(|(key, _)| key == position).expect("it is a key of the scan");
        item.alias.clone_from(&columns[at]);
    }
    let member = SqlExpr::column(SOME, &member_columns[0]);
    items.push(without_rows.or(SqlExpr::column(SOME, value), member).named(value));

    let on = met(bound, scan, (columns, member_columns), &group_columns);
    let cte = |alias: &str| From::Cte { name: SOME.to_owned(), alias: alias.to_owned() };
    let mut joins = Vec::new();
    if !group_columns.is_empty() {
        let groups = Select {
            distinct: true,
            items: group_columns.iter().map(|name| SqlExpr::column(SOME, name).named(name)).collect(),
            from: Some(cte(SOME)),
            ..Select::default()
        };
        let groups = From::Select { select: Box::new(groups), alias: GROUPS.to_owned() };
        joins.push(Join { kind: JoinKind::Cross, to: groups, on: None });
    }
    joins.push(Join { kind: JoinKind::Left, to: cte(SOME), on });
    let everyone = all.finish()?;
    rows.tables.extend(&everyone.tables);
    let mut with: Vec<Cte> = everyone.top_members.into_iter().collect();
    with.push(Cte { name: SOME.to_owned(), select: *some });
    let select = Select {
        with,
        items,
        from: Some(From::Select { select: Box::new(everyone.select), alias: ALL.to_owned() }),
        joins,
        ..Select::default()
    };
    rows.from = From::Select { select: Box::new(select), alias: MEMBERS.to_owned() };
    rows.filter = None;
    Ok(rows)
}

/// The condition that a row is of a member and of a group that is there. A member has a key, a group may be that of null.
fn met(
    bound: &Bound<'_>,
    scan: &Scan,
    (columns, member_columns): (&[String], &[String]),
    group_columns: &[String],
) -> Option<SqlExpr> {
    let dialect = bound.frame.context.dialect;
    let equal =
        |name: &String, source: &str| SqlExpr::column(SOME, name).binary(BinaryOp::Eq, SqlExpr::column(source, name));
    let of_group = scan.keys.iter().zip(columns).filter(|(_, name)| group_columns.contains(name));
    let of_group = of_group.map(|((_, key), name)| {
        let key_type = key_column(bound, scan, key).column_type;
        same_key(dialect, key_type, SqlExpr::column(SOME, name), SqlExpr::column(GROUPS, name))
    });
    let of_rest = group_columns.iter().filter(|name| *name == IS_OTHER).map(|name| equal(name, GROUPS));
    let of_member = member_columns.iter().map(|name| equal(name, ALL));
    Expr::all(of_member.chain(of_group).chain(of_rest).collect::<Vec<_>>())
}

/// All members, with the keys of the request that are known of a member.
struct Everyone<'p> {
    scope: Scope<'p>,
    items: Vec<SelectItem>,
    keys: Vec<usize>,
    conditions: Vec<SqlExpr>,
    /// The join in which the best members are looked up, if it takes one.
    join: Option<Join>,
    /// The best members of a top, if its key is known of a member, and the tables that they are found in.
    top_members: Option<(Cte, BTreeSet<TableId>)>,
}

struct Finish {
    select: Select,
    tables: BTreeSet<TableId>,
    top_members: Option<Cte>,
}

impl Everyone<'_> {
    /// Puts the members who are not among the best of a key into the rest, if the key is known of a member.
    fn mark_rest(&mut self, bound: &Bound<'_>) -> Result<(), PlanError> {
        let Some(top) = &bound.top else { return Ok(()) };
        let Some(at) = self.keys.iter().position(|key| *key == top.key) else { return Ok(()) };
        let mut taken = [SOME, ALL, GROUPS].map(str::to_owned).into();
        let (members, tables, _) = to_sql::top_members(bound, top, &mut taken)?;
        let key = self.items[at].expr.clone();
        let (join, is_best) = to_sql::is_member(bound.frame.context.dialect, &key, &members.name);
        self.join = join;
        self.items[at].expr = key.when(is_best.clone());
        self.items.push(Expr::Unary { op: UnaryOp::Not, arg: Box::new(is_best) }.named(IS_OTHER));
        self.top_members = Some((members, tables));
        Ok(())
    }

    fn finish(self) -> Result<Finish, PlanError> {
        let Finished { from, mut joins, mut tables, .. } = self.scope.finish()?;
        joins.extend(self.join);
        let filter = Expr::all(self.conditions);
        let (top_members, read) = self.top_members.unzip();
        tables.extend(read.into_iter().flatten());
        let select = Select { items: self.items, from: Some(from), joins, filter, ..Select::default() };
        Ok(Finish { select, tables, top_members })
    }
}

fn members<'p>(bound: &Bound<'p>, scan: &Scan, name: &str, model: ModelId) -> Result<Everyone<'p>, PlanError> {
    let mut scope = Scope::new(bound.frame, model);
    let to_member = bind_model(bound.project, scan.model, name)?;
    let mut conditions: Vec<SqlExpr> = scope.base_filter().into_iter().collect();
    // A name means what it means for the rows that count, and is read of the member that those lead to.
    let context = FilterContext {
        project: bound.project,
        model: scan.model,
        axis: None,
        shift: crate::plan::bind::Shift::default(),
        cut: bound.cut(),
        behind: Some(&to_member),
        keys: &[],
    };
    for part in bound.filter.map(parts).unwrap_or_default() {
        if is_known_at(&context, part, &to_member) {
            conditions.push(bind_filter(&context, &mut scope, part)?);
        }
    }
    let mut items = Vec::new();
    let mut keys = Vec::new();
    for (position, key) in &scan.keys {
        let Some(KeyKind::Dimension { path, granularity, part }) = key.asked() else { continue };
        let Ok(found) = bind_path(bound.project, scan.model, path) else { continue };
        let Some(route) = found.route.behind(&to_member) else { continue };
        if route.0.iter().any(|join| bound.project.joins[*join].is_by_metric()) {
            continue;
        }
        let found = BoundPath { route, ..found };
        items.push(dimension_value(bound, &mut scope, &found, *granularity, *part)?.named(&key.name));
        keys.push(*position);
    }
    Ok(Everyone { scope, items, keys, conditions, join: None, top_members: None })
}

/// Splits a condition at its ANDs.
fn parts(filter: &Expr<Name>) -> Vec<&Expr<Name>> {
    match filter {
        Expr::Binary { op: BinaryOp::And, left, right } => parts(left).into_iter().chain(parts(right)).collect(),
        other => vec![other],
    }
}
