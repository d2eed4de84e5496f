//! A finished SELECT → the same with a bug in it.

use chrono::TimeDelta;
use entente::sql::{
    AggregateFunction, BinaryOp, Expr, From, Function, JoinKind, Leaf, Literal, Select, SqlExpr, UnaryOp,
};

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Bug {
    /// One condition is forgotten.
    FirstConditionDropped,
    LastConditionDropped,
    /// A range holds its end.
    EndIncluded,
    /// A range lacks its beginning.
    BeginningExcluded,
    /// A joined table loses the rows without a match.
    InnerJoin,
    /// A join matches any row.
    JoinConditionDropped,
    /// Days are cut in UTC.
    WrongZone,
    /// Ranges begin an hour late.
    RangeShifted,
    /// Null groups are lost when metrics are lined up.
    NullGroupLost,
    /// One model's groups are forgotten.
    PartForgotten,
    /// A sum of nothing is null.
    EmptyIsNull,
    /// An unknown truth is a third value.
    ThreeValued,
    /// A condition of a metric is forgotten.
    MetricFilterDropped,
    /// Duplicates are counted.
    DistinctForgotten,
    /// A sum is a mean.
    SumIsMean,
    /// A count leaves nulls out, or counts them.
    CountCountsNulls,
    /// Weeks begin a day late, months too.
    PeriodsStartLate,
    /// An offset looks the wrong way.
    OffsetReversed,
    /// A window is one unit short.
    WindowShort,
    /// AND is OR.
    AndIsOr,
    /// NOT is forgotten.
    NotForgotten,
    /// A comparison is turned around.
    LessIsGreater,
    /// EXISTS looks at all rows.
    ExistsUncorrelated,
    /// The least value is the greatest.
    MinIsMax,
    /// A difference is a sum.
    MinusIsPlus,
    /// A ratio is upside down.
    RatioReversed,
    /// A bucket holds its upper bound.
    BucketHoldsItsEnd,
    /// A condition on metrics is forgotten.
    HavingDropped,
    /// A key is forgotten.
    KeyForgotten,
    /// Equality of text loses its case.
    CaseFolded,
    /// The partition bound is a day too tight.
    PartitionTooTight,
    /// Both roles of a table are one.
    RolesMixedUp,
    /// What a model leaves out is there.
    ModelFilterForgotten,
    /// A version is valid on the day on which the next one begins.
    VersionHoldsItsEnd,
    /// A version is not yet valid on its first day.
    VersionLacksItsBeginning,
    /// A version without an end is never valid.
    OpenVersionLost,
    /// The moment of a balance is chosen behind the filters.
    BalanceBehindFilters,
    /// All moments of a period count.
    BalanceSummed,
    /// Members are not told apart.
    MembersForgotten,
    /// Of parts that were grouped by their key only the greatest counts.
    PartsNotAddedUp,
    /// Rows of nobody make a member.
    NobodyIsSomebody,
    /// What ignores keys ignores filters, too.
    IgnoreDropsFilters,
    /// A percentile lies between two values.
    DiscreteIsContinuous,
    /// Null keys do not find one another.
    NullsApart,
    /// The whole of a share ignores the filters.
    WholeIgnoresFilters,
    /// The whole of a share is the part.
    WholeIsThePart,
    /// A change is relative to the present.
    ChangeRelativeToNow,
    /// A metric as a dimension sees the query's range.
    MemberSeesTheRange,
    /// A member without rows has nothing, not the empty value.
    MemberWithoutRowsIsNull,
    /// A row without member has the empty value.
    NobodyHasNothing,
    /// A metric as a dimension sees what a policy hides.
    MemberSeesHiddenRows,
    /// A policy is inherited over one of two roles only.
    PolicyOfOneRole,
}

impl Bug {
    pub(in crate::battery) const ALL: &'static [Self] = &[
        Self::FirstConditionDropped,
        Self::LastConditionDropped,
        Self::EndIncluded,
        Self::BeginningExcluded,
        Self::InnerJoin,
        Self::JoinConditionDropped,
        Self::WrongZone,
        Self::RangeShifted,
        Self::NullGroupLost,
        Self::PartForgotten,
        Self::EmptyIsNull,
        Self::ThreeValued,
        Self::MetricFilterDropped,
        Self::DistinctForgotten,
        Self::SumIsMean,
        Self::CountCountsNulls,
        Self::PeriodsStartLate,
        Self::OffsetReversed,
        Self::WindowShort,
        Self::AndIsOr,
        Self::NotForgotten,
        Self::LessIsGreater,
        Self::ExistsUncorrelated,
        Self::MinIsMax,
        Self::MinusIsPlus,
        Self::RatioReversed,
        Self::BucketHoldsItsEnd,
        Self::HavingDropped,
        Self::KeyForgotten,
        Self::CaseFolded,
        Self::PartitionTooTight,
        Self::RolesMixedUp,
        Self::ModelFilterForgotten,
        Self::VersionHoldsItsEnd,
        Self::VersionLacksItsBeginning,
        Self::OpenVersionLost,
        Self::BalanceBehindFilters,
        Self::BalanceSummed,
        Self::MembersForgotten,
        Self::PartsNotAddedUp,
        Self::NobodyIsSomebody,
        Self::IgnoreDropsFilters,
        Self::DiscreteIsContinuous,
        Self::NullsApart,
        Self::WholeIgnoresFilters,
        Self::WholeIsThePart,
        Self::ChangeRelativeToNow,
        Self::MemberSeesTheRange,
        Self::MemberWithoutRowsIsNull,
        Self::NobodyHasNothing,
        Self::MemberSeesHiddenRows,
        Self::PolicyOfOneRole,
    ];

    /// Returns the select with the bug in it, or nothing where it has no place.
    pub(super) fn plant(self, select: &Select) -> Option<Select> {
        let mut wrong = select.clone();
        self.in_select(&mut wrong);
        (wrong != *select).then_some(wrong)
    }

    pub(super) fn in_select(self, select: &mut Select) {
        self.in_shape(select);
        self.in_asked(select);
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
        if let From::Select { select, .. } = from {
            self.in_select(select);
        }
    }

    fn in_expr(self, expr: SqlExpr) -> SqlExpr {
        expr.rebuild(&mut |part| self.in_part(part))
    }

    fn in_part(self, part: SqlExpr) -> SqlExpr {
        match (self, self.in_asked_part(part)) {
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

    fn in_leaf(self, leaf: Leaf) -> SqlExpr {
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
                Expr::Leaf(Leaf::Column(column))
            }
            other => Expr::Leaf(other),
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

pub(super) fn conditions(filter: Option<SqlExpr>) -> Vec<SqlExpr> {
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

fn is_constant(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(_))
}

pub(super) fn is_time(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::Timestamp(_) | Literal::DateTime(_) | Literal::Date(_)))
}

fn is_decimal(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::Decimal(_)))
}

fn is_text(expr: &SqlExpr) -> bool {
    matches!(expr, Expr::Literal(Literal::String(_)) | Expr::Parameter(Literal::String(_)))
}

pub(super) fn is_column(expr: &SqlExpr, name: &str) -> bool {
    matches!(expr, Expr::Leaf(Leaf::Column(column)) if column.name == name)
}
