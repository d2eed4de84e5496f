//! What a condition can be where all columns of one table are null, as they are in a row that found no match.
//!
//! `orders.year = 1994 AND x` can be null or false, so that it drops such a row; `orders.year IS NULL` keeps it.
//!
//! **Invariant:** what is not understood can be anything.

use std::ops::BitOr;

use crate::sql::{BinaryOp, Column, Expr, Function, Leaf, Literal, SqlExpr, UnaryOp};

/// A set of truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truth(u8);

impl Truth {
    /// True.
    pub(super) const TRUE: Self = Self(1);
    /// False.
    const FALSE: Self = Self(2);
    /// Null.
    const NULL: Self = Self(4);
    const TWO: Self = Self(3);
    const ANY: Self = Self(7);

    /// Returns whether the set has the value.
    pub(super) fn contains(self, value: Self) -> bool {
        self.0 & value.0 != 0
    }

    fn not(self) -> Self {
        let exchanged = [(Self::TRUE, Self::FALSE), (Self::FALSE, Self::TRUE), (Self::NULL, Self::NULL)];
        exchanged.into_iter().filter(|(from, _)| self.contains(*from)).fold(Self(0), |set, (_, to)| set | to)
    }

    fn and(self, other: Self) -> Self {
        let mut set = Self(0);
        for value in [Self::FALSE, Self::NULL, Self::TRUE] {
            // False wins over null, and null over true.
            let weaker = match value {
                Self::FALSE => Self::ANY,
                Self::NULL => Self(Self::NULL.0 | Self::TRUE.0),
                _ => Self::TRUE,
            };
            let here = |a: Self, b: Self| a.contains(value) && b.contains(weaker);
            if here(self, other) || here(other, self) {
                set = set | value;
            }
        }
        set
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

impl BitOr for Truth {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Returns what a condition can be where the columns of `table` are null.
pub(super) fn truth(expr: &SqlExpr, table: &str) -> Truth {
    match expr {
        Expr::Literal(Literal::Boolean(true)) => Truth::TRUE,
        Expr::Literal(Literal::Boolean(false)) => Truth::FALSE,
        Expr::Unary { op: UnaryOp::Not, arg } => truth(arg, table).not(),
        Expr::Binary { op: BinaryOp::And, left, right } => truth(left, table).and(truth(right, table)),
        Expr::Binary { op: BinaryOp::Or, left, right } => truth(left, table).or(truth(right, table)),
        Expr::IsTrue { arg, negated } => {
            let arg = truth(arg, table);
            let holds = if arg.contains(Truth::TRUE) { Truth::TRUE } else { Truth(0) };
            let fails = if arg == Truth::TRUE { Truth(0) } else { Truth::FALSE };
            if *negated { (holds | fails).not() } else { holds | fails }
        }
        Expr::IsNull { arg, negated } => match (is_null(arg, table), negated) {
            (true, false) => Truth::TRUE,
            (true, true) => Truth::FALSE,
            (false, _) => Truth::TWO,
        },
        _ if is_null(expr, table) => Truth::NULL,
        Expr::Binary { op, left, right } => match (whole_number(left, table), whole_number(right, table)) {
            (Some(left), Some(right)) => compared(*op, left, right),
            _ => Truth::ANY,
        },
        _ => Truth::ANY,
    }
}

/// Returns the whole number that a value is where the columns of `table` are null: 0 for `COALESCE(orders.n, 0)`.
fn whole_number(expr: &SqlExpr, table: &str) -> Option<i64> {
    match expr {
        Expr::Literal(Literal::Integer(value)) | Expr::Parameter(Literal::Integer(value)) => Some(*value),
        Expr::Call { function: Function::Coalesce, args } => {
            args.iter().find(|arg| !is_null(arg, table)).and_then(|arg| whole_number(arg, table))
        }
        _ => None,
    }
}

fn compared(op: BinaryOp, left: i64, right: i64) -> Truth {
    let holds = match op {
        BinaryOp::Eq => left == right,
        BinaryOp::NotEq => left != right,
        BinaryOp::Lt => left < right,
        BinaryOp::LtEq => left <= right,
        BinaryOp::Gt => left > right,
        BinaryOp::GtEq => left >= right,
        _ => return Truth::ANY,
    };
    if holds { Truth::TRUE } else { Truth::FALSE }
}

/// Returns whether a value is null wherever the columns of `table` are.
fn is_null(expr: &SqlExpr, table: &str) -> bool {
    let null = |expr: &SqlExpr| is_null(expr, table);
    match expr {
        Expr::Leaf(Leaf::Column(Column { table: Some(of), .. })) => of == table,
        Expr::Leaf(_) => false,
        Expr::Literal(literal) | Expr::Parameter(literal) => *literal == Literal::Null,
        Expr::Unary { arg, .. } | Expr::Cast { arg, .. } => null(arg),
        Expr::Binary { op: BinaryOp::Same, .. } | Expr::IsNull { .. } | Expr::IsTrue { .. } => false,
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => null(left) && null(right),
        Expr::Binary { left, right, .. } => null(left) || null(right),
        Expr::Case { branches, otherwise } => {
            let never = |when: &SqlExpr| !truth(when, table).contains(Truth::TRUE);
            branches.iter().all(|(when, then)| never(when) || null(then)) && otherwise.as_deref().is_none_or(null)
        }
        // An empty list holds nothing, not even null.
        Expr::In { arg, list, .. } => !list.is_empty() && null(arg),
        Expr::Between { arg, .. } => null(arg),
        Expr::Like { arg, pattern, .. } => null(arg) || null(pattern),
        Expr::Call { function: Function::Coalesce, args } => args.iter().all(null),
        Expr::Call { function: Function::NullIf, args } => args.first().is_some_and(null),
        // Every other function is null where one of its arguments is.
        Expr::Call { args, .. } => args.iter().any(null),
    }
}
