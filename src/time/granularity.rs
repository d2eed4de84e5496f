//! The sizes of time by which a metric is grouped.

use std::fmt;

pub use chrono::Weekday;

/// The size of one period of a time key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// One second.
    Second,
    /// So many minutes of the query's zone, from the full hour on.
    Minute(Every),
    /// One hour of the query's zone; half-hour zones have hours that begin at :30 of UTC. Several hours are a part of
    /// the local day: `hour6` begins at 0, 6, 12 and 18 o'clock, however many hours pass until the next.
    Hour(Every),
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

/// How many minutes or hours one period has; they divide the hour or the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Every(u8);

impl Every {
    /// One.
    pub const ONE: Self = Self(1);

    /// Returns how many.
    pub fn count(self) -> u32 {
        u32::from(self.0)
    }
}

const MINUTES: [(u8, &str); 11] = [
    (1, "minute"),
    (2, "minute2"),
    (3, "minute3"),
    (4, "minute4"),
    (5, "minute5"),
    (6, "minute6"),
    (10, "minute10"),
    (12, "minute12"),
    (15, "minute15"),
    (20, "minute20"),
    (30, "minute30"),
];

const HOURS: [(u8, &str); 7] =
    [(1, "hour"), (2, "hour2"), (3, "hour3"), (4, "hour4"), (6, "hour6"), (8, "hour8"), (12, "hour12")];

impl Granularity {
    /// One minute.
    pub const MINUTE: Self = Self::Minute(Every::ONE);
    /// One hour.
    pub const HOUR: Self = Self::Hour(Every::ONE);

    /// The granularities of one unit each, from fine to coarse.
    pub const ALL: [Self; 10] = [
        Self::Second,
        Self::MINUTE,
        Self::HOUR,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::FiscalQuarter,
        Self::FiscalYear,
    ];

    /// Returns periods of so many minutes: a number that divides 60, and is less.
    pub fn minutes(every: i64) -> Option<Self> {
        every_of(&MINUTES, every).map(Self::Minute)
    }

    /// Returns periods of so many hours: a number that divides 24, and is less.
    pub fn hours(every: i64) -> Option<Self> {
        every_of(&HOURS, every).map(Self::Hour)
    }

    /// Returns the name used in YAML and on the command line, such as `fiscal_year` or `hour6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute(every) => name_of(&MINUTES, every),
            Self::Hour(every) => name_of(&HOURS, every),
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalQuarter => "fiscal_quarter",
            Self::FiscalYear => "fiscal_year",
        }
    }

    /// Says what to write in an offset, which counts units of the calendar, instead of periods of this granularity.
    pub fn instead_of_offset(self) -> &'static str {
        match self {
            Self::FiscalYear => "Write `1 year`: a fiscal year begins where the one before it began.",
            Self::FiscalQuarter => "Write `1 quarter`: a fiscal quarter has three months as well.",
            _ => "Write days, weeks, months, quarters or years.",
        }
    }

    /// Finds a granularity by its YAML name.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |known: &[(u8, &str)]| known.iter().find(|(_, of)| *of == name).map(|(every, _)| Every(*every));
        let within_a_day = || named(&MINUTES).map(Self::Minute).or_else(|| named(&HOURS).map(Self::Hour));
        Self::ALL.into_iter().find(|granularity| granularity.name() == name).or_else(within_a_day)
    }

    /// Returns the seconds of one period that is shorter than a day, as a clock counts them.
    pub fn seconds(self) -> Option<u32> {
        match self {
            Self::Second => Some(1),
            Self::Minute(every) => Some(60 * every.count()),
            Self::Hour(every) => Some(3600 * every.count()),
            Self::Day
            | Self::Week
            | Self::Month
            | Self::Quarter
            | Self::Year
            | Self::FiscalQuarter
            | Self::FiscalYear => None,
        }
    }

    /// Returns whether one period is shorter than a day.
    pub fn is_within_a_day(self) -> bool {
        self < Self::Day
    }

    /// Returns whether every period of `coarser` is a whole number of periods of `self`.
    ///
    /// Weeks nest in nothing but themselves; fiscal and calendar periods share months.
    pub fn nests_in(self, coarser: Self) -> bool {
        use Granularity::{Day, FiscalQuarter, FiscalYear, Hour, Minute, Month, Quarter, Second, Week, Year};
        match (self, coarser) {
            (a, b) if a == b => true,
            (Second | Minute(_) | Hour(_), _) => match (self.seconds(), coarser.seconds()) {
                (Some(fine), Some(coarse)) => coarse % fine == 0,
                _ => true,
            },
            (_, Second | Minute(_) | Hour(_)) => false,
            (Day, _) => true,
            (Week, _) | (_, Day | Week) => false,
            (Month, _) => true,
            (Quarter, Year) | (FiscalQuarter, FiscalYear) => true,
            (Quarter | Year | FiscalQuarter | FiscalYear, _) => false,
        }
    }

    /// Returns the number of months in one period, for month-based granularities.
    pub fn months(self) -> Option<u32> {
        match self {
            Self::Second | Self::Minute(_) | Self::Hour(_) | Self::Day | Self::Week => None,
            Self::Month => Some(1),
            Self::Quarter | Self::FiscalQuarter => Some(3),
            Self::Year | Self::FiscalYear => Some(12),
        }
    }
}

fn every_of(known: &[(u8, &str)], every: i64) -> Option<Every> {
    known.iter().find(|(count, _)| i64::from(*count) == every).map(|(count, _)| Every(*count))
}

fn name_of(known: &'static [(u8, &'static str)], every: Every) -> &'static str {
    known.iter().find(|(count, _)| *count == every.0).map_or("", |(_, name)| name)
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A part of a date or time, a small integer that repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimePart {
    /// 0 to 59, in the query's zone.
    MinuteOfHour,
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
    pub const ALL: [Self; 7] = [
        Self::MinuteOfHour,
        Self::HourOfDay,
        Self::DayOfWeek,
        Self::DayOfMonth,
        Self::DayOfYear,
        Self::MonthOfYear,
        Self::QuarterOfYear,
    ];

    /// Returns the granularity that a time must be known by to have this part: a monthly budget has no weekday.
    pub fn finest(self) -> Granularity {
        match self {
            Self::MinuteOfHour => Granularity::MINUTE,
            Self::HourOfDay => Granularity::HOUR,
            Self::DayOfWeek | Self::DayOfMonth | Self::DayOfYear => Granularity::Day,
            Self::MonthOfYear => Granularity::Month,
            Self::QuarterOfYear => Granularity::Quarter,
        }
    }

    /// Returns whether the part is one of the time of day.
    pub fn is_within_a_day(self) -> bool {
        self.finest().is_within_a_day()
    }

    /// Returns the name used in YAML and on the command line, such as `day_of_week`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MinuteOfHour => "minute_of_hour",
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
