//! Metrics → formulas over leaves.
//!
//! A leaf is one use of a metric of rows: with the filters of the inputs above it, shifted, accumulated.

use super::{
    GroupKey,
    keys::is_named,
    leaf::{Accumulation, LeafId, LeafUse, LeafValue, MakesRows, Shift, Usage},
    offset_parts,
};
use crate::{
    catalog::ColumnType,
    ids::{MetricId, ModelId},
    plan::{Key, MetricRequest, Over, Past, PlanError, PlanErrorCode, Show, calendar, fan_out},
    project::{
        Aggregation, Back, Balance, Cumulation, Empty, Funnel, FunnelResult, Input, InputId, Metric, MetricKind, Ref,
        SimpleMetric, Size, Take, TimeAxis, Visible,
    },
    sql::{BinaryOp, Expr, Function},
    time::Granularity,
};

fn or_empty(value: Expr<LeafId>, empty: Empty) -> Expr<LeafId> {
    match empty {
        Empty::Null => value,
        Empty::Zero => Expr::call(Function::Coalesce, vec![value, Expr::integer(0)]),
    }
}

fn as_float(value: Expr<LeafId>) -> Expr<LeafId> {
    Expr::Cast { arg: Box::new(value), to: ColumnType::Float }
}

pub(super) fn is_or_zero(value: &Expr<LeafId>) -> bool {
    match value {
        Expr::Cast { arg, to: ColumnType::Float } => is_or_zero(arg),
        Expr::Call { function: Function::Coalesce, args } => args.last() == Some(&Expr::integer(0)),
        _ => false,
    }
}

/// Builds formulas and gathers their leaves.
#[derive(Debug)]
pub(super) struct Formulas<'p> {
    pub(super) project: &'p Visible<'p>,
    /// What is grouped by.
    keys: Vec<GroupKey>,
    leaves: Vec<LeafUse>,
}

/// What the metrics above ask of the ones below.
#[derive(Clone, Debug, Default)]
pub(in crate::plan) struct Above {
    name: Option<String>,
    /// What is asked of the leaves.
    pub(in crate::plan) usage: Usage,
    when_empty: Option<Empty>,
    makes_rows: MakesRows,
    /// Whether the value is that of one member, over which something else is aggregated.
    of_member: bool,
}

impl Above {
    /// What a use of a metric of a metric asks of the metric below it, for each member.
    pub(in crate::plan) fn of_usage(usage: Usage) -> Self {
        Self { usage, of_member: true, ..Self::default() }
    }
}

impl<'p> Formulas<'p> {
    pub(super) fn new(project: &'p Visible<'p>, keys: Vec<GroupKey>) -> Self {
        Self { project, keys, leaves: Vec::new() }
    }

    pub(super) fn into_leaves(self) -> Vec<LeafUse> {
        self.leaves
    }

    /// Returns the formula of a metric that is no column of the answer, which hides or orders its rows and makes none.
    pub(super) fn of_hidden(&mut self, metric: MetricId) -> Result<Expr<LeafId>, PlanError> {
        self.formula(metric, &Above { makes_rows: MakesRows::Never, ..Above::default() })
    }

    /// Returns the formula of a metric as a request asks for it; a rank is made of the value later.
    pub(super) fn of_request(
        &mut self,
        metric: MetricId,
        asked: &MetricRequest,
        keys: &[Key],
    ) -> Result<Expr<LeafId>, PlanError> {
        let value = self.of_time(metric, asked, None, None)?;
        Ok(match &asked.show {
            Show::Value | Show::Rank { .. } => value,
            Show::Share { within } => {
                let whole = self.of_time(metric, asked, None, Some(self.names_of(metric, keys, within)))?;
                value.binary(BinaryOp::Divide, whole)
            }
            Show::Change(past) => {
                let earlier = self.of_time(metric, asked, Some(past), None)?;
                let difference = value.binary(BinaryOp::Subtract, earlier.clone());
                difference.binary(BinaryOp::Divide, earlier)
            }
        })
    }

    /// Returns the names of the keys within which a metric is a share.
    fn names_of(&self, metric: MetricId, keys: &[Key], within: &[Vec<String>]) -> Vec<String> {
        let is_meant = |key: &&Key| within.iter().any(|path| is_named(self.project, metric, key, path));
        keys.iter().filter(is_meant).map(|key| key.name.clone()).collect()
    }

