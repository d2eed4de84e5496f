//! The sizes of time by which a metric is grouped.

use std::fmt;

pub use chrono::Weekday;

/// The size of one period of a time key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// One hour of the query's zone; half-hour zones have hours that begin at :30 of UTC.
    Hour,
    /// One local day, of 23 to 25 hours.
    Day,
    /// Seven local days from the project's first weekday.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months from January, April, July, October.
    Quarter,
    /// A calendar year.
    Year,
    /// Three months of the fiscal year.
    FiscalQuarter,
    /// Twelve months from the project's fiscal start.
    FiscalYear,
}

impl Granularity {
    /// All granularities, from fine to coarse.
    pub const ALL: [Self; 8] = [
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::FiscalQuarter,
        Self::FiscalYear,
    ];

    /// Returns the name used in YAML and on the command line, such as `fiscal_year`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalQuarter => "fiscal_quarter",
            Self::FiscalYear => "fiscal_year",
        }
    }

    /// Finds a granularity by its YAML name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|granularity| granularity.name() == name)
    }

    /// Returns whether every period of `coarser` is a whole number of periods of `self`.
    ///
    /// Weeks nest in nothing but themselves; fiscal and calendar periods share months.
    pub fn nests_in(self, coarser: Self) -> bool {
        use Granularity::{Day, FiscalQuarter, FiscalYear, Hour, Month, Quarter, Week, Year};
        match (self, coarser) {
            (a, b) if a == b => true,
            (Hour, _) => true,
            (Day, Hour) => false,
            (Day, _) => true,
            (Week, _) | (_, Hour | Day | Week) => false,
            (Month, _) => true,
            (Quarter, Year) | (FiscalQuarter, FiscalYear) => true,
            (Quarter | Year | FiscalQuarter | FiscalYear, _) => false,
        }
    }

    /// Returns the number of months in one period, for month-based granularities.
    pub fn months(self) -> Option<u32> {
        match self {
            Self::Hour | Self::Day | Self::Week => None,
            Self::Month => Some(1),
            Self::Quarter | Self::FiscalQuarter => Some(3),
            Self::Year | Self::FiscalYear => Some(12),
        }
    }
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A part of a date or time, a small integer that repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimePart {
    /// 0 to 23, in the query's zone.
    HourOfDay,
    /// 1 to 7, where 1 is the project's first weekday.
    DayOfWeek,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 366.
    DayOfYear,
    /// 1 to 12.
    MonthOfYear,
    /// 1 to 4.
    QuarterOfYear,
}

impl TimePart {
    /// All parts.
    pub const ALL: [Self; 6] =
        [Self::HourOfDay, Self::DayOfWeek, Self::DayOfMonth, Self::DayOfYear, Self::MonthOfYear, Self::QuarterOfYear];

    /// Returns the name used in YAML and on the command line, such as `day_of_week`.
    pub fn name(self) -> &'static str {
        match self {
            Self::HourOfDay => "hour_of_day",
            Self::DayOfWeek => "day_of_week",
            Self::DayOfMonth => "day_of_month",
            Self::DayOfYear => "day_of_year",
            Self::MonthOfYear => "month_of_year",
            Self::QuarterOfYear => "quarter_of_year",
        }
    }

    /// Finds a part by its YAML name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// Where weeks and fiscal years begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Calendar {
    /// The first day of a week.
    pub week_start: Weekday,
    /// The first month of a fiscal year, 1 to 12.
    pub fiscal_start_month: u32,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { week_start: Weekday::Mon, fiscal_start_month: 1 }
    }
}
