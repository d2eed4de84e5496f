//! A request → requests that ask for less: a shorter range, coarser periods, one key fewer.
//!
//! `revenue by time.day, customer_id, last 365 days` → `a range of 28 days`, `by month instead of day`, `without
//! customer_id`.
//!
//! **Invariant:** a change is only proposed here; whether it may be asked, and what it reads, says its plan.

use crate::{
    plan::{KeyKind, OrderBy, Request},
    project::Size,
    time::{DateRange, Granularity, NaiveDate, TimeRange},
};

/// A request that asks for less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is different, as it stands in a sentence: ``without `customer_id` ``.
    pub words: String,
    /// The request.
    pub request: Request,
}

/// The lengths of ranges that are tried, in days.
const DAYS: [u64; 7] = [364, 182, 91, 28, 14, 7, 1];

/// The periods that are tried.
const PERIODS: [Granularity; 5] =
    [Granularity::Day, Granularity::Week, Granularity::Month, Granularity::Quarter, Granularity::Year];

/// Returns the changes of a request by their kind; those of one kind from the smallest change on. `range` is what its plan
/// says of it, `today` the day of the request.
pub fn changes(request: &Request, range: DateRange, today: NaiveDate) -> [Vec<Change>; 3] {
    // A cursor belongs to the query as it is.
    let request = Request { after: None, ..request.clone() };
    [shorter(&request, range, today), coarser(&request), without_a_key(&request)]
}

fn shorter(request: &Request, range: DateRange, today: NaiveDate) -> Vec<Change> {
    if range.first.is_some() || range.end.is_some() {
        // Hours are few already.
        return Vec::new();
    }
    let to = range.to.unwrap_or_else(|| today.succ_opt().unwrap_or(today));
    let length = range.from.map_or(u64::MAX, |from| u64::try_from((to - from).num_days()).unwrap_or(0));
    let of_days = |days: &u64| {
        let from = to.checked_sub_days(chrono::Days::new(*days))?;
        let many = if *days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        let words = format!("a range of {many}, such as `{from} to {to}`");
        Some(Change { words, request: Request { time: Some(TimeRange::Between { from, to }), ..request.clone() } })
    };
    DAYS.iter().filter(|days| **days < length).filter_map(of_days).collect()
}

fn coarser(request: &Request) -> Vec<Change> {
    let fine = request.keys.iter().enumerate().find_map(|(position, key)| match key.kind {
        KeyKind::Time(Size::Standard(size)) => Some((position, size)),
        KeyKind::Time(_) | KeyKind::TimePart(_) | KeyKind::Dimension { .. } => None,
    });
    let Some((position, fine)) = fine else { return Vec::new() };
    let at = |size: Granularity| Granularity::ALL.iter().position(|known| *known == size).unwrap_or(0);
    let coarse = PERIODS.into_iter().filter(|size| at(*size) > at(fine));
    let of_periods = coarse.map(|size| {
        let mut request = request.clone();
        request.keys[position].kind = KeyKind::Time(Size::Standard(size));
        Change { words: format!("by {} instead of {}", size.name(), fine.name()), request }
    });
    of_periods.collect()
}

fn without_a_key(request: &Request) -> Vec<Change> {
    let without = |position: usize| {
        let mut request = request.clone();
        let key = request.keys.remove(position);
        request.order.retain(|order| match &order.by {
            OrderBy::Column(name) => *name != key.name,
            OrderBy::Metric(_) => true,
        });
        let path = match &key.kind {
            KeyKind::Dimension { path, .. } => path.join("."),
            KeyKind::Time(_) | KeyKind::TimePart(_) => key.name.clone(),
        };
        request.top = request.top.filter(|top| top.of != key.name && top.of != path);
        Change { words: format!("without `{path}`"), request }
    };
    let is_dimension = |position: &usize| matches!(request.keys[*position].kind, KeyKind::Dimension { .. });
    (0..request.keys.len()).filter(is_dimension).map(without).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::RequestText;

    fn words(by: &[&str], range: DateRange) -> [Vec<String>; 3] {
        let text = RequestText {
            metrics: vec!["revenue".to_owned()],
            by: by.iter().map(|key| (*key).to_owned()).collect(),
            ..RequestText::default()
        };
        let request = text.parse().expect("a request");
        let today = NaiveDate::from_ymd_opt(2026, 1, 15).expect("a day");
        changes(&request, range, today).map(|changes| changes.into_iter().map(|change| change.words).collect())
    }

    #[test]
    fn changes_ask_for_less() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        let range = DateRange::days(day(2025, 11, 1), day(2026, 1, 1));
        assert_eq!(
            words(&["time.week", "customers.country"], range),
            [
                vec![
                    "a range of 28 days, such as `2025-12-04 to 2026-01-01`",
                    "a range of 14 days, such as `2025-12-18 to 2026-01-01`",
                    "a range of 7 days, such as `2025-12-25 to 2026-01-01`",
                    "a range of 1 day, such as `2025-12-31 to 2026-01-01`"
                ],
                vec!["by month instead of week", "by quarter instead of week", "by year instead of week"],
                vec!["without `customers.country`"]
            ]
        );
        let [ranges, periods, keys] = words(&[], DateRange::default());
        assert_eq!(ranges.first().map(String::as_str), Some("a range of 364 days, such as `2025-01-17 to 2026-01-16`"));
        assert!(periods.is_empty() && keys.is_empty());
    }
}
