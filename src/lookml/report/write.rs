//! The report as text for a terminal, as Markdown, and as JSON.
//!
//! **Invariant:** all three say the same.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Entry, Outcome, Report, Subject, UserAttribute};

const USER_ATTRIBUTES: &str = "
## User attributes

An administrator of Looker makes these; nobody may edit their own. Who has no value sees nothing.

| user attribute | type | value | policies |
|---|---|---|---|
";

/// What is said of user attributes whose values are filter expressions.
const FILTERS: &str = "The value of a filter is an expression of Looker: no value of a claim may hold `%`, `_`, `^`, a comma \
                       or a quote, begin with `-`, or be NULL or EMPTY.";

impl Report {
    fn has_filters(&self) -> bool {
        self.user_attributes.iter().any(|attribute| attribute.kind.is_filter())
    }

    fn summary(&self) -> String {
        let counts = Outcome::ALL.map(|outcome| format!("{} {}", self.metrics(outcome), outcome.words()));
        format!("metrics: {}", counts.join(", "))
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
        if !self.user_attributes.is_empty() {
            text.push_str("\nuser attributes\n");
            let widths = [self.width(|attribute| &attribute.name), self.width(|attribute| attribute.kind.words())];
            for UserAttribute { name, kind, value, policies } in &self.user_attributes {
                let [name_width, kind_width] = widths;
                let (kind, policies) = (kind.words(), policies.join(", "));
                let _ = writeln!(text, "  {name:name_width$}  {kind:kind_width$}  {value} ({policies})");
            }
            if self.has_filters() {
                let _ = writeln!(text, "  {FILTERS}");
            }
        }
        text
    }

    fn width(&self, cell: impl Fn(&UserAttribute) -> &str) -> usize {
        self.user_attributes.iter().map(|attribute| cell(attribute).chars().count()).max().unwrap_or(0)
    }

    /// Writes the lines of some entries for a terminal, their names in one width.
    pub fn lines<'r>(entries: impl Iterator<Item = &'r Entry> + Clone) -> String {
        let width = entries.clone().map(|entry| label(entry).chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for entry in entries {
            let _ = writeln!(text, "{:width$}  {}", label(entry), detail(entry));
        }
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
        if !self.user_attributes.is_empty() {
            text.push_str(USER_ATTRIBUTES);
            for UserAttribute { name, kind, value, policies } in &self.user_attributes {
                let policies: Vec<String> = policies.iter().map(|policy| format!("`{policy}`")).collect();
                let _ = writeln!(text, "| `{name}` | {} | {value} | {} |", kind.words(), policies.join(", "));
            }
            if self.has_filters() {
                let _ = writeln!(text, "\n{FILTERS}");
            }
        }
        text
    }

    /// Writes the report as JSON, for tools.
    pub fn to_json(&self) -> Value {
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
        let attributes: Vec<Value> = self
            .user_attributes
            .iter()
            .map(|UserAttribute { name, kind, value, policies }| {
                json!({ "name": name, "type": kind.words(), "value": value, "policies": policies })
            })
            .collect();
        json!({ "metrics": summary, "entries": entries, "user_attributes": attributes })
    }
}

fn label(entry: &Entry) -> String {
    match entry.subject {
        Subject::Metric => entry.name.clone(),
        Subject::Dimension
        | Subject::Join
        | Subject::Model
        | Subject::Parameter
        | Subject::Rollup
        | Subject::Test
        | Subject::Calendar => {
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
    use crate::lookml::AttributeType;

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
            user_attributes: vec![UserAttribute {
                name: "country".to_owned(),
                kind: AttributeType::StringFilter,
                value: "the claim `country`".to_owned(),
                policies: vec!["own_country".to_owned()],
            }],
        }
    }

    #[test]
    fn the_text_tells_where_and_why() {
        let text = report().to_text();
        assert!(text.starts_with("metrics: 1 emitted, 0 approximated, 1 left out\n"), "{text}");
        assert!(text.contains("revenue        shipments.revenue in explore shipments"), "{text}");
        assert!(text.contains("lead_time_p90  Looker rounds a|b"), "{text}");
        let attribute = "\n  country  String Filter (advanced)  the claim `country` (own_country)\n";
        assert!(text.ends_with(&format!("{attribute}  {FILTERS}\n")), "{text}");
    }

    #[test]
    fn markdown_cells_hold_no_bar() {
        assert!(report().to_markdown().contains("| `lead_time_p90` |  |  | Looker rounds a\\|b |"));
    }

    #[test]
    fn the_json_is_read_by_machines() {
        let json = report().to_json();
        assert_eq!(json["metrics"]["left_out"], 1);
        assert_eq!(json["entries"][0]["field"], "shipments.revenue");
    }
}
