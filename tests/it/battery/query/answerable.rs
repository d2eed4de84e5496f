//! Which queries have an answer, by the rules that refuse the others.

use super::{Dimension, Key, Part, Query, Range, Show, Size, TimeDimension, Top, Words};
use crate::battery::definitions::{
    Aggregate, Axis, Balance, Base, Formula, FunnelResult, Kind, Member, Metric, Operator, Span, Take, Use, Value,
    accumulates, simple, uses,
};

pub(super) fn is_answerable(query: &Query, metrics: &[Metric]) -> bool {
    let sizes: Vec<Size> = query.keys.iter().copied().filter_map(size_of_time).collect();
    let has_end = query.range.is_some_and(|range| !matches!(range, Range::Since(_)));
    let is_time = |key: &Key| matches!(key, Key::Time(_));
    if query.fill && (!has_end || !query.keys_of_all(metrics).iter().any(is_time)) {
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
    let named = query.named();
    if !named.iter().all(|(metric, words)| can_be_said(query, metrics, *metric, *words)) {
        return false;
    }
    // A condition hides rows before they have places.
    let is_place = |position: usize| matches!(query.metrics[position].1.show, Show::Rank(_));
    let speaks_of = |position: usize| query.having.as_ref().is_some_and(|having| having.speaks_of(position));
    if (0..query.metrics.len()).any(|position| is_place(position) && speaks_of(position)) {
        return false;
    }
    let all: Vec<Use> = named.iter().flat_map(|(metric, words)| words.uses(metrics, *metric)).collect();
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
    for (metric, _) in query.named() {
        axes.extend(uses(metrics, metric).iter().map(|used| simple(metrics, used.simple).axis));
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
    if !has_order(used, &keys, &sizes) {
        return false;
    }
    if axis == Axis::Validity {
        // What counts at no time of its own meets no plan of that time.
        let is_then = |key: &Key| *key == Key::Dimension(Dimension::PlanThen);
        let names_then = query.filter.as_ref().is_some_and(|filter| filter.names(Dimension::PlanThen));
        if names_then || query.keys.iter().any(is_then) {
            return false;
        }
        return is_of_one_moment(query, metrics, used, &sizes, parts);
    }
    let moves_parts = parts > 0 && used.moved.months == 0 && used.moved.retail.is_none();
    let dated = used.moved.is_none() || !sizes.is_empty() || query.range.is_some() || moves_parts;
    let is_balance = simple(metrics, used.simple).balance.is_some();
    let of_one_period = !is_balance || (parts == 0 && sizes.len() <= 1);
    let is_whole_start = used.start_of.is_some_and(|unit| used.moved.is_whole(unit));
    let one_grouping = !used.ignores || ((used.moved.is_none() || is_whole_start) && used.span.is_none());
    dated
        && has_hours(query, used, axis)
        && has_counterparts(query, used, axis, parts)
        && used.span.is_none_or(|span| can_accumulate(span, used, &sizes, parts, has_end))
        && can_tell_days(query, used, axis, &sizes)
        && of_one_period
        && one_grouping
        && can_move_by_rows(query, axis, used, is_balance, parts)
        && starts(query, axis, used, &sizes, parts)
        && sizes.iter().all(|size| is_whole(*size, used))
}

/// Whether versions are told for the periods of one granularity, or without any time where no moment is chosen.
fn is_of_one_moment(query: &Query, metrics: &[Metric], used: Use, sizes: &[Size], parts: usize) -> bool {
    let Use { moved, .. } = used;
    let balance = simple(metrics, used.simple).balance;
    let names_time = query.filter.as_ref().is_some_and(|filter| filter.names_time(Axis::Validity));
    let is_plain = parts == 0 && !names_time && !used.by_rows && used.start_of.is_none() && used.span.is_none();
    let is_moved_by_days = moved.minutes == 0 && moved.retail.is_none() && (moved.is_none() || !used.ignores);
    let by_days = !sizes.iter().any(|size| size.is_within_a_day() || size.is_retail());
    let is_told = match balance {
        None => sizes.is_empty() && query.range.is_none() && moved.is_none(),
        Some(Balance { is_last, .. }) => {
            let begins = query.range.is_some() || (is_last && sizes.is_empty());
            begins && !matches!(query.range, Some(Range::LastHours(_)))
        }
    };
    is_plain
        && is_moved_by_days
        && by_days
        && sizes.len() <= 1
        && is_told
        && sizes.iter().all(|size| is_whole(*size, used))
}

/// Whether what is said of hours can be said of an axis, and of months beside them.
fn has_hours(query: &Query, used: Use, axis: Axis) -> bool {
    let is_of_hours = matches!(query.range, Some(Range::LastHours(_)));
    let speaks_of_hours =
        is_of_hours || used.moved.minutes != 0 || used.span.is_some_and(|span| span.is_within_a_day());
    let by_months = used.moved.months != 0 || used.moved.retail.is_some() || used.start_of.is_some();
    // Days are whole: those that count members by the day, and those to which rows are taken back one by one.
    let by_whole_days = used.per == Some(Member::Day) || used.by_rows;
    let is_refused = (speaks_of_hours && axis == Axis::DoneOn)
        || (is_of_hours && by_months)
        || (used.moved.minutes != 0 && by_whole_days);
    !is_refused
}

/// Whether what is taken back by periods of a calendar has counterparts in them.
fn has_counterparts(query: &Query, used: Use, axis: Axis, parts: usize) -> bool {
    let names_time = query.filter.as_ref().is_some_and(|filter| filter.names_time(axis));
    !used.moved.is_mixed
        && (used.moved.retail.is_none() || (parts == 0 && !names_time && !used.is_base && !used.by_rows))
}

/// Whether there is one window for each period of the answer.
fn can_accumulate(span: Span, used: Use, sizes: &[Size], parts: usize, has_end: bool) -> bool {
    let by_hours = span.is_within_a_day() || sizes.iter().any(|size| size.is_within_a_day());
    let needs_end = sizes.is_empty() || by_hours;
    let by_retail = span.is_retail() || sizes.iter().any(|size| size.is_retail());
    // Without a key such a window hangs on whether the calendar has the last day, of which there is a case.
    let has_start = !span.is_retail() || !sizes.is_empty();
    let one_window = parts == 0 && sizes.len() <= 1 && has_start && !(by_hours && by_retail);
    one_window && (!needs_end || has_end) && !used.is_base && used.moved.retail.is_none()
}

/// Whether windows hold whole days where the days are what is told apart, and a filter says nothing of their time.
fn can_tell_days(query: &Query, used: Use, axis: Axis, sizes: &[Size]) -> bool {
    let Some(span) = used.span.filter(|_| used.per == Some(Member::Day)) else { return true };
    let is_of_hours =
        matches!(query.range, Some(Range::LastHours(_))) || sizes.iter().any(|size| size.is_within_a_day());
    let names_time = query.filter.as_ref().is_some_and(|filter| filter.names_time(axis));
    !span.is_within_a_day() && !is_of_hours && (used.moved.is_none() || !names_time)
}

/// Whether each row can be taken back on its own: to days of periods, and by nothing that has a time of its own.
fn can_move_by_rows(query: &Query, axis: Axis, used: Use, is_balance: bool, parts: usize) -> bool {
    let names_time = query.filter.as_ref().is_some_and(|filter| filter.names_time(axis));
    let is_simple = parts == 0 && used.span.is_none() && !used.moved.months_twice;
    !used.by_rows || (is_simple && !used.is_base && !is_balance && !names_time)
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
    if is_copied && simple.base == Base::Statuses {
        return false;
    }
    !is_copied || (!used.is_base && !used.by_rows && (!is_of(Dimension::Center) || has_parts))
}

/// Whether it does not matter if days or months are taken back first.
fn has_order(used: Use, keys: &[Key], sizes: &[Size]) -> bool {
    let tells_days = |key: &Key| {
        matches!(key, Key::Time(Size::Day) | Key::Part(Part::DayOfWeek | Part::DayOfMonth | Part::DayOfYear))
    };
    !used.moved.days_of_months || !(sizes.is_empty() || used.by_rows || keys.iter().any(tells_days))
}

/// Whether there is a first period of the unit to go back to.
fn starts(query: &Query, axis: Axis, used: Use, sizes: &[Size], parts: usize) -> bool {
    let Some(unit) = used.start_of else { return true };
    if query.filter.as_ref().is_some_and(|filter| filter.names_time(axis)) {
        return false;
    }
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
        | Size::RetailMonth
        | Size::RetailYear => false,
    };
    sizes.len() == 1 && is_finer(sizes[0]) && parts == 0
}

/// Whether a shift is by whole periods of a size.
fn is_whole(size: Size, used: Use) -> bool {
    let moved = used.moved;
    if moved.minutes % size.minutes().unwrap_or(i64::MAX) != 0 {
        return false;
    }
    if let Some((unit, _)) = moved.retail {
        return match size {
            Size::RetailMonth | Size::Day => true,
            Size::RetailYear => unit == Size::RetailYear,
            _ => false,
        };
    }
    let shortest = match size {
        Size::Minute15 | Size::Hour | Size::Hour6 | Size::Day => 1,
        Size::Week => 7,
        Size::Month | Size::RetailMonth => 28,
        Size::Quarter | Size::FiscalQuarter => 84,
        Size::Year | Size::FiscalYear | Size::RetailYear => 364,
    };
    let whole_months = match size {
        _ if used.by_rows && !size.is_within_a_day() => true,
        Size::Week | Size::Minute15 | Size::Hour | Size::Hour6 | Size::RetailMonth | Size::RetailYear => {
            moved.months == 0
        }
        _ => size.months().is_none_or(|period| moved.months.is_multiple_of(period)),
    };
    whole_months && (moved.days == 0 || moved.days >= shortest)
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
