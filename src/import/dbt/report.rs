//! What an import tells: problems that stop it, and the report of what was carried over, changed and left out.
//!
//! ```text
//! left out: metric `visits` (models/visits.yml:12:7): its filter calls `regexp_like`, which has no portable form
//! ```
//!
//! **Invariant:** everything of the dbt project's semantic layer is in one of the three lists.

use std::{collections::BTreeMap, fmt::Write};

use serde::Serialize;

pub use crate::import::place::Place;

/// What stops an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What to do, in a sentence.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One thing of the dbt project in the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// What it is: `metric`, `dimension`, …
    pub kind: String,
    /// Its name in dbt; behind the name of its semantic model where it has one.
    pub name: String,
    /// Why it was changed or left out; empty where it was carried over as it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Where it is written.
    pub place: Place,
}

/// What became of the dbt project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was carried over as it is.
    pub carried: Vec<Entry>,
    /// What was carried over in other words, so that it gives dbt's numbers, and what to know about it.
    pub changed: Vec<Entry>,
    /// What was not carried over.
    pub left_out: Vec<Entry>,
    /// Every name that dbt can group or filter by, and the path of it here.
    pub paths: BTreeMap<String, String>,
    /// Every metric that can be asked for, and its name here.
    pub metrics: BTreeMap<String, String>,
    /// Every saved query, and its name here.
    pub saved_queries: BTreeMap<String, String>,
}

impl Report {
    pub(super) fn carried(&mut self, kind: &str, name: &str, place: &Place) {
        self.carried.push(entry(kind, name, "", place));
    }

    pub(super) fn changed(&mut self, kind: &str, name: &str, place: &Place, why: impl AsRef<str>) {
        self.changed.push(entry(kind, name, why.as_ref(), place));
    }

    pub(super) fn left_out(&mut self, kind: &str, name: &str, place: &Place, why: impl AsRef<str>) {
        self.left_out.push(entry(kind, name, why.as_ref(), place));
    }

    /// Puts the lists into a stable order, each entry once.
    pub(super) fn sort(&mut self) {
        for list in [&mut self.carried, &mut self.changed, &mut self.left_out] {
            list.sort_by(|a, b| (&a.place, &a.kind, &a.name, &a.why).cmp(&(&b.place, &b.kind, &b.name, &b.why)));
            list.dedup();
        }
    }

    /// Returns the report as lines for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (title, list) in [("changed", &self.changed), ("left out", &self.left_out)] {
            for entry in list {
                writeln!(text, "{title}: {} `{}` ({}): {}", entry.kind, entry.name, entry.place, entry.why)
                    .expect("a string takes any text");
            }
        }
        writeln!(text, "{}", self.summary()).expect("a string takes any text");
        text
    }

    /// Returns the numbers of what was carried over, changed and left out, as one line.
    pub fn summary(&self) -> String {
        format!(
            "{} carried over, {} in other words, {} left out",
            self.carried.len(),
            self.changed.len(),
            self.left_out.len()
        )
    }

    /// Returns the report as a page.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# Import from dbt\n\n{}.\n", self.summary());
        for (title, list) in
            [("In other words", &self.changed), ("Left out", &self.left_out), ("Carried over", &self.carried)]
        {
            if list.is_empty() {
                continue;
            }
            write!(text, "\n## {title}\n\n| what | where | why |\n|---|---|---|\n").expect("a string takes any text");
            for entry in list {
                let why = entry.why.replace('|', "\\|");
                writeln!(text, "| {} `{}` | {} | {why} |", entry.kind, entry.name, entry.place)
                    .expect("a string takes any text");
            }
        }
        text.push_str("\n## Names\n\n| in dbt | here |\n|---|---|\n");
        for (name, path) in &self.paths {
            writeln!(text, "| `{name}` | `{path}` |").expect("a string takes any text");
        }
        text
    }

    /// Returns the report as JSON, with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report is plain data");
        text.push('\n');
        text
    }
}

fn entry(kind: &str, name: &str, why: &str, place: &Place) -> Entry {
    Entry { kind: kind.to_owned(), name: name.to_owned(), why: why.to_owned(), place: place.clone() }
}
