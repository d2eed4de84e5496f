//! Filter expressions of times: `2024-03`, `28 days ago for 28 days`, `this month`, `before 2024-01-01`, `NOT NULL`.
//!
//! Ranges include their start and not their end, in the query time zone.

use chrono::{Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::lookml::twin::{Looker, refuse};

/// A size of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lookml::twin) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
}

/// A range of time, open where it has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lookml::twin) struct Span {
    pub(in crate::lookml::twin) from: Option<NaiveDateTime>,
    pub(in crate::lookml::twin) to: Option<NaiveDateTime>,
    /// The unit in which it was written.
    pub(in crate::lookml::twin) unit: Unit,
}

/// What a filter keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::lookml::twin) struct Kept {
    /// Any of these; none is any time.
    pub(in crate::lookml::twin) spans: Vec<Span>,
    /// None of these.
    pub(in crate::lookml::twin) not: Vec<Span>,
    pub(in crate::lookml::twin) null: bool,
    pub(in crate::lookml::twin) not_null: bool,
}

/// The calendar in which expressions are read.
#[derive(Clone, Copy, Debug)]
pub(in crate::lookml::twin) struct Calendar {
    pub(in crate::lookml::twin) now: NaiveDateTime,
    /// Days from Monday to the first day of a week.
    pub(in crate::lookml::twin) week_start: u32,
    /// By how many months a fiscal year begins after the calendar's.
    pub(in crate::lookml::twin) fiscal_offset: i32,
}

impl Calendar {
    /// Reads an expression.
    pub(in crate::lookml::twin) fn kept(self, expression: &str) -> Looker<Kept> {
        let mut kept = Kept::default();
        for item in expression.split(',').map(str::trim).filter(|item| !item.is_empty() && *item != "any time") {
            match item.to_lowercase().as_str() {
                "null" => kept.null = true,
                "not null" | "-null" => kept.not_null = true,
                lower => match lower.strip_prefix("not ") {
                    Some(rest) => kept.not.push(self.span(rest)?),
                    None => kept.spans.push(self.span(lower)?),
                },
            }
        }
        Ok(kept)
    }

