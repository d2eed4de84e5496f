//! Which queries have an answer, by the rules that refuse the others.

use super::{Dimension, Key, Part, Query, Range, Show, Size, TimeDimension, Top, Words};
use crate::battery::definitions::{
    Aggregate, Axis, Formula, FunnelResult, Kind, Metric, Operator, Take, Use, Value, accumulates, simple, uses,
};

pub(super) fn is_answerable(query: &Query, metrics: &[Metric]) -> bool {
    let sizes: Vec<Size> = query.keys.iter().copied().filter_map(size_of_time).collect();
    let has_end = query.range.is_some_and(|range| !matches!(range, Range::Since(_)));
    let is_time = |key: &Key| matches!(key, Key::Time(size) if !size.is_within_a_day());
    let of_all = query.keys_of_all(metrics);
    let by_hour = of_all.iter().any(|key| matches!(key, Key::Time(size) if size.is_within_a_day()));
    if query.fill && (by_hour || !has_end || !of_all.iter().any(is_time)) {
        return false;
    }
    let too_fine = query.keys.iter().any(|key| match key {
        Key::DimensionTime(TimeDimension::Done, size) => size.is_within_a_day(),
        Key::DimensionPart(TimeDimension::Done, part) => *part == Part::HourOfDay,
        _ => false,
    });
    if too_fine || !hours_are_alike(query, metrics, &sizes) {
        return false;
    }
    if query.top.is_some_and(|top| !can_rank(query, metrics, top)) {
        return false;
    }
    if !query.metrics.iter().all(|(metric, words)| can_be_said(query, metrics, *metric, *words)) {
        return false;
    }
    // A condition hides rows before they have places.
    let is_place = |position: usize| matches!(query.metrics[position].1.show, Show::Rank(_));
    let speaks_of = |position: usize| query.having.as_ref().is_some_and(|having| having.speaks_of(position));
    if (0..query.metrics.len()).any(|position| is_place(position) && speaks_of(position)) {
        return false;
    }
    let all: Vec<Use> = query.metrics.iter().flat_map(|(metric, words)| words.uses(metrics, *metric)).collect();
    let ignores = all.iter().any(|used| used.ignores);
    // Rows are made by what neither ignores a key nor is taken back by the query.
    let makes_rows = query
        .metrics
        .iter()
        .any(|(metric, words)| words.back.is_none() && uses(metrics, *metric).iter().any(|used| !used.ignores));
    if ignores && (query.top.is_some() || !makes_rows) {
        return false;
    }
    all.iter().all(|used| may_be_copied(query, metrics, *used))
        && all.iter().all(|used| is_possible(query, metrics, *used, has_end))
}

fn size_of_time(key: Key) -> Option<Size> {
    match key {
        Key::Time(size) => Some(size),
        _ => None,
    }
}

/// Whether words can be said of a metric: what is accumulated or looks beyond its group is not accumulated again.
fn can_be_said(query: &Query, metrics: &[Metric], metric: usize, words: Words) -> bool {
    // Places are told apart by numbers that are exact, so that ties are ties, and among all members.
    let has_places = match words.show {
        Show::Rank(_) => is_exact(metrics, metric) && query.top.is_none(),
        // The whole has no key of which there is a first period.
        Show::Share(_) => uses(metrics, metric).iter().all(|used| used.start_of.is_none()),
        Show::Value | Show::Change(_) => true,
    };
    words.fit(query, metrics, metric) && has_places && (words.over.is_none() || !accumulates(metrics, metric))
}

/// The hours of a wall clock and those of instants are different keys.
fn hours_are_alike(query: &Query, metrics: &[Metric], sizes: &[Size]) -> bool {
    let by_hour = sizes.iter().any(|size| size.is_within_a_day());
    let mut axes = Vec::new();
    for (metric, _) in &query.metrics {
        axes.extend(uses(metrics, *metric).iter().map(|used| simple(metrics, used.simple).axis));
    }
    let are_clocks = axes.iter().filter(|axis| **axis == Axis::FiledAt).count();
    let of_day = query.keys.contains(&Key::Part(Part::HourOfDay));
    let has_days = axes.contains(&Axis::DoneOn);
    (!by_hour || ((are_clocks == 0 || are_clocks == axes.len()) && !has_days)) && !(of_day && has_days)
}

