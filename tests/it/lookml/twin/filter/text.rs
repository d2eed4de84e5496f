//! Filter expressions of strings: `FOO%,-FOOD`, `EMPTY`, `-NULL`, `" x"`, `^_`.

use super::{combined, quote};

/// A character of a pattern, or a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    One,
    Many,
}

/// An item between commas.
#[derive(Debug, Default)]
struct Item {
    is_less: bool,
    parts: Vec<Part>,
    /// How many parts at the end are blanks that no quotes keep.
    loose: usize,
    has_marks: bool,
}

/// The condition that a string fulfils.
pub(in crate::lookml::twin) fn condition(expression: &str, sql: &str) -> String {
    let (mut included, mut left_out) = (Vec::new(), Vec::new());
    for item in items(expression) {
        let condition = item.condition(sql);
        if item.is_less { left_out.push(condition) } else { included.push(condition) }
    }
    combined(&included, &left_out)
}

/// The expression that only one text fulfils.
pub(in crate::lookml::twin) fn exactly(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '%' | '_' | '^' | ',') || (c == '-' && escaped.is_empty()) {
            escaped.push('^');
        }
        escaped.push(c);
    }
    let is_word = matches!(text.to_ascii_uppercase().as_str(), "NULL" | "EMPTY" | "NOT NULL" | "NOT EMPTY");
    if text.trim() != text || is_word { format!("\"{escaped}\"") } else { escaped }
}

fn items(expression: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut item = Item::default();
    let mut is_quoted = false;
    let mut letters = expression.chars();
    while let Some(c) = letters.next() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                item.has_marks = true;
                item.loose = 0;
            }
            '^' => {
                item.push(Part::Letter(letters.next().unwrap_or('^')));
            }
            ',' if !is_quoted => items.push(std::mem::take(&mut item).finished()),
            '-' if !is_quoted && item.parts.is_empty() && !item.is_less && !item.has_marks => item.is_less = true,
            '%' => item.push(Part::Many),
            '_' => item.push(Part::One),
            c if c.is_whitespace() && !is_quoted => {
                if !item.parts.is_empty() || item.has_marks {
                    item.parts.push(Part::Letter(c));
                    item.loose += 1;
                }
            }
            c => item.push(Part::Letter(c)),
        }
    }
    items.push(item.finished());
    items.retain(|item| !item.parts.is_empty() || item.has_marks);
    items
}

impl Item {
    fn push(&mut self, part: Part) {
        self.parts.push(part);
        self.loose = 0;
    }

    fn finished(mut self) -> Self {
        self.parts.truncate(self.parts.len() - self.loose);
        self
    }

    /// The letters, if there is no wildcard.
    fn letters(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Letter(c) => Some(*c),
                Part::One | Part::Many => None,
            })
            .collect()
    }

    fn condition(&self, sql: &str) -> String {
        let word = self.letters().filter(|_| !self.has_marks);
        match word.as_deref() {
            Some("NULL") => return self.whether(format!("{sql} IS NULL"), format!("{sql} IS NOT NULL")),
            Some("NOT NULL") => return format!("({sql} IS NOT NULL)"),
            Some("EMPTY") => {
                let is_empty = format!("{sql} IS NULL OR LENGTH({sql}) = 0");
                return self.whether(is_empty, format!("{sql} IS NOT NULL AND LENGTH({sql}) <> 0"));
            }
            Some("NOT EMPTY") => return format!("({sql} IS NOT NULL AND LENGTH({sql}) <> 0)"),
            _ => {}
        }
        if let Some(text) = self.letters() {
            let text = quote(&text);
            return self.whether(format!("{sql} = {text}"), format!("{sql} <> {text} OR {sql} IS NULL"));
        }
        let mut pattern = String::new();
        for part in &self.parts {
            match part {
                Part::Many => pattern.push('%'),
                Part::One => pattern.push('_'),
                Part::Letter(c @ ('%' | '_' | '^')) => pattern.extend(['^', *c]),
                Part::Letter(c) => pattern.push(*c),
            }
        }
        let like = format!("LIKE {} ESCAPE '^'", quote(&pattern));
        self.whether(format!("{sql} {like}"), format!("{sql} NOT {like} OR {sql} IS NULL"))
    }

    fn whether(&self, is: String, is_not: String) -> String {
        format!("({})", if self.is_less { is_not } else { is })
    }
}

#[test]
fn strings_are_filtered_as_looker_documents() {
    use super::matching;

    let values =
        ["FOO", "FOOD", "BAR", " BAR", "buffoon", "", "-x", "a,b", "50%", "a_b", "axb", "^", "\"", "it's", "NULL"];
    for (expression, kept) in [
        ("FOO", "FOO"),
        ("FOO,BAR", "FOO|BAR"),
        ("FOO%", "FOO|FOOD"),
        ("%FO%,-FOOD", "FOO"),
        ("b%n", "buffoon"),
        ("_", "^|\""),
        ("a_b", "a,b|a_b|axb"),
        ("a^_b", "a_b"),
        ("%^%", "50%"),
        ("EMPTY", "|∅"),
        ("NULL", "∅"),
        ("\"NULL\"", "NULL"),
        ("-NULL,-%o%,-%a%,-F%,-B%,-EMPTY", " BAR|-x|50%|^|\"|it's|NULL"),
        ("-%,NULL", "∅"),
        ("\" BAR\", BAR ", "BAR| BAR"),
        ("^-x,^^,^\"", "-x|^|\""),
        ("a^,b,\"a,b\"", "a,b"),
        ("a\\,b", ""),
        ("it's", "it's"),
    ] {
        assert_eq!(matching(&condition(expression, "x"), &values), kept, "{expression}");
    }
    assert_eq!(condition("", "x"), "TRUE");
    for value in values {
        let kept = matching(&condition(&exactly(value), "x"), &values);
        // Nothing between the commas is any value.
        let wanted = if value.is_empty() { values.join("|") + "|∅" } else { value.to_owned() };
        assert_eq!(kept, wanted, "{value}");
    }
}
