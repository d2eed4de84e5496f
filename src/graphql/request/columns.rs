//! The columns that a selection needs, each once.

use crate::{
    plan::{Key, KeyKind, MetricRequest, Past},
    project::Project,
    time::TimePart,
};

/// The metrics and keys of one request, in the order in which they are met.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) metrics: Vec<MetricRequest>,
    pub(super) keys: Vec<Key>,
}

impl Columns {
    /// Asks for a metric and returns its column's name.
    pub(super) fn metric(&mut self, metric: &str, previous: &[Past]) -> String {
        let words = previous.iter().map(|past| format!(" previous {past}"));
        let name = format!("{metric}{}", words.collect::<String>()).replace(' ', "_");
        let mut request = MetricRequest { previous: previous.to_vec(), ..MetricRequest::plain(&name, metric) };
        while let Some(known) = self.metrics.iter().find(|known| known.name == request.name) {
            if *known == request {
                return request.name;
            }
            // Another metric may be called like this one with its words, such as `revenue_previous_1_year`.
            request.name.push('_');
        }
        self.metrics.push(request.clone());
        request.name
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
