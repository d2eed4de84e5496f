//! Nodes + a key table → checked fields, or diagnostics.

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{Span, Spanned},
    syntax::{
        Text,
        yaml::{self, Entry, Mapping, Node, Scalar, Style, Value},
    },
};

use super::{Fields, Key, Kind, Shape, fields::Content, near_word, rules};

/// Checks nodes against tables.
pub(crate) struct Checker<'a> {
    pub(super) text: &'a str,
    pub(super) diagnostics: &'a mut Diagnostics,
}

/// The mapping whose key is looked at, for messages.
pub(super) struct Owner {
    kind: &'static Kind,
    name: Option<String>,
}

impl Owner {
    fn new(kind: &'static Kind, entries: &[Entry]) -> Self {
        let name = entries.iter().find(|entry| entry.key.value == "name").and_then(|entry| match &entry.value.value {
            Value::Scalar(scalar) => Some(shortened(&scalar.text)),
            _ => None,
        });
        Self { kind, name }
    }

    /// Says whose key it is, with its name if it has one: ``metric `revenue` ``.
    pub(super) fn describe(&self) -> String {
        self.name.as_ref().map_or_else(|| self.kind.article.to_owned(), |name| format!("{} `{name}`", self.kind.name))
    }
}

/// Returns the key of a kind for what is said by a word that other tools use: `sql` → `expr`.
fn usual_key(kind: &Kind, word: &str) -> Option<&'static str> {
    let candidates: &[&str] = match word.to_ascii_lowercase().as_str() {
        "filter" | "filters" | "condition" => &["where"],
        "aggregate" | "aggregation" | "aggregation_type" => &["agg"],
        "sql" | "expression" | "formula" | "sql_expression" => &["expr"],
        "on" | "sql_on" | "foreign_key" => &["key"],
        "view" | "table_name" | "sql_table_name" => &["table"],
        "title" | "display_name" => &["label"],
        "equals" | "expected" | "value" => &["expect"],
        "group_by" | "dimensions" | "keys" => &["by"],
        "measures" | "measure" => &["metrics", "metric"],
        _ => return None,
    };
    candidates.iter().find_map(|name| kind.key(name)).map(|key| key.name)
}

