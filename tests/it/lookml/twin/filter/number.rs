//! Filter expressions of numbers: `5, NOT 6`, `[1, 5)`, `>1 AND <100`, `5 to 10`, `NOT NULL`.

use super::combined;
use crate::lookml::twin::{Looker, refuse};

/// The condition that a number fulfils.
pub(in crate::lookml::twin) fn condition(expression: &str, sql: &str) -> Looker<String> {
    let (mut included, mut left_out) = (Vec::new(), Vec::new());
    let mut all_are_less = false;
    for (at, item) in items(expression).into_iter().enumerate() {
        let (is_less, item) = without_not(&item);
        // `NOT 66, 99, 4` is none of the three.
        all_are_less |= at == 0 && is_less;
        let is_plain = item.parse::<f64>().is_ok();
        if is_less || (all_are_less && is_plain) {
            left_out.push(match item {
                "NULL" => format!("{sql} IS NOT NULL"),
                item => format!("(NOT {} OR {sql} IS NULL)", one(item, sql)?),
            });
        } else {
            included.push(one(item, sql)?);
        }
    }
    Ok(combined(&included, &left_out))
}

fn without_not(item: &str) -> (bool, &str) {
    let trimmed = item.trim();
    for word in ["NOT ", "not ", "<>", "!="] {
        if let Some(rest) = trimmed.strip_prefix(word) {
            return (true, rest.trim());
        }
    }
    (false, trimmed)
}

/// What stands between commas outside of intervals, or between `OR`.
fn items(expression: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut is_within = false;
    for c in expression.replace(" OR ", " , ").chars() {
        match c {
            '(' | '[' => is_within = true,
            ')' | ']' => is_within = false,
            _ => {}
        }
        if c == ',' && !is_within {
            items.push(String::new());
        } else {
            items.last_mut().expect("there is always one").push(c);
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

fn one(item: &str, sql: &str) -> Looker<String> {
    if item.eq_ignore_ascii_case("null") {
        return Ok(format!("({sql} IS NULL)"));
    }
    if item.starts_with(['(', '[']) {
        return interval(item, sql);
    }
    if let Some((from, to)) = item.split_once(" to ") {
        return Ok(format!("({sql} >= {} AND {sql} <= {})", number(from)?, number(to)?));
    }
    let mut conditions = Vec::new();
    for part in item.split(" AND ") {
        let part = part.trim();
        let sign = [">=", "<=", ">", "<", "="].into_iter().find(|sign| part.starts_with(sign));
        let value = number(part.trim_start_matches(['<', '>', '=']))?;
        conditions.push(format!("{sql} {} {value}", sign.unwrap_or("=")));
    }
    Ok(format!("({})", conditions.join(" AND ")))
}

fn interval(item: &str, sql: &str) -> Looker<String> {
    let inner = &item[1..item.len() - 1];
    let Some((from, to)) = inner.split_once(',') else { return refuse(format!("`{item}` is no interval")) };
    let mut conditions = Vec::new();
    if !matches!(from.trim(), "" | "-inf") {
        let sign = if item.starts_with('[') { ">=" } else { ">" };
        conditions.push(format!("{sql} {sign} {}", number(from)?));
    }
    if !matches!(to.trim(), "" | "inf") {
        let sign = if item.ends_with(']') { "<=" } else { "<" };
        conditions.push(format!("{sql} {sign} {}", number(to)?));
    }
    Ok(format!("({})", if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") }))
}

fn number(text: &str) -> Looker<&str> {
    let text = text.trim();
    if text.parse::<f64>().is_ok() { Ok(text) } else { refuse(format!("`{text}` is no number")) }
}

#[test]
fn numbers_are_filtered_as_looker_documents() {
    use super::matching;

    for (expression, kept) in [
        ("5", "5"),
        ("NOT 5", "1|2|3|4|6|∅"),
        ("<>5", "1|2|3|4|6|∅"),
        ("1, 3, 5", "1|3|5"),
        ("NOT 1, 3", "2|4|5|6|∅"),
        (">1 AND <4", "2|3"),
        (">5 OR 1", "1|6"),
        ("[1, 5), NOT 2", "1|3|4"),
        ("(4, inf)", "5|6"),
        ("NOT (1, 6)", "1|6|∅"),
        ("[2, 3], 6", "2|3|6"),
        ("3 to 5", "3|4|5"),
        ("NULL", "∅"),
        ("NOT NULL", "1|2|3|4|5|6"),
    ] {
        let condition = condition(expression, "CAST(x AS INTEGER)").unwrap_or_else(|refusal| panic!("{}", refusal.0));
        assert_eq!(matching(&condition, &["1", "2", "3", "4", "5", "6"]), kept, "{expression}");
    }
    assert!(condition("five", "x").is_err());
}
