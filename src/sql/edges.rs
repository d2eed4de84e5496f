//! The first and the last day that SQL can write, and comparisons with times beyond them.
//!
//! `at < 10000-01-01` is `at = at`: true of every time, and unknown of none. A bound beyond the last day is no bound.
//!
//! **Invariant:** a comparison keeps the rows that it would keep if the constant could be written; a null stays unknown.

use super::{BinaryOp, Expr, Literal};
use crate::time::{NaiveDate, NaiveDateTime};

/// The last year of a day in SQL.
const LAST_YEAR: i32 = 9999;

impl Literal {
    /// Returns whether it is later than every time in SQL.
    pub fn is_after_last_day(&self) -> bool {
        self.year().is_some_and(|year| year > LAST_YEAR)
    }

    /// Returns whether SQL can write it: every constant but times before the first day or after the last.
    pub fn is_writable(&self) -> bool {
        self.year().is_none_or(|year| (1..=LAST_YEAR).contains(&year))
    }

    /// Returns the earliest time in SQL for what lies before it.
    fn not_before_first_day(self) -> Self {
        if self.year().is_none_or(|year| year >= 1) {
            return self;
        }
        let first = NaiveDate::from_ymd_opt(1, 1, 1).expect("a day");
        let midnight = NaiveDateTime::from(first);
        match self {
            Self::Date(_) => Self::Date(first),
            Self::DateTime(_) => Self::DateTime(midnight),
            _ => Self::Timestamp(midnight),
        }
    }

    fn year(&self) -> Option<i32> {
        match self {
            Self::Date(day) => Some(chrono::Datelike::year(day)),
            Self::DateTime(time) | Self::Timestamp(time) => Some(chrono::Datelike::year(time)),
            _ => None,
        }
    }
}

impl<N: Clone> Expr<N> {
    /// Returns the condition that a time is a constant or later.
    #[must_use]
    pub fn from_on(self, start: Self) -> Self {
        if start.is_after_last_day() {
            return self.clone().binary(BinaryOp::Lt, self);
        }
        self.binary(BinaryOp::GtEq, start.not_before_first_day())
    }

    /// Returns the condition that a time is earlier than a constant.
    #[must_use]
    pub fn before(self, end: Self) -> Self {
        if end.is_after_last_day() {
            return self.clone().binary(BinaryOp::Eq, self);
        }
        self.binary(BinaryOp::Lt, end.not_before_first_day())
    }

    fn is_after_last_day(&self) -> bool {
        matches!(self, Self::Literal(literal) | Self::Parameter(literal) if literal.is_after_last_day())
    }

    fn not_before_first_day(self) -> Self {
        match self {
            Expr::Literal(literal) => Expr::Literal(literal.not_before_first_day()),
            Expr::Parameter(literal) => Expr::Parameter(literal.not_before_first_day()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::SqlExpr;

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 1, 1).expect("a day")
    }

    #[test]
    fn times_beyond_the_ends_are_compared_as_if_they_could_be_written() {
        let at = || SqlExpr::column("t", "at");
        let of = |year| {
            [Literal::Date(day(year)), Literal::DateTime(day(year).into()), Literal::Timestamp(day(year).into())]
        };
        for literal in of(10_000) {
            for end in [Expr::Literal(literal.clone()), Expr::Parameter(literal)] {
                assert_eq!(at().before(end.clone()), at().binary(BinaryOp::Eq, at()), "every time is");
                assert_eq!(at().from_on(end), at().binary(BinaryOp::Lt, at()), "none is");
            }
        }
        for (before, first) in of(0).into_iter().zip(of(1)) {
            let (start, first) = (Expr::Literal(before), Expr::Literal(first));
            assert_eq!(at().from_on(start.clone()), at().binary(BinaryOp::GtEq, first.clone()), "every time is");
            assert_eq!(at().before(start), at().binary(BinaryOp::Lt, first), "none is");
        }
        for literal in of(9999) {
            let end = Expr::Parameter(literal);
            assert_eq!(at().before(end.clone()), at().binary(BinaryOp::Lt, end));
        }
    }
}
