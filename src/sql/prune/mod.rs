//! Proves on a finished select that every partitioned table is read within constant bounds.
//!
//! `SELECT … FROM marts.shipments AS s WHERE s.booked_on >= DATE '2024-01-01' AND …` proves `from: 2024-01-01` for the
//! scan of `marts.shipments`; under OR, with another alias, or around a function of the column it would prove nothing.
//!
//! **Invariant:** nothing but the tree is believed; what is not understood proves nothing.

use super::{BinaryOp, Column, Expr, From, JoinKind, Leaf, Literal, Select, SqlExpr, WindowFunction};
use crate::time::NaiveDateTime;

#[cfg(test)]
mod tests;

/// A partitioned table whose scans have to be bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionRule {
    /// The table's name as it stands in [`super::From::Table`].
    pub table: String,
    /// The partition column.
    pub column: String,
    /// Whether the warehouse refuses a scan without a bound.
    pub required: bool,
}

/// What the select says of the partition column, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// `column >= from`, if there is such a conjunct.
    pub from: Option<Literal>,
    /// `column < to`, if there is such a conjunct.
    pub to: Option<Literal>,
}

/// The proof for one scan of a partitioned table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The table.
    pub table: String,
    /// The partition column.
    pub column: String,
    /// The bound that holds for every row read by this scan.
    pub bound: Bound,
    /// Whether the bound is there at all: a lower one, an upper one, or both.
    pub proven: bool,
    /// Whether the warehouse refuses the scan without it.
    pub required: bool,
}

/// Finds every scan of the given tables anywhere in the select, and the constant bounds on its partition column.
///
/// Trusts nothing but the tree: only conjuncts of the WHERE (or of the ON of an inner join, or of the outer join that
/// brings in the table) of the very select that scans the table count, and only comparisons of the bare column with a constant. SQL that is spliced as it was
/// written counts as a scan without bounds of every such table that it names.
pub fn prove_pruning(select: &Select, rules: &[PartitionRule]) -> Vec<Proof> {
    let mut search = Search { rules, proofs: Vec::new() };
    search.select(select);
    search.proofs
}

struct Search<'a> {
    rules: &'a [PartitionRule],
    proofs: Vec<Proof>,
}

impl Search<'_> {
    fn select(&mut self, select: &Select) {
        for cte in &select.with {
            self.select(&cte.select);
        }
        for from in tables(select) {
            self.from(select, from);
        }
        let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
        let items = select.items.iter().map(|item| &item.expr);
        let order = select.order_by.iter().map(|term| &term.expr);
        for expr in items.chain(ons).chain(&select.filter).chain(&select.having).chain(order) {
            self.expr(expr);
        }
        for further in &select.union_all {
            self.select(further);
        }
    }

    fn from(&mut self, select: &Select, from: &From) {
        match from {
            From::Table { name, alias } => {
                for rule in self.rules.iter().filter(|rule| rule.table == *name) {
                    self.proofs.push(proof(rule, bounds_of(select, alias, &rule.column)));
                }
            }
            From::Cte { .. } | From::Moments { .. } => {}
            From::Select { select, .. } => self.select(select),
            From::Verbatim { text, .. } => self.verbatim(text),
            From::Days { from, to, .. } => {
                self.expr(from);
                self.expr(to);
            }
        }
    }

    fn expr(&mut self, expr: &SqlExpr) {
        let Expr::Leaf(leaf) = expr else {
            expr.for_each_child(&mut |child| self.expr(child));
            return;
        };
        match leaf {
            Leaf::Column(_) | Leaf::Grouping(_) => {}
            Leaf::Aggregate(aggregate) => aggregate.arg.iter().for_each(|arg| self.expr(arg)),
            Leaf::Window(window) => {
                if let WindowFunction::Aggregate(aggregate) = &window.function {
                    aggregate.arg.iter().for_each(|arg| self.expr(arg));
                }
                window.partition_by.iter().for_each(|key| self.expr(key));
                window.order_by.iter().for_each(|term| self.expr(&term.expr));
            }
            Leaf::Exists(select) | Leaf::Scalar(select) => self.select(select),
            Leaf::InSelect { arg, select } => {
                self.expr(arg);
                self.select(select);
            }
            Leaf::Verbatim(text) => self.verbatim(text),
        }
    }

    /// The last word of a table's name is what every way to write the name has in it.
    fn verbatim(&mut self, text: &str) {
        let text = text.to_lowercase();
        for rule in self.rules {
            let last = rule.table.rsplit('.').next().unwrap_or(&rule.table).to_lowercase();
            if text.contains(&last) {
                self.proofs.push(proof(rule, Bound { from: None, to: None }));
            }
        }
    }
}

fn proof(rule: &PartitionRule, bound: Bound) -> Proof {
    Proof {
        table: rule.table.clone(),
        column: rule.column.clone(),
        proven: bound.from.is_some() || bound.to.is_some(),
        bound,
        required: rule.required,
    }
}

fn tables(select: &Select) -> impl Iterator<Item = &From> {
    select.from.iter().chain(select.joins.iter().map(|join| &join.to))
}

