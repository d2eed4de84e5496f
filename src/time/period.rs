//! Where periods begin, and how dates move by periods.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{Calendar, Granularity, Offset};

/// Returns the first day of the period that holds `date`.
///
/// What is shorter than a day starts on the day itself.
pub fn period_start(date: NaiveDate, granularity: Granularity, calendar: Calendar) -> NaiveDate {
    let month_start = |back: u32| {
        let first = date.with_day(1).expect("every month has a first day");
        first.checked_sub_months(Months::new(back)).unwrap_or(NaiveDate::MIN)
    };
    match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) | Granularity::Day => date,
        Granularity::Week => {
            let back = date.weekday().days_since(calendar.week_start);
            date.checked_sub_days(Days::new(u64::from(back))).unwrap_or(NaiveDate::MIN)
        }
        Granularity::Month => month_start(0),
        Granularity::Quarter => month_start(date.month0() % 3),
        Granularity::Year => month_start(date.month0()),
        Granularity::FiscalQuarter => month_start(fiscal_month0(date, calendar) % 3),
        Granularity::FiscalYear => month_start(fiscal_month0(date, calendar)),
    }
}

fn fiscal_month0(date: NaiveDate, calendar: Calendar) -> u32 {
    (date.month() + 12 - calendar.fiscal_start_month) % 12
}

/// Returns the first day of the period `count` periods after the one that begins on `start`.
pub fn add_periods(start: NaiveDate, granularity: Granularity, count: i64) -> NaiveDate {
    match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) | Granularity::Day => {
            add_days(start, count)
        }
        Granularity::Week => add_days(start, count.saturating_mul(7)),
        _ => add_months(start, count.saturating_mul(i64::from(granularity.months().unwrap_or(1)))),
    }
}

/// Moves a date by `sign` times an offset of days, weeks, months, quarters or years.
///
/// A day that the target month lacks becomes its last day: 31 March minus one month is 28 February.
pub fn shift_date(date: NaiveDate, offset: Offset, sign: i64) -> NaiveDate {
    match (offset.unit.days(), offset.unit.months()) {
        (Some(days), _) => add_days(date, days.saturating_mul(offset.count).saturating_mul(sign)),
        (_, Some(months)) => add_months(date, i64::from(months).saturating_mul(offset.count).saturating_mul(sign)),
        (None, None) => date,
    }
}

/// Returns whether the day of `date` exists in the month to which the offset moves it.
pub fn date_exists_after_shift(date: NaiveDate, offset: Offset, sign: i64) -> bool {
    offset.unit.months().is_none() || shift_date(date, offset, sign).day() == date.day()
}

fn add_days(date: NaiveDate, count: i64) -> NaiveDate {
    let days = Days::new(count.unsigned_abs());
    let (moved, edge) = if count < 0 {
        (date.checked_sub_days(days), NaiveDate::MIN)
    } else {
        (date.checked_add_days(days), NaiveDate::MAX)
    };
    moved.unwrap_or(edge)
}

fn add_months(date: NaiveDate, count: i64) -> NaiveDate {
    let months = Months::new(u32::try_from(count.unsigned_abs()).unwrap_or(u32::MAX));
    let (moved, edge) = if count < 0 {
        (date.checked_sub_months(months), NaiveDate::MIN)
    } else {
        (date.checked_add_months(months), NaiveDate::MAX)
    };
    moved.unwrap_or(edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Weekday;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn periods_begin_where_the_calendar_says() {
        let calendar = Calendar { week_start: Weekday::Sun, fiscal_start_month: 2 };
        let start = |granularity| period_start(day("2024-01-31"), granularity, calendar);
        assert_eq!(start(Granularity::Week), day("2024-01-28"));
        assert_eq!(start(Granularity::Quarter), day("2024-01-01"));
        assert_eq!(start(Granularity::FiscalYear), day("2023-02-01"));
        assert_eq!(start(Granularity::FiscalQuarter), day("2023-11-01"));
    }

    #[test]
    fn a_month_back_from_the_31st_may_not_exist() {
        let month: Offset = "1 month".parse().expect("an offset");
        assert_eq!(shift_date(day("2025-03-31"), month, -1), day("2025-02-28"));
        assert!(!date_exists_after_shift(day("2025-03-31"), month, -1));
        assert!(date_exists_after_shift(day("2025-03-28"), month, -1));
    }
}