    /// Returns a metric at the time that is asked for, or so much earlier; as the whole of a share, if keys of it are named.
    fn of_time(
        &mut self,
        metric: MetricId,
        asked: &MetricRequest,
        since: Option<&Past>,
        within: Option<Vec<String>>,
    ) -> Result<Expr<LeafId>, PlanError> {
        let is_previous = !asked.previous.is_empty() || since.is_some();
        let makes_rows = if is_previous { MakesRows::Alone } else { MakesRows::Always };
        let mut above = Above { makes_rows, ..Above::default() };
        let mut name = self.project.metrics[metric].name.clone();
        if let Some(over) = &asked.over {
            let over = match over {
                Over::Time(cumulation) => *cumulation,
                Over::ToDate(name) => {
                    let id = calendar::find_named(self.project, name, &format!("`{}`", asked.metric))?;
                    Cumulation::ToDate(Size::Calendar(id))
                }
            };
            above.usage.cumulation = Some(Accumulation { over, take: Take::Last });
            name.push_str("_accumulated");
        }
        // The last word is the outermost: what was a month ago, as it was a day ago.
        for past in since.into_iter().chain(asked.previous.iter().rev()) {
            let back = match past {
                Past::Time(offset) => Back::Time(*offset),
                Past::Periods { count, of } => {
                    let of = calendar::find_named(self.project, of, &format!("`{}`", asked.metric))?;
                    Back::Periods { count: *count, of }
                }
            };
            above.usage.shift = self.add_shift(above.usage.shift, back, false, metric)?;
            name.push_str("_previous");
        }
        if within.is_some() {
            name.push_str("_whole");
        }
        above.usage.within = within;
        above.name = Some(name);
        let formula = self.formula(metric, &above)?;
        Ok(if is_previous { self.where_rows_are(formula) } else { formula })
    }

    /// Returns the formula of a metric as the metrics above use it.
    pub(super) fn formula(&mut self, metric: MetricId, above: &Above) -> Result<Expr<LeafId>, PlanError> {
        let project = self.project;
        let definition = &project.metrics[metric];
        let empty = above.when_empty.unwrap_or(definition.when_empty);
        match &definition.kind {
            MetricKind::Simple(_) | MetricKind::Nested(_) => {
                let leaf = Expr::Leaf(self.leaf(metric, LeafValue::Metric, above));
                let value = if empty == Empty::Null { self.where_rows_are(leaf) } else { or_empty(leaf, empty) };
                Ok(if self.is_mean_of_one_day(definition, above) { as_float(value) } else { value })
            }
            MetricKind::Funnel(funnel) => Ok(self.of_funnel(metric, funnel, above, empty)),
            MetricKind::Derived { expr, inputs } => self.of_inputs(metric, definition, expr, inputs, above),
            MetricKind::Cumulative { metric: inner, cumulation, take } => {
                let mut below = above.clone();
                below.usage.cumulation = Some(self.accumulate(above, *cumulation, *take, metric)?);
                below.name = above.name.clone().or_else(|| Some(definition.name.clone()));
                below.when_empty = above.when_empty.or(definition.said_empty());
                self.formula(*inner, &below)
            }
        }
    }

    fn of_inputs(
        &mut self,
        metric: MetricId,
        definition: &Metric,
        expr: &Expr<InputId>,
        inputs: &[Input],
        above: &Above,
    ) -> Result<Expr<LeafId>, PlanError> {
        let said = above.when_empty.or(definition.said_empty());
        let is_plain = |only: &Input| only.offset.is_none() && only.offset_to.is_none() && only.when_empty.is_none();
        let is_alone = matches!((expr, inputs), (Expr::Leaf(_), [only]) if is_plain(only));
        let mut formulas = Vec::new();
        for input in inputs {
            let is_shifted = input.offset.is_some() || input.offset_to.is_some();
            let mut below = above.clone();
            below.name = Some(input.name.clone());
            below.usage = self.usage_of(metric, input, above)?;
            let of_input = if is_shifted { None } else { input.when_empty };
            below.when_empty = of_input.or(said.filter(|_| is_alone));
            let formula = self.formula(input.metric, &below)?;
            formulas.push(if is_shifted {
                or_empty(self.where_rows_are(formula), input.when_empty.unwrap_or(Empty::Null))
            } else {
                formula
            });
        }
        let formula = expr.map(&mut |input: &InputId| formulas[input.0].clone());
        Ok(match said {
            Some(Empty::Zero) if !is_or_zero(&formula) => or_empty(formula, Empty::Zero),
            Some(Empty::Null) if !is_alone => self.where_rows_are(formula),
            _ => formula,
        })
    }

