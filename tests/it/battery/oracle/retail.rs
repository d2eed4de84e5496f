//! Periods of a calendar in a table: the one of a day, the one so many later in which it is shown, and days taken back.

use chrono::{Duration, NaiveDate};

use super::{KeyValue, calendar::Calendar};
use crate::battery::{query::Size, world::Retail};

impl Calendar {
    /// The key of a period; null for a day that the table lacks.
    pub(super) fn retail_key(self, day: NaiveDate, size: Size) -> KeyValue {
        self.retail.position(size, day).map_or(KeyValue::Null, |position| self.named(size, position))
    }

    fn named(self, size: Size, position: usize) -> KeyValue {
        match size {
            Size::RetailYear => KeyValue::Whole(Retail::year_at(position)),
            _ => KeyValue::Day(self.retail.month_at(position)),
        }
    }

    /// The first day behind the period of a day that the table has.
    pub(super) fn retail_end(self, day: NaiveDate, size: Size) -> NaiveDate {
        let position = self.retail.position(size, day).expect("the table has the day");
        self.retail.periods(size)[position].1
    }

    /// The first day of the period of a day.
    pub(super) fn retail_start(self, day: NaiveDate, size: Size) -> Option<NaiveDate> {
        self.retail.position(size, day).map(|position| self.retail.periods(size)[position].0)
    }

    /// The key under which a day is shown so many units later: the third month of a year in the third month of the later
    /// one, the tenth day in its tenth day; null for what has no counterpart there.
    pub(super) fn shown_later(self, day: NaiveDate, size: Size, (unit, count): (Size, usize)) -> KeyValue {
        let shown = || {
            let units = self.retail.periods(unit);
            if size == Size::Day {
                let position = units.iter().position(|(first, end)| *first <= day && day < *end)?;
                let later = units.get(position + count)?;
                let same_day = later.0 + (day - units[position].0);
                return (same_day < later.1).then_some(KeyValue::Day(same_day));
            }
            let within = |unit: &(NaiveDate, NaiveDate)| {
                let parts = self.retail.periods(size).into_iter().enumerate();
                parts.filter(|(_, part)| part.0 >= unit.0 && part.1 <= unit.1).map(|(at, _)| at).collect::<Vec<_>>()
            };
            let own = self.retail.position(size, day)?;
            let position = units.iter().position(|unit| within(unit).contains(&own))?;
            let place = within(&units[position]).iter().position(|part| *part == own)?;
            let later = within(units.get(position + count)?);
            later.get(place).map(|part| self.named(size, *part))
        };
        shown().unwrap_or(KeyValue::Null)
    }

    /// The end of a range taken back by so many units: as far into the earlier one, or to its end if that is shorter.
    pub(super) fn units_back(self, day: NaiveDate, (unit, count): (Size, usize)) -> NaiveDate {
        let units = self.retail.periods(unit);
        // A day that lies in no unit stands for the first one of the next.
        let position = units.iter().position(|(_, end)| day < *end).expect("the table reaches so far");
        let since = (day - units[position].0).max(Duration::zero());
        match position.checked_sub(count) {
            Some(earlier) => units[earlier].1.min(units[earlier].0 + since),
            None => units[0].0,
        }
    }

    /// The last so many months before the one of a day, or up to it.
    pub(super) fn last_retail_months(self, today: NaiveDate, count: usize) -> (NaiveDate, NaiveDate) {
        let position = self.retail.position(Size::RetailMonth, today).expect("today is there");
        let months = self.retail.periods(Size::RetailMonth);
        (months[position - count].0, months[position - 1].1)
    }
}
