//! Whether rows of another table are there → a join to their distinct keys, wherever it is no plain condition on rows.
//!
//! ```text
//! SUM(CASE WHEN EXISTS (SELECT 1 FROM claims WHERE claims.parcel_id = parcels.id AND …) THEN price END)
//!   ─►  LEFT JOIN (SELECT DISTINCT claims.parcel_id AS key_1 FROM claims WHERE …) AS claims_found
//!         ON parcels.id = claims_found.key_1
//!       SUM(CASE WHEN claims_found.key_1 IS NOT NULL THEN price END)
//! ```
//!
//! Snowflake evaluates no correlated subquery inside an aggregate or an OR. A conjunct of WHERE stays as it is: every
//! warehouse makes a semi-join of it.
//!
//! **Invariant:** no row is lost or multiplied: a key is joined once, and null meets nothing. What is not understood stays.

use std::collections::BTreeSet;

use super::{BinaryOp, Expr, From, Join, JoinKind, Leaf, Select, SqlExpr, UnaryOp, WindowFunction};

/// Returns the select with every part of it looking rows up by joins.
pub fn look_up(mut select: Select) -> Select {
    for cte in &mut select.with {
        cte.select = look_up(std::mem::take(&mut cte.select));
    }
    for from in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to)) {
        if let From::Select { select, .. } = from {
            **select = look_up(std::mem::take(&mut **select));
        }
    }
    select.union_all = select.union_all.into_iter().map(look_up).collect();
    let Some(first) = &select.from else { return select };
    let aliases: BTreeSet<String> = std::iter::once(first)
        .chain(select.joins.iter().map(|join| &join.to))
        .map(|from| from.alias().into())
        .collect();
    let mut joined = Joined { taken: aliases.clone(), aliases, joins: Vec::new() };
    for item in &mut select.items {
        item.expr = joined.without_exists(std::mem::replace(&mut item.expr, Expr::null()));
    }
    select.filter = select.filter.map(|filter| joined.in_condition(filter));
    select.joins.append(&mut joined.joins);
    select
}

/// The joins that are added to a select.
struct Joined {
    /// The tables of the select, which is all that keys may be of.
    aliases: BTreeSet<String>,
    taken: BTreeSet<String>,
    joins: Vec<Join>,
}

impl Joined {
    fn in_condition(&mut self, condition: SqlExpr) -> SqlExpr {
        match condition {
            Expr::Binary { op: BinaryOp::And, left, right } => {
                self.in_condition(*left).binary(BinaryOp::And, self.in_condition(*right))
            }
            plain if is_semi_join(&plain) => plain.rebuild(&mut |expr| match expr {
                Expr::Leaf(Leaf::Exists(select)) => Expr::Leaf(Leaf::Exists(Box::new(look_up(*select)))),
                other => other,
            }),
            other => self.without_exists(other),
        }
    }

    fn without_exists(&mut self, expr: SqlExpr) -> SqlExpr {
        expr.rebuild(&mut |expr| match expr {
            Expr::Leaf(Leaf::Exists(select)) => match self.found(&select) {
                Some(found) => found,
                None => Expr::Leaf(Leaf::Exists(Box::new(look_up(*select)))),
            },
            Expr::Leaf(Leaf::Aggregate(mut aggregate)) => {
                aggregate.arg = aggregate.arg.map(|arg| self.without_exists(arg));
                Expr::Leaf(Leaf::Aggregate(aggregate))
            }
            Expr::Leaf(Leaf::Window(mut window)) => {
                if let WindowFunction::Aggregate(aggregate) = &mut window.function {
                    aggregate.arg = aggregate.arg.take().map(|arg| self.without_exists(arg));
                }
                let keys = std::mem::take(&mut window.partition_by);
                window.partition_by = keys.into_iter().map(|key| self.without_exists(key)).collect();
                Expr::Leaf(Leaf::Window(window))
            }
            other => other,
        })
    }

