//! A text → a YAML scalar that reads as that text, also within braces.
//!
//! `price * 2` stays plain, `coalesce(a, b)` and `12` are put in quotes.

use std::fmt::Write;

/// What other readers of YAML take for something that is no text.
const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "~", "y", "n"];

/// Writes a text as YAML, in quotes where it might be read as anything else.
pub fn scalar(text: &str) -> String {
    let first = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '(';
    let plain = text.starts_with(first)
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./() *+<>='%$|".contains(letter))
        && !text.ends_with(' ')
        && !looks_like_a_number(text)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                write!(quoted, "\\u{:04x}", u32::from(control)).expect("a string takes any text");
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns whether some reader of YAML takes a text for a number or a date: `1e3`, `0x1f`, `1_000`, `2024-02-29`.
fn looks_like_a_number(text: &str) -> bool {
    let is_in_digits = text.bytes().all(|byte| byte.is_ascii_digit() || b"_-.".contains(&byte));
    let is_in_other_digits = ["0x", "0o", "0b"].iter().any(|start| text.starts_with(start));
    is_in_digits || is_in_other_digits || text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_like_something_else_are_quoted() {
        let plain = ["price * 2", "a = 'x'", "orders", "same day", "7 days", "it's"];
        assert_eq!(plain.map(scalar), plain);
        let quoted =
            ["no", "12", "1e3", "0x1f", "1_000", "2024-02-29", "a: b", "coalesce(a, b)", "# x", "", "Köln", "- 'x' y"];
        assert_eq!(quoted.map(scalar), quoted.map(|text| format!("\"{text}\"")));
        assert_eq!(scalar("say \"hi\"\n\u{7}"), r#""say \"hi\"\n\u0007""#);
    }
}