    fn span(self, text: &str) -> Looker<Span> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("before ") {
            let point = self.point(rest)?;
            return Ok(Span { from: None, to: point.from, ..point });
        }
        if let Some(rest) = text.strip_prefix("after ") {
            return Ok(Span { to: None, ..self.point(rest)? });
        }
        if let Some((from, to)) = text.split_once(" to ") {
            let (from, to) = (self.point(from)?, self.point(to)?);
            return Ok(Span { from: from.from, to: to.from, unit: from.unit });
        }
        if let Some((from, length)) = text.split_once(" for ") {
            let from = self.point(from)?;
            let (count, unit) = amount(length)?;
            let to = from.from.map(|at| Self::moved(at, count, unit));
            return Ok(Span { to, unit, ..from });
        }
        if let Ok((count, unit)) = amount(text) {
            // The last so many, the one that goes on included.
            let begin = self.begin(self.now, unit);
            return Ok(Span {
                from: Some(Self::moved(begin, 1 - count, unit)),
                to: Some(Self::moved(begin, 1, unit)),
                unit,
            });
        }
        self.point(text)
    }

    /// A period: its start stands for it where a range begins or ends with it.
    fn point(self, text: &str) -> Looker<Span> {
        let text = text.trim();
        let period = |count: i64, unit: Unit| {
            let begin = Self::moved(self.begin(self.now, unit), count, unit);
            Span { from: Some(begin), to: Some(Self::moved(begin, 1, unit)), unit }
        };
        match text {
            "today" => return Ok(period(0, Unit::Day)),
            "yesterday" => return Ok(period(-1, Unit::Day)),
            "tomorrow" => return Ok(period(1, Unit::Day)),
            "now" => return Ok(Span { from: Some(self.now), to: Some(self.now), unit: Unit::Second }),
            _ => {}
        }
        for (word, count) in [("this ", 0), ("last ", -1), ("next ", 1)] {
            if let Some(unit) = text.strip_prefix(word).and_then(unit) {
                return Ok(period(count, unit));
            }
        }
        if let Some((count, unit)) = text.strip_suffix(" ago").map(amount).transpose()? {
            return Ok(period(-count, unit));
        }
        if let Some((count, unit)) = text.strip_suffix(" from now").map(amount).transpose()? {
            return Ok(period(count, unit));
        }
        self.written(text)
    }

    /// `2024`, `2024-03`, `2024-Q1`, `FY2024`, `FY2024-Q1`, `2024-03-05`, `2024-03-05 12:00`.
    fn written(self, text: &str) -> Looker<Span> {
        let found = self.date(&text.replace('/', "-"));
        let Some((from, unit)) = found else { return refuse(format!("`{text}` is no time")) };
        Ok(Span { from: Some(from), to: Some(Self::moved(from, 1, unit)), unit })
    }

    fn date(self, text: &str) -> Option<(NaiveDateTime, Unit)> {
        let midnight = |year: i32, month: u32, day: u32| Some(NaiveDate::from_ymd_opt(year, month, day)?.into());
        if let Some(fiscal) = text.strip_prefix("fy") {
            let (year, quarter) = fiscal.split_once("-q").map_or((fiscal, None), |(year, q)| (year, Some(q)));
            let months =
                i64::from(self.fiscal_offset) + quarter.map_or(Some(0), |q| Some(3 * (q.parse::<i64>().ok()? - 1)))?;
            let start = Self::moved(midnight(year.parse().ok()?, 1, 1)?, months, Unit::Month);
            return Some((start, if quarter.is_some() { Unit::FiscalQuarter } else { Unit::FiscalYear }));
        }
        if let Some((year, quarter)) = text.split_once("-q") {
            let month = 3 * quarter.parse::<u32>().ok()?.checked_sub(1)? + 1;
            return Some((midnight(year.parse().ok()?, month, 1)?, Unit::Quarter));
        }
        let (day, clock) = text.split_once([' ', 't']).map_or((text, None), |(day, clock)| (day, Some(clock)));
        let numbers: Vec<u32> = day.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        match (numbers.as_slice(), clock) {
            ([year], None) if *year > 999 => Some((midnight(i32::try_from(*year).ok()?, 1, 1)?, Unit::Year)),
            ([year, month], None) => Some((midnight(i32::try_from(*year).ok()?, *month, 1)?, Unit::Month)),
            ([year, month, day], clock) => {
                let day = NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, *month, *day)?;
                let Some(clock) = clock else { return Some((day.into(), Unit::Day)) };
                let (format, unit) = match clock.matches(':').count() {
                    0 => return Some((day.and_hms_opt(clock.parse().ok()?, 0, 0)?, Unit::Hour)),
                    1 => ("%H:%M", Unit::Minute),
                    _ => ("%H:%M:%S", Unit::Second),
                };
                Some((day.and_time(NaiveTime::parse_from_str(clock, format).ok()?), unit))
            }
            _ => None,
        }
    }

    /// The start of the period that a time is in.
    pub(in crate::lookml::twin) fn begin(self, at: NaiveDateTime, unit: Unit) -> NaiveDateTime {
        let day = at.date();
        let first = |day: NaiveDate| day.with_day(1).expect("every month has a first day");
        let of_months = |day: NaiveDate, months: u32| {
            let month = (day.month0() / months) * months + 1;
            NaiveDate::from_ymd_opt(day.year(), month, 1).expect("a month's first day")
        };
        let fiscal = |months: u32| {
            let shifted = Self::moved(first(day).into(), -i64::from(self.fiscal_offset), Unit::Month);
            Self::moved(of_months(shifted.date(), months).into(), i64::from(self.fiscal_offset), Unit::Month)
        };
        match unit {
            Unit::Second => at.with_nanosecond(0).expect("a second"),
            Unit::Minute => day.and_hms_opt(at.hour(), at.minute(), 0).expect("a minute"),
            Unit::Hour => day.and_hms_opt(at.hour(), 0, 0).expect("an hour"),
            Unit::Day => day.into(),
            Unit::Week => {
                let back = (day.weekday().num_days_from_monday() + 7 - self.week_start) % 7;
                (day - Days::new(u64::from(back))).into()
            }
            Unit::Month => first(day).into(),
            Unit::Quarter => of_months(day, 3).into(),
            Unit::Year => of_months(day, 12).into(),
            Unit::FiscalQuarter => fiscal(3),
            Unit::FiscalYear => fiscal(12),
        }
    }

    /// A time so many units later.
    pub(in crate::lookml::twin) fn moved(at: NaiveDateTime, count: i64, unit: Unit) -> NaiveDateTime {
        let months = |size: i64| {
            let months = Months::new(u32::try_from((count * size).unsigned_abs()).expect("few months"));
            if count < 0 { at - months } else { at + months }
        };
        match unit {
            Unit::Second => at + Duration::seconds(count),
            Unit::Minute => at + Duration::minutes(count),
            Unit::Hour => at + Duration::hours(count),
            Unit::Day => at + Duration::days(count),
            Unit::Week => at + Duration::days(7 * count),
            Unit::Month => months(1),
            Unit::Quarter | Unit::FiscalQuarter => months(3),
            Unit::Year | Unit::FiscalYear => months(12),
        }
    }
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word.trim().trim_end_matches('s') {
        "second" => Unit::Second,
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "quarter" => Unit::Quarter,
        "year" => Unit::Year,
        "fiscal quarter" => Unit::FiscalQuarter,
        "fiscal year" => Unit::FiscalYear,
        _ => return None,
    })
}