    /// Adds what an input asks to what is asked above it.
    fn usage_of(&self, metric: MetricId, input: &Input, above: &Above) -> Result<Usage, PlanError> {
        let mut usage = above.usage.clone();
        usage.filters.extend(input.filter.iter().map(|(model, expr)| (*model, expr.clone())));
        if let Some(offset) = input.offset {
            usage.shift = self.add_shift(usage.shift, offset, input.shift_rows, metric)?;
        }
        if let Some(cumulation) = input.cumulation {
            usage.cumulation = Some(self.accumulate(above, cumulation, input.take, metric)?);
        }
        if input.offset_to.is_some() {
            usage.offset_to = input.offset_to;
        }
        if let Some(own) = &input.ignore {
            usage.ignore = Some(usage.ignore.as_ref().map_or_else(|| own.clone(), |above| above.or(own)));
        }
        let name = &self.project.metrics[metric].name;
        if above.usage.offset_to.is_some() && (input.offset_to.is_some() || input.offset.is_some()) {
            return Err(PlanError::new(
                PlanErrorCode::TimeCombinationRefused,
                format!("metric `{name}` is taken back and taken back to the start of a period as well"),
            )
            .help("Take it back once."));
        }
        let shift = above.usage.shift;
        match input.offset_to {
            // The month before January is no first month of a quarter.
            Some(size) if !shift.is_whole(size) => Err(PlanError::new(
                PlanErrorCode::TimeCombinationRefused,
                format!(
                    "metric `{name}` is taken back to the start of a {size}, and by {shift}, which is no whole {size}"
                ),
            )
            .help(format!("Take it back by a whole {size} or several."))),
            _ => Ok(usage),
        }
    }

