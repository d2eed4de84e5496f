//! The columns that a selection needs, each once.

use crate::{
    graphql::GraphqlError,
    plan::{Key, KeyKind, MetricRequest, PlanErrorCode},
    project::Project,
    time::{Offset, TimePart},
};

/// The metrics and keys of one request, in the order in which they are met.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) metrics: Vec<MetricRequest>,
    pub(super) keys: Vec<Key>,
}

impl Columns {
    /// Asks for a metric and returns its column's name.
    pub(super) fn metric(&mut self, metric: &str, previous: Option<Offset>) -> String {
        let name = match previous {
            // A metric's name holds no blank, so this is no other metric's column.
            Some(offset) => format!("{metric} previous {offset}").replace(' ', "_"),
            None => metric.to_owned(),
        };
        let request = MetricRequest { previous, ..MetricRequest::plain(&name, metric) };
        if !self.metrics.contains(&request) {
            self.metrics.push(request);
        }
        name
    }

    /// Asks for a key and returns its column's name: the path as it is written in the definitions.
    pub(super) fn key(&mut self, project: &Project, kind: KeyKind) -> String {
        let name = match &kind {
            KeyKind::Time(size) => format!("time.{}", project.size_name(*size)),
            KeyKind::TimePart(part) => format!("time.{}", part.name()),
            KeyKind::Dimension { path, granularity, part } => {
                let last = granularity.map(|size| project.size_name(size)).or(part.map(TimePart::name));
                path.iter().map(String::as_str).chain(last).collect::<Vec<_>>().join(".")
            }
        };
        if !self.keys.iter().any(|key| key.name == name) {
            self.keys.push(Key { name: name.clone(), kind });
        }
        name
    }
}

/// Returns two offsets, one after the other, as one.
pub(super) fn further_back(one: Option<Offset>, other: Offset) -> Result<Offset, GraphqlError> {
    match one {
        None => Ok(other),
        Some(one) if one.unit == other.unit => Ok(Offset { count: one.count + other.count, unit: one.unit }),
        Some(one) => {
            let message = format!("`previous` by {other} inside `previous` by {one} is not executed yet");
            Err(GraphqlError::plan(PlanErrorCode::NotYet, message).help("Use one offset, or two of the same unit."))
        }
    }
}
