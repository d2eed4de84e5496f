//! Filter expressions of Looker → conditions.
//!
//! `-cancelled,-returned` of a text becomes `(status not in ('cancelled', 'returned') or status is null)`: Looker keeps
//! rows without a value where it leaves values out.
//!
//! **Invariant:** a condition holds for exactly the rows that Looker keeps; what depends on the day of asking has none.

use super::dimension::Kind;
use crate::time::NaiveDate;

/// Puts a filter of a field into a condition; `path` is how the field is named here.
pub(super) fn condition(path: &str, kind: Kind, value: &str) -> Result<Option<String>, String> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    match kind {
        Kind::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "yes" | "true" => Ok(Some(path.to_owned())),
            "no" | "false" => Ok(Some(format!("not {path}"))),
            _ => Err(format!("`{value}` is neither yes nor no")),
        },
        Kind::Text | Kind::Nullable => texts(path, value).map(Some),
        Kind::Number => numbers(path, trimmed).map(Some),
        Kind::Time => days(path, trimmed).map(Some),
    }
}

/// Cuts at commas that are not escaped, and undoes the escapes.
fn parts(value: &str) -> Vec<(String, bool)> {
    let mut parts = vec![(String::new(), false)];
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        let last = parts.last_mut().expect("there is always one");
        match letter {
            '^' => {
                last.0.extend(letters.next());
                last.1 = true;
            }
            ',' => parts.push((String::new(), false)),
            other => last.0.push(other),
        }
    }
    parts
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn texts(path: &str, value: &str) -> Result<String, String> {
    let (mut included, mut excluded) = (Vec::new(), Vec::new());
    let (mut some, mut none) = (Vec::new(), Vec::new());
    for (part, is_escaped) in parts(value) {
        let part = part.trim();
        let (part, is_negated) = match part.strip_prefix('-').filter(|_| !is_escaped) {
            Some(rest) => (rest, true),
            None => (part, false),
        };
        let unquoted = part.strip_prefix('"').and_then(|part| part.strip_suffix('"')).unwrap_or(part);
        let upper = part.to_ascii_uppercase();
        match upper.as_str() {
            "" => {}
            "NULL" if is_negated => none.push(format!("{path} is not null")),
            "NULL" => some.push(format!("{path} is null")),
            "NOT NULL" => none.push(format!("{path} is not null")),
            "EMPTY" if is_negated => none.push(format!("{path} <> ''")),
            "EMPTY" => some.push(format!("({path} is null or {path} = '')")),
            "NOT EMPTY" => none.push(format!("{path} <> ''")),
            _ if part.contains('%') && !is_escaped => match pattern(path, part) {
                Some(condition) if is_negated => none.push(format!("(not {condition} or {path} is null)")),
                Some(condition) => some.push(condition),
                None => return Err(format!("`{part}` has a wildcard within")),
            },
            _ if is_escaped && part.contains('%') && value.contains('%') && !value.contains("^%") => {
                return Err(format!("`{value}` mixes wildcards and escapes"));
            }
            _ if is_negated => excluded.push(quoted(unquoted)),
            _ => included.push(quoted(unquoted)),
        }
    }
    some.splice(0..0, is_one_of(path, &included));
    match excluded.as_slice() {
        [] => {}
        [one] => none.insert(0, format!("({path} <> {one} or {path} is null)")),
        several => none.insert(0, format!("({path} not in ({}) or {path} is null)", several.join(", "))),
    }
    some_and_none(&some, none).ok_or_else(|| format!("`{value}` says nothing"))
}

/// `x%` begins, `%x` ends, `%x%` contains.
fn pattern(path: &str, part: &str) -> Option<String> {
    let inner = part.trim_matches('%');
    if inner.contains('%') || inner.is_empty() {
        return None;
    }
    let text = quoted(inner);
    Some(match (part.starts_with('%'), part.ends_with('%')) {
        (true, true) => format!("contains({path}, {text})"),
        (true, false) => format!("ends_with({path}, {text})"),
        _ => format!("starts_with({path}, {text})"),
    })
}

fn number(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    (is_number && text.parse::<f64>().is_ok()).then_some(text)
}

