//! The words that LookML has for types.

use serde::Serialize;

macro_rules! keywords {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum $name { $($(#[$item_doc])* #[serde(rename = $text)] $item,)* }

        impl $name {
            /// Returns the word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$item => $text,)* }
            }

            /// Finds the variant of a word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$item),)* _ => None }
            }
        }
    )*};
}

keywords! {
    /// The type of a dimension.
    DimensionType {
        /// Text.
        String "string",
        /// A number.
        Number "number",
        /// Yes or no; null is no.
        YesNo "yesno",
        /// A day.
        Date "date",
        /// A time that is used as it is, without conversion.
        Raw "date_raw",
    }

    /// The type of a measure.
    MeasureType {
        /// The number of rows.
        Count "count",
        /// The sum; 0 over no rows.
        Sum "sum",
        /// The mean.
        Average "average",
        /// The least number.
        Min "min",
        /// The greatest number.
        Max "max",
        /// The number of different values.
        CountDistinct "count_distinct",
        /// An expression over other measures.
        Number "number",
        /// A text.
        String "string",
        /// A condition over other measures.
        YesNo "yesno",
        /// A day.
        Date "date",
        /// A moment.
        DateTime "date_time",
        /// A measure of an earlier period.
        PeriodOverPeriod "period_over_period",
    }

    /// What the values of a time column are.
    Datatype {
        /// A day.
        Date "date",
        /// A wall-clock time.
        Datetime "datetime",
        /// An instant.
        Timestamp "timestamp",
    }

    /// A member of a time dimension group.
    Timeframe {
        /// The bare value.
        Raw "raw",
        /// The moment.
        Time "time",
        /// The second.
        Second "second",
        /// The minute.
        Minute "minute",
        /// 2 minutes.
        Minute2 "minute2",
        /// 3 minutes.
        Minute3 "minute3",
        /// 4 minutes.
        Minute4 "minute4",
        /// 5 minutes.
        Minute5 "minute5",
        /// 6 minutes.
        Minute6 "minute6",
        /// 10 minutes.
        Minute10 "minute10",
        /// 12 minutes.
        Minute12 "minute12",
        /// 15 minutes.
        Minute15 "minute15",
        /// 20 minutes.
        Minute20 "minute20",
        /// 30 minutes.
        Minute30 "minute30",
        /// The hour of a day.
        Hour "hour",
        /// 2 hours of the clock.
        Hour2 "hour2",
        /// 3 hours of the clock.
        Hour3 "hour3",
        /// 4 hours of the clock.
        Hour4 "hour4",
        /// 6 hours of the clock.
        Hour6 "hour6",
        /// 8 hours of the clock.
        Hour8 "hour8",
        /// 12 hours of the clock.
        Hour12 "hour12",
        /// The day.
        Date "date",
        /// The first day of the week.
        Week "week",
        /// The month.
        Month "month",
        /// The quarter.
        Quarter "quarter",
        /// The year.
        Year "year",
        /// The quarter of the fiscal year.
        FiscalQuarter "fiscal_quarter",
        /// The fiscal year.
        FiscalYear "fiscal_year",
        /// 0 to 23.
        HourOfDay "hour_of_day",
        /// The name of the weekday.
        DayOfWeek "day_of_week",
        /// 1 to 31.
        DayOfMonth "day_of_month",
        /// 1 to 366.
        DayOfYear "day_of_year",
        /// 1 to 12.
        MonthNum "month_num",
        /// Q1 to Q4.
        QuarterOfYear "quarter_of_year",
    }

    /// How an earlier period is compared.
    PeriodKind {
        /// Its value.
        Previous "previous",
        /// The value less the earlier one.
        Difference "difference",
        /// The difference as a fraction of the earlier one.
        RelativeChange "relative_change",
    }

    /// How rows that match are counted.
    Relationship {
        /// Many rows share one joined row.
        ManyToOne "many_to_one",
        /// At most one row has a joined row.
        OneToOne "one_to_one",
    }

    /// How rows without a match are treated.
    JoinType {
        /// They stay.
        LeftOuter "left_outer",
    }

    /// Whether another project may set a constant.
    Export {
        /// It may.
        OverrideOptional "override_optional",
        /// It may not.
        None "none",
    }
}
