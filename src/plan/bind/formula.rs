//! Metrics → formulas over leaves.
//!
//! A leaf is one use of a simple metric: with the filters of the inputs above it, shifted, accumulated.

use std::fmt;

use super::{offset_parts, simple};
use crate::{
    ids::{MetricId, ModelId},
    plan::{PlanError, PlanErrorCode},
    project::{Aggregation, Cumulation, Empty, InputId, MetricKind, Project, Ref},
    sql::{BinaryOp, Expr, Function},
    time::{DateRange, Duration, NaiveDate, Offset, Unit, date_exists_after_shift, shift_date},
};

/// The position of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::plan) struct LeafId(pub(in crate::plan) usize);

/// One use of a simple metric.
#[derive(Debug)]
pub(in crate::plan) struct LeafUse {
    /// The name of its column.
    pub(in crate::plan) name: String,
    /// The simple metric.
    pub(in crate::plan) metric: MetricId,
    /// What of it.
    pub(in crate::plan) value: LeafValue,
    /// Further filters, seen from the metric's model.
    pub(in crate::plan) filters: Vec<Expr<Ref>>,
    /// How far back.
    pub(in crate::plan) shift: Shift,
    /// Over which time.
    pub(in crate::plan) cumulation: Option<Cumulation>,
    /// Whether a group with rows is a row of the answer.
    pub(in crate::plan) makes_rows: bool,
}

/// What of a simple metric a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum LeafValue {
    /// Its aggregate.
    Metric,
    /// The number of rows that it is made of.
    Rows,
}

/// How far back a leaf is taken: by days, which move each row, and by months, which move its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(in crate::plan) struct Shift {
    /// Months back.
    pub(in crate::plan) months: i64,
    /// Days back.
    pub(in crate::plan) days: i64,
}

impl Shift {
    /// Returns whether nothing is shifted.
    pub(in crate::plan) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Returns the range of rows whose shifted day lies in `range`.
    ///
    /// A day that the earlier month lacks stands for the first day of the month after: 31 March minus one month is
    /// 1 March, so that both ends of a range are cut alike.
    pub(in crate::plan) fn range(self, range: DateRange) -> DateRange {
        DateRange { from: range.from.map(|day| self.back(day)), to: range.to.map(|day| self.back(day)) }
    }

    /// Returns a day moved back.
    pub(in crate::plan) fn back(self, day: NaiveDate) -> NaiveDate {
        let months = Duration { count: self.months, unit: Unit::Month };
        let moved = shift_date(day, months, -1);
        let exact = date_exists_after_shift(day, months, -1);
        let moved = if exact { moved } else { shift_date(moved, Duration { count: 1, unit: Unit::Day }, 1) };
        shift_date(moved, Duration { count: self.days, unit: Unit::Day }, -1)
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let months = Duration { count: self.months, unit: Unit::Month };
        let days = Duration { count: self.days, unit: Unit::Day };
        match (self.months, self.days) {
            (0, _) => write!(f, "{days}"),
            (_, 0) => write!(f, "{months}"),
            _ => write!(f, "{months} and {days}"),
        }
    }
}

fn or_empty(value: Expr<LeafId>, empty: Empty) -> Expr<LeafId> {
    match empty {
        Empty::Null => value,
        Empty::Zero => Expr::call(Function::Coalesce, vec![value, Expr::integer(0)]),
    }
}

fn is_or_zero(value: &Expr<LeafId>) -> bool {
    match value {
        Expr::Call { function: Function::Coalesce, args } => args.last() == Some(&Expr::integer(0)),
        _ => false,
    }
}

/// Builds formulas and gathers their leaves.
#[derive(Debug)]
pub(super) struct Formulas<'p> {
    pub(super) project: &'p Project,
    leaves: Vec<LeafUse>,
}

/// What the metrics above ask of the ones below.
#[derive(Clone, Debug, Default)]
struct Above {
    name: Option<String>,
    filters: Vec<(ModelId, Expr<Ref>)>,
    shift: Shift,
    cumulation: Option<Cumulation>,
    when_empty: Option<Empty>,
    of_previous: bool,
}