fn numbers(path: &str, value: &str) -> Result<String, String> {
    let (mut some, mut none, mut equal) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = value;
    while !rest.trim().is_empty() {
        let part = rest.trim_start();
        let is_range = part.starts_with(['[', '(']);
        let end = if is_range {
            part.find([']', ')']).map(|end| end + 1).ok_or_else(|| format!("`{value}` has a range without an end"))?
        } else {
            part.find(',').unwrap_or(part.len())
        };
        let one = part[..end].trim();
        rest = part[end..].trim_start().strip_prefix(',').unwrap_or("");
        if !is_range && rest.is_empty() && part[end..].trim().len() > 1 && !part[end..].trim().starts_with(',') {
            return Err(format!("`{value}` is no filter of a number"));
        }
        if is_range {
            some.push(range(path, one).ok_or_else(|| format!("`{one}` is no range"))?);
            continue;
        }
        let upper = one.to_ascii_uppercase();
        let compared = [">=", "<=", "<>", "!=", ">", "<"]
            .into_iter()
            .find_map(|sign| one.strip_prefix(sign).map(|rest| (sign, rest)));
        match (upper.as_str(), compared) {
            ("NULL", _) => some.push(format!("{path} is null")),
            ("NOT NULL", _) => none.push(format!("{path} is not null")),
            (_, Some(("<>" | "!=", rest))) => {
                let bound = number(rest).ok_or_else(|| format!("`{one}` is no number"))?;
                none.push(format!("({path} <> {bound} or {path} is null)"));
            }
            (_, Some((sign, rest))) => {
                let bounds: Vec<&str> = rest.split_inclusive(|_: char| false).collect();
                let text = bounds.first().copied().unwrap_or_default();
                some.push(compare(path, sign, text).ok_or_else(|| format!("`{one}` is no comparison"))?);
            }
            (upper, None) if upper.starts_with("NOT ") => {
                let bound = number(&one[4..]).ok_or_else(|| format!("`{one}` is no number"))?;
                none.push(format!("({path} <> {bound} or {path} is null)"));
            }
            (_, None) => equal.push(number(one).ok_or_else(|| format!("`{one}` is no number"))?.to_owned()),
        }
    }
    some.splice(0..0, is_one_of(path, &equal));
    some_and_none(&some, none).ok_or_else(|| format!("`{value}` says nothing"))
}

/// `country = 'DE'`, `country in ('DE', 'FR')`; nothing of no values.
fn is_one_of(path: &str, values: &[String]) -> Option<String> {
    match values {
        [] => None,
        [one] => Some(format!("{path} = {one}")),
        several => Some(format!("{path} in ({})", several.join(", "))),
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

/// `>= 5`, and `>= 5 AND <= 10`.
fn compare(path: &str, sign: &str, rest: &str) -> Option<String> {
    let upper = rest.to_ascii_uppercase();
    let Some(and) = upper.find(" AND ") else { return Some(format!("{path} {sign} {}", number(rest)?)) };
    let (low, high) = (&rest[..and], rest[and + 5..].trim());
    let (other, bound) = [">=", "<=", ">", "<"].into_iter().find_map(|sign| Some((sign, high.strip_prefix(sign)?)))?;
    Some(format!("({path} {sign} {} and {path} {other} {})", number(low)?, number(bound)?))
}

/// `[1, 5)`
fn range(path: &str, text: &str) -> Option<String> {
    let inner = text.get(1..text.len() - 1)?;
    let (low, high) = inner.split_once(',')?;
    let bound = |text: &str, sign: &str| match text.trim().to_ascii_lowercase().as_str() {
        "" | "inf" | "-inf" => Some(None),
        _ => Some(Some(format!("{path} {sign} {}", number(text)?))),
    };
    let low = bound(low, if text.starts_with('[') { ">=" } else { ">" })?;
    let high = bound(high, if text.ends_with(']') { "<=" } else { "<" })?;
    match (low, high) {
        (Some(low), Some(high)) => Some(format!("({low} and {high})")),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    text.trim().replace('/', "-").parse().ok()
}

/// Fixed days only: others depend on when Looker is asked.
fn days(path: &str, value: &str) -> Result<String, String> {
    let lower = value.to_ascii_lowercase();
    let date = |day: NaiveDate| format!("date '{day}'");
    let found = match lower.as_str() {
        "null" => Some(format!("{path} is null")),
        "not null" => Some(format!("{path} is not null")),
        _ => match (lower.strip_prefix("before "), lower.strip_prefix("after "), lower.split_once(" to ")) {
            (Some(end), _, _) => day(end).map(|end| format!("{path}.day < {}", date(end))),
            (_, Some(start), _) => day(start).map(|start| format!("{path}.day >= {}", date(start))),
            (_, _, Some((start, end))) => day(start)
                .zip(day(end))
                .map(|(start, end)| format!("{path}.day >= {} and {path}.day < {}", date(start), date(end))),
            _ => day(&lower).map(|day| format!("{path}.day = {}", date(day))),
        },
    };
    found.ok_or_else(|| format!("`{value}` depends on the day on which Looker is asked"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (Kind::Number, ">10", "f > 10"),
            (Kind::Number, "1, 2", "f in (1, 2)"),
            (Kind::Number, "NOT 5", "(f <> 5 or f is null)"),
            (Kind::Number, "[1,5)", "(f >= 1 and f < 5)"),
            (Kind::Number, "(1, inf)", "f > 1"),
            (Kind::Number, ">=1 AND <5", "(f >= 1 and f < 5)"),
            (Kind::Time, "NOT NULL", "f is not null"),
            (Kind::Time, "2024-01-05", "f.day = date '2024-01-05'"),
            (Kind::Time, "after 2024/01/05", "f.day >= date '2024-01-05'"),
            (Kind::Time, "2024-01-01 to 2024-02-01", "f.day >= date '2024-01-01' and f.day < date '2024-02-01'"),
        ] {
            assert_eq!(condition("f", kind, value), Ok(Some(expected.to_owned())), "{value}");
        }
    }

    #[test]
    fn what_depends_on_the_day_of_asking_has_no_condition() {
        for (kind, value) in [
            (Kind::Time, "7 days"),
            (Kind::Time, "last month"),
            (Kind::Boolean, "maybe"),
            (Kind::Text, "a%b"),
            (Kind::Number, "many"),
        ] {
            assert!(condition("f", kind, value).is_err(), "{value}");
        }
    }
}
