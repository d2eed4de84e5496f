//! Facts → what people read of an explore: its label, its heading, its description.
//!
//! ```text
//! Claims by opened and parcels by delivered    facts by times that are not all their models' own
//! Claims and parcels by booked                 one time of both
//! Budget and parcels                           each by its model's own time
//! Parcels and 52 weeks before                  a fact beside its own past
//! Parcels, last 28 days                        rows that are gathered over time
//! ```

use super::{
    super::{Emission, label},
    Fact,
};

/// `52 weeks before`
pub(super) fn before(days: i64) -> String {
    let (count, unit) = if days % 7 == 0 { (days / 7, "week") } else { (days, "day") };
    let (count, word) = if count < 0 { (-count, "after") } else { (count, "before") };
    format!("{count} {unit}{} {word}", if count == 1 { "" } else { "s" })
}

/// Returns what all rows together are called.
pub(super) fn title(emission: &Emission<'_>, facts: &[Fact]) -> String {
    let mut titles: Vec<String> = Vec::new();
    for fact in facts {
        let title = label::of_model(emission.project, fact.home.model);
        let title = if titles.is_empty() { title } else { label::within(&title) };
        if titles.iter().all(|other| !other.eq_ignore_ascii_case(&title)) {
            titles.push(title);
        }
    }
    label::listed(&titles)
}

/// Names the explore after its facts; a time that several share is said once.
pub(super) fn label(emission: &Emission<'_>, facts: &[Fact]) -> String {
    let project = emission.project;
    let says_times = facts.iter().any(|fact| !emission.is_default(&fact.home));
    let mut phrases: Vec<String> = Vec::new();
    let mut at = 0;
    while at < facts.len() {
        let fact = &facts[at];
        let together = 1 + facts[at + 1..].iter().take_while(|other| has_one_time(fact, other)).count();
        let titles = facts[at..at + together].iter().enumerate().map(|(n, fact)| {
            let title = label::of_model(project, fact.home.model);
            if n == 0 && at == 0 { title } else { label::within(&title) }
        });
        let titles: Vec<String> = titles.collect();
        let time = fact.home.axis.as_ref().filter(|_| says_times).map(|axis| {
            if together > 1 {
                label::within(&label::of_dimension(project, axis.dimension))
            } else {
                label::of_axis(project, axis)
            }
        });
        let before_it = &facts[..at];
        let mut phrase = Vec::new();
        if before_it.iter().all(|other| other.home.model != fact.home.model) {
            phrase.push(label::listed(&titles));
        }
        if before_it.iter().all(|other| other.home != fact.home) {
            phrase.extend(time.map(|time| format!("by {time}")));
        }
        let moved = (fact.later != 0).then(|| before(fact.later));
        phrase.extend(moved);
        let phrase = phrase.join(" ");
        phrases.push(match fact.window.map(super::facts::Window::words) {
            Some(window) if phrase.is_empty() => window,
            Some(window) => format!("{phrase}, {window}"),
            None => phrase,
        });
        at += together;
    }
    label::listed(&phrases)
}

/// Returns whether rows of two models count by one time, each once.
fn has_one_time(fact: &Fact, other: &Fact) -> bool {
    let time = |fact: &Fact| fact.home.axis.as_ref().map(|axis| axis.dimension);
    let is_plain = |fact: &Fact| fact.later == 0 && fact.window.is_none();
    fact.home.model != other.home.model
        && time(fact).is_some()
        && time(fact) == time(other)
        && is_plain(fact)
        && is_plain(other)
}

/// Says what the rows are, and what a period shows of them.
pub(super) fn description(emission: &Emission<'_>, facts: &[Fact]) -> String {
    let project = emission.project;
    let told = facts.iter().map(|fact| {
        let mut words = label::of_model(project, fact.home.model);
        if fact.later == 0 {
            let time = fact.home.axis.as_ref().map(|axis| label::of_path(project, &axis.route, axis.dimension));
            words.extend(time.map(|time| format!(" by {time}")));
        }
        words.extend(fact.window.map(|window| format!(", {}", window.words())));
        words.extend((fact.later != 0).then(|| format!(" {}", before(fact.later))));
        words
    });
    let told = told.collect::<Vec<_>>().join("; ");
    if facts.len() == 1 && facts[0].window.is_some() {
        format!("{told}. Each period shows all rows of the time that ends with it, those before the chosen days too.")
    } else {
        format!("One row for each of: {told}. Each is counted by its own time, and metrics are of all together.")
    }
}
