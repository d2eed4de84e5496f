//! A request → the granularities of calendars whose periods its plan may count.
//!
//! `revenue previous 1 retail_month, last 4 retail_weeks` → `retail_month` and `retail_week`, and what `revenue` names itself.
//!
//! **Invariant:** no plan looks at the periods of another one. Words are taken for whatever they may name.

use std::collections::BTreeSet;

use super::{KeyKind, OrderBy, Over, Past, Request, Show};
use crate::{
    ids::GranularityId,
    project::Project,
    sql::{Expr, Name},
    time::{RangeUnit, RelativeRange, TimeRange},
};

/// Returns the granularities of calendars that a request names, or that its metrics do.
pub fn granularities_of(project: &Project, request: &Request) -> BTreeSet<GranularityId> {
    if project.granularities.is_empty() {
        return BTreeSet::new();
    }
    let words = words(request);
    // A dimension may show what a metric is for each row.
    let shown = project.dimensions.values().filter(|dimension| words.contains(&*dimension.name));
    let metrics = words.iter().filter_map(|word| project.metric_named(word));
    let mut found = project.granularities_of(metrics.chain(shown.filter_map(|dimension| dimension.metric)));
    let singular = |word: &str| word.strip_suffix('s').and_then(|word| project.calendar_granularity(word));
    found.extend(words.iter().filter_map(|word| project.calendar_granularity(word).or_else(|| singular(word))));
    let sizes = request.keys.iter().filter_map(|key| match &key.kind {
        KeyKind::Time(size) => size.of_calendar(),
        KeyKind::Dimension { granularity, .. } => granularity.and_then(|size| size.of_calendar()),
        KeyKind::TimePart(_) => None,
    });
    found.extend(sizes);
    found
}

fn words(request: &Request) -> BTreeSet<&str> {
    let mut words: BTreeSet<&str> = BTreeSet::new();
    for asked in &request.metrics {
        words.insert(&asked.metric);
        let change = if let Show::Change(past) = &asked.show { Some(past) } else { None };
        words.extend(asked.previous.iter().chain(change).filter_map(|past| match past {
            Past::Periods { of, .. } => Some(&**of),
            Past::Time(_) => None,
        }));
        if let Some(Over::ToDate(name)) = &asked.over {
            words.insert(name);
        }
    }
    for key in &request.keys {
        if let KeyKind::Dimension { path, .. } = &key.kind {
            words.extend(path.iter().map(String::as_str));
        }
    }
    if let Some(
        TimeRange::Current(RangeUnit::Named(name))
        | TimeRange::Last(RelativeRange { unit: RangeUnit::Named(name), .. }),
    ) = &request.time
    {
        words.insert(name);
    }
    for order in &request.order {
        if let OrderBy::Metric(name) = &order.by {
            words.insert(name);
        }
    }
    words.extend(request.top.iter().flat_map(|top| top.of.split('.').chain([&*top.by])));
    request.filter.iter().chain(&request.having).for_each(|condition| in_condition(condition, &mut words));
    words
}

fn in_condition<'r>(condition: &'r Expr<Name>, words: &mut BTreeSet<&'r str>) {
    condition.for_each_leaf(&mut |name| match name {
        Name::Path(path) => words.extend(path.iter().map(|word| word.value.as_str())),
        Name::Exists { path, filter, .. } => {
            words.extend(path.iter().map(|word| word.value.as_str()));
            filter.iter().for_each(|filter| in_condition(filter, words));
        }
        Name::Claim { .. } | Name::UnknownFunction { .. } | Name::AggregateFunction { .. } => {}
    });
}
