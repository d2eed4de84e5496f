//! A finished SELECT → the same with a bug in it.

use entente::sql::{AggregateFunction, BinaryOp, Expr, From, JoinKind, Leaf, Literal, Select, SqlExpr};

use super::Bug;

impl Bug {
    /// Returns the select with the bug in it, or nothing where it has no place.
    pub(super) fn plant(self, select: &Select) -> Option<Select> {
        let mut wrong = select.clone();
        self.in_select(&mut wrong);
        (wrong != *select).then_some(wrong)
    }

    pub(super) fn in_select(self, select: &mut Select) {
        self.in_shape(select);
        self.in_asked(select);
        self.in_joined(select);
        for cte in &mut select.with {
            self.in_select(&mut cte.select);
        }
        for part in &mut select.union_all {
            self.in_select(part);
        }
        let is_lined_up = matches!(&select.from, Some(From::Select { alias, .. }) if alias == "parts");
        if let Some(from) = &mut select.from {
            self.in_from(from);
        }
        for join in &mut select.joins {
            self.in_from(&mut join.to);
            if self == Self::InnerJoin && join.kind == JoinKind::Left {
                join.kind = JoinKind::Inner;
            }
            if self == Self::CalendarDaysLost && join.to.alias() == "retail" {
                join.kind = JoinKind::Inner;
            }
            if self == Self::JoinConditionDropped && join.kind == JoinKind::Left {
                join.on = Some(Expr::Literal(Literal::Boolean(true)));
            }
            join.on = join.on.take().map(|on| self.in_expr(on));
        }
        for item in &mut select.items {
            let expr = std::mem::replace(&mut item.expr, Expr::null());
            item.expr = self.in_expr(expr);
        }
        let has_group = !select.group_by.is_empty();
        match self {
            Self::FirstConditionDropped => drop_condition(&mut select.filter, 0),
            Self::LastConditionDropped => {
                let last = conditions(select.filter.clone()).len().saturating_sub(1);
                drop_condition(&mut select.filter, last);
            }
            Self::NullGroupLost if is_lined_up && has_group => {
                let key = SqlExpr::bare(select.items[select.group_by[0]].alias.clone());
                select.filter = Some(key.is_null(true));
            }
            Self::PartForgotten => {
                select.union_all.pop();
            }
            Self::HavingDropped if select.with.is_empty() => select.having = None,
            Self::HavingDropped => {
                if matches!(&select.from, Some(From::Cte { .. })) {
                    select.filter = None;
                }
                select.having = None;
            }
            Self::KeyForgotten if select.group_by.len() > 1 => {
                let key = select.group_by[select.group_by.len() - 1];
                select.items[key].expr = Expr::null();
            }
            _ => {}
        }
        select.filter = select.filter.take().map(|filter| self.in_expr(filter));
        select.having = select.having.take().map(|having| self.in_expr(having));
    }

    fn in_from(self, from: &mut From) {
        self.in_made_table(from);
        if let From::Select { select, .. } = from {
            self.in_select(select);
        }
    }

    fn in_expr(self, expr: SqlExpr) -> SqlExpr {
        expr.rebuild(&mut |part| self.in_part(part))
    }

    pub(super) fn in_leaf(self, leaf: Leaf) -> SqlExpr {
        match leaf {
            Leaf::Aggregate(mut aggregate) => {
                aggregate.function = match (self, aggregate.function) {
                    (Self::DistinctForgotten, AggregateFunction::CountDistinct) => AggregateFunction::Count,
                    (Self::SumIsMean, AggregateFunction::Sum) => AggregateFunction::Avg,
                    (Self::MinIsMax, AggregateFunction::Min) => AggregateFunction::Max,
                    (Self::DiscreteIsContinuous, AggregateFunction::DiscretePercentile(at)) => {
                        AggregateFunction::Percentile(at)
                    }
                    (_, function) => function,
                };
                if self == Self::CountCountsNulls && aggregate.function == AggregateFunction::Count {
                    aggregate.arg = None;
                }
                aggregate.arg = aggregate.arg.map(|arg| self.in_expr(arg));
                Expr::Leaf(Leaf::Aggregate(aggregate))
            }
            Leaf::Exists(mut select) => {
                if self == Self::ExistsUncorrelated {
                    drop_condition(&mut select.filter, 0);
                } else {
                    self.in_select(&mut select);
                }
                Expr::Leaf(Leaf::Exists(select))
            }
            Leaf::Scalar(mut select) => {
                self.in_select(&mut select);
                Expr::Leaf(Leaf::Scalar(select))
            }
            Leaf::Column(mut column) => {
                if self == Self::RolesMixedUp && column.name == "destination_id" {
                    "origin_id".clone_into(&mut column.name);
                }
                if self == Self::CalendarByDay
                    && column.name == "retail_month"
                    && column.table.as_deref() == Some("retail")
                {
                    "day".clone_into(&mut column.name);
                }
                Expr::Leaf(Leaf::Column(column))
            }
            other => Expr::Leaf(other),
        }
    }
}

pub(in crate::battery) fn conditions(filter: Option<SqlExpr>) -> Vec<SqlExpr> {
    match filter {
        None => Vec::new(),
        Some(Expr::Binary { op: BinaryOp::And, left, right }) => {
            let mut all = conditions(Some(*left));
            all.extend(conditions(Some(*right)));
            all
        }
        Some(one) => vec![one],
    }
}

fn drop_condition(filter: &mut Option<SqlExpr>, index: usize) {
    let mut all = conditions(filter.take());
    if index < all.len() {
        all.remove(index);
    }
    *filter = Expr::all(all);
}

pub(super) fn is_time(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::Timestamp(_) | Literal::DateTime(_) | Literal::Date(_)))
}

pub(super) fn is_column(expr: &SqlExpr, name: &str) -> bool {
    matches!(expr, Expr::Leaf(Leaf::Column(column)) if column.name == name)
}
