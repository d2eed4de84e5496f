//! Filter expressions of Looker → conditions.
//!
//! `-cancelled,-returned` of a text becomes `(status not in ('cancelled', 'returned') or status is null)`: Looker keeps
//! rows without a value where it leaves values out.
//!
//! **Invariant:** a condition holds for exactly the rows that Looker keeps; what depends on the day of asking has none.

mod day;
mod number;
mod text;

use super::dimension::Kind;
use day::days;
use number::numbers;
use text::texts;

/// Whether Looker tells small letters from capitals in filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// `DONE` is not `done`.
    Differ,
    /// `case_sensitive: no`
    Same,
    /// It is one way in one explore and the other way in another.
    Depend,
}

/// A field that is filtered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filtered<'f> {
    /// How it is named here.
    pub(super) path: &'f str,
    pub(super) kind: Kind,
    /// Which member of a group of times it is.
    pub(super) member: Option<&'f str>,
    pub(super) letters: Letters,
}

/// Puts a filter of a field into a condition.
pub(super) fn condition(of: &Filtered<'_>, value: &str) -> Result<Option<String>, String> {
    let path = of.path;
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    match of.kind {
        Kind::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "yes" | "true" => Ok(Some(path.to_owned())),
            "no" | "false" => Ok(Some(format!("not {path}"))),
            _ => Err(format!("`{value}` is neither yes nor no")),
        },
        Kind::Text => texts(path, value, of.letters).map(Some),
        Kind::Nullable => texts(path, value, Letters::Differ).map(Some),
        Kind::Number => numbers(path, trimmed).map(Some),
        Kind::Time => days(path, of.member, trimmed).map(Some),
    }
}

/// `country = 'DE'`, `country in ('DE', 'FR')`; nothing of no values.
fn is_one_of(path: &str, values: &[String]) -> Option<String> {
    match values {
        [] => None,
        [one] => Some(format!("{path} = {one}")),
        several => Some(format!("{path} in ({})", several.join(", "))),
    }
}

/// `(country <> 'DE' or country is null)`; nothing of no values.
fn is_none_of(path: &str, compared: &str, values: &[String]) -> Option<String> {
    match values {
        [] => None,
        [one] => Some(format!("({compared} <> {one} or {path} is null)")),
        several => Some(format!("({compared} not in ({}) or {path} is null)", several.join(", "))),
    }
}

