//! What became of each metric, and of whatever else LookML cannot say.
//!
//! **Invariant:** every metric of the project has at least one entry; an entry that is not `emitted` has a reason.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// The generation report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The entries: metrics by name, then dimensions, joins and models.
    pub entries: Vec<Entry>,
}

/// What became of one definition, in one explore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What kind of definition it is.
    pub subject: Subject,
    /// Its name; of a dimension or a join with its model: `events.weeks_since_first_seen`.
    pub name: String,
    /// The explore, if it is in one.
    pub explore: Option<String>,
    /// The field: `shipments.revenue`.
    pub field: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// Why it is not simply emitted.
    pub reason: Option<String>,
}

/// A kind of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A metric.
    Metric,
    /// A dimension.
    Dimension,
    /// A join.
    Join,
    /// A model.
    Model,
    /// A parameter under `lookml:`.
    Parameter,
}

impl Subject {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Dimension => "dimension",
            Self::Join => "join",
            Self::Model => "model",
            Self::Parameter => "parameter",
        }
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Looker's number is the API's.
    Emitted,
    /// Looker's number may differ, in the way that the reason says.
    Approximated,
    /// It is not in the LookML.
    LeftOut,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Emitted, Self::Approximated, Self::LeftOut];

    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Emitted => "emitted",
            Self::Approximated => "approximated",
            Self::LeftOut => "left out",
        }
    }
}

impl Report {
    /// Counts the entries about metrics of an outcome.
    pub fn metrics(&self, outcome: Outcome) -> usize {
        self.entries.iter().filter(|entry| entry.subject == Subject::Metric && entry.outcome == outcome).count()
    }

    fn summary(&self) -> String {
        let counts = Outcome::ALL.map(|outcome| format!("{} {}", self.metrics(outcome), outcome.words()));
        format!("metrics: {}", counts.join(", "))
    }

    fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.outcome == outcome)
    }

    /// Writes the report for a terminal.
    pub fn to_text(&self) -> String {
        let mut text = self.summary();
        let width = self.entries.iter().map(|entry| label(entry).chars().count()).max().unwrap_or(0);
        for outcome in Outcome::ALL {
            if self.of(outcome).next().is_none() {
                continue;
            }
            let _ = write!(text, "\n\n{}", outcome.words());
            for entry in self.of(outcome) {
                let label = label(entry);
                let _ = write!(text, "\n  {label:width$}  {}", detail(entry));
            }
        }
        text.push('\n');
        text
    }

    /// Writes the report as Markdown, for a pull request.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# LookML generation report\n\n{}.\n", self.summary());
        for outcome in Outcome::ALL {
            if self.of(outcome).next().is_none() {
                continue;
            }
            let mut heading = outcome.words().to_owned();
            heading[..1].make_ascii_uppercase();
            let _ = write!(text, "\n## {heading}\n\n| definition | explore | field | reason |\n|---|---|---|---|\n");
            for entry in self.of(outcome) {
                let code = |text: &Option<String>| text.as_ref().map_or(String::new(), |text| format!("`{text}`"));
                let reason = entry.reason.as_deref().unwrap_or_default().replace('|', "\\|");
                let kind = if entry.subject == Subject::Metric { "" } else { entry.subject.word() };
                let name = format!("{kind} `{}`", entry.name);
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {reason} |",
                    name.trim_start(),
                    code(&entry.explore),
                    code(&entry.field)
                );
            }
        }
        text
    }

    /// Writes the report as JSON, for tools.
    pub fn to_json(&self) -> String {
        let entries: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| {
                json!({
                    "subject": entry.subject.word(),
                    "name": entry.name,
                    "outcome": entry.outcome.words(),
                    "explore": entry.explore,
                    "field": entry.field,
                    "reason": entry.reason,
                })
            })
            .collect();
        let summary = json!({
            "emitted": self.metrics(Outcome::Emitted),
            "approximated": self.metrics(Outcome::Approximated),
            "left_out": self.metrics(Outcome::LeftOut),
        });
        let report = json!({ "metrics": summary, "entries": entries });
        let mut text = serde_json::to_string_pretty(&report).expect("a report is plain data");
        text.push('\n');
        text
    }
}

fn label(entry: &Entry) -> String {
    match entry.subject {
        Subject::Metric => entry.name.clone(),
        Subject::Dimension | Subject::Join | Subject::Model | Subject::Parameter => {
            format!("{} {}", entry.subject.word(), entry.name)
        }
    }
}

fn detail(entry: &Entry) -> String {
    let place = match (&entry.field, &entry.explore) {
        (Some(field), Some(explore)) => Some(format!("{field} in explore {explore}")),
        (None, Some(explore)) => Some(format!("explore {explore}")),
        (_, None) => None,
    };
    [place, entry.reason.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let entry = |name: &str, outcome, explore: Option<&str>, reason: Option<&str>| Entry {
            subject: Subject::Metric,
            name: name.to_owned(),
            explore: explore.map(str::to_owned),
            field: explore.map(|explore| format!("{explore}.{name}")),
            outcome,
            reason: reason.map(str::to_owned),
        };
        Report {
            entries: vec![
                entry("revenue", Outcome::Emitted, Some("shipments"), None),
                entry("lead_time_p90", Outcome::LeftOut, None, Some("Looker rounds a|b")),
            ],
        }
    }

    #[test]
    fn the_text_tells_where_and_why() {
        let text = report().to_text();
        assert!(text.starts_with("metrics: 1 emitted, 0 approximated, 1 left out\n"), "{text}");
        assert!(text.contains("revenue        shipments.revenue in explore shipments"), "{text}");
        assert!(text.contains("lead_time_p90  Looker rounds a|b"), "{text}");
    }

    #[test]
    fn markdown_cells_hold_no_bar() {
        assert!(report().to_markdown().contains("| `lead_time_p90` |  |  | Looker rounds a\\|b |"));
    }

    #[test]
    fn the_json_is_read_by_machines() {
        let json: Value = serde_json::from_str(&report().to_json()).expect("JSON");
        assert_eq!(json["metrics"]["left_out"], 1);
        assert_eq!(json["entries"][0]["field"], "shipments.revenue");
    }
}
