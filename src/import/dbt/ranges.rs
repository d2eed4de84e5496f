//! Filters that leave a range of days → its bounds.
//!
//! `{{ TimeDimension('metric_time', 'day') }} >= '2024-01-08'` is every day from 8 January on.

use super::{
    filters::{Filters, Root, numbered},
    jinja::Item,
    names::Target,
    tree::Filter,
};
use crate::{
    sql::{BinaryOp, Expr, Literal, Name},
    time::{Granularity, NaiveDate},
};

/// The first day, and the first day after.
type Range = (Option<NaiveDate>, Option<NaiveDate>);

impl Filters<'_> {
    /// Returns the days that a filter leaves, where it speaks of the days of the metrics' time and of nothing else.
    pub(super) fn range(&self, filter: &Filter, root: Root) -> Option<Range> {
        let (portable, items) = self.read(filter, root).ok()?;
        let mut range: Range = (None, None);
        for condition in portable.expr.conjuncts() {
            let (from, to) = self.bounds(condition, &items, root)?;
            range = (range.0.max(from), [range.1, to].into_iter().flatten().min());
        }
        Some(range)
    }

    fn bounds(&self, condition: &Expr<Name>, items: &[Item], root: Root) -> Option<Range> {
        let is_day = |expr: &Expr<Name>| match expr {
            Expr::Leaf(Name::Path(words)) if words.len() == 1 => numbered(&words[0].value, items).is_some_and(|item| {
                let is_time = self.locate(item, root.model).is_ok_and(|of| of.resolved.target == Target::MetricTime);
                is_time && self.granularity(item, root) == Some(Granularity::Day)
            }),
            _ => false,
        };
        let date = |expr: &Expr<Name>| match expr {
            Expr::Literal(Literal::Date(date)) => Some(*date),
            _ => None,
        };
        match condition {
            Expr::Between { arg, low, high, negated: false } if is_day(arg) => {
                Some((Some(date(low)?), Some(date(high)?.succ_opt()?)))
            }
            Expr::Binary { op, left, right } => {
                let (op, day) = match (is_day(left), is_day(right)) {
                    (true, false) => (*op, date(right)?),
                    (false, true) => (turned(*op), date(left)?),
                    _ => return None,
                };
                let after = day.succ_opt()?;
                match op {
                    BinaryOp::Eq => Some((Some(day), Some(after))),
                    BinaryOp::GtEq => Some((Some(day), None)),
                    BinaryOp::Gt => Some((Some(after), None)),
                    BinaryOp::Lt => Some((None, Some(day))),
                    BinaryOp::LtEq => Some((None, Some(after))),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Returns the comparison that means the same with its sides exchanged.
fn turned(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::LtEq => BinaryOp::GtEq,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::GtEq => BinaryOp::LtEq,
        other => other,
    }
}