fn is_possible(query: &Query, metrics: &[Metric], used: Use, has_end: bool) -> bool {
    let axis = simple(metrics, used.simple).axis;
    let keys: Vec<Key> = query.keys.iter().map(|key| key.meant_by(axis)).collect();
    let sizes: Vec<Size> = keys.iter().copied().filter_map(size_of_time).collect();
    let parts = keys.iter().filter(|key| matches!(key, Key::Part(_))).count();
    let is_shifted = used.months > 0 || used.days > 0;
    let dated = !is_shifted || !sizes.is_empty() || query.range.is_some();
    let bounded = !used.is_accumulated
        || (parts == 0
            && sizes.len() <= 1
            && !sizes.iter().any(|size| size.is_within_a_day() || *size == Size::RetailMonth)
            && (!sizes.is_empty() || has_end));
    let is_balance = simple(metrics, used.simple).balance.is_some();
    let of_one_period = !is_balance || (parts == 0 && sizes.len() <= 1);
    let one_grouping = !used.ignores || (!is_shifted && !used.is_accumulated);
    dated
        && bounded
        && of_one_period
        && one_grouping
        && can_move_by_rows(query, axis, used, is_balance, parts)
        && starts(used, &sizes, parts)
        && sizes.iter().all(|size| is_whole(*size, used))
}

/// Whether each row can be taken back on its own: to days of periods, and by nothing that has a time of its own.
fn can_move_by_rows(query: &Query, axis: Axis, used: Use, is_balance: bool, parts: usize) -> bool {
    let names_time = query.filter.as_ref().is_some_and(|filter| filter.names_time(axis));
    !used.by_rows || (parts == 0 && !used.is_accumulated && !used.is_base && !is_balance && !names_time)
}

/// Whether rows can be copied for each of many: once per group, or by a part, which only sums and counts have.
fn may_be_copied(query: &Query, metrics: &[Metric], used: Use) -> bool {
    let is_of = |dimension: Dimension| query.keys.contains(&Key::Dimension(dimension));
    let simple = simple(metrics, used.simple);
    let has_parts = matches!(simple.aggregate, Aggregate::Count | Aggregate::Sum)
        && simple.value != Value::Converted
        && simple.balance.is_none()
        && used.per.is_none();
    let is_copied = Dimension::MANY.into_iter().any(is_of);
    !is_copied || (!used.is_base && !used.by_rows && (!is_of(Dimension::Center) || has_parts))
}

/// Whether there is a first period of the unit to go back to.
fn starts(used: Use, sizes: &[Size], parts: usize) -> bool {
    let Some(unit) = used.start_of else { return true };
    let is_finer = |size: Size| match size {
        Size::Day | Size::Week => true,
        Size::Month => unit != Size::Month,
        Size::Quarter => unit == Size::Year,
        Size::Minute15
        | Size::Hour
        | Size::Hour6
        | Size::Year
        | Size::FiscalQuarter
        | Size::FiscalYear
        | Size::RetailMonth => false,
    };
    sizes.len() == 1 && is_finer(sizes[0]) && parts == 0
}

/// Whether a shift is by whole periods of a size.
fn is_whole(size: Size, used: Use) -> bool {
    if used.by_rows {
        return !size.is_within_a_day() && size != Size::RetailMonth;
    }
    let shortest = match size {
        Size::Minute15 | Size::Hour | Size::Hour6 | Size::Day => 1,
        Size::Week => 7,
        Size::Month => 28,
        // What is taken back by such months has cases of its own.
        Size::RetailMonth => return used.months == 0 && used.days == 0,
        Size::Quarter | Size::FiscalQuarter => 84,
        Size::Year | Size::FiscalYear => 364,
    };
    let whole_months = match size {
        Size::Week | Size::Minute15 | Size::Hour | Size::Hour6 => used.months == 0,
        _ => size.months().is_none_or(|period| used.months.is_multiple_of(period)),
    };
    whole_months && (used.months != 0 || used.days == 0 || used.days >= shortest)
}

/// Whether members can be ranked: by the key alone, and by a number that is exact, so that ties are ties.
fn can_rank(query: &Query, metrics: &[Metric], top: Top) -> bool {
    let has_end = query.range.is_some_and(|range| !matches!(range, Range::Since(_)));
    let by_key = Query { keys: vec![query.keys[top.of]], ..query.clone() };
    is_exact(metrics, top.by)
        && uses(metrics, top.by).into_iter().all(|used| {
            !used.ignores && may_be_copied(&by_key, metrics, used) && is_possible(&by_key, metrics, used, has_end)
        })
}

fn is_exact(metrics: &[Metric], metric: usize) -> bool {
    match &metrics[metric].kind {
        Kind::Simple(simple) => !matches!(simple.aggregate, Aggregate::Avg | Aggregate::Percentile(_)),
        Kind::Accumulated { metric, take, .. } => *take != Take::Avg && is_exact(metrics, *metric),
        Kind::Funnel(funnel) => funnel.result == FunnelResult::Conversions,
        Kind::Nested { aggregate, .. } => !matches!(aggregate, Aggregate::Avg | Aggregate::Percentile(_)),
        Kind::Derived { formula, inputs } => {
            inputs.iter().all(|input| is_exact(metrics, input.metric)) && has_no_division(formula)
        }
    }
}

fn has_no_division(formula: &Formula) -> bool {
    match formula {
        Formula::Input(_) | Formula::Constant(_) => true,
        Formula::Binary(operator, left, right) => {
            *operator != Operator::Divide && has_no_division(left) && has_no_division(right)
        }
    }
}
