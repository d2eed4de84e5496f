//! What became of a LookML project: every construct as native, verbatim or left behind.
//!
//! ```text
//! verbatim: measure `orders.running_revenue` (views/orders.view.lkml:41:3): a running total adds up displayed rows
//! ```
//!
//! **Invariant:** every declaration of every file, and every parameter of it, is in the report: by a line of its own or
//! by that of what it stands in.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

use serde::Serialize;

use crate::{
    files::{FileId, SourceMap},
    import::Place,
    lookml::{
        check::{layers::At, source::Source},
        syntax::Node,
    },
};

/// What became of a construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The definitions say it.
    Native,
    /// It stays LookML: under `lookml:`, or in a file beside the generated ones.
    Verbatim,
    /// It is not carried over.
    LeftBehind,
}

impl Outcome {
    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Verbatim => "verbatim",
            Self::LeftBehind => "left behind",
        }
    }
}

/// A construct of the LookML project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// Where it stands.
    pub place: Place,
    /// What it is: `view`, `measure`, `sql_always_where`.
    pub kind: String,
    /// Its name, behind that of what it stands in.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, or what to know about it; empty where there is nothing to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What became of a LookML project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every construct, by place.
    pub constructs: Vec<Entry>,
    /// What was inferred, and is to be looked at.
    pub proposals: Vec<String>,
    /// Every measure that became a metric, with the metric's name.
    pub metrics: BTreeMap<String, String>,
    /// Every dimension that became one here, with its path from its own model.
    pub dimensions: BTreeMap<String, String>,
}

impl Report {
    /// Returns the number of constructs of each outcome: native, verbatim, left behind.
    pub fn counts(&self) -> [usize; 3] {
        let count = |outcome| self.constructs.iter().filter(|entry| entry.outcome == outcome).count();
        [count(Outcome::Native), count(Outcome::Verbatim), count(Outcome::LeftBehind)]
    }

    /// Returns the report as lines for people: what is not as it was, and the numbers.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for proposal in &self.proposals {
            writeln!(text, "proposed: {proposal}").expect("a string takes any text");
        }
        let told = |entry: &&Entry| entry.outcome != Outcome::Native || !entry.why.is_empty();
        for entry in self.constructs.iter().filter(told) {
            let why = if entry.why.is_empty() { String::new() } else { format!(": {}", entry.why) };
            writeln!(text, "{}: {} `{}` ({}){why}", entry.outcome.words(), entry.kind, entry.name, entry.place)
                .expect("a string takes any text");
        }
        writeln!(text, "{}", self.summary()).expect("a string takes any text");
        text
    }

    /// Returns the numbers as one line.
    pub fn summary(&self) -> String {
        let [native, verbatim, left] = self.counts();
        format!("{native} native, {verbatim} verbatim, {left} left behind")
    }

    /// Returns the report as JSON, with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report is plain data");
        text.push('\n');
        text
    }

    /// Returns the report as a page.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# Import from LookML\n\n{}.\n", self.summary());
        if !self.proposals.is_empty() {
            text.push_str("\n## Proposed\n\n");
            for proposal in &self.proposals {
                writeln!(text, "- {proposal}").expect("a string takes any text");
            }
        }
        for (title, outcome) in
            [("Left behind", Outcome::LeftBehind), ("Verbatim", Outcome::Verbatim), ("Native", Outcome::Native)]
        {
            write!(text, "\n## {title}\n\n| what | where | why |\n|---|---|---|\n").expect("a string takes any text");
            for entry in self.constructs.iter().filter(|entry| entry.outcome == outcome) {
                let why = entry.why.replace('|', "\\|");
                writeln!(text, "| {} `{}` | {} | {why} |", entry.kind, entry.name, entry.place)
                    .expect("a string takes any text");
            }
        }
        text
    }
}

/// What is known so far of what becomes of constructs.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    marks: HashMap<(FileId, usize), (Outcome, String)>,
}

impl Ledger {
    /// Says what became of a construct; what was said before stays if it is worse.
    pub(super) fn mark(&mut self, at: At<'_>, outcome: Outcome, why: impl Into<String>) {
        let mark = (outcome, why.into());
        let old = self.marks.entry((at.file, at.node.key.start)).or_insert_with(|| mark.clone());
        if mark.0 > old.0 || (mark.0 == old.0 && old.1.is_empty()) {
            *old = mark;
        }
    }

    /// Says that a construct is made anew, whatever was said of it before.
    pub(super) fn renew(&mut self, at: At<'_>, why: &str) {
        self.marks.insert((at.file, at.node.key.start), (Outcome::Native, why.to_owned()));
    }

    /// Returns whether something is said of a construct.
    pub(super) fn knows(&self, at: At<'_>) -> bool {
        self.marks.contains_key(&(at.file, at.node.key.start))
    }

    /// Returns what became of a construct, as far as it is said.
    pub(super) fn outcome(&self, at: At<'_>) -> Option<Outcome> {
        self.marks.get(&(at.file, at.node.key.start)).map(|(outcome, _)| *outcome)
    }

    /// Lists every construct of some files.
    pub(super) fn entries(&self, sources: &[Source<'_>], files: &SourceMap) -> Vec<Entry> {
        let mut entries = Vec::new();
        for source in sources {
            let start = (Outcome::LeftBehind, String::new());
            for node in &source.file.nodes {
                self.add(node, source, files, (0, "", &start), &mut entries);
            }
        }
        entries.sort();
        entries
    }

    fn add(
        &self,
        node: &Node<'_>,
        source: &Source<'_>,
        files: &SourceMap,
        (depth, within, inherited): (usize, &str, &(Outcome, String)),
        entries: &mut Vec<Entry>,
    ) {
        let own = self.marks.get(&(source.id, node.key.start));
        let mark = own.unwrap_or(inherited);
        let name = match (node.name(), within) {
            (Some(name), "") => name.text.to_owned(),
            (Some(name), within) => format!("{within}.{}", name.text),
            (None, "") => node.piece().map_or_else(|| node.key.text.to_owned(), |piece| one_line(piece.text)),
            (None, within) => format!("{within}.{}", node.key.text),
        };
        // A parameter that became what its declaration became needs no line.
        if depth < 2 && node.name().is_some() || depth == 0 || own.is_some_and(|own| own != inherited) {
            let position = files.file(source.id).position(node.key.start);
            entries.push(Entry {
                place: Place::new(source.path, position.line, position.column),
                kind: node.key.text.to_owned(),
                name: name.clone(),
                outcome: mark.0,
                why: own.map_or_else(String::new, |own| own.1.clone()),
            });
        }
        let below = (mark.0, String::new());
        for child in node.nodes() {
            self.add(child, source, files, (depth + 1, name.trim_start_matches('+'), &below), entries);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
