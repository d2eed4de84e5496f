//! Whether rows of another table are there → a join to their distinct keys, wherever it is no plain semi-join.
//!
//! ```text
//! SUM(CASE WHEN EXISTS (SELECT 1 FROM claims WHERE claims.parcel_id = parcels.id AND …) THEN price END)
//!   ─►  LEFT JOIN (SELECT DISTINCT claims.parcel_id AS key_1 FROM claims WHERE …) AS claims_found
//!         ON parcels.id = claims_found.key_1
//!       SUM(CASE WHEN claims_found.key_1 IS NOT NULL THEN price END)
//! ```
//!
//! Snowflake evaluates no correlated subquery inside an aggregate or an OR. A conjunct of WHERE that compares keys for
//! equality stays as it is: every warehouse makes a semi-join of it.
//!
//! **Invariant:** no row is lost or multiplied: a key is joined once, and null meets nothing. What is not understood stays.

mod around;
mod keys;

use std::collections::BTreeSet;

use self::{around::Around, keys::Keys};
use super::{BinaryOp, Expr, From, Join, JoinKind, Leaf, Select, SqlExpr, UnaryOp, WindowFunction, free_identifier};

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
    let mut asked = select.items.iter().map(|item| &item.expr).chain(&select.filter);
    if select.from.is_none() || !asked.any(asks_for_rows) {
        return select;
    }
    let around = Around::of(&select);
    let mut joined = Joined { taken: around.aliases(), around, joins: Vec::new() };
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
    around: Around,
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
                Expr::Leaf(Leaf::Exists(select)) => {
                    match Keys::of(&select, &self.around).filter(|keys| !keys.are_equal()) {
                        Some(keys) => self.joined(&select, &keys),
                        None => Expr::Leaf(Leaf::Exists(Box::new(look_up(*select)))),
                    }
                }
                other => other,
            }),
            other => self.without_exists(other),
        }
    }

    fn without_exists(&mut self, expr: SqlExpr) -> SqlExpr {
        expr.rebuild(&mut |expr| match expr {
            Expr::Leaf(Leaf::Exists(select)) => match Keys::of(&select, &self.around) {
                Some(keys) => self.joined(&select, &keys),
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
    fn joined(&mut self, exists: &Select, keys: &Keys) -> SqlExpr {
        let on = |alias: &str| Some(keys.meet(alias));
        let found = keys.first().to_owned();
        let select = look_up(keys.select.clone());
        let is_same = |join: &&Join| matches!(&join.to, From::Select { select: known, .. } if **known == select);
        let known = self.joins.iter().filter(is_same).find(|join| join.on == on(join.to.alias()));
        let alias = match known {
            Some(join) => join.to.alias().to_owned(),
            None => {
                let wanted = format!("{}_found", exists.from.as_ref().map_or("rows", From::alias));
                let alias = free_identifier(&wanted, |name| self.taken.insert(name.to_owned()));
                let on = on(&alias);
                let to = From::Select { select: Box::new(select), alias: alias.clone() };
                self.joins.push(Join { kind: JoinKind::Left, to, on });
                alias
            }
        };
        SqlExpr::column(alias, found).is_null(true)
    }
}

/// Returns whether an expression asks for rows of another table, in an aggregate or a window too.
fn asks_for_rows(expr: &SqlExpr) -> bool {
    let mut asks = false;
    expr.for_each_leaf(&mut |leaf| {
        asks |= match leaf {
            Leaf::Exists(_) => true,
            Leaf::Aggregate(aggregate) => aggregate.arg.as_ref().is_some_and(asks_for_rows),
            Leaf::Window(window) => {
                let of = match &window.function {
                    WindowFunction::Aggregate(aggregate) => aggregate.arg.as_ref(),
                    WindowFunction::RowNumber | WindowFunction::Rank => None,
                };
                of.into_iter().chain(&window.partition_by).any(asks_for_rows)
            }
            _ => false,
        };
    });
    asks
}

/// Returns whether a condition is nothing but that rows are there, or are not.
fn is_semi_join(condition: &SqlExpr) -> bool {
    match condition {
        Expr::Leaf(Leaf::Exists(_)) => true,
        Expr::IsTrue { arg, .. } | Expr::Unary { op: UnaryOp::Not, arg } => is_semi_join(arg),
        _ => false,
    }
}
