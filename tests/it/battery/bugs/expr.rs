//! Bugs in a part of an expression.

use chrono::TimeDelta;
use entente::sql::{BinaryOp, Expr, Function, Literal, SqlExpr, UnaryOp};

use super::{
    Bug,
    plant::{is_column, is_time},
};

impl Bug {
    /// Plants the bug into one part of an expression.
    pub(super) fn in_part(self, part: SqlExpr) -> SqlExpr {
        match (self, self.in_timed_part(self.in_joined_part(self.in_asked_part(part)))) {
            (Self::EndIncluded, Expr::Binary { op: BinaryOp::Lt, left, right }) if is_constant(&right) => {
                Expr::Binary { op: BinaryOp::LtEq, left, right }
            }
            (Self::BeginningExcluded, Expr::Binary { op: BinaryOp::GtEq, left, right }) if is_time(&right) => {
                Expr::Binary { op: BinaryOp::Gt, left, right }
            }
            (Self::VersionHoldsItsEnd, Expr::Binary { op: BinaryOp::Lt, left, right })
                if is_column(&right, "valid_to") =>
            {
                Expr::Binary { op: BinaryOp::LtEq, left, right }
            }
            (Self::VersionLacksItsBeginning, Expr::Binary { op: BinaryOp::GtEq, left, right })
                if is_column(&right, "valid_from") =>
            {
                Expr::Binary { op: BinaryOp::Gt, left, right }
            }
            (Self::OpenVersionLost, Expr::IsNull { arg, negated: false }) if is_column(&arg, "valid_to") => {
                Expr::Literal(Literal::Boolean(false))
            }
            (Self::NobodyIsSomebody, Expr::IsNull { arg, negated: true }) if is_column(&arg, "member_1") => {
                Expr::Literal(Literal::Boolean(true))
            }
            (Self::NullsApart, Expr::Binary { op: BinaryOp::Same, left, right }) => {
                Expr::Binary { op: BinaryOp::Eq, left, right }
            }
            (Self::WrongZone, Expr::Call { function: Function::LocalTime(_), args }) => {
                Expr::call(Function::LocalTime(chrono_tz::UTC), args)
            }
            (Self::RangeShifted, Expr::Literal(Literal::Timestamp(at))) => {
                Expr::Literal(Literal::Timestamp(at + TimeDelta::hours(1)))
            }
            (Self::PartitionTooTight, Expr::Binary { op: BinaryOp::Lt, left, right }) => {
                let right = match *right {
                    Expr::Literal(Literal::Date(day)) if is_column(&left, "loaded_on") => {
                        Expr::Literal(Literal::Date(day - TimeDelta::days(1)))
                    }
                    other => other,
                };
                Expr::Binary { op: BinaryOp::Lt, left, right: Box::new(right) }
            }
            (Self::EmptyIsNull, Expr::Call { function: Function::Coalesce, mut args }) => args.remove(0),
            (Self::ThreeValued, Expr::IsTrue { arg, negated: false }) => *arg,
            (Self::MetricFilterDropped, Expr::Case { mut branches, otherwise: None }) if branches.len() == 1 => {
                branches.remove(0).1
            }
            (Self::PeriodsStartLate, Expr::Call { function: Function::Truncate { .. }, args }) => {
                let moved = part_of(Function::AddUnits(entente::time::Unit::Day), args, 1);
                Expr::call(truncate_to_month(), vec![moved])
            }
            (Self::OffsetReversed, Expr::Call { function: Function::AddUnits(unit), mut args }) => {
                if let Some(Expr::Literal(Literal::Integer(count))) = args.get(1) {
                    args[1] = Expr::integer(-count);
                }
                Expr::call(Function::AddUnits(unit), args)
            }
            (Self::WindowShort, Expr::Call { function: Function::AddUnits(unit), mut args }) => {
                if let Some(Expr::Literal(Literal::Integer(count))) = args.get(1)
                    && *count < -1
                {
                    args[1] = Expr::integer(count + 1);
                }
                Expr::call(Function::AddUnits(unit), args)
            }
            (Self::AndIsOr, Expr::Binary { op: BinaryOp::And, left, right }) => {
                Expr::Binary { op: BinaryOp::Or, left, right }
            }
            (Self::ModelFilterForgotten, Expr::Unary { op: UnaryOp::Not, arg }) if is_column(&arg, "void") => {
                Expr::Literal(Literal::Boolean(true))
            }
            (Self::NotForgotten, Expr::Unary { op: UnaryOp::Not, arg }) => *arg,
            (Self::LessIsGreater, Expr::Binary { op: BinaryOp::Lt, left, right }) => {
                Expr::Binary { op: BinaryOp::Gt, left, right }
            }
            (Self::MinusIsPlus, Expr::Binary { op: BinaryOp::Subtract, left, right }) => {
                Expr::Binary { op: BinaryOp::Add, left, right }
            }
            (Self::RatioReversed, Expr::Binary { op: BinaryOp::Divide, left, right }) => {
                Expr::Binary { op: BinaryOp::Divide, left: right, right: left }
            }
            (Self::BucketHoldsItsEnd, Expr::Binary { op: BinaryOp::Lt, left, right }) if is_decimal(&right) => {
                Expr::Binary { op: BinaryOp::LtEq, left, right }
            }
            (Self::CaseFolded, Expr::Binary { op: BinaryOp::Eq, left, right }) if is_text(&right) => {
                let lower = |arg| Box::new(Expr::call(Function::Lower, vec![arg]));
                Expr::Binary { op: BinaryOp::Eq, left: lower(*left), right: lower(*right) }
            }
            (_, Expr::Leaf(leaf)) => self.in_leaf(leaf),
            (_, other) => other,
        }
    }
}

fn part_of(function: Function, args: Vec<SqlExpr>, count: i64) -> SqlExpr {
    let arg = args.into_iter().next().expect("one argument");
    Expr::call(function, vec![arg, Expr::integer(count)])
}

fn truncate_to_month() -> Function {
    Function::Truncate {
        granularity: entente::time::Granularity::Month,
        week_start: entente::time::Weekday::Mon,
        fiscal_start_month: 1,
    }
}

fn is_constant(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(_))
}

fn is_decimal(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::Decimal(_)))
}

fn is_text(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::String(_)) | Expr::Parameter(Literal::String(_)))
}
