//! Ranges of time as people write them: `last 28 days`, `2025-01-01 to 2026-01-01`, `2024-02`.
//!
//! **Invariant:** a range that is read has at least one day; what is not read is told with what to write instead.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};

use super::{Duration, Granularity, RangeUnit, RelativeRange, TimeRange, add_periods};

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeError {
    /// What is wrong.
    pub message: String,
    /// A full sentence that says what to write.
    pub help: String,
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = self.help.chars();
        let first = letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
        write!(f, "{}; {first}{}", self.message, letters.as_str().trim_end_matches('.'))
    }
}

impl std::error::Error for RangeError {}

impl FromStr for TimeRange {
    type Err = RangeError;

    /// Reads a range as people write it: `last 28 days`, `last 12 months including current`, `current month`,
    /// `2025-01-01 to 2026-01-01` (half-open), `since 2024-01-01`, or one day, month or year: `2024-02-29`, `2024-02`,
    /// `2024`.
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = match words.as_slice() {
            ["last", count, size] => last(count, unit(size), false),
            ["last", count, size, "including", "current"] => last(count, unit(size), true),
            ["current", size] => unit(size).map(Self::Current),
            ["since", from] => read_date(from).map(Self::Since),
            [from, "to", to] => match (read_date(from), read_date(to)) {
                (Some(from), Some(to)) => return between(from, to),
                _ => None,
            },
            [period] => whole_period(period),
            _ => None,
        };
        read.ok_or_else(|| match date_that_is_none(&words) {
            Some(error) => error,
            None => RangeError { message: format!("`{text}` is no time range"), help: instead_of(&words) },
        })
    }
}

/// Reads a day of four, two and two digits, in the years 1 to 9999 that every warehouse has.
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let is_shaped = text.len() == 10 && has_form_of_a_day(text);
    text.parse().ok().filter(|day: &NaiveDate| is_shaped && day.year() >= 1)
}

fn unit(word: &str) -> Option<RangeUnit> {
    match Granularity::from_name(word.strip_suffix('s').unwrap_or(word)) {
        Some(granularity) => Some(RangeUnit::Granularity(granularity)),
        None => is_name(word).then(|| RangeUnit::Named(word.to_owned())),
    }
}

/// Returns whether a word can be the name of a granularity.
fn is_name(word: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(letters)
}

fn last(count: &str, unit: Option<RangeUnit>, include_current: bool) -> Option<TimeRange> {
    let count = count.parse().ok().filter(|count| (1..=Duration::MAXIMUM_COUNT).contains(&i64::from(*count)))?;
    Some(TimeRange::Last(RelativeRange { count, unit: unit?, include_current }))
}

fn between(from: NaiveDate, to: NaiveDate) -> Result<TimeRange, RangeError> {
    if from < to {
        return Ok(TimeRange::Between { from, to });
    }
    Err(if from == to {
        RangeError {
            message: format!("the range `{from} to {to}` has no day"),
            help: format!("The day behind `to` is the first one after the range; for one day write `{from}`."),
        }
    } else {
        RangeError {
            message: format!("the range `{from} to {to}` ends before it begins"),
            help: "Write the first day, and behind `to` the first one after the range.".to_owned(),
        }
    })
}

/// Reads one day, month or year: `2024-02-29`, `2024-02`, `2024`.
fn whole_period(text: &str) -> Option<TimeRange> {
    let (from, size) = first_day(text)?;
    Some(TimeRange::Between { from, to: add_periods(from, size, 1) })
}

/// Returns the first day of a day, month or year, and which of them it is.
fn first_day(text: &str) -> Option<(NaiveDate, Granularity)> {
    let (first, size) = match text.len() {
        4 => (format!("{text}-01-01"), Granularity::Year),
        7 => (format!("{text}-01"), Granularity::Month),
        10 => (text.to_owned(), Granularity::Day),
        _ => return None,
    };
    Some((read_date(&first)?, size))
}

/// Finds a word that has the form of a day or a month, and is none: `2025-02-30`, `2024-13`.
fn date_that_is_none(words: &[&str]) -> Option<RangeError> {
    let word = words.iter().find(|word| has_form_of_a_day(word) && first_day(word).is_none())?;
    let month: u32 = word.get(5..7)?.parse().ok()?;
    let error = |message, help| Some(RangeError { message, help });
    if !(1..=12).contains(&month) {
        return error(format!("there is no month {month}"), "Months are written `01` to `12`: `2025-02`.".to_owned());
    }
    let (first, _) = first_day(word.get(..7)?)?;
    let last = add_periods(first, Granularity::Month, 1).pred_opt()?;
    error(format!("there is no day `{word}`"), format!("The last day of that month is `{last}`."))
}

/// `2025-02` or `2025-02-28`, whatever the numbers.
fn has_form_of_a_day(word: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    matches!(word.len(), 7 | 10) && word.bytes().enumerate().all(fits)
}

