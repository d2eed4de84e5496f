//! Filter expressions of numbers: values, comparisons, ranges and what is left out, between commas.

use super::{is_none_of, is_one_of, some_and_none};

fn number(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    (is_number && text.parse::<f64>().is_ok()).then_some(text)
}

/// `NOT 66, 99, 4` is none of the three: a `NOT` at the beginning holds for the numbers behind it.
pub(super) fn numbers(path: &str, value: &str) -> Result<String, String> {
    let (mut some, mut none) = (Vec::new(), Vec::new());
    let (mut equal, mut excluded): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let upper = value.to_ascii_uppercase();
    let begins_with_not = upper.strip_prefix("NOT ").is_some_and(|rest| !rest.trim_start().starts_with("NULL"));
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
                excluded.push(number(rest).ok_or_else(|| format!("`{one}` is no number"))?.to_owned());
            }
            (_, Some((sign, rest))) => {
                some.push(compare(path, sign, rest).ok_or_else(|| format!("`{one}` is no comparison"))?);
            }
            (upper, None) if upper.starts_with("NOT ") => {
                excluded.push(number(&one[4..]).ok_or_else(|| format!("`{one}` is no number"))?.to_owned());
            }
            (_, None) => {
                let list = if begins_with_not { &mut excluded } else { &mut equal };
                list.push(number(one).ok_or_else(|| format!("`{one}` is no number"))?.to_owned());
            }
        }
    }
    some.splice(0..0, is_one_of(path, &equal));
    if !some.is_empty() && !excluded.is_empty() {
        return Err(format!("`{value}` mixes what is kept with what is left out"));
    }
    none.splice(0..0, is_none_of(path, path, &excluded));
    some_and_none(&some, none).ok_or_else(|| format!("`{value}` says nothing"))
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