/// Puts together what a value has to be one of, and what it must not be; nothing if neither says anything.
fn some_and_none(some: &[String], none: Vec<String>) -> Option<String> {
    let some = match some {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" or "))),
    };
    let all: Vec<String> = some.into_iter().chain(none).collect();
    (!all.is_empty()).then(|| all.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(kind: Kind) -> Filtered<'static> {
        Filtered { path: "f", kind, member: None, letters: Letters::Differ }
    }

    #[test]
    fn filters_keep_what_looker_keeps() {
        for (kind, value, expected) in [
            (Kind::Boolean, "Yes", "f"),
            (Kind::Boolean, "no", "not f"),
            (Kind::Text, "complete", "f = 'complete'"),
            (Kind::Text, "a,b c", "f in ('a', 'b c')"),
            (Kind::Text, "-a", "(f <> 'a' or f is null)"),
            (Kind::Text, "-a,-b", "(f not in ('a', 'b') or f is null)"),
            (Kind::Text, "A%,-NULL", "starts_with(f, 'A') and f is not null"),
            (Kind::Text, "%x%", "contains(f, 'x')"),
            (Kind::Text, "^-a^,b", "f = '-a,b'"),
            (Kind::Text, "EMPTY", "(f is null or f = '')"),
            (Kind::Text, "it's", "f = 'it''s'"),
            (Kind::Text, "\"a, b\"", "f = 'a, b'"),
            (Kind::Text, "\"a, b\",c", "f in ('a, b', 'c')"),
            (Kind::Text, "-\" a\", -b", "(f not in (' a', 'b') or f is null)"),
            (Kind::Text, "\"NULL\"", "f = 'NULL'"),
            (Kind::Text, "5\" disk", "f = '5\" disk'"),
            (Kind::Text, "in_work", "f = 'in_work'"),
            (Kind::Number, ">10", "f > 10"),
            (Kind::Number, "1, 2", "f in (1, 2)"),
            (Kind::Number, "NOT 5", "(f <> 5 or f is null)"),
            (Kind::Number, "NOT 66, 99, 4", "(f not in (66, 99, 4) or f is null)"),
            (Kind::Number, "not 5, NOT 6, <>7", "(f not in (5, 6, 7) or f is null)"),
            (Kind::Number, "NOT NULL", "f is not null"),
            (Kind::Number, "[1,5)", "(f >= 1 and f < 5)"),
            (Kind::Number, "(1, inf)", "f > 1"),
            (Kind::Number, ">=1 AND <5", "(f >= 1 and f < 5)"),
            (Kind::Time, "NOT NULL", "f is not null"),
            (Kind::Time, "2024-01-05", "f.day = date '2024-01-05'"),
            (Kind::Time, "2024-02", "f.day >= date '2024-02-01' and f.day < date '2024-03-01'"),
            (Kind::Time, "2024/12", "f.day >= date '2024-12-01' and f.day < date '2025-01-01'"),
            (Kind::Time, "2024", "f.day >= date '2024-01-01' and f.day < date '2025-01-01'"),
            (Kind::Time, "before 2024-01-05", "f.day < date '2024-01-05'"),
            (Kind::Time, "after 2024/01/05", "f.day >= date '2024-01-05'"),
            (Kind::Time, "2024-01-01 to 2024-02-01", "f.day >= date '2024-01-01' and f.day < date '2024-02-01'"),
        ] {
            assert_eq!(condition(&filtered(kind), value), Ok(Some(expected.to_owned())), "{value}");
        }
    }

    #[test]
    fn filters_without_a_condition_say_why() {
        for (kind, value, why) in [
            (Kind::Time, "7 days", "the day on which Looker is asked"),
            (Kind::Time, "last month", "the day on which Looker is asked"),
            (Kind::Time, "2024-02-05 for 3 days", "has no form here"),
            (Kind::Time, "FY2024", "has no form here"),
            (Kind::Boolean, "maybe", "neither yes nor no"),
            (Kind::Text, "a%b", "a wildcard within"),
            (Kind::Text, "a_b%", "a wildcard within"),
            (Kind::Text, "\"a%, b\"", "a wildcard in quotes"),
            (Kind::Number, "many", "is no number"),
            (Kind::Number, "NOT 5, >9", "mixes"),
            (Kind::Number, "5, NOT 6", "mixes"),
            (Kind::Number, "NOT 5, [7, 9]", "mixes"),
        ] {
            let found = condition(&filtered(kind), value);
            assert!(found.as_ref().is_err_and(|found| found.contains(why)), "{value}: {found:?}");
        }
    }

    #[test]
    fn small_letters_are_capitals_where_looker_says_so() {
        let folded = Filtered { letters: Letters::Same, ..filtered(Kind::Text) };
        for (value, expected) in [
            ("DONE", "lower(f) = 'done'"),
            ("Done,Open", "lower(f) in ('done', 'open')"),
            ("-Done", "(lower(f) <> 'done' or f is null)"),
            ("Re%", "starts_with(lower(f), 're')"),
            ("-%Re%", "(not contains(lower(f), 're') or f is null)"),
            ("12,13", "f in ('12', '13')"),
            ("NULL", "f is null"),
        ] {
            assert_eq!(condition(&folded, value), Ok(Some(expected.to_owned())), "{value}");
        }
        assert!(condition(&folded, "Größe").is_err_and(|why| why.contains("warehouses differ")));
        let depends = Filtered { letters: Letters::Depend, ..folded };
        assert!(condition(&depends, "done").is_err_and(|why| why.contains("explores differ")));
        assert_eq!(condition(&depends, "1"), Ok(Some("f = '1'".to_owned())));
    }

    #[test]
    fn periods_are_filtered_by_days_that_begin_one() {
        for (member, value, is_said) in [
            ("month", "2024-02", true),
            ("month", "2024", true),
            ("month", "after 2024-02-01", true),
            ("month", "2024-02-05", false),
            ("year", "2024-02", false),
            ("year", "2024", true),
            ("quarter", "2024-04-01 to 2024-07-01", true),
            ("week", "2024-02-05", false),
            ("date", "2024-02-05", true),
            ("hour_of_day", "2024", false),
            ("day_of_week", "NULL", true),
        ] {
            let of = Filtered { member: Some(member), ..filtered(Kind::Time) };
            assert_eq!(condition(&of, value).is_ok(), is_said, "{member}: {value}");
        }
    }
}