    fn of_funnel(&mut self, metric: MetricId, funnel: &Funnel, above: &Above, empty: Empty) -> Expr<LeafId> {
        let mut leaf = |value| Expr::Leaf(self.leaf(metric, value, above));
        let formula = match funnel.result {
            FunnelResult::Rate => leaf(LeafValue::ConvertedBases).binary(BinaryOp::Divide, leaf(LeafValue::Rows)),
            FunnelResult::ConversionsPerBase => {
                leaf(LeafValue::Conversions).binary(BinaryOp::Divide, leaf(LeafValue::Rows))
            }
            FunnelResult::Conversions => leaf(LeafValue::Conversions),
            FunnelResult::TimeBetween { .. } => leaf(LeafValue::Metric),
        };
        or_empty(formula, empty)
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

    /// Returns whether the mean of days is that of one day, which is a number as the day's, not yet a float.
    fn is_mean_of_one_day(&self, metric: &Metric, above: &Above) -> bool {
        let is_longer = |key: &GroupKey| key.size_of_time().is_some_and(|size| size > Granularity::Day.into());
        let is_mean = above.usage.cumulation.is_some_and(|cumulation| cumulation.take == Take::Avg);
        is_mean && !above.of_member && metric.value_type != ColumnType::Float && !self.keys.iter().any(is_longer)
    }

    fn is_null_without_rows(&self, leaf: LeafId) -> bool {
        let of = &self.leaves[leaf.0];
        let aggregation = match &self.project.metrics[of.metric].kind {
            MetricKind::Simple(simple) => simple.aggregation,
            MetricKind::Nested(nested) => nested.aggregation,
            MetricKind::Funnel(_) => return of.value == LeafValue::Metric,
            MetricKind::Derived { .. } | MetricKind::Cumulative { .. } => return false,
        };
        match aggregation {
            Aggregation::Count | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => false,
            Aggregation::Sum
            | Aggregation::Avg
            | Aggregation::Min
            | Aggregation::Max
            | Aggregation::Percentile(_)
            | Aggregation::DiscretePercentile(_)
            | Aggregation::ApproxPercentile(_) => of.value == LeafValue::Metric,
        }
    }

    /// Returns the leaf that counts the rows of a leaf: itself if that is what it does.
    fn row_count(&mut self, leaf: LeafId) -> LeafId {
        let of = &self.leaves[leaf.0];
        if self.counts_rows(of) {
            return leaf;
        }
        let simple = self.project.simple(of.metric);
        let same_rows = |other: &LeafUse| {
            let other_simple = self.project.simple(other.metric);
            match (simple, other_simple) {
                (Some(a), Some(b)) => rows_of(a) == rows_of(b),
                _ => of.metric == other.metric,
            }
        };
        let same = |other: &LeafUse| self.counts_rows(other) && same_rows(other) && other.usage == of.usage;
        if let Some(index) = self.leaves.iter().position(same) {
            return LeafId(index);
        }
        let rows = LeafUse { name: self.free_name(&format!("{}_rows", of.name)), value: LeafValue::Rows, ..of.clone() };
        self.leaves.push(rows);
        LeafId(self.leaves.len() - 1)
    }

    /// Returns whether a leaf is the number of its rows, which a count is not where weights are added up.
    fn counts_rows(&self, leaf: &LeafUse) -> bool {
        let counts = |simple: &SimpleMetric| {
            let is_count = simple.aggregation == Aggregation::Count && simple.expr.is_none();
            is_count && !fan_out::splits(self.project, simple.model, self.keys.iter().filter_map(GroupKey::path))
        };
        leaf.value == LeafValue::Rows || self.project.simple(leaf.metric).is_some_and(counts)
    }

    fn leaf(&mut self, metric: MetricId, value: LeafValue, above: &Above) -> LeafId {
        let mut usage = above.usage.clone();
        if let Some(simple) = self.project.simple(metric) {
            usage.filters.retain(|(of, _)| *of == simple.model);
        }
        let same = |leaf: &LeafUse| leaf.metric == metric && leaf.value == value && leaf.usage == usage;
        if let Some(index) = self.leaves.iter().position(same) {
            self.leaves[index].makes_rows = self.leaves[index].makes_rows.max(above.makes_rows);
            return LeafId(index);
        }
        let own_name = &self.project.metrics[metric].name;
        let wanted = above.name.as_ref().filter(|_| usage != Usage::default()).unwrap_or(own_name);
        let name = match value {
            LeafValue::Metric => self.free_name(wanted),
            LeafValue::Rows => self.free_name(&format!("{wanted}_bases")),
            LeafValue::ConvertedBases => self.free_name(&format!("{wanted}_converted")),
            LeafValue::Conversions => self.free_name(&format!("{wanted}_conversions")),
        };
        self.leaves.push(LeafUse { name, metric, value, usage, makes_rows: above.makes_rows });
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

    /// Takes what is taken back above by what an offset below it says.
    fn add_shift(&self, shift: Shift, back: Back, by_rows: bool, metric: MetricId) -> Result<Shift, PlanError> {
        let name = &self.project.metrics[metric].name;
        let offset = match back {
            Back::Time(offset) if shift.periods.is_none() => offset,
            Back::Periods { count, of } if shift.is_none() => {
                return Ok(Shift { periods: Some((of, count)), ..shift });
            }
            Back::Time(_) | Back::Periods { .. } => {
                let message = format!("metric `{name}` is taken back by periods of a calendar, and once more");
                return Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message).help("Take it back once."));
            }
        };
        let (by_months, by_days) = (offset.unit.months().is_some(), offset.unit.days().is_some());
        if by_months && shift.months != 0 && (by_rows || shift.by_rows) {
            let message = format!("metric `{name}` is taken back by months row by row, and by months once more");
            return Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message)
                .help("Take it back once, or leave `shift: rows` out."));
        }
        let parts = offset_parts(offset).and_then(|(months, days, seconds)| {
            let days_of_months = shift.days_of_months || by_months && (shift.days != 0 || shift.seconds != 0);
            let (months, days) = (shift.months.checked_add(months)?, shift.days.checked_add(days)?);
            let seconds = shift.seconds.checked_add(seconds)?;
            let days_by_rows =
                if by_days { by_rows && (shift.days == 0 || shift.days_by_rows) } else { shift.days_by_rows };
            let by_rows = shift.by_rows || (by_rows && by_months);
            let total = Shift { months, days, seconds, by_rows, days_by_rows, days_of_months, periods: None };
            // A calendar ends somewhere; ten thousand years are enough for everyone.
            let days = total.days.saturating_add(total.seconds / 86_400);
            (total.months.abs() < 120_000 && days.abs() < 3_650_000).then_some(total)
        });
        parts.ok_or_else(|| {
            PlanError::new(
                PlanErrorCode::OffsetFinerThanGranularity,
                format!("metric `{name}` cannot be taken back by {offset}"),
            )
            .help("Use fewer years.")
        })
    }

    fn accumulate(
        &self,
        above: &Above,
        over: Cumulation,
        take: Take,
        metric: MetricId,
    ) -> Result<Accumulation, PlanError> {
        if above.usage.cumulation.is_some() {
            let name = &self.project.metrics[metric].name;
            return Err(PlanError::new(
                PlanErrorCode::TimeCombinationRefused,
                format!("metric `{name}` accumulates over time and is accumulated again"),
            )
            .help("Accumulate the metric below it once."));
        }
        Ok(Accumulation { over, take })
    }
}

/// What decides which rows a simple metric is made of.
type RowsOf<'m> = (ModelId, &'m Option<TimeAxis>, &'m Option<Expr<Ref>>, &'m Option<Balance>);

fn rows_of(metric: &SimpleMetric) -> RowsOf<'_> {
    (metric.model, &metric.time, &metric.filter, &metric.balance)
}
