//! Balances of versions: those that are valid at the first or the last moment of each period.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::{
    Oracle,
    calendar::back,
    formula::Leaf,
    groups::Groups,
    rows::{Of, Row},
    windows::Period,
};
use crate::battery::{
    definitions::{Balance, Take},
    query::{Key, Size},
};

impl<'q> Oracle<'q> {
    /// The groups of versions; without a balance all of them count.
    pub(super) fn groups_of_versions(&self, leaf: &Leaf<'q>, balance: Option<Balance>, rows: &[Row<'q>]) -> Groups<'q> {
        let mut groups = Groups::new();
        for (period, moment) in self.moments_of(leaf, balance) {
            for row in rows {
                let is_valid = balance.zip(moment).is_none_or(|(balance, moment)| is_valid(*row, balance, moment));
                if let (true, Some(key)) = (is_valid, self.key_in(*row, &period, leaf)) {
                    groups.entry(self.without_dropped(leaf, key)).or_default().push(*row);
                }
            }
        }
        groups
    }

    fn moments_of(&self, leaf: &Leaf<'q>, balance: Option<Balance>) -> Vec<(Period, Option<DateTime<Utc>>)> {
        let Some(Balance { is_last, .. }) = balance else { return vec![(Period::Whole, None)] };
        let calendar = self.view.calendar;
        let size = self.query.keys.iter().find_map(|key| match key {
            Key::Time(size) if !leaf.drops(*key) => Some(*size),
            _ => None,
        });
        let Some(size) = size else {
            let to = self.range.and_then(|range| range.to).unwrap_or(self.today + Duration::days(1));
            let day = if is_last { to } else { self.range.expect("a range tells the first moment").from };
            let day = back(day, leaf.moved.months, leaf.moved.days);
            return vec![(Period::Whole, Some(calendar.start_of_day(day)))];
        };
        let moment = |(start, end): (NaiveDate, NaiveDate)| {
            let day = if is_last { end } else { end - self.length_of(size, end, leaf) };
            (Period::Day(start), Some(calendar.start_of_day(day)))
        };
        self.periods(leaf, size, Take::Last, &[]).map(moment).collect()
    }

    /// How long the period is that ends, taken back, on a day.
    fn length_of(&self, size: Size, end: NaiveDate, leaf: &Leaf<'q>) -> Duration {
        let end = end + Duration::days(leaf.moved.days);
        end - self.view.calendar.period(end - Duration::days(1), size)
    }
}

fn is_valid(row: Row<'_>, balance: Balance, moment: DateTime<Utc>) -> bool {
    let Of::Status(status) = row.of else { panic!("only versions are valid") };
    if balance.is_last {
        return status.from < moment && status.to.is_none_or(|to| to >= moment);
    }
    status.from <= moment && status.to.is_none_or(|to| to > moment)
}
