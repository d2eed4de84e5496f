//! Filter expressions of texts: values, wildcards and what is left out, between commas.

use super::{Letters, is_none_of, is_one_of, some_and_none};

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

/// Returns how a field is compared with texts, and whether they are to be in small letters.
fn compared(path: &str, value: &str, letters: Letters) -> Result<(String, bool), String> {
    match letters {
        _ if !value.contains(char::is_alphabetic) => Ok((path.to_owned(), false)),
        Letters::Differ => Ok((path.to_owned(), false)),
        Letters::Depend => Err("its explores differ on `case_sensitive`".to_owned()),
        Letters::Same if value.is_ascii() => Ok((format!("lower({path})"), true)),
        Letters::Same => {
            Err(format!("`case_sensitive` is `no`, and warehouses differ on the small letters of `{}`", value.trim()))
        }
    }
}

pub(super) fn texts(path: &str, value: &str, letters: Letters) -> Result<String, String> {
    let (compared, is_small) = compared(path, value, letters)?;
    let quoted = |text: &str| quoted(&if is_small { text.to_lowercase() } else { text.to_owned() });
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
            _ if part.contains('%') && !is_escaped => match pattern(part) {
                Some((call, text)) => {
                    let condition = format!("{call}({compared}, {})", quoted(text));
                    if is_negated {
                        none.push(format!("(not {condition} or {path} is null)"));
                    } else {
                        some.push(condition);
                    }
                }
                None => return Err(format!("`{part}` has a wildcard within")),
            },
            _ if is_escaped && part.contains('%') && value.contains('%') && !value.contains("^%") => {
                return Err(format!("`{value}` mixes wildcards and escapes"));
            }
            _ if is_negated => excluded.push(quoted(unquoted)),
            _ => included.push(quoted(unquoted)),
        }
    }
    some.splice(0..0, is_one_of(&compared, &included));
    none.splice(0..0, is_none_of(path, &compared, &excluded));
    some_and_none(&some, none).ok_or_else(|| format!("`{value}` says nothing"))
}

/// `x%` begins, `%x` ends, `%x%` contains: the function, and the text.
fn pattern(part: &str) -> Option<(&'static str, &str)> {
    let inner = part.trim_matches('%');
    if inner.contains('%') || inner.is_empty() {
        return None;
    }
    let call = match (part.starts_with('%'), part.ends_with('%')) {
        (true, true) => "contains",
        (true, false) => "ends_with",
        _ => "starts_with",
    };
    Some((call, inner))
}
