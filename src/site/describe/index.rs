//! The page that lists everything.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{About, Link, status};
use crate::project::Visible;

/// Everything there is.
#[derive(Debug, Serialize)]
pub(in crate::site) struct Index {
    groups: Vec<Group>,
    models: Vec<ModelRow>,
    saved_queries: Vec<Saved>,
    metric_count: usize,
}

#[derive(Debug, Serialize)]
struct Group {
    name: String,
    metrics: Vec<MetricRow>,
}

#[derive(Debug, Serialize)]
struct MetricRow {
    about: About,
    unit: Option<String>,
    status: Option<String>,
    /// What the search box looks in.
    search: String,
}

#[derive(Debug, Serialize)]
struct ModelRow {
    about: About,
    source: Link,
}

#[derive(Debug, Serialize)]
struct Saved {
    name: String,
    description: Option<String>,
    metrics: Vec<Link>,
    by: Vec<String>,
}

/// Lists what is not hidden: metrics by group, models, saved queries.
pub(in crate::site) fn index(project: &Visible<'_>) -> Index {
    let mut groups: BTreeMap<&str, Vec<MetricRow>> = BTreeMap::new();
    for (_, metric) in project.metrics.iter().filter(|(id, metric)| !metric.docs.hidden && project.shows_metric(*id)) {
        let about = About::new(&metric.name, &metric.docs);
        let mut words = vec![about.name.as_str(), about.label.as_str()];
        words.extend(about.description.as_deref());
        words.extend(about.owner.as_deref());
        words.extend(about.tags.iter().chain(&about.synonyms).map(String::as_str));
        let search = words.join(" ").to_lowercase();
        let row = MetricRow { unit: metric.unit.clone(), status: status(project, &metric.status), search, about };
        groups.entry(metric.docs.group.as_deref().unwrap_or("Other")).or_default().push(row);
    }
    let metric_count = groups.values().map(Vec::len).sum();
    let groups = groups.into_iter().map(|(name, metrics)| Group { name: name.to_owned(), metrics }).collect();
    let shown = project.models.iter().filter(|(_, model)| !model.docs.hidden);
    let models = shown
        .map(|(id, model)| ModelRow { about: About::new(&model.name, &model.docs), source: Link::source(project, id) })
        .collect();
    let saved_queries = project.saved_queries().map(|query| Saved {
        name: query.name.clone(),
        description: query.description.clone(),
        metrics: query.metrics.iter().map(|metric| Link::metric(project, *metric)).collect(),
        by: query.by.iter().map(|path| path.join(".")).collect(),
    });
    Index { groups, models, saved_queries: saved_queries.collect(), metric_count }
}