/// Cuts a text that is too long for a message.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl<'a> Checker<'a> {
    /// Makes a checker of the nodes of a file.
    pub(crate) fn new(text: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
        Self { text, diagnostics }
    }

    /// Checks a mapping; nothing comes back if it is none, or if a required key is missing.
    pub(crate) fn fields(&mut self, node: Node, kind: &'static Kind) -> Option<Fields> {
        let span = node.span;
        let found = node.kind();
        let mut mapping = match node.value {
            Value::Mapping(mapping) => mapping,
            Value::Refused => return None,
            Value::Absent | Value::Scalar(_) | Value::Sequence(_) => {
                let message = format!("{} is written as keys with values, found {found}", kind.article);
                let keys = kind.keys.iter().take(3).map(|key| format!("`{}: …`", key.name)).collect::<Vec<_>>();
                let help = format!("Write its keys: {}.", keys.join(", "));
                self.report(Code::WrongValue, span, message, help);
                return None;
            }
        };
        let owner = Owner::new(kind, &mapping.entries);
        let is_expression = |key: &Key| matches!(key.shape, Shape::Expression | Shape::Condition);
        self.mend_cuts(&mut mapping, |entry| kind.key(&entry.key.value).is_some_and(is_expression));
        let names = self.names(&mapping, &owner);
        let present: Vec<(&'static str, Span)> = mapping
            .entries
            .iter()
            .zip(&names)
            .filter(|(entry, _)| !matches!(entry.value.value, Value::Refused))
            .filter_map(|(entry, key)| key.map(|key| (key.name, entry.key.span)))
            .collect();
        let mut entries = Vec::with_capacity(mapping.entries.len());
        for (entry, key) in mapping.entries.into_iter().zip(names) {
            if let Some(key) = key
                && let Some(content) = self.content(entry.value, key, &owner)
            {
                entries.push((key.name, content));
            }
        }
        let dropped = rules::check(self, kind, &owner, span, &present);
        let complete =
            kind.keys.iter().filter(|key| key.required).all(|key| entries.iter().any(|(name, _)| *name == key.name));
        entries.retain(|(name, _)| !dropped.contains(name));
        complete.then_some(Fields { kind, span, entries })
    }

    /// Finds the table's key for every entry; a misspelled key stands for the near one, so that it is told only once.
    fn names(&mut self, mapping: &Mapping, owner: &Owner) -> Vec<Option<&'static Key>> {
        let kind = owner.kind;
        let mut names: Vec<Option<&'static Key>> =
            mapping.entries.iter().map(|entry| kind.key(&entry.key.value)).collect();
        let mut used: Vec<&str> = names.iter().flatten().map(|key| key.name).collect();
        for index in 0..names.len() {
            if names[index].is_some() || yaml::is_full(self.diagnostics) {
                continue;
            }
            let entry = &mapping.entries[index];
            let free = kind.keys.iter().filter(|key| !used.contains(&key.name));
            let usual = usual_key(kind, &entry.key.value).filter(|usual| !used.contains(usual));
            let near = usual.or_else(|| near_word(&entry.key.value, free.map(|key| key.name)));
            let text_before =
                index.checked_sub(1).and_then(|before| names[before]).filter(|key| matches!(key.shape, Shape::Text));
            let help = match (near, text_before) {
                (Some(near), _) => format!("Write `{near}`."),
                (None, _) if kind.name == "metric" && entry.key.value == "type" => {
                    "The other keys say of which kind a metric is: `model` and `agg`, `expr`, or `metric` and what is done \
                     with it."
                        .to_owned()
                }
                (None, Some(before)) if mapping.braces && matches!(entry.value.value, Value::Absent) => {
                    format!("YAML ends the text of `{}` at the comma; put the whole text in quotes.", before.name)
                }
                (None, _) if let Some(there) = near_word(&entry.key.value, used.iter().copied()) => {
                    format!("`{there}` is there already; leave one of the two out.")
                }
                (None, _) => {
                    let all = kind.keys.iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ");
                    let meta = if kind.key("meta").is_some() { ", or put it under `meta`" } else { "" };
                    format!("Write one of {all}{meta}.")
                }
            };
            let message = format!("{} has no key `{}`", owner.describe(), shortened(&entry.key.value));
            self.report(Code::UnknownKey, entry.key.span, message, help);
            names[index] = near.and_then(|near| kind.key(near));
            used.extend(near);
        }
        names
    }

    /// Puts expressions together again that YAML has cut, and takes their pieces out of the mapping.
    pub(super) fn mend_cuts(&mut self, mapping: &mut Mapping, is_expression: impl Fn(&Entry) -> bool) {
        let mut pieces = vec![false; mapping.entries.len()];
        for index in 0..mapping.entries.len() {
            if !pieces[index]
                && is_expression(&mapping.entries[index])
                && let Some(cut) = yaml::cut_entry(self.text, mapping, index)
            {
                self.push(cut.diagnostic);
                let scalar = Scalar { text: cut.text, style: Style::Quoted, written: cut.span };
                mapping.entries[index].value = Node { span: cut.span, value: Value::Scalar(scalar) };
                pieces[index + 1..=index + cut.pieces].fill(true);
            }
        }
        let mut pieces = pieces.into_iter();
        mapping.entries.retain(|_| !pieces.next().expect("one flag for each entry"));
    }

    /// Takes a scalar, or says what should stand there.
    pub(super) fn scalar(&mut self, node: Node, key: &Key, owner: &Owner) -> Option<(Scalar, Span)> {
        let span = node.span;
        let found = node.kind();
        match node.value {
            Value::Scalar(scalar) => Some((scalar, span)),
            Value::Refused => None,
            Value::Absent => {
                let message = format!("`{}` of {} has no value", key.name, owner.describe());
                let or = if key.required { "" } else { ", or leave the key out" };
                let help = format!("Write {} after `{}:`{or}.", key.shape.expects(), key.name);
                self.report(Code::WrongValue, span, message, help);
                None
            }
            Value::Sequence(_) | Value::Mapping(_) => {
                self.mismatch(span, key, owner, found);
                None
            }
        }
    }

    /// Says that a value has another form than its key takes.
    pub(super) fn mismatch(&mut self, span: Span, key: &Key, owner: &Owner, found: &str) {
        let expects = key.shape.expects();
        let message = format!("`{}` of {} takes {expects}, found {found}", key.name, owner.describe());
        self.report(Code::WrongValue, span, message, format!("Write {}.", key.shape.example(key.name)));
    }

    /// Takes text.
    pub(super) fn plain_text(&mut self, node: Node, key: &Key, owner: &Owner) -> Option<Text> {
        self.scalar(node, key, owner).map(|(scalar, span)| Spanned::new(scalar.text, span))
    }

    /// Adds a diagnostic with help.
    pub(super) fn report(&mut self, code: Code, span: Span, message: String, help: String) {
        self.push(Diagnostic::new(code, span, message).help(help));
    }

    /// Adds a diagnostic.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        yaml::report(self.diagnostics, diagnostic);
    }

    pub(super) fn content(&mut self, node: Node, key: &'static Key, owner: &Owner) -> Option<Content> {
        super::content::content(self, node, key, owner)
    }
}