    /// Joins the keys of the rows that are looked for, and returns whether one of them is there.
    fn found(&mut self, exists: &Select) -> Option<SqlExpr> {
        let Keys { select, ours } = Keys::of(exists, &self.aliases)?;
        let select = look_up(select);
        let is_same = |join: &&Join| matches!(&join.to, From::Select { select: known, .. } if **known == select);
        let on = |alias: &str| {
            let pairs = ours.iter().zip(&select.items);
            let equal =
                pairs.map(|(ours, item)| ours.clone().binary(BinaryOp::Eq, SqlExpr::column(alias, &item.alias)));
            Expr::all(equal.collect::<Vec<_>>())
        };
        let first = select.items.first()?.alias.clone();
        let known = self.joins.iter().filter(is_same).find(|join| join.on == on(join.to.alias()));
        let alias = match known {
            Some(join) => join.to.alias().to_owned(),
            None => {
                let wanted = format!("{}_found", exists.from.as_ref()?.alias());
                let alias = free_alias(&mut self.taken, &wanted);
                let on = on(&alias);
                let to = From::Select { select: Box::new(select), alias: alias.clone() };
                self.joins.push(Join { kind: JoinKind::Left, to, on });
                alias
            }
        };
        Some(SqlExpr::column(alias, first).is_null(true))
    }
}

/// Returns whether a condition is nothing but that rows are there, or are not.
fn is_semi_join(condition: &SqlExpr) -> bool {
    match condition {
        Expr::Leaf(Leaf::Exists(_)) => true,
        Expr::IsTrue { arg, .. } | Expr::Unary { op: UnaryOp::Not, arg } => is_semi_join(arg),
        _ => false,
    }
}

fn free_alias(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let further = (2..).map(|n| format!("{wanted}_{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(further);
    names.find(|name| taken.insert(name.clone())).expect("numbers do not end")
}

/// The distinct keys of rows that are looked for, and what they are compared with.
struct Keys {
    select: Select,
    ours: Vec<SqlExpr>,
}

impl Keys {
    fn of(exists: &Select, outer: &BTreeSet<String>) -> Option<Self> {
        let is_plain = exists.with.is_empty()
            && exists.group_by.is_empty()
            && exists.having.is_none()
            && exists.union_all.is_empty()
            && exists.limit.is_none();
        let inner = own_tables(exists);
        let is_inner = |expr: &SqlExpr| tables(expr).is_some_and(|read| read.is_subset(&inner));
        if !is_plain || !exists.joins.iter().filter_map(|join| join.on.as_ref()).all(is_inner) {
            return None;
        }
        let (mut items, mut ours, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for condition in conjuncts(exists.filter.as_ref()?) {
            if is_inner(condition) {
                conditions.push(condition.clone());
                continue;
            }
            let Expr::Binary { op: BinaryOp::Eq, left, right } = condition else { return None };
            let (theirs, our) = if is_inner(left) { (left, right) } else { (right, left) };
            if !is_inner(theirs) || !tables(our)?.is_subset(outer) || !tables(our)?.is_disjoint(&inner) {
                return None;
            }
            items.push((**theirs).clone().named(format!("key_{}", items.len() + 1)));
            ours.push((**our).clone());
        }
        if items.is_empty() {
            return None;
        }
        let (from, joins) = (exists.from.clone(), exists.joins.clone());
        let select = Select { distinct: true, items, from, joins, filter: Expr::all(conditions), ..Select::default() };
        Some(Self { select, ours })
    }
}

fn conjuncts(condition: &SqlExpr) -> Vec<&SqlExpr> {
    match condition {
        Expr::Binary { op: BinaryOp::And, left, right } => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        other => vec![other],
    }
}

fn own_tables(select: &Select) -> BTreeSet<String> {
    let all = select.from.iter().chain(select.joins.iter().map(|join| &join.to));
    all.map(|from| from.alias().to_owned()).collect()
}

/// Returns the tables that an expression reads, those inside its selects aside; nothing if it is not understood.
fn tables(expr: &SqlExpr) -> Option<BTreeSet<String>> {
    let mut read = BTreeSet::new();
    let mut understood = true;
    expr.for_each_leaf(&mut |leaf| match leaf {
        Leaf::Column(column) => match &column.table {
            Some(table) => _ = read.insert(table.clone()),
            None => understood = false,
        },
        Leaf::Exists(select) => match tables_around(select) {
            Some(around) => read.extend(around),
            None => understood = false,
        },
        _ => understood = false,
    });
    understood.then_some(read)
}

/// Returns the tables that a plain select reads beside its own.
fn tables_around(select: &Select) -> Option<BTreeSet<String>> {
    if !select.with.is_empty() || !select.union_all.is_empty() {
        return None;
    }
    let items = select.items.iter().map(|item| &item.expr);
    let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
    let mut read = BTreeSet::new();
    for expr in items.chain(ons).chain(&select.filter).chain(&select.having) {
        read.extend(tables(expr)?);
    }
    let own = own_tables(select);
    Some(read.into_iter().filter(|table| !own.contains(table)).collect())
}
