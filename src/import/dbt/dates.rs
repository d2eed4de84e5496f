//! Texts that are compared with times → dates.
//!
//! `entente_item_0 >= '2024-03-01'` becomes `entente_item_0 >= date '2024-03-01'` where item 0 is a day, and
//! `datetime '2024-03-01 00:00:00'` where it is an hour: dbt leaves the conversion to the warehouse, this language asks for
//! it. Of a time within a day only what is certain is said of days: `> '2024-03-01 12:00'` is `> date '2024-03-01'`.
//!
//! **Invariant:** a text that is no day or moment, or is compared with something else, stays as it is.

use crate::time::Granularity;

/// Puts `date` or `datetime` before the texts that are compared with names for which `time` knows a granularity.
///
/// # Errors
/// Days are compared with a time within a day, which warehouses do in several ways.
pub(super) fn dated(text: &str, time: &dyn Fn(&str) -> Option<Granularity>) -> Result<String, String> {
    let tokens = tokens(text);
    let mut result = String::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Token::Text(written) = token
            && !matches!(before(&tokens, at), Some(Token::Word("date" | "timestamp" | "datetime" | "interval")))
            && let Some(granularity) = compared(&tokens, at).and_then(time)
        {
            match literal(written, granularity) {
                Some(literal) => {
                    result.push_str(&literal);
                    continue;
                }
                None if granularity >= Granularity::Day && literal(written, Granularity::HOUR).is_some() => {
                    // No day begins within a day, so such a day comes after the one, and its own day does not.
                    let before: String = tokens[..at].iter().map(|token| token.text()).collect();
                    let before = before.trim_end();
                    let is_certain = before.ends_with('>') && !before.ends_with("<>") || before.ends_with("<=");
                    let date = written.get(1..11).filter(|_| is_certain);
                    let date = date.ok_or_else(|| {
                        format!("it compares days with {written}, a time within a day: compare them with a day")
                    })?;
                    result.push_str(&format!("date '{date}'"));
                    continue;
                }
                None => {}
            }
        }
        result.push_str(token.text());
    }
    Ok(result)
}

/// Returns the literal of a text that is compared with a time.
fn literal(written: &str, granularity: Granularity) -> Option<String> {
    if granularity >= Granularity::Day {
        return Some(format!("date '{}'", day(written)?));
    }
    if let Some(day) = day(written) {
        return Some(format!("datetime '{day} 00:00:00'"));
    }
    let inner = written.trim_matches('\'');
    let (date, clock) = inner.split_once([' ', 'T'])?;
    let date = day(date)?;
    let words: Vec<&str> = clock.split(':').collect();
    let is_clock = words.iter().all(|word| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_digit()));
    match words.as_slice() {
        [_, _] if is_clock => Some(format!("datetime '{date} {clock}:00'")),
        [_, _, _] if is_clock => Some(format!("datetime '{date} {clock}'")),
        _ => None,
    }
}

/// Returns the day of `'2024-03-01'` or `'2024-03-01 00:00:00'`.
fn day(written: &str) -> Option<&str> {
    let inner = written.trim_matches('\'');
    let inner = ["T00:00:00", " 00:00:00", " 00:00"].iter().find_map(|end| inner.strip_suffix(end)).unwrap_or(inner);
    let digits = inner.bytes().enumerate().all(
        |(at, byte)| {
            if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
        },
    );
    (inner.len() == 10 && digits).then_some(inner)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Other(&'a str),
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Text(text) | Self::Other(text) => text,
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let is_word = |letter: char| letter.is_alphanumeric() || "_.".contains(letter);
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
        } else if is_word(first) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(match first {
            '\'' => Token::Text(token),
            letter if is_word(letter) => Token::Word(token),
            _ => Token::Other(token),
        });
        rest = after;
    }
    tokens
}

fn before<'a>(tokens: &[Token<'a>], at: usize) -> Option<Token<'a>> {
    tokens[..at].iter().rev().copied().find(|token| !matches!(token, Token::Other(space) if space.trim().is_empty()))
}

/// Returns the name that a text is compared with: the nearest before it in its condition, else the nearest behind it.
fn compared<'a>(tokens: &[Token<'a>], at: usize) -> Option<&'a str> {
    let mut within_between = false;
    for token in tokens[..at].iter().rev() {
        if let Token::Word(word) = token {
            match word.to_ascii_lowercase().as_str() {
                // `x between 'a' and 'b'`: the name is before `between`.
                "and" if !within_between => within_between = true,
                "between" => within_between = true,
                "or" | "and" | "where" | "when" | "then" | "else" => break,
                "in" | "not" | "cast" | "as" => {}
                _ if within_between && !tokens[..at].iter().any(is_between) => break,
                _ => return Some(word),
            }
        }
    }
    tokens[at + 1..].iter().find_map(|token| match token {
        Token::Word(word)
            if !["cast", "as", "date", "timestamp", "datetime"].contains(&&*word.to_ascii_lowercase()) =>
        {
            Some(*word)
        }
        _ => None,
    })
}

fn is_between(token: &Token<'_>) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("between"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beside_times_become_dates() {
        let time = |name: &str| match name {
            "t" => Some(Granularity::Day),
            "h" => Granularity::from_name("hour"),
            _ => None,
        };
        for (text, expected) in [
            ("t >= '2024-03-01'", "t >= date '2024-03-01'"),
            ("t between '2024-03-01' and '2024-04-01 00:00:00'", "t between date '2024-03-01' and date '2024-04-01'"),
            ("'2024-03-01' <= t", "date '2024-03-01' <= t"),
            ("a = 'x' and t = '2024-03-01'", "a = 'x' and t = date '2024-03-01'"),
            ("t < '2024-03-01' and a = '2024-03-01'", "t < date '2024-03-01' and a = '2024-03-01'"),
            ("t in ('2024-03-01', '2024-03-02')", "t in (date '2024-03-01', date '2024-03-02')"),
            ("t >= date '2024-03-01'", "t >= date '2024-03-01'"),
            ("t > '2024-03-01 12:30:00'", "t > date '2024-03-01'"),
            ("t <= '2024-03-01T12:30'", "t <= date '2024-03-01'"),
            ("h > '2024-03-01T12:30' and t = 'x'", "h > datetime '2024-03-01 12:30:00' and t = 'x'"),
            ("h < '2024-03-01'", "h < datetime '2024-03-01 00:00:00'"),
        ] {
            assert_eq!(dated(text, &time).as_deref(), Ok(expected));
        }
        for text in [
            "t >= '2024-03-01 12:30:00'",
            "t < '2024-03-01 12:30:00'",
            "'2024-03-01 12:30:00' < t",
            "t <> '2024-03-01 12:30:00'",
        ] {
            assert!(dated(text, &time).is_err_and(|why| why.contains("a time within a day")), "{text}");
        }
    }
}
