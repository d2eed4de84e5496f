//! Sizes of periods, parts of dates, and how far back something is taken.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Back {
    Months(u32),
    Days(i64),
    /// Minutes that pass, whatever the clock shows.
    Minutes(i64),
    /// So many periods of the calendar in a table.
    Retail(Size, usize),
}

impl Back {
    pub(in crate::battery) fn text(self) -> String {
        let (count, unit) = match self {
            Self::Months(months) => (i64::from(months), "month"),
            Self::Days(days) => (days, "day"),
            Self::Minutes(minutes) if minutes % 60 == 0 => (minutes / 60, "hour"),
            Self::Minutes(minutes) => (minutes, "minute"),
            Self::Retail(unit, count) => (i64::try_from(count).expect("a few"), unit.name()),
        };
        if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
    }
}

/// How far back something is taken, all in all. A row moves forward by the minutes, then by the days; its period by the
/// months.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::battery) struct Moved {
    pub(in crate::battery) months: u32,
    pub(in crate::battery) days: i64,
    pub(in crate::battery) minutes: i64,
    /// So many periods of the calendar in a table, instead of all that.
    pub(in crate::battery) retail: Option<(Size, usize)>,
    /// Whether it is taken back by such periods and once more, which has no meaning.
    pub(in crate::battery) is_mixed: bool,
    /// Whether what is taken back by months is taken back by months again.
    pub(in crate::battery) months_twice: bool,
    /// Whether what is taken back by months is taken back by days or minutes.
    pub(in crate::battery) days_of_months: bool,
}

impl Moved {
    pub(in crate::battery) fn by(back: Option<Back>) -> Self {
        match back {
            None => Self::default(),
            Some(Back::Months(months)) => Self { months, ..Self::default() },
            Some(Back::Days(days)) => Self { days, ..Self::default() },
            Some(Back::Minutes(minutes)) => Self { minutes, ..Self::default() },
            Some(Back::Retail(unit, count)) => Self { retail: Some((unit, count)), ..Self::default() },
        }
    }

    /// Takes back what is taken back already.
    pub(in crate::battery) fn and(self, other: Self) -> Self {
        Self {
            months: self.months + other.months,
            days: self.days + other.days,
            minutes: self.minutes + other.minutes,
            retail: self.retail.or(other.retail),
            is_mixed: self.is_mixed
                || other.is_mixed
                || (self.retail.is_some() && !other.is_none())
                || (other.retail.is_some() && !self.is_none()),
            months_twice: self.months_twice || other.months_twice || (self.months != 0 && other.months != 0),
            days_of_months: self.days_of_months
                || other.days_of_months
                || (other.months != 0 && (self.days != 0 || self.minutes != 0)),
        }
    }

    pub(in crate::battery) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Whether the start of a period becomes the start of another.
    pub(in crate::battery) fn is_whole(self, size: Size) -> bool {
        let months = size.months().expect("a period of months");
        self.months.is_multiple_of(months) && self.days == 0 && self.minutes == 0 && self.retail.is_none()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Size {
    Minute15,
    Hour,
    Hour6,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
    /// A month of the calendar in a table.
    RetailMonth,
    RetailYear,
}

impl Size {
    pub(in crate::battery) fn name(self) -> &'static str {
        match self {
            Self::Minute15 => "minute15",
            Self::Hour => "hour",
            Self::Hour6 => "hour6",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalQuarter => "fiscal_quarter",
            Self::FiscalYear => "fiscal_year",
            Self::RetailMonth => "retail_month",
            Self::RetailYear => "retail_year",
        }
    }

    /// The minutes that a clock counts in one that is shorter than a day.
    pub(in crate::battery) fn minutes(self) -> Option<i64> {
        match self {
            Self::Minute15 => Some(15),
            Self::Hour => Some(60),
            Self::Hour6 => Some(360),
            _ => None,
        }
    }

    pub(in crate::battery) fn is_within_a_day(self) -> bool {
        self.minutes().is_some()
    }

    pub(in crate::battery) fn is_retail(self) -> bool {
        matches!(self, Self::RetailMonth | Self::RetailYear)
    }

    pub(in crate::battery) fn months(self) -> Option<u32> {
        match self {
            Self::Month => Some(1),
            Self::Quarter | Self::FiscalQuarter => Some(3),
            Self::Year | Self::FiscalYear => Some(12),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Part {
    HourOfDay,
    DayOfWeek,
    DayOfMonth,
    DayOfYear,
    MonthOfYear,
    QuarterOfYear,
}

impl Part {
    pub(in crate::battery) const ALL: [Self; 6] =
        [Self::HourOfDay, Self::DayOfWeek, Self::DayOfMonth, Self::DayOfYear, Self::MonthOfYear, Self::QuarterOfYear];

    pub(in crate::battery) fn name(self) -> &'static str {
        match self {
            Self::HourOfDay => "hour_of_day",
            Self::DayOfWeek => "day_of_week",
            Self::DayOfMonth => "day_of_month",
            Self::DayOfYear => "day_of_year",
            Self::MonthOfYear => "month_of_year",
            Self::QuarterOfYear => "quarter_of_year",
        }
    }
}