/// `3 days`, and `last 3 days` for those.
fn amount(text: &str) -> Looker<(i64, Unit)> {
    let parts = text.trim().split_once(' ').and_then(|(count, word)| Some((count.parse().ok()?, unit(word)?)));
    parts.map_or_else(|| refuse(format!("`{text}` is no length of time")), Ok)
}

#[test]
fn times_are_filtered_as_looker_documents() {
    let at = |text: &str| NaiveDateTime::parse_from_str(text, "%F %H:%M").expect("a time");
    // A Wednesday.
    let calendar = Calendar { now: at("2024-05-15 10:30"), week_start: 6, fiscal_offset: 1 };
    for (expression, from, to) in [
        ("2024-03", "2024-03-01 00:00", "2024-04-01 00:00"),
        ("2024/03/05", "2024-03-05 00:00", "2024-03-06 00:00"),
        ("2024", "2024-01-01 00:00", "2025-01-01 00:00"),
        ("2024-Q2", "2024-04-01 00:00", "2024-07-01 00:00"),
        ("FY2024", "2024-02-01 00:00", "2025-02-01 00:00"),
        ("FY2024-Q2", "2024-05-01 00:00", "2024-08-01 00:00"),
        ("2024-03-05 12:00", "2024-03-05 12:00", "2024-03-05 12:01"),
        ("2024-03-01 to 2024-03-08", "2024-03-01 00:00", "2024-03-08 00:00"),
        ("today", "2024-05-15 00:00", "2024-05-16 00:00"),
        ("this week", "2024-05-12 00:00", "2024-05-19 00:00"),
        ("last month", "2024-04-01 00:00", "2024-05-01 00:00"),
        ("this fiscal quarter", "2024-05-01 00:00", "2024-08-01 00:00"),
        ("3 days", "2024-05-13 00:00", "2024-05-16 00:00"),
        ("3 days ago", "2024-05-12 00:00", "2024-05-13 00:00"),
        ("28 days ago for 28 days", "2024-04-17 00:00", "2024-05-15 00:00"),
        ("2 months ago for 1 month", "2024-03-01 00:00", "2024-04-01 00:00"),
        ("1 year", "2024-01-01 00:00", "2025-01-01 00:00"),
    ] {
        let kept = calendar.kept(expression).unwrap_or_else(|refusal| panic!("{expression}: {refusal:?}"));
        let found = kept.spans[0];
        assert_eq!((found.from, found.to), (Some(at(from)), Some(at(to))), "{expression}");
    }
    let open = calendar.kept("before 2024-01-01, NULL").expect("an expression");
    assert_eq!((open.spans[0].from, open.spans[0].to, open.null), (None, Some(at("2024-01-01 00:00")), true));
    let after = calendar.kept("after 2024-01-01, not 2024-02").expect("an expression");
    assert_eq!((after.spans[0].to, after.not.len()), (None, 1));
    assert!(calendar.kept("NOT NULL").expect("an expression").not_null);
    assert!(calendar.kept("someday").is_err());
}
