//! Timeframes in DuckDB's SQL: a local time → what Looker shows of it.

use crate::lookml::twin::{Looker, refuse};

/// All timeframes that are known, in the order of Looker's reference.
pub(in crate::lookml::twin) const ALL: [&str; 37] = [
    "raw",
    "time",
    "time_of_day",
    "second",
    "minute",
    "minute5",
    "minute10",
    "minute15",
    "minute30",
    "hour",
    "hour2",
    "hour3",
    "hour4",
    "hour6",
    "hour8",
    "hour12",
    "hour_of_day",
    "date",
    "week",
    "day_of_week",
    "day_of_week_index",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month",
    "month_num",
    "month_name",
    "quarter",
    "quarter_of_year",
    "year",
    "fiscal_month_num",
    "fiscal_quarter",
    "fiscal_quarter_of_year",
    "fiscal_year",
    "yesno",
    "millisecond",
    "microsecond",
];

/// Whether a timeframe is a number, which is filtered as one.
pub(in crate::lookml::twin) fn is_number(frame: &str) -> bool {
    matches!(
        frame,
        "hour_of_day"
            | "day_of_week_index"
            | "day_of_month"
            | "day_of_year"
            | "week_of_year"
            | "month_num"
            | "fiscal_month_num"
    )
}

/// Whether a timeframe is a text, which is filtered as one.
pub(in crate::lookml::twin) fn is_text(frame: &str) -> bool {
    matches!(frame, "time_of_day" | "day_of_week" | "month_name" | "quarter_of_year" | "fiscal_quarter_of_year")
}

/// How fine a timeframe is that is a period: the same or a finer one can be put together to it.
pub(in crate::lookml::twin) fn fineness(frame: &str) -> Option<usize> {
    const PERIODS: [&str; 12] = [
        "raw",
        "microsecond",
        "millisecond",
        "time",
        "second",
        "minute",
        "hour",
        "date",
        "week",
        "month",
        "quarter",
        "year",
    ];
    PERIODS.iter().position(|period| *period == frame)
}

/// The SQL of a timeframe of a local time.
pub(super) fn sql(frame: &str, local: &str, week_start: u32, fiscal: &dyn Fn() -> Looker<i32>) -> Looker<String> {
    let show = |format: &str| Ok(format!("strftime({local}, '{format}')"));
    let part = |name: &str| Ok(format!("CAST(EXTRACT({name} FROM {local}) AS BIGINT)"));
    if let Some(size) = frame.strip_prefix("hour").and_then(|size| size.parse::<u32>().ok()) {
        return Ok(format!(
            "strftime(time_bucket(INTERVAL {size} HOUR, {local}, TIMESTAMP '2000-01-01'), '%Y-%m-%d %H')"
        ));
    }
    if let Some(size) = frame.strip_prefix("minute").and_then(|size| size.parse::<u32>().ok()) {
        return Ok(format!(
            "strftime(time_bucket(INTERVAL {size} MINUTE, {local}, TIMESTAMP '2000-01-01'), '%Y-%m-%d %H:%M')"
        ));
    }
    match frame {
        "time" | "second" => show("%Y-%m-%d %H:%M:%S"),
        "millisecond" => show("%Y-%m-%d %H:%M:%S.%g"),
        "microsecond" => show("%Y-%m-%d %H:%M:%S.%f"),
        "time_of_day" => show("%H:%M"),
        "minute" => show("%Y-%m-%d %H:%M"),
        "hour" => show("%Y-%m-%d %H"),
        "date" => Ok(format!("CAST({local} AS DATE)")),
        "week" => {
            let days = format!("INTERVAL {week_start} DAY");
            Ok(format!("CAST(date_trunc('week', {local} - {days}) + {days} AS DATE)"))
        }
        "month" => show("%Y-%m"),
        "quarter" => Ok(format!("strftime({local}, '%Y') || '-Q' || EXTRACT(QUARTER FROM {local})")),
        "year" => part("YEAR"),
        "hour_of_day" => part("HOUR"),
        "day_of_week" => Ok(format!("dayname({local})")),
        "day_of_week_index" => Ok(format!("(CAST(EXTRACT(ISODOW FROM {local}) AS BIGINT) + {}) % 7", 6 - week_start)),
        "day_of_month" => part("DAY"),
        "day_of_year" => part("DOY"),
        "week_of_year" => part("WEEK"),
        "month_num" => part("MONTH"),
        "month_name" => Ok(format!("monthname({local})")),
        "quarter_of_year" => Ok(format!("'Q' || EXTRACT(QUARTER FROM {local})")),
        "yesno" => Ok(format!("({local}) IS NOT NULL")),
        _ => {
            // A fiscal year is the calendar's year of months that are moved.
            let moved = format!("(date_trunc('month', {local}) - INTERVAL ({}) MONTH)", fiscal()?);
            match frame {
                "fiscal_month_num" => Ok(format!("CAST(EXTRACT(MONTH FROM {moved}) AS BIGINT)")),
                "fiscal_quarter" => {
                    Ok(format!("'FY' || strftime({moved}, '%Y') || '-Q' || EXTRACT(QUARTER FROM {moved})"))
                }
                "fiscal_quarter_of_year" => Ok(format!("'Q' || EXTRACT(QUARTER FROM {moved})")),
                "fiscal_year" => Ok(format!("'FY' || strftime({moved}, '%Y')")),
                other => refuse(format!("unknown timeframe `{other}`")),
            }
        }
    }
}
