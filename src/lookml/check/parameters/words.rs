//! The words that values are taken from.

pub(super) const WEEK_DAYS: &[&str] = &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// How time is stored.
pub(super) const DATATYPES: &[&str] = &["date", "datetime", "timestamp", "epoch", "yyyymmdd", "time"];

/// The types of dimensions, save `date_…` with a timeframe and `duration_…` with an interval.
pub(super) const DIMENSION_TYPES: &[&str] = &[
    "bin",
    "date",
    "date_time",
    "distance",
    "duration",
    "int",
    "location",
    "number",
    "string",
    "tier",
    "time",
    "unquoted",
    "yesno",
    "zipcode",
];

/// The types of measures, save `date_…` with a timeframe.
pub(super) const MEASURE_TYPES: &[&str] = &[
    "average",
    "average_distinct",
    "count",
    "count_distinct",
    "date",
    "date_time",
    "int",
    "list",
    "max",
    "median",
    "median_distinct",
    "min",
    "number",
    "percent_of_previous",
    "percent_of_total",
    "percentile",
    "percentile_distinct",
    "period_over_period",
    "running_total",
    "string",
    "sum",
    "sum_distinct",
    "time",
    "unquoted",
    "yesno",
];

pub(super) const FILTER_TYPES: &[&str] =
    &["date", "date_time", "number", "string", "yesno", "zipcode", "unquoted", "tier", "location", "int", "time"];

pub(super) const PARAMETER_TYPES: &[&str] = &["date", "date_time", "number", "string", "unquoted", "yesno", "time"];

/// What a comparison of periods returns.
pub(super) const KINDS: &[&str] = &["previous", "difference", "relative_change"];

/// The periods that a comparison goes back by.
pub(super) const PERIODS: &[&str] = &["year", "fiscal_year", "quarter", "fiscal_quarter", "month", "week", "date"];

/// Formats that every model has.
pub(in super::super) const BUILT_IN_FORMATS: &[&str] = &[
    "decimal_0",
    "decimal_1",
    "decimal_2",
    "decimal_3",
    "decimal_4",
    "eur",
    "eur_0",
    "gbp",
    "gbp_0",
    "id",
    "percent_0",
    "percent_1",
    "percent_2",
    "percent_3",
    "percent_4",
    "usd",
    "usd_0",
];

/// Map layers that every model has.
pub(in super::super) const BUILT_IN_MAP_LAYERS: &[&str] =
    &["countries", "uk_postcode_areas", "us_counties_fips", "us_states", "us_zipcode_tabulation_areas"];

/// The parts of a duration.
pub(in super::super) const INTERVALS: &[&str] =
    &["second", "minute", "hour", "day", "week", "month", "quarter", "year"];

/// Timeframes that need no time of the day.
pub(in super::super) const DATE_ONLY_TIMEFRAMES: &[&str] = &[
    "raw",
    "date",
    "day_of_month",
    "day_of_week",
    "day_of_week_index",
    "day_of_year",
    "fiscal_month_num",
    "fiscal_quarter",
    "fiscal_quarter_of_year",
    "fiscal_year",
    "month",
    "month_name",
    "month_num",
    "quarter",
    "quarter_of_year",
    "week",
    "week_of_year",
    "year",
    "yesno",
];

/// Timeframes with a number of units: `minute15`.
const COUNTED: [(&str, &[u32]); 4] = [
    ("hour", &[2, 3, 4, 6, 8, 12]),
    ("minute", &[2, 3, 4, 5, 6, 10, 12, 15, 20, 30]),
    ("second", &[2, 3, 4, 5, 6, 10, 12, 15, 20, 30]),
    ("millisecond", &[2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500]),
];

const TIMES: [&str; 8] =
    ["time", "time_of_day", "hour", "hour_of_day", "minute", "second", "millisecond", "microsecond"];

/// Timeframes of a calendar from a table, which a view defines.
pub(in super::super) const CUSTOM_TIMEFRAMES: &[&str] =
    &["custom_date", "custom_week", "custom_period", "custom_quarter", "custom_season", "custom_year"];

/// Returns whether a word is a timeframe.
pub(in super::super) fn is_timeframe(word: &str) -> bool {
    DATE_ONLY_TIMEFRAMES.contains(&word)
        || TIMES.contains(&word)
        || COUNTED.iter().any(|(unit, counts)| {
            word.strip_prefix(unit).and_then(|count| count.parse().ok()).is_some_and(|count| counts.contains(&count))
        })
}
