//! A metric of a query as people write it: its name, and what is done with it at query time.
//!
//! `revenue over 28 days previous 1 year` is the trailing revenue of a year before; `revenue share within time` is each
//! row's share of its period.
//!
//! **Invariant:** the column is named after the words, so that two askings of one metric never share a name.

use crate::{
    plan::{MetricRequest, Over, Past, PlanError, PlanErrorCode, Show},
    project::Cumulation,
    time::{Duration, Granularity, Offset},
};

/// Reads a metric and the words behind it.
pub(super) fn metric(text: &str) -> Result<MetricRequest, PlanError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some((metric, mut rest)) = words.split_first() else {
        return Err(PlanError::new(PlanErrorCode::UnknownMetric, "an empty text names no metric"));
    };
    let mut request = MetricRequest::plain(&words.join("_").replace(',', "_"), metric);
    while let Some((word, behind)) = rest.split_first() {
        rest = match *word {
            "previous" if request.previous.is_empty() => {
                let (previous, rest) = past(behind, text)?;
                request.previous.push(previous);
                rest
            }
            "over" if request.over.is_none() => {
                let (window, rest) = duration(behind, text)?;
                request.over = Some(Over::Time(Cumulation::Window(offset(window)?)));
                rest
            }
            "to" if request.over.is_none() => match behind {
                ["date", size, rest @ ..] => {
                    request.over = Some(period(size)?);
                    rest
                }
                _ => return Err(unreadable(text)),
            },
            "all" if request.over.is_none() => match behind {
                ["time", rest @ ..] => {
                    request.over = Some(Over::Time(Cumulation::AllTime));
                    rest
                }
                _ => return Err(unreadable(text)),
            },
            "change" if request.show == Show::Value => {
                let (since, rest) = past(behind, text)?;
                request.show = Show::Change(since);
                rest
            }
            "share" | "rank" if request.show == Show::Value => {
                let (within, rest) = within(behind);
                request.show = if *word == "share" { Show::Share { within } } else { Show::Rank { within } };
                rest
            }
            _ => return Err(unreadable(text)),
        };
    }
    Ok(request)
}

fn duration<'w>(words: &'w [&'w str], text: &str) -> Result<(Duration, &'w [&'w str]), PlanError> {
    match words {
        [count, unit, rest @ ..] => {
            let written = format!("{count} {unit}");
            let duration = written.parse().map_err(|()| no_offset(&written))?;
            Ok((duration, rest))
        }
        [only] => Err(no_offset(only)),
        [] => Err(unreadable(text)),
    }
}

/// Reads `1 year`, or periods of a calendar: `1 retail_month`.
fn past<'w>(words: &'w [&'w str], text: &str) -> Result<(Past, &'w [&'w str]), PlanError> {
    if let [count, of, rest @ ..] = words
        && let Ok(count) = count.parse::<i64>()
        && (1..=Duration::MAXIMUM_COUNT).contains(&count)
        && format!("{count} {of}").parse::<Duration>().is_err()
        && is_granularity_name(of)
    {
        return Ok((Past::Periods { count, of: (*of).to_owned() }, rest));
    }
    let (duration, rest) = duration(words, text)?;
    Ok((Past::Time(offset(duration)?), rest))
}

/// Returns whether a word can be the name of a calendar's granularity.
fn is_granularity_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn offset(duration: Duration) -> Result<Offset, PlanError> {
    if (1..=Duration::MAXIMUM_COUNT).contains(&duration.count) {
        return Ok(duration);
    }
    Err(no_offset(&duration.to_string()))
}

fn no_offset(written: &str) -> PlanError {
    let error = PlanError::new(PlanErrorCode::OffsetFinerThanGranularity, format!("`{written}` is no offset"));
    let count = written.split_whitespace().next().unwrap_or_default();
    if !count.is_empty() && count.bytes().all(|byte| byte == b'0') {
        return error.help("Write at least 1, such as `1 day`.");
    }
    if count.len() > 1 && count.bytes().all(|byte| byte.is_ascii_digit()) {
        return error.help(format!("Write at most {} of a unit, such as `1 year`.", Duration::MAXIMUM_COUNT));
    }
    error.help("Write a number of hours, days, weeks, months, quarters or years, such as `revenue previous 1 year`.")
}

fn period(word: &str) -> Result<Over, PlanError> {
    match Granularity::from_name(word) {
        Some(size) if size > Granularity::Second => Ok(Over::Time(Cumulation::ToDate(size.into()))),
        None if is_granularity_name(word) => Ok(Over::ToDate(word.to_owned())),
        Some(_) | None => {
            let message = format!("nothing is accumulated to date within one `{word}`");
            Err(PlanError::new(PlanErrorCode::GranularityTooFine, message).help(
                "Write hour, day, week, month, quarter, year, fiscal_quarter, fiscal_year or a granularity of a \
                 calendar, such as `revenue to date month`.",
            ))
        }
    }
}

/// Reads `within time, customers.country`; the keys end where the next word is none of them.
fn within<'w>(words: &'w [&'w str]) -> (Vec<Vec<String>>, &'w [&'w str]) {
    let ["within", rest @ ..] = words else { return (Vec::new(), words) };
    let mut keys = Vec::new();
    for (index, word) in rest.iter().enumerate() {
        let names = word.split(',').filter(|name| !name.is_empty());
        keys.extend(names.map(|name| name.split('.').map(str::to_owned).collect()));
        let goes_on = word.ends_with(',') || rest.get(index + 1).is_some_and(|next| next.starts_with(','));
        if !goes_on {
            return (keys, &rest[index + 1..]);
        }
    }
    (keys, &[])
}

fn unreadable(text: &str) -> PlanError {
    PlanError::new(PlanErrorCode::UnknownMetric, format!("`{text}` asks for no metric")).help(
        "Write a metric, with `previous 1 year`, `over 28 days`, `to date month`, `all time`, `change 1 year`, \
         `share`, `share within time`, `rank` or `rank within time` behind it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Unit;

    #[test]
    fn words_behind_a_metric_are_read_in_any_order() {
        let asked = metric("revenue over 28 days previous 1 year").expect("a metric");
        assert_eq!(asked.name, "revenue_over_28_days_previous_1_year");
        assert_eq!(asked.over, Some(Over::Time(Cumulation::Window(Duration { count: 28, unit: Unit::Day }))));
        assert_eq!(asked.previous, vec![Past::Time(Duration { count: 1, unit: Unit::Year })]);
        let calendar = metric("revenue to date retail_year previous 2 retail_months").expect("a metric");
        assert_eq!(calendar.over, Some(Over::ToDate("retail_year".to_owned())));
        assert_eq!(calendar.previous, vec![Past::Periods { count: 2, of: "retail_months".to_owned() }]);
        let share = metric("revenue share within time, customers.country").expect("a metric");
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(share.show, Show::Share { within: vec![path("time"), path("customers.country")] });
        for wrong in [
            "",
            "revenue sideways",
            "revenue over",
            "revenue over 2 moons",
            "revenue previous 0 moons",
            "revenue over 100001 months",
            "revenue previous 100001 retail_months",
            "revenue previous 9223372036854775807 years",
            "revenue previous -9223372036854775808 days",
            "revenue to month",
            "a rank share",
        ] {
            assert!(metric(wrong).is_err(), "{wrong}");
        }
    }
}
