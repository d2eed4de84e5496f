//! Mistakes of those who answer from rollups, planted into finished selects or into what is stored.

use chrono_tz::Tz;
use entente::sql::{Aggregate, AggregateFunction, BinaryOp, Expr, From, Leaf, Literal, Select, SqlExpr};

use super::{Both, define, from_both};
use crate::battery::{
    ask::{self, Failure, Warehouse},
    bugs::conditions,
    case::Case,
    query,
    random::Random,
    run,
};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// Stored numbers are not added up: the greatest stands for all.
    GreatestOfSums,
    /// Stored rows are counted, not what they are made of.
    RowsOfTheRollupCounted,
    /// A mean is that of stored means.
    MeanOfMeans,
    /// The condition on what is kept is forgotten.
    FilterForgotten,
    /// What a policy hides is added up with the rest.
    PolicyForgotten,
    /// A period that begins before the range counts as a whole.
    PartialPeriod,
    /// A period that ends behind the range counts as a whole.
    PeriodBehind,
    /// What is fresh counts twice.
    FreshTwice,
    /// What is fresh is forgotten.
    FreshForgotten,
    /// The day before what is fresh is read again.
    FreshTooEarly,
    /// Rows without a time are forgotten.
    TimelessForgotten,
    /// Stored periods are those of another zone.
    AnotherZone,
    /// Rows that do not count make a group.
    GroupOfNothing,
}

impl Bug {
    pub(super) const ALL: [Self; 13] = [
        Self::GreatestOfSums,
        Self::RowsOfTheRollupCounted,
        Self::MeanOfMeans,
        Self::FilterForgotten,
        Self::PolicyForgotten,
        Self::PartialPeriod,
        Self::PeriodBehind,
        Self::FreshTwice,
        Self::FreshForgotten,
        Self::FreshTooEarly,
        Self::TimelessForgotten,
        Self::AnotherZone,
        Self::GroupOfNothing,
    ];

    fn in_select(self, select: &mut Select) {
        for cte in &mut select.with {
            self.in_select(&mut cte.select);
        }
        let froms = select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to));
        for from in froms {
            if let From::Select { select, .. } = from {
                self.in_select(select);
            }
        }
        let Some(rollup) = rollup_of(select) else { return };
        for item in &mut select.items {
            let expr = std::mem::replace(&mut item.expr, Expr::null());
            item.expr = self.in_item(expr, &rollup);
        }
        let of_rows = conditions(select.filter.take()).into_iter();
        select.filter = Expr::all(of_rows.filter_map(|condition| self.in_condition(condition, &rollup)));
        match self {
            Self::FreshTwice => select.union_all.extend(select.union_all.last().cloned()),
            Self::FreshForgotten => select.union_all.retain(has_null_test),
            Self::TimelessForgotten => select.union_all.retain(|piece| !has_null_test(piece)),
            Self::FreshTooEarly => {
                for piece in &mut select.union_all {
                    let of_piece = conditions(piece.filter.take()).into_iter().map(a_day_earlier);
                    piece.filter = Expr::all(of_piece);
                }
            }
            _ => {}
        }
    }

    fn in_item(self, expr: SqlExpr, rollup: &str) -> SqlExpr {
        let Expr::Leaf(Leaf::Aggregate(aggregate)) = expr else {
            return expr.rebuild(&mut |part| match part {
                part @ Expr::Leaf(Leaf::Aggregate(_)) => self.in_item(part, rollup),
                part => part,
            });
        };
        let Aggregate { function, arg } = *aggregate;
        let reads = |ending: &str| {
            let mut reads = false;
            arg.iter().for_each(|arg| {
                arg.for_each_leaf(&mut |leaf| {
                    reads |= matches!(leaf, Leaf::Column(column) if column.table.as_deref() == Some(rollup) && column.name.ends_with(ending));
                });
            });
            reads
        };
        let function = match (self, function) {
            (Self::GreatestOfSums, AggregateFunction::Sum) if reads("") => AggregateFunction::Max,
            (Self::RowsOfTheRollupCounted, AggregateFunction::Sum) if reads("") => AggregateFunction::Count,
            (Self::MeanOfMeans, AggregateFunction::Sum) if reads("_count") => AggregateFunction::Count,
            (_, function) => function,
        };
        SqlExpr::aggregate(function, arg)
    }

    /// Returns a condition on stored rows with the mistake in it, or nothing if it is forgotten.
    fn in_condition(self, condition: SqlExpr, rollup: &str) -> Option<SqlExpr> {
        let is_of_range = matches!(
            &condition,
            Expr::Binary { op: BinaryOp::GtEq | BinaryOp::Lt, left, right }
                if matches!(&**right, Expr::Literal(Literal::Date(_))) && reads_column(left, rollup, &["_day", "_week", "_month"])
        );
        let is_of_rows =
            matches!(&condition, Expr::Binary { op: BinaryOp::Gt, left, .. } if reads_column(left, rollup, &["_rows"]));
        match (self, &condition) {
            (Self::FilterForgotten, _) if !is_of_range && !is_of_rows => None,
            (Self::PolicyForgotten, _) if reads_column(&condition, rollup, &["_region"]) => None,
            (Self::GroupOfNothing, _) if is_of_rows => None,
            (Self::PartialPeriod, Expr::Binary { op: BinaryOp::GtEq, .. }) if is_of_range => Some(moved(condition, -1)),
            (Self::PeriodBehind, Expr::Binary { op: BinaryOp::Lt, .. }) if is_of_range => Some(moved(condition, 1)),
            _ => Some(condition),
        }
    }
}

