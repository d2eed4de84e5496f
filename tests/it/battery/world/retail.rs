//! A calendar of the company's own: months of 4, 4 and 5 weeks, in a table that lacks a day.

use chrono::{Duration, NaiveDate};

use crate::battery::random::Random;

/// Days in a year of 52 weeks.
const YEAR: i64 = 364;
/// The weeks of a quarter with which a month begins.
const MONTHS: [i64; 3] = [0, 4, 8];

#[derive(Clone, Copy)]
pub(in crate::battery) struct Retail {
    /// The first day of the table, which begins a year.
    first: NaiveDate,
    /// A day that the table lacks.
    lacks: NaiveDate,
}

pub(super) fn make(random: &mut Random) -> Retail {
    let first = NaiveDate::from_ymd_opt(2022, 1, 30).expect("a day") + Duration::days(random.value_below(21));
    Retail { first, lacks: super::day(random) }
}

impl Retail {
    /// The first day of the month in which a day lies; nothing for a day that the table lacks.
    pub(in crate::battery) fn month(self, day: NaiveDate) -> Option<NaiveDate> {
        let is_there = day != self.lacks && day >= self.first && day < self.end();
        is_there.then(|| self.starts().into_iter().take_while(|start| *start <= day).last()).flatten()
    }

    fn end(self) -> NaiveDate {
        self.first + Duration::days(4 * YEAR)
    }

    fn starts(self) -> Vec<NaiveDate> {
        let quarters = (0..16).map(|quarter| quarter * 13);
        let weeks = quarters.flat_map(|quarter| MONTHS.map(|month| quarter + month));
        weeks.map(|week| self.first + Duration::days(7 * week)).collect()
    }

    /// The statements that fill the table.
    pub(super) fn seed(self) -> String {
        let starts: Vec<String> = self.starts().into_iter().map(|start| format!("(DATE '{start}')")).collect();
        format!(
            "INSERT INTO retail SELECT CAST(d AS DATE), max(start) FROM range(DATE '{}', DATE '{}', INTERVAL 1 DAY) AS t(d) \
             JOIN (VALUES {}) AS months(start) ON start <= d GROUP BY 1;\nDELETE FROM retail WHERE day = DATE '{}';\n",
            self.first,
            self.end(),
            starts.join(", "),
            self.lacks
        )
    }
}
