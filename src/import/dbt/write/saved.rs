//! Saved queries.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Entries,
    metrics::{Nature, unlike},
    of_node,
};
use crate::import::dbt::{
    filters::{Filters, Root},
    jinja::{Item, ItemKind},
    names::snake_case,
    report::Report,
    tree::{About, Filter, SavedQuery},
    write::Out,
};

/// Writes saved queries; one that names a metric that was left out is left out, too.
pub(in crate::import::dbt) fn saved_queries(
    filters: &Filters,
    natures: &BTreeMap<String, Nature>,
    report: &mut Report,
) -> Vec<Out> {
    let mut saved = Vec::new();
    let mut taken = BTreeSet::new();
    for query in &filters.names.layer.saved_queries {
        let name = unlike(snake_case(&query.name), &mut taken);
        let holds = match filters.names.why_refused("saved_queries", &name) {
            Some(why) => Err(why),
            None => write((query, &name), filters, natures, report),
        };
        match holds {
            Ok(out) => {
                saved.push(out);
                report.carried("saved query", &query.name, &query.place);
                if name != query.name {
                    report.changed("saved query", &query.name, &query.place, format!("it is called `{name}` here"));
                }
                report.saved_queries.insert(query.name.clone(), name);
                if query.is_cached {
                    let why = "answers are kept as they are asked for here; a rollup stores what is asked often";
                    report.left_out("cache", &query.name, &query.place, why);
                }
                for export in &query.exports {
                    report.left_out("export", export, &query.place, "answers are not written into tables");
                }
            }
            Err(why) => report.left_out("saved query", &query.name, &query.place, why),
        }
    }
    saved
}

fn write(
    (query, name): (&SavedQuery, &str),
    filters: &Filters,
    natures: &BTreeMap<String, Nature>,
    report: &Report,
) -> Result<Out, String> {
    let mut out = Entries::default();
    out.text("name", name);
    let About { label, description, group, tags, .. } = &query.about;
    out.maybe("description", description.as_ref().or(label.as_ref()));
    let metric = |name: &str| {
        let name = name.trim();
        let known = report.metrics.get(name).cloned();
        known.ok_or_else(|| format!("its metric `{name}` was left out"))
    };
    let mut metrics = Vec::new();
    for name in &query.metrics {
        metrics.push(metric(name)?);
    }
    if metrics.is_empty() {
        return Err("it asks for no metric".to_owned());
    }
    out.put("metrics", Out::texts(&metrics));
    let asked = || query.metrics.iter().filter_map(|name| natures.get(name.trim()));
    // dbt shows the coarsest time of the metrics that are asked for.
    let root = Root { model: None, axis: asked().filter_map(|nature| nature.root.axis).max() };
    let moves = asked().any(|nature| nature.moves);
    let (ranges, others): (Vec<Filter>, Vec<Filter>) =
        query.filters.iter().cloned().partition(|filter| moves && filters.range(filter, root).is_some());
    if moves && filters.name_time(&others, root) {
        return Err("its filter names the time, and would cut the rows of a metric that is shifted or accumulated; \
                    dbt cuts the periods of the answer, as `time` of a query does"
            .to_owned());
    }
    let mut by = Vec::new();
    for written in &query.group_by {
        let (path, needs) = filters.path(&item(written, filters)?, root)?;
        if needs.is_some() {
            return Err(format!("it is grouped by a metric, `{}`", written.text));
        }
        by.push(path);
    }
    if !by.is_empty() {
        out.put("by", Out::texts(&by));
    }
    if !ranges.is_empty() && !by.iter().any(|path| path == "time.day") {
        return Err("its filter names the days of a metric that is shifted or accumulated, by which it is not grouped"
            .to_owned());
    }
    if let Some(condition) = filters.condition(&others, root)? {
        if !condition.metrics.is_empty() {
            return Err("its filter names a metric".to_owned());
        }
        out.text("where", condition.text);
    }
    out.maybe("time", time(&ranges, filters, root)?);
    let mut order = Vec::new();
    for written in &query.order_by {
        let text = written.text.trim();
        let (text, descends) = text.strip_prefix('-').map_or((text, false), |rest| (rest.trim(), true));
        let written = Filter { text: text.to_owned(), ..written.clone() };
        let item = item(&written, filters)?;
        let term = match &item.kind {
            ItemKind::Metric(_) => metric(&item.name)?,
            ItemKind::Dimension if !text.contains('(') && report.metrics.contains_key(text) => metric(text)?,
            _ => filters.path(&item, root)?.0,
        };
        order.push(if descends || item.descending { format!("{term} desc") } else { term });
    }
    if !order.is_empty() {
        out.text("order", order.join(", "));
    }
    if let Some(limit) = &query.limit {
        out.put("limit", Out::Word(limit.clone()));
    }
    let mut more = Entries::default();
    more.maybe("label", label.as_ref().filter(|_| description.is_some()));
    more.maybe("group", group.as_ref());
    if !tags.is_empty() {
        more.put("tags", Out::texts(tags));
    }
    let meta = query.about.meta.as_ref().map(of_node);
    if let Some(Out::Map(entries)) = meta {
        more.0.retain(|(key, _)| !entries.iter().any(|(other, _)| other == key));
        more.0.extend(entries);
    }
    if !more.0.is_empty() {
        out.put("meta", Out::Map(more.0));
    }
    Ok(Out::Map(out.0))
}

/// Returns the range of days that filters on the time leave.
fn time(written: &[Filter], filters: &Filters, root: Root) -> Result<Option<String>, String> {
    let ranges: Vec<_> = written.iter().filter_map(|filter| filters.range(filter, root)).collect();
    let (from, to) = (ranges.iter().filter_map(|range| range.0).max(), ranges.iter().filter_map(|range| range.1).min());
    match (from, to) {
        (Some(from), Some(to)) if from < to => Ok(Some(format!("{from} to {to}"))),
        (Some(from), None) => Ok(Some(format!("since {from}"))),
        (None, None) => Ok(None),
        _ => Err("its filter leaves no day, or has no first one, as a range of time has".to_owned()),
    }
}

/// Reads `TimeDimension('metric_time', 'day')`, or a bare name.
fn item(written: &Filter, filters: &Filters) -> Result<Item, String> {
    if let Some(item) = filters.templates.call(&written.text)? {
        return Ok(item);
    }
    Ok(Item {
        kind: ItemKind::Dimension,
        name: written.text.trim().to_owned(),
        entity_path: Vec::new(),
        granularity: None,
        part: None,
        descending: false,
    })
}