/// Takes out of some bugs those that a query of a world notices.
pub(super) fn retain_hidden(warehouse: &Warehouse, seed: u64, bugs: &mut Vec<Bug>) {
    let mut made = run::make(seed);
    let query = query::make(&mut made.random, &made.metrics);
    let mut case = Case { world: made.world.clone(), metrics: made.metrics.clone(), query };
    let held = warehouse.hold(&case.world);
    let defined = define::rollups(&mut Random::new(seed), &case);
    let Ok(both) = Both::of(held, &case, &defined) else { return };
    // Its tables may take the place of those here, so nothing else is looked for beside it.
    let elsewhere =
        bugs.contains(&Bug::AnotherZone).then(|| in_another_zone(&both, &case, |case| Both::of(held, case, &defined)));
    let elsewhere = elsewhere.flatten();
    let has_policy = case.world.policy.is_some();
    for _ in 0..super::QUERIES_PER_WORLD {
        if let Ok((expected, Some(plan))) = from_both(held, &both, &case) {
            bugs.retain(|bug| {
                let mut wrong = plan.select.clone();
                match (bug, &elsewhere) {
                    (Bug::PolicyForgotten, _) if !has_policy => return true,
                    (Bug::AnotherZone, None) => return true,
                    (bug, Some(_)) if *bug != Bug::AnotherZone => return true,
                    (Bug::AnotherZone, Some(elsewhere)) => match from_both(held, elsewhere, &case) {
                        Ok((_, Some(plan))) => wrong = plan.select,
                        _ => return true,
                    },
                    _ => bug.in_select(&mut wrong),
                }
                let answer = (wrong != plan.select).then(|| held.answer(&wrong, &plan, &case.query));
                answer.is_none_or(|answer| answer.map_or(true, |answer| ask::same(&answer, &expected)))
            });
        }
        case.query = query::make(&mut made.random, &made.metrics);
    }
}

/// The projects of a case with what would be stored in another zone.
fn in_another_zone(both: &Both, case: &Case, build: impl FnOnce(&Case) -> Result<Both, Failure>) -> Option<Both> {
    let mut other = case.clone();
    other.world.zone = if case.world.zone == Tz::Asia__Kolkata { Tz::America__New_York } else { Tz::Asia__Kolkata };
    let other = build(&other).ok()?;
    let mut wrong = both.rollups.clone();
    for (rollup, other) in wrong.rollups.iter_mut().zip(other.rollups.rollups) {
        rollup.stored = other.stored;
    }
    Some(Both { rows: both.rows.clone(), rollups: wrong })
}

/// The alias of the rollup that a select reads.
fn rollup_of(select: &Select) -> Option<String> {
    match &select.from {
        Some(From::Table { name, alias }) if name.starts_with("rolled_") => Some(alias.clone()),
        _ => None,
    }
}

fn reads_column(expr: &SqlExpr, table: &str, endings: &[&str]) -> bool {
    let mut reads = false;
    expr.for_each_leaf(&mut |leaf| {
        if let Leaf::Column(column) = leaf {
            let is_one = endings.iter().any(|ending| column.name.ends_with(ending));
            reads |= column.table.as_deref() == Some(table) && is_one;
        }
    });
    reads
}

fn has_null_test(piece: &Select) -> bool {
    let is_null_test = |condition: &SqlExpr| matches!(condition, Expr::IsNull { negated: false, .. });
    conditions(piece.filter.clone()).iter().any(is_null_test)
}

/// Moves the day that a condition compares with.
fn moved(condition: SqlExpr, days: i64) -> SqlExpr {
    condition.rebuild(&mut |part| match part {
        Expr::Literal(Literal::Date(day)) => Expr::Literal(Literal::Date(day + chrono::Duration::days(days * 7))),
        other => other,
    })
}

fn a_day_earlier(condition: SqlExpr) -> SqlExpr {
    let Expr::Binary { op: BinaryOp::GtEq, left, right } = condition else { return condition };
    let day = chrono::Duration::days(1);
    let right = match *right {
        Expr::Literal(Literal::Date(at)) => Expr::Literal(Literal::Date(at - day)),
        Expr::Literal(Literal::DateTime(at)) => Expr::Literal(Literal::DateTime(at - day)),
        Expr::Literal(Literal::Timestamp(at)) => Expr::Literal(Literal::Timestamp(at - day)),
        other => other,
    };
    left.binary(BinaryOp::GtEq, right)
}