impl<'p> Formulas<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, leaves: Vec::new() }
    }

    pub(super) fn into_leaves(self) -> Vec<LeafUse> {
        self.leaves
    }

    /// Returns the formula of a metric, taken back by an offset of the request.
    pub(super) fn of_metric(&mut self, metric: MetricId, previous: Option<Offset>) -> Result<Expr<LeafId>, PlanError> {
        let mut above = Above { of_previous: previous.is_some(), ..Above::default() };
        if let Some(offset) = previous {
            above.shift = self.add_shift(above.shift, offset, metric)?;
            above.name = Some(format!("{}_previous", self.project.metrics[metric].name));
        }
        let formula = self.formula(metric, &above)?;
        Ok(if previous.is_some() { self.where_rows_are(formula) } else { formula })
    }

    fn formula(&mut self, metric: MetricId, above: &Above) -> Result<Expr<LeafId>, PlanError> {
        let project = self.project;
        let definition = &project.metrics[metric];
        match &definition.kind {
            MetricKind::Simple(simple) => {
                let leaf = self.leaf(metric, simple.model, above);
                Ok(or_empty(Expr::Leaf(leaf), above.when_empty.unwrap_or(definition.when_empty)))
            }
            MetricKind::Derived { expr, inputs } => {
                let empty = above.when_empty.unwrap_or(definition.when_empty);
                let mut formulas = Vec::new();
                for input in inputs {
                    let mut below = above.clone();
                    below.name = Some(input.name.clone());
                    below.filters.extend(input.filter.iter().map(|(model, expr)| (*model, expr.clone())));
                    if let Some(offset) = input.offset {
                        below.shift = self.add_shift(below.shift, offset, metric)?;
                    }
                    if let Some(cumulation) = input.cumulation {
                        below.cumulation = Some(self.accumulate(above, cumulation, metric)?);
                    }
                    let of_input = if input.offset.is_some() { None } else { input.when_empty };
                    below.when_empty = of_input.or_else(|| {
                        let is_alone = input.offset.is_none() && matches!(expr, Expr::Leaf(_));
                        self.changed_empty(input.metric, empty).filter(|_| is_alone)
                    });
                    let formula = self.formula(input.metric, &below)?;
                    formulas.push(match input.offset {
                        None => formula,
                        Some(_) => or_empty(self.where_rows_are(formula), input.when_empty.unwrap_or(Empty::Null)),
                    });
                }
                let formula = expr.map(&mut |input: &InputId| formulas[input.0].clone());
                Ok(match (empty, above.when_empty) {
                    (Empty::Zero, _) if is_or_zero(&formula) => formula,
                    (Empty::Zero, _) => or_empty(formula, Empty::Zero),
                    (Empty::Null, Some(_)) if !matches!(expr, Expr::Leaf(_)) => self.where_rows_are(formula),
                    (Empty::Null, _) => formula,
                })
            }
            MetricKind::Nested(_) | MetricKind::Funnel(_) => Err(PlanError::new(
                PlanErrorCode::NotYet,
                format!("metric `{}` is of a kind that is not executed yet", definition.name),
            )),
            MetricKind::Cumulative { metric: inner, cumulation, take: _ } => {
                let cumulation = self.accumulate(above, *cumulation, metric)?;
                let name = above.name.clone().unwrap_or_else(|| definition.name.clone());
                let empty = above.when_empty.unwrap_or(definition.when_empty);
                let when_empty = self.changed_empty(*inner, empty);
                self.formula(
                    *inner,
                    &Above { cumulation: Some(cumulation), name: Some(name), when_empty, ..above.clone() },
                )
            }
        }
    }

    /// Returns the empty value that a metric above asks for, if it is not the metric's own.
    fn changed_empty(&self, metric: MetricId, empty: Empty) -> Option<Empty> {
        (empty != self.project.metrics[metric].when_empty).then_some(empty)
    }

    /// Returns a shifted formula where any of its leaves has rows, and null elsewhere.
    ///
    /// A shifted metric is what it was in the period before, empty values included; where that period has no rows at
    /// all, nobody knows that nothing happened.
    fn where_rows_are(&mut self, formula: Expr<LeafId>) -> Expr<LeafId> {
        if matches!(formula, Expr::Leaf(leaf) if self.is_null_without_rows(leaf)) {
            return formula;
        }
        let mut leaves: Vec<LeafId> = Vec::new();
        formula.for_each_leaf(&mut |leaf| {
            if !leaves.contains(leaf) {
                leaves.push(*leaf);
            }
        });
        let mut rows: Vec<LeafId> = Vec::new();
        for leaf in leaves {
            let counted = self.row_count(leaf);
            if !rows.contains(&counted) {
                rows.push(counted);
            }
        }
        let has_rows = Expr::any(rows.into_iter().map(|leaf| Expr::Leaf(leaf).binary(BinaryOp::Gt, Expr::integer(0))));
        match has_rows {
            Some(has_rows) => formula.when(has_rows),
            None => formula,
        }
    }

    fn is_null_without_rows(&self, leaf: LeafId) -> bool {
        match simple(self.project, self.leaves[leaf.0].metric).aggregation {
            Aggregation::Count | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => false,
            Aggregation::Sum
            | Aggregation::Avg
            | Aggregation::Min
            | Aggregation::Max
            | Aggregation::Percentile(_)
            | Aggregation::DiscretePercentile(_)
            | Aggregation::ApproxPercentile(_) => true,
        }
    }

    /// Returns the leaf that counts the rows of a leaf: itself if that is what it does.
    fn row_count(&mut self, leaf: LeafId) -> LeafId {
        let of = &self.leaves[leaf.0];
        let metric = simple(self.project, of.metric);
        if of.value == LeafValue::Rows || (metric.aggregation == Aggregation::Count && metric.expr.is_none()) {
            return leaf;
        }
        let same = |other: &LeafUse| {
            let counted = simple(self.project, other.metric);
            let counts =
                other.value == LeafValue::Rows || (counted.aggregation == Aggregation::Count && counted.expr.is_none());
            counts
                && (counted.model, &counted.time, &counted.filter) == (metric.model, &metric.time, &metric.filter)
                && (other.shift, other.cumulation) == (of.shift, of.cumulation)
                && other.filters == of.filters
        };
        if let Some(index) = self.leaves.iter().position(same) {
            return LeafId(index);
        }
        let rows = LeafUse {
            name: self.free_name(&format!("{}_rows", of.name)),
            metric: of.metric,
            value: LeafValue::Rows,
            filters: of.filters.clone(),
            shift: of.shift,
            cumulation: of.cumulation,
            makes_rows: of.makes_rows,
        };
        self.leaves.push(rows);
        LeafId(self.leaves.len() - 1)
    }

    fn leaf(&mut self, metric: MetricId, model: ModelId, above: &Above) -> LeafId {
        let filters: Vec<Expr<Ref>> =
            above.filters.iter().filter(|(of, _)| *of == model).map(|(_, filter)| filter.clone()).collect();
        let same = |leaf: &LeafUse| {
            leaf.metric == metric
                && leaf.value == LeafValue::Metric
                && leaf.shift == above.shift
                && leaf.cumulation == above.cumulation
                && leaf.filters == filters
        };
        if let Some(index) = self.leaves.iter().position(same) {
            self.leaves[index].makes_rows |= !above.of_previous;
            return LeafId(index);
        }
        let plain = filters.is_empty() && above.shift.is_none() && above.cumulation.is_none();
        let own_name = &self.project.metrics[metric].name;
        let wanted = above.name.as_ref().filter(|_| !plain).unwrap_or(own_name);
        let name = self.free_name(wanted);
        self.leaves.push(LeafUse {
            name,
            metric,
            value: LeafValue::Metric,
            filters,
            shift: above.shift,
            cumulation: above.cumulation,
            makes_rows: !above.of_previous,
        });
        LeafId(self.leaves.len() - 1)
    }

    fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.leaves.iter().any(|leaf| leaf.name == name);
        if !taken(wanted) {
            return wanted.to_owned();
        }
        (2..self.leaves.len() + 3)
            .map(|n| format!("{wanted}_{n}"))
            .find(|name| !taken(name))
            .expect("there are more numbers than leaves")
    }

    fn add_shift(&self, shift: Shift, offset: Offset, metric: MetricId) -> Result<Shift, PlanError> {
        let name = &self.project.metrics[metric].name;
        let parts = offset_parts(offset).and_then(|(months, days)| {
            let total = Shift { months: shift.months.checked_add(months)?, days: shift.days.checked_add(days)? };
            // A calendar ends somewhere; ten thousand years are enough for everyone.
            (total.months.abs() < 120_000 && total.days.abs() < 3_650_000).then_some(total)
        });
        parts.ok_or_else(|| {
            PlanError::new(
                PlanErrorCode::OffsetFinerThanGranularity,
                format!("metric `{name}` cannot be taken back by {offset}"),
            )
            .help("Use an offset of days, weeks, months, quarters or years.")
        })
    }

    fn accumulate(&self, above: &Above, cumulation: Cumulation, metric: MetricId) -> Result<Cumulation, PlanError> {
        if above.cumulation.is_some() {
            let name = &self.project.metrics[metric].name;
            return Err(PlanError::new(
                PlanErrorCode::NotYet,
                format!("metric `{name}` accumulates over time and is accumulated again"),
            )
            .help("Accumulate the metric below it once."));
        }
        Ok(cumulation)
    }
}
