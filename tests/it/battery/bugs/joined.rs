//! Bugs in funnels, in rows beside many others, in policies with exceptions, and in what stands beside a period.

use entente::sql::{AggregateFunction, BinaryOp, Expr, From, Function, Leaf, Literal, Select, SqlExpr, WindowFunction};

use super::{
    Bug,
    plant::{conditions, is_column},
};

impl Bug {
    /// Plants the bugs that concern a whole select.
    pub(super) fn in_joined(self, select: &mut Select) {
        match self {
            Self::FunnelCreditsAll if is_nearest(select) => select.filter = None,
            Self::FunnelNotTheSame => {
                for join in &mut select.joins {
                    let all = conditions(join.on.take()).into_iter();
                    join.on = Expr::all(all.filter(|condition| !is_same(condition)));
                }
            }
            Self::CopiesCount | Self::OnceByValue => {
                if let Some(From::Select { select: single, alias }) = &mut select.from
                    && alias == "single_rows"
                {
                    if self == Self::CopiesCount {
                        single.distinct = false;
                    } else if let Some(id) = single.items.iter_mut().find(|item| item.alias == "id") {
                        id.expr = Expr::integer(1);
                    }
                }
            }
            Self::MissingClaimSeesAll => {
                let all = conditions(select.filter.take()).into_iter();
                select.filter = Expr::all(all.filter(|one| *one != Expr::Literal(Literal::Boolean(false))));
            }
            _ => {}
        }
    }

    /// Plants the bugs that concern a part of an expression.
    pub(super) fn in_joined_part(self, part: SqlExpr) -> SqlExpr {
        match (self, part) {
            (Self::FunnelCreditsTheFirst, Expr::Leaf(Leaf::Window(mut window)))
                if matches!(window.function, WindowFunction::RowNumber) =>
            {
                window.order_by.iter_mut().filter(|term| of_table(&term.expr, "before")).for_each(|term| {
                    term.descending = false;
                });
                Expr::Leaf(Leaf::Window(window))
            }
            (Self::FunnelNotAtOnce, Expr::Binary { op: BinaryOp::LtEq, left, right }) if of_table(&left, "before") => {
                Expr::Binary { op: BinaryOp::Lt, left, right }
            }
            (Self::FunnelHoldsItsEnd, Expr::Binary { op: BinaryOp::Lt, left, right })
                if is_passed(&left) || of_table(&left, "events") =>
            {
                Expr::Binary { op: BinaryOp::LtEq, left, right }
            }
            (Self::FunnelCountsConversions, Expr::Leaf(Leaf::Aggregate(mut aggregate))) => {
                if aggregate.arg.as_ref().is_some_and(|arg| is_column(arg, "conversions") && of_table(arg, "funnel")) {
                    aggregate.function = AggregateFunction::Sum;
                }
                Expr::Leaf(Leaf::Aggregate(aggregate))
            }
            (Self::WholeRowsLost, Expr::Case { branches, otherwise: Some(_) }) if is_share(&branches) => {
                Expr::Case { branches, otherwise: None }
            }
            (Self::PartIsTheWhole, Expr::Case { mut branches, otherwise: Some(otherwise) }) if is_share(&branches) => {
                branches[0].1 = Expr::integer(1);
                Expr::Case { branches, otherwise: Some(otherwise) }
            }
            (Self::EitherIsBoth, Expr::Binary { op: BinaryOp::Or, left, right })
                if is_region(&left) && is_region(&right) =>
            {
                Expr::Binary { op: BinaryOp::And, left, right }
            }
            (Self::FirstIsLast, Expr::Call { function: Function::AddUnits(unit), mut args }) => {
                // The day behind the period's first day, as the end of a window.
                if unit == entente::time::Unit::Day
                    && is_column(&args[0], "period")
                    && args.get(1) == Some(&Expr::integer(1))
                {
                    args[1] = Expr::integer(27);
                }
                Expr::Call { function: Function::AddUnits(unit), args }
            }
            (Self::StartIsNow, Expr::Binary { op: BinaryOp::Same, left, right }) => {
                Expr::Binary { op: BinaryOp::Same, left: Box::new(without_truncation(*left)), right }
            }
            (_, other) => other,
        }
    }
}

/// Whether a select keeps the nearest of the events before.
fn is_nearest(select: &Select) -> bool {
    matches!(&select.from, Some(From::Select { alias, .. }) if alias.starts_with("nearest"))
}

fn is_same(condition: &SqlExpr) -> bool {
    matches!(condition, Expr::Binary { op: BinaryOp::Eq, left, .. } if is_column(left, "same_1"))
}

fn of_table(expr: &SqlExpr, table: &str) -> bool {
    matches!(expr, Expr::Leaf(Leaf::Column(column)) if column.table.as_deref() == Some(table))
}

fn is_passed(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Call { function: Function::MicrosecondsBetween { .. }, .. })
}

/// Whether the branches of a case give the part that a center has of a customer.
fn is_share(branches: &[(SqlExpr, SqlExpr)]) -> bool {
    let [(_, Expr::Call { function: Function::Coalesce, args })] = branches else { return false };
    is_column(&args[0], "share")
}

fn is_region(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Binary { op: BinaryOp::Eq, left, .. } if is_column(left, "region"))
}

/// The column whose period is cut, where it is cut twice.
fn without_truncation(expr: SqlExpr) -> SqlExpr {
    match expr {
        Expr::Call { function: Function::Truncate { .. }, mut args } => without_truncation(args.remove(0)),
        other => other,
    }
}
