//! Bugs in hours, in periods of a calendar that are taken back, and in versions of a moment.

use entente::{
    sql::{AggregateFunction, BinaryOp, Expr, From, Function, Leaf, Literal, SqlExpr, WindowFunction},
    time::Unit,
};

use super::{Bug, plant::is_column};

impl Bug {
    /// Plants the bugs that concern a table that is made.
    pub(super) fn in_made_table(self, from: &mut From) {
        if let (Self::MomentsTooFarApart, From::Moments { seconds, .. }) = (self, from) {
            *seconds *= 7;
        }
    }

    /// Plants the bugs that concern a part of an expression.
    pub(super) fn in_timed_part(self, part: SqlExpr) -> SqlExpr {
        match (self, part) {
            (
                Self::HoursForgotten,
                Expr::Call { function: Function::AddUnits(Unit::Hour | Unit::Minute), mut args },
            ) => args.remove(0),
            (Self::HoursHoldTheirEnd, Expr::Binary { op: BinaryOp::Lt, left, right }) if is_column(&left, "moment") => {
                Expr::Binary { op: BinaryOp::LtEq, left, right }
            }
            (Self::CounterpartForgotten, Expr::Case { mut branches, otherwise: None })
                if branches.len() > 1 && branches.iter().all(is_counterpart) =>
            {
                branches.remove(0);
                Expr::Case { branches, otherwise: None }
            }
            (Self::CounterpartOfTheNext, Expr::Case { mut branches, otherwise: None })
                if branches.len() > 1 && branches.iter().all(is_counterpart) =>
            {
                let first = branches.remove(0);
                let next = branches[0].1.clone();
                branches.insert(0, (first.0, next));
                Expr::Case { branches, otherwise: None }
            }
            (Self::CalendarEndsEarly, Expr::Leaf(Leaf::Window(mut window))) => {
                if let WindowFunction::Aggregate(aggregate) = &mut window.function
                    && aggregate.function == AggregateFunction::Max
                {
                    aggregate.function = AggregateFunction::Min;
                }
                Expr::Leaf(Leaf::Window(window))
            }
            (Self::ValidWhenOver, Expr::Binary { op: BinaryOp::Lt, left, right }) if is_column(&left, "valid_from") => {
                Expr::Binary { op: BinaryOp::LtEq, left, right }
            }
            (Self::OverWhenValid, Expr::Binary { op: BinaryOp::GtEq, left, right }) if is_column(&left, "valid_to") => {
                Expr::Binary { op: BinaryOp::Gt, left, right }
            }
            (_, other) => other,
        }
    }
}

/// Whether a branch shows the rows of one period, or of some days, in a later one.
fn is_counterpart((condition, shown): &(SqlExpr, SqlExpr)) -> bool {
    let is_days = matches!(condition, Expr::Binary { op: BinaryOp::And, .. });
    let is_period = matches!(condition, Expr::Binary { op: BinaryOp::Eq, right, .. } if is_literal(right));
    let is_moved = matches!(shown, Expr::Call { function: Function::DateOf, .. });
    (is_days && is_moved) || (is_period && is_literal(shown))
}

fn is_literal(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::Date(_) | Literal::Integer(_)))
}
