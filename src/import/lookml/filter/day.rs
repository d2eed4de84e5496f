//! Filter expressions of times: fixed days, months and years.
//!
//! **Invariant:** what depends on the day of asking has no condition.

use chrono::{Datelike, Days, Months};

use crate::time::NaiveDate;

fn day(text: &str) -> Option<NaiveDate> {
    text.trim().replace('/', "-").parse().ok()
}

/// Returns the first day of what `2024-02-05`, `2024-02` or `2024` names, and the first one after.
fn span(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    if let Some(day) = day(text) {
        return Some((day, day.checked_add_days(Days::new(1))?));
    }
    let is_number = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let (year, month) = match text.trim().split_once(['-', '/']) {
        Some((year, month)) => (year, Some(month)),
        None => (text.trim(), None),
    };
    let first = |month: u32| NaiveDate::from_ymd_opt(year.parse().ok().filter(|_| is_number(year, 4))?, month, 1);
    let (start, months) = match month {
        Some(month) => (first(month.parse().ok().filter(|_| is_number(month, 2))?)?, 1),
        None => (first(1)?, 12),
    };
    Some((start, start.checked_add_months(Months::new(months))?))
}

/// Returns whether a period of a member of a group begins with a day, so that the day bounds whole periods.
fn begins(member: Option<&str>, day: NaiveDate) -> bool {
    let fine = ["raw", "time", "date", "hour", "minute", "second", "milli", "micro"];
    match member {
        None => true,
        Some("month") => day.day() == 1,
        Some("quarter") => day.day() == 1 && day.month() % 3 == 1,
        Some("year") => day.ordinal() == 1,
        Some(other) => fine.iter().any(|unit| other.starts_with(unit)) && !other.contains("_of_"),
    }
}

/// Fixed days, months and years only: others depend on when Looker is asked.
pub(super) fn days(path: &str, member: Option<&str>, value: &str) -> Result<String, String> {
    let lower = value.to_ascii_lowercase();
    let date = |day: NaiveDate| format!("date '{day}'");
    let (start, end) = match lower.as_str() {
        "null" => return Ok(format!("{path} is null")),
        "not null" => return Ok(format!("{path} is not null")),
        _ => match (lower.strip_prefix("before "), lower.strip_prefix("after "), lower.split_once(" to ")) {
            (Some(end), ..) => (None, day(end)),
            (_, Some(start), _) => (day(start), None),
            (_, _, Some((start, end))) => day(start).zip(day(end)).unzip(),
            _ => span(&lower).unzip(),
        },
    };
    if (start, end) == (None, None) {
        let has_year = lower.as_bytes().windows(4).any(|digits| digits.iter().all(u8::is_ascii_digit));
        let why = if has_year { "has no form here" } else { "depends on the day on which Looker is asked" };
        return Err(format!("`{value}` {why}"));
    }
    if ![start, end].into_iter().flatten().all(|day| begins(member, day)) {
        return Err(format!("`{value}` bounds no whole {}", member.unwrap_or("day").replace('_', " ")));
    }
    Ok(match (start, end) {
        (Some(start), Some(end)) if !lower.contains(" to ") && start.succ_opt() == Some(end) => {
            format!("{path}.day = {}", date(start))
        }
        _ => {
            let bounds = [start.map(|day| format!(">= {}", date(day))), end.map(|day| format!("< {}", date(day)))];
            let bounds = bounds.into_iter().flatten().map(|bound| format!("{path}.day {bound}"));
            bounds.collect::<Vec<_>>().join(" and ")
        }
    })
}