/// Says what to write instead of words that are no range.
fn instead_of(words: &[&str]) -> String {
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match lower.as_slice() {
        ["today"] => "Write `current day`.".to_owned(),
        ["yesterday"] => "Write `last 1 day`, the whole day before this one.".to_owned(),
        ["ytd"] | ["year", "to", "date"] => "Write `current year`.".to_owned(),
        ["qtd"] | ["quarter", "to", "date"] => "Write `current quarter`.".to_owned(),
        ["mtd"] | ["month", "to", "date"] => "Write `current month`.".to_owned(),
        ["this", size] if unit(size).is_some() => format!("Write `current {}`.", size.trim_end_matches('s')),
        ["last" | "previous", size] if unit(size).is_some() => {
            let size = size.trim_end_matches('s');
            format!("Write `last 1 {size}`, the whole {size} before this one.")
        }
        ["last", count, _, ..] if is_zero(count) => {
            "Write at least `last 1`; the period that is not over is `current day`, `current month` and the like."
                .to_owned()
        }
        ["last", count, size, ..] if is_whole(count) && unit(size).is_some() => {
            format!("Write at most `last {} {size}`; `since 2024-01-01` has no end.", Duration::MAXIMUM_COUNT)
        }
        ["past" | "previous", count, size] if last(count, unit(size), false).is_some() => {
            format!("Write `last {count} {size}`.")
        }
        _ => quarter(&lower).or_else(|| whole_periods(&lower)).unwrap_or_else(every_form),
    }
}

fn is_whole(count: &str) -> bool {
    !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_zero(count: &str) -> bool {
    is_whole(count) && count.bytes().all(|byte| byte == b'0')
}

/// `2025-q1`, `2025q1`, `q1 2025`.
fn quarter(words: &[&str]) -> Option<String> {
    let (year, number) = match words {
        [word] => word.split_once('q').map(|(year, number)| (year.trim_end_matches('-'), number))?,
        [quarter, year] if quarter.starts_with('q') => (*year, quarter.strip_prefix('q')?),
        [year, quarter] => (*year, quarter.strip_prefix('q')?),
        _ => return None,
    };
    let number: u32 = number.parse().ok().filter(|number| (1..=4).contains(number))?;
    let (year, _) = first_day(year).filter(|(_, size)| *size == Granularity::Year)?;
    let from = NaiveDate::from_ymd_opt(year.year(), 3 * number - 2, 1)?;
    Some(format!("Write `{from} to {}`.", add_periods(from, Granularity::Quarter, 1)))
}

/// `2024-01 to 2024-03`, `since 2024`: months and years where days are written.
fn whole_periods(words: &[&str]) -> Option<String> {
    match words {
        ["since", from] => first_day(from).map(|(from, _)| format!("Write a day: `since {from}`.")),
        [from, "to" | "-" | "until", to] => {
            let ((from, _), (to, size)) = (first_day(from)?, first_day(to)?);
            let after = add_periods(to, size, 1);
            (from < after).then(|| format!("Write days, the last one the first after the range: `{from} to {after}`."))
        }
        _ => None,
    }
}

fn every_form() -> String {
    "Write `last 28 days`, `last 12 months including current`, `current month`, `2025-01-01 to 2026-01-01`, `since \
     2024-01-01`, `2024-02-29`, `2024-02` or `2024`."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn ranges_are_read_as_people_write_them() {
        let february = TimeRange::Between { from: day("2024-02-01"), to: day("2024-03-01") };
        assert_eq!("2024-02".parse(), Ok(february.clone()));
        assert_eq!("2024-02-01 to 2024-03-01".parse(), Ok(february));
        assert_eq!("current week".parse(), Ok(TimeRange::Current(Granularity::Week.into())));
        let own =
            RelativeRange { count: 3, unit: RangeUnit::Named("retail_months".to_owned()), include_current: false };
        assert_eq!("last 3 retail_months".parse(), Ok(TimeRange::Last(own)));
        let months = RelativeRange { count: 12, unit: Granularity::Month.into(), include_current: true };
        assert_eq!("last 12 months including current".parse(), Ok(TimeRange::Last(months)));
        for wrong in [
            "",
            "last 0 days",
            "last 100001 hours",
            "yesterday",
            "2024-13",
            "2024-03-01 to 2024-02-01",
            "last days",
            "-262143-01-01 to -262143-01-03",
            "0000-01-01 to 2024-01-01",
            "since 10000-01-01",
            "0000",
        ] {
            assert!(wrong.parse::<TimeRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_people_write_elsewhere_is_told_in_our_words() {
        for (wrong, told) in [
            ("2024-02-29 to 2024-02-29", "for one day write `2024-02-29`"),
            ("yesterday", "`last 1 day`"),
            ("today", "`current day`"),
            ("Last month", "`last 1 month`"),
            ("this quarter", "`current quarter`"),
            ("past 28 days", "`last 28 days`"),
            ("ytd", "`current year`"),
            ("2025-Q1", "`2025-01-01 to 2025-04-01`"),
            ("Q4 2025", "`2025-10-01 to 2026-01-01`"),
            ("2024-01 to 2024-03", "`2024-01-01 to 2024-04-01`"),
            ("since 2024", "`since 2024-01-01`"),
            ("2025-02-30", "`2025-02-28`"),
            ("2025-02-30 to 2025-03-05", "`2025-02-28`"),
            ("2024-13", "`01` to `12`"),
            ("some time ago", "`last 28 days`"),
        ] {
            let help = wrong.parse::<TimeRange>().map_err(|error| error.help);
            assert!(help.as_ref().is_err_and(|help| help.contains(told)), "{wrong}: {help:?}");
        }
    }
}
