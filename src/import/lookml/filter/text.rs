//! Filter expressions of texts: values, wildcards and what is left out, between commas.

use super::{Letters, is_none_of, is_one_of, some_and_none};

/// A value between commas.
#[derive(Default)]
struct Part {
    /// Its text, without escapes and quotes.
    text: String,
    /// Whether a letter of it is escaped.
    is_escaped: bool,
    /// Whether it stands in quotes, so that commas and blanks are a part of it.
    is_quoted: bool,
}

/// Cuts at commas that are neither escaped nor in quotes, and undoes the escapes.
fn parts(value: &str) -> Vec<Part> {
    let mut parts = vec![Part::default()];
    let mut letters = value.chars().peekable();
    let mut is_inside = false;
    while let Some(letter) = letters.next() {
        let last = parts.last_mut().expect("there is always one");
        match letter {
            '^' => {
                last.text.extend(letters.next());
                last.is_escaped = true;
            }
            '"' if is_inside => is_inside = false,
            '"' if matches!(last.text.trim(), "" | "-") && !last.is_quoted => {
                last.text.truncate(last.text.trim_end().len());
                (is_inside, last.is_quoted) = (true, true);
            }
            ',' if !is_inside => parts.push(Part::default()),
            other => last.text.push(other),
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
    for Part { text, is_escaped, is_quoted } in parts(value) {
        let text = if is_quoted { text.trim_start() } else { text.trim() };
        let (part, is_negated) = match text.strip_prefix('-').filter(|_| !is_escaped) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let has_wildcard = part.contains('%');
        let word = if is_quoted { String::new() } else { part.to_ascii_uppercase() };
        match word.as_str() {
            _ if part.is_empty() => {}
            "NULL" if is_negated => none.push(format!("{path} is not null")),
            "NULL" => some.push(format!("{path} is null")),
            "NOT NULL" => none.push(format!("{path} is not null")),
            "EMPTY" if is_negated => none.push(format!("{path} <> ''")),
            "EMPTY" => some.push(format!("({path} is null or {path} = '')")),
            "NOT EMPTY" => none.push(format!("{path} <> ''")),
            _ if is_quoted && has_wildcard => return Err(format!("`{value}` has a wildcard in quotes")),
            _ if has_wildcard && !is_escaped => match pattern(part) {
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
            _ if is_escaped && has_wildcard && !value.contains("^%") => {
                return Err(format!("`{value}` mixes wildcards and escapes"));
            }
            _ if is_negated => excluded.push(quoted(part)),
            _ => included.push(quoted(part)),
        }
    }
    some.splice(0..0, is_one_of(&compared, &included));
    none.splice(0..0, is_none_of(path, &compared, &excluded));
    some_and_none(&some, none).ok_or_else(|| format!("`{value}` says nothing"))
}

/// `x%` begins, `%x` ends, `%x%` contains: the function, and the text. Beside `%`, a `_` stands for any letter.
fn pattern(part: &str) -> Option<(&'static str, &str)> {
    let inner = part.trim_matches('%');
    if inner.contains(['%', '_']) || inner.is_empty() {
        return None;
    }
    let call = match (part.starts_with('%'), part.ends_with('%')) {
        (true, true) => "contains",
        (true, false) => "ends_with",
        _ => "starts_with",
    };
    Some((call, inner))
}