/// Returns the strongest bounds that the select's own conditions put on a column of one of its tables.
pub fn bounds_of(select: &Select, alias: &str, column: &str) -> Bound {
    let is_only_table = select.joins.is_empty();
    let is_column = |expr: &SqlExpr| match expr {
        Expr::Leaf(Leaf::Column(Column { table, name })) => {
            let of_table = table.as_ref().map_or(is_only_table, |table| table == alias);
            of_table && name.eq_ignore_ascii_case(column)
        }
        _ => false,
    };
    let mut bound = Bound { from: None, to: None };
    // A row that an inner join drops is not part of the answer, whatever the joins after it do.
    let inner = select.joins.iter().filter(|join| matches!(join.kind, JoinKind::Inner | JoinKind::Matched));
    // A row of the table that an outer join brings in counts only if it fulfils the condition of that very join.
    let own = select.joins.iter().filter(|join| join.kind == JoinKind::Left && join.to.alias() == alias);
    let ons = inner.chain(own).filter_map(|join| join.on.as_ref());
    let mut waiting: Vec<&SqlExpr> = select.filter.iter().chain(ons).collect();
    while let Some(condition) = waiting.pop() {
        match condition {
            Expr::Binary { op: BinaryOp::And, left, right } => waiting.extend([&**left, &**right]),
            Expr::Binary { op, left, right } if is_column(left) => {
                if let Some(value) = constant(right) {
                    bound.narrow(*op, value);
                }
            }
            Expr::Binary { op, left, right } if is_column(right) => {
                if let Some(value) = constant(left) {
                    bound.narrow(op.mirrored(), value);
                }
            }
            Expr::Between { arg, low, high, negated: false } if is_column(arg) => {
                if let Some(value) = constant(low) {
                    bound.narrow(BinaryOp::GtEq, value);
                }
                if let Some(value) = constant(high) {
                    bound.narrow(BinaryOp::LtEq, value);
                }
            }
            Expr::In { arg, list, negated: false } if is_column(arg) => {
                if let Some((least, greatest)) = ends_of(list) {
                    bound.narrow(BinaryOp::GtEq, least);
                    bound.narrow(BinaryOp::LtEq, greatest);
                }
            }
            _ => {}
        }
    }
    bound
}

/// Narrows a bound and returns the sides that became narrower.
pub fn narrower(bound: &mut Bound, from: Option<Literal>, to: Option<Literal>) -> Bound {
    let before = bound.clone();
    for (op, side) in [(BinaryOp::GtEq, from), (BinaryOp::Lt, to)] {
        if let Some(value) = side {
            bound.narrow(op, &value);
        }
    }
    let changed = |after: &Option<Literal>, before: Option<Literal>| after.clone().filter(|_| *after != before);
    Bound { from: changed(&bound.from, before.from), to: changed(&bound.to, before.to) }
}

fn constant(expr: &SqlExpr) -> Option<&Literal> {
    match expr {
        Expr::Literal(Literal::Null) | Expr::Parameter(Literal::Null) => None,
        Expr::Literal(value) | Expr::Parameter(value) => Some(value),
        _ => None,
    }
}

/// Returns the least and the greatest of constants that have one order; nothing if one of them has none.
fn ends_of(list: &[SqlExpr]) -> Option<(&Literal, &Literal)> {
    let first = constant(list.first()?)?;
    list.iter().try_fold((first, first), |(least, greatest), item| {
        let value = constant(item)?;
        let has_order = is_less(value, first) || is_less(first, value) || value == first;
        has_order.then(|| {
            (if is_less(value, least) { value } else { least }, if is_less(greatest, value) { value } else { greatest })
        })
    })
}

impl Bound {
    /// Takes `column op value` into account.
    fn narrow(&mut self, op: BinaryOp, value: &Literal) {
        let (lower, upper) = match op {
            BinaryOp::GtEq => (Some(value.clone()), None),
            BinaryOp::Gt => (Some(above(value)), None),
            BinaryOp::Lt => (None, Some(value.clone())),
            BinaryOp::LtEq => (None, next(value)),
            BinaryOp::Eq => (Some(value.clone()), next(value)),
            _ => return,
        };
        if let Some(lower) = lower
            && self.from.as_ref().is_none_or(|known| is_less(known, &lower))
        {
            self.from = Some(lower);
        }
        // No partition lies behind the last day that there is.
        if let Some(upper) = upper.filter(|upper| !upper.is_after_last_day())
            && self.to.as_ref().is_none_or(|known| is_less(&upper, known))
        {
            self.to = Some(upper);
        }
    }
}

/// Returns where what is greater than a constant begins: of times it is the constant, since warehouses cut them differently
/// finely.
fn above(value: &Literal) -> Literal {
    match value {
        Literal::Integer(number) => Literal::Integer(number.saturating_add(1)),
        other => other.clone(),
    }
}

/// Returns the least value above a constant, for types that have one.
fn next(value: &Literal) -> Option<Literal> {
    let tick = |time: &NaiveDateTime| time.checked_add_signed(chrono::TimeDelta::microseconds(1));
    match value {
        Literal::Integer(value) => value.checked_add(1).map(Literal::Integer),
        Literal::Date(date) => date.succ_opt().map(Literal::Date),
        Literal::DateTime(time) => tick(time).map(Literal::DateTime),
        Literal::Timestamp(time) => tick(time).map(Literal::Timestamp),
        Literal::Null | Literal::Boolean(_) | Literal::Decimal(_) | Literal::Float(_) | Literal::String(_) => None,
    }
}

/// Returns whether one constant is less than another, where both are of one type with a plain order.
fn is_less(left: &Literal, right: &Literal) -> bool {
    match (left, right) {
        (Literal::Integer(left), Literal::Integer(right)) => left < right,
        (Literal::Date(left), Literal::Date(right)) => left < right,
        (Literal::DateTime(left), Literal::DateTime(right)) | (Literal::Timestamp(left), Literal::Timestamp(right)) => {
            left < right
        }
        _ => false,
    }
}
