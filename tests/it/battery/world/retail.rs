//! A calendar of the company's own: months of 4, 4 and 5 weeks, a year of which may have a week more, in a table that lacks
//! a day.

use chrono::{Duration, NaiveDate};

use crate::battery::{ask::now, query::Size, random::Random};

const YEARS: i64 = 4;
/// The weeks of a quarter with which a month begins.
const MONTHS: [i64; 3] = [0, 4, 8];
/// What the first year is called.
const FIRST_YEAR: i64 = 2022;

#[derive(Clone, Copy)]
pub(in crate::battery) struct Retail {
    /// The first day of the table, which begins a year.
    first: NaiveDate,
    /// A day that the table lacks.
    lacks: NaiveDate,
    /// The year whose last month has a week more, by its position.
    long: i64,
}

pub(super) fn make(random: &mut Random) -> Retail {
    let first = NaiveDate::from_ymd_opt(2022, 1, 30).expect("a day") + Duration::days(random.value_below(21));
    let retail = Retail { first, lacks: super::day(random), long: random.value_below(YEARS + 1) };
    // A period that lacks its first day or its last one begins later, or ends earlier.
    let starts = retail.starts(Size::RetailMonth);
    let start = *random.pick(&starts[20..30]);
    let edges = [start, start - Duration::days(1)];
    let lacks = if random.chance(80) { retail.lacks } else { *random.pick(&edges) };
    // Without today there is no last period before it, in whatever zone.
    let is_today = (lacks - now().date_naive()).num_days().abs() <= 1;
    Retail { lacks: if is_today { lacks - Duration::days(40) } else { lacks }, ..retail }
}

impl Retail {
    /// The position of the period in which a day lies; nothing for a day that the table lacks.
    pub(in crate::battery) fn position(self, size: Size, day: NaiveDate) -> Option<usize> {
        let is_there = day != self.lacks && day >= self.first && day < self.end();
        let begun = || self.starts(size).into_iter().take_while(|start| *start <= day).count();
        is_there.then(|| begun() - 1)
    }

    /// The first day of each period and the day after its last one, as far as the table has them.
    pub(in crate::battery) fn periods(self, size: Size) -> Vec<(NaiveDate, NaiveDate)> {
        let starts = self.starts(size);
        let ends = starts.iter().skip(1).copied().chain([self.end()]);
        let one_day = Duration::days(1);
        let there = |(start, end): (&NaiveDate, NaiveDate)| {
            let start = if *start == self.lacks { *start + one_day } else { *start };
            (start, if end - one_day == self.lacks { end - one_day } else { end })
        };
        starts.iter().zip(ends).map(there).collect()
    }

    /// The day on which a month begins, which is what it is called.
    pub(in crate::battery) fn month_at(self, position: usize) -> NaiveDate {
        self.starts(Size::RetailMonth)[position]
    }

    /// What a year is called.
    pub(in crate::battery) fn year_at(position: usize) -> i64 {
        FIRST_YEAR + i64::try_from(position).expect("few years")
    }

    fn weeks_before(self, year: i64) -> i64 {
        52 * year + i64::from(year > self.long)
    }

    fn end(self) -> NaiveDate {
        self.first + Duration::weeks(self.weeks_before(YEARS))
    }

    fn starts(self, size: Size) -> Vec<NaiveDate> {
        let years = (0..YEARS).map(|year| self.weeks_before(year));
        let weeks: Vec<i64> = match size {
            Size::RetailYear => years.collect(),
            _ => years
                .flat_map(|year| (0..4).flat_map(move |quarter| MONTHS.map(|month| year + 13 * quarter + month)))
                .collect(),
        };
        weeks.into_iter().map(|week| self.first + Duration::weeks(week)).collect()
    }

    /// The statements that fill the table.
    pub(super) fn seed(self) -> String {
        let months: Vec<String> =
            self.starts(Size::RetailMonth).iter().map(|start| format!("(DATE '{start}')")).collect();
        let years: Vec<String> = self
            .starts(Size::RetailYear)
            .iter()
            .enumerate()
            .map(|(position, start)| format!("(DATE '{start}', {})", Self::year_at(position)))
            .collect();
        format!(
            "INSERT INTO retail SELECT CAST(d AS DATE), max(start), max(label) FROM range(DATE '{}', DATE '{}', INTERVAL 1 DAY) AS t(d) \
             JOIN (VALUES {}) AS months(start) ON start <= d JOIN (VALUES {}) AS years(begin, label) ON begin <= d \
             GROUP BY 1;\nDELETE FROM retail WHERE day = DATE '{}';\n",
            self.first,
            self.end(),
            months.join(", "),
            years.join(", "),
            self.lacks
        )
    }
}
