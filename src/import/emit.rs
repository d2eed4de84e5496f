//! Definitions as a tree → YAML that people like to go on with.
//!
//! A join, a dimension or an input stands in one line where it fits; descriptions of several lines are blocks.
//!
//! **Invariant:** a text stands in quotes wherever YAML might read it as anything else.

use std::fmt::Write;

use crate::syntax::scalar;

/// How long a line may be.
const WIDTH: usize = 118;

/// A value of a definition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    /// A text, in quotes where it needs them.
    Text(String),
    /// A word that is no text: `true`, `0`.
    Word(String),
    /// A list.
    List(Vec<Out>),
    /// Keys and values.
    Map(Vec<(String, Out)>),
}

impl Out {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn texts(texts: &[String]) -> Self {
        Self::List(texts.iter().map(Self::text).collect())
    }

    pub(super) fn yes() -> Self {
        Self::Word("true".to_owned())
    }

    /// Returns whether a text in it holds a name.
    pub(super) fn names(&self, name: &str) -> bool {
        let is_end = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_';
        match self {
            Self::Text(text) => text.split(is_end).any(|word| word == name),
            Self::Word(_) => false,
            Self::List(items) => items.iter().any(|item| item.names(name)),
            Self::Map(entries) => entries.iter().any(|(_, value)| value.names(name)),
        }
    }

    /// Returns the value in one line.
    fn flow(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Word(word) => word.clone(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", ")),
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), value.flow())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// The entries of a definition, in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries(pub(super) Vec<(String, Out)>);

impl Entries {
    pub(super) fn put(&mut self, key: &str, value: Out) {
        self.0.push((key.to_owned(), value));
    }

    pub(super) fn text(&mut self, key: &str, text: impl Into<String>) {
        self.put(key, Out::Text(text.into()));
    }

    pub(super) fn maybe(&mut self, key: &str, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }
}

/// Keys whose items stand below one another, each in a line of its own if it fits.
const BLOCKS: [&str; 5] = ["joins", "dimensions", "inputs", "funnel", "holds"];

/// Writes sections: their name and their items, with an empty line between items.
pub(super) fn sections(head: &str, sections: &[(&str, Vec<Out>)]) -> String {
    let mut text = head.to_owned();
    let mut first = true;
    for (name, items) in sections.iter().filter(|(_, items)| !items.is_empty()) {
        if !std::mem::take(&mut first) {
            text.push('\n');
        }
        writeln!(text, "{name}:").expect("a string takes any text");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            if let Out::Map(entries) = item {
                entries_below(&mut text, entries, 2);
            }
        }
    }
    text
}

/// Writes a mapping as an item of a list, its keys below one another.
fn entries_below(text: &mut String, entries: &[(String, Out)], indent: usize) {
    let mut dash = true;
    for (key, value) in entries {
        let mark = if std::mem::take(&mut dash) { "- " } else { "  " };
        pair(text, &format!("{:indent$}{mark}", ""), indent + 2, key, value);
    }
}

fn pair(text: &mut String, before: &str, indent: usize, key: &str, value: &Out) {
    let key_text = scalar(key);
    let mut line = |content: String| {
        text.push_str(&content);
        text.push('\n');
    };
    if let Out::Text(content) = value
        && content.contains('\n')
        && is_block(content)
    {
        line(format!("{before}{key_text}: |-"));
        for row in content.lines() {
            let row = row.trim_end();
            line(if row.is_empty() { String::new() } else { format!("{:1$}{row}", "", indent + 2) });
        }
        return;
    }
    let flow = format!("{before}{key_text}: {}", value.flow());
    let below = BLOCKS.contains(&key);
    match value {
        Out::List(items) if below || flow.chars().count() > WIDTH && !items.is_empty() => {
            line(format!("{before}{key_text}:"));
            for item in items {
                let inner = item.flow();
                match item {
                    Out::Map(entries) if indent + 4 + inner.chars().count() > WIDTH || has_lines(item) => {
                        entries_below(text, entries, indent + 2);
                    }
                    _ => text.push_str(&format!("{:1$}- {inner}\n", "", indent + 2)),
                }
            }
        }
        Out::Map(entries) if !entries.is_empty() && (below || flow.chars().count() > WIDTH || has_lines(value)) => {
            line(format!("{before}{key_text}:"));
            let before = format!("{:1$}", "", indent + 2);
            for (key, value) in entries {
                pair(text, &before, indent + 2, key, value);
            }
        }
        _ => line(flow),
    }
}

fn has_lines(value: &Out) -> bool {
    match value {
        Out::Text(text) => text.contains('\n'),
        Out::Word(_) => false,
        Out::List(items) => items.iter().any(has_lines),
        Out::Map(entries) => entries.iter().any(|(_, value)| has_lines(value)),
    }
}

/// Returns whether a text of several lines can be a block as it is.
fn is_block(text: &str) -> bool {
    !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with(['\n', ' '])
        && text.chars().all(|letter| letter == '\n' || !letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stands_in_one_line() {
        let map = |entries: &[(&str, Out)]| {
            Out::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
        };
        let join = map(&[("to", Out::text("customers")), ("key", Out::text("customer_id"))]);
        let model = map(&[
            ("name", Out::text("orders")),
            ("description", Out::text("One row per order.\n\nCancelled ones included.")),
            ("joins", Out::List(vec![join])),
        ]);
        let expected = "models:\n  - name: orders\n    description: |-\n      One row per order.\n\n      \
                        Cancelled ones included.\n    joins:\n      - { to: customers, key: customer_id }\n";
        assert_eq!(sections("", &[("models", vec![model])]), expected);
    }
}
