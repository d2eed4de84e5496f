//! What the pages say, as plain data for the templates.

mod dimensions;
mod index;
mod metric;
mod model;

pub(super) use index::index;
pub(super) use metric::metric;
pub(super) use model::model;

use serde::Serialize;

use crate::{
    ids::{MetricId, ModelId},
    project::{Docs, Format, Project, Source, Status, Visible},
};

/// A link to another page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Link {
    /// What it says.
    text: String,
    /// The folder of its page, `metrics` or `models`; absent for what has no page, such as a table.
    folder: Option<&'static str>,
}

impl Link {
    fn metric(project: &Project, id: MetricId) -> Self {
        Self { text: project.metrics[id].name.clone(), folder: Some("metrics") }
    }

    fn model(project: &Project, id: ModelId) -> Self {
        Self { text: project.models[id].name.clone(), folder: Some("models") }
    }

    fn source(project: &Project, id: ModelId) -> Self {
        let text = match &project.models[id].source {
            Source::Table(table) => project.tables[*table].name.clone(),
            Source::Select(_) => format!("SELECT of {}", project.models[id].name),
        };
        Self { text, folder: None }
    }
}

/// What every definition says about itself.
#[derive(Clone, Debug, Serialize)]
pub(super) struct About {
    name: String,
    label: String,
    description: Option<String>,
    owner: Option<String>,
    group: Option<String>,
    tags: Vec<String>,
    synonyms: Vec<String>,
}

impl About {
    fn new(name: &str, docs: &Docs) -> Self {
        Self {
            name: name.to_owned(),
            label: docs.label.clone().unwrap_or_else(|| sentence(name)),
            description: docs.description.clone(),
            owner: docs.owner.clone(),
            group: docs.group.clone(),
            tags: docs.tags.clone(),
            synonyms: docs.synonyms.clone(),
        }
    }
}

/// `on_time_rate` → `On time rate`.
fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn status(project: &Visible<'_>, status: &Status) -> Option<String> {
    match status {
        Status::Active => None,
        Status::Draft => Some("draft".to_owned()),
        Status::Proposed => Some("proposed".to_owned()),
        Status::Deprecated { replaced_by, sunset: _ } if !project.shows_metric(*replaced_by) => {
            Some("deprecated".to_owned())
        }
        Status::Deprecated { replaced_by, sunset } => {
            let until = sunset.map_or_else(String::new, |sunset| format!(", gone after {sunset}"));
            Some(format!("deprecated: use {}{until}", project.metrics[*replaced_by].name))
        }
    }
}

fn format(format: Format) -> String {
    match format {
        Format::Decimal(digits) => format!("{digits} decimals"),
        Format::Percent(digits) => format!("percent, {digits} decimals"),
        Format::Currency(digits) => format!("money, {digits} decimals"),
        Format::Id => "identifier".to_owned(),
    }
}
