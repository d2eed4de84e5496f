//! What can be asked of an explore: its metrics, and dimensions with both of their names.
//!
//! A dimension of the project that is in no field has to be in the report, so that none is lost unseen.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entente::{
    ids::{DimensionId, ModelId},
    lookml::{Outcome, Subject},
    project::{DimensionKind, MetricKind, Project, Route, TimeAxis, to_one_routes},
};

use super::{World, answer::is_answered, question::Shape, union};
use crate::lookml::twin::{Looker, explore::Explore, project::Model, query::Query, refuse, write};

/// An explore, and what can be asked there.
pub(in crate::lookml::twin) struct Place {
    pub(in crate::lookml::twin) explore: String,
    /// Names of metrics and of their fields.
    pub(in crate::lookml::twin) metrics: Vec<(String, String)>,
    pub(in crate::lookml::twin) comparisons: Vec<Comparison>,
    pub(in crate::lookml::twin) dimensions: Vec<Dimension>,
    /// The group of the time axis: `shipments.booked`.
    pub(in crate::lookml::twin) axis: Option<String>,
    /// Whether the explore filters by itself where a query has no range.
    pub(in crate::lookml::twin) has_default: bool,
    /// Whether it tells what is accumulated over time, which Looker ends with the last row where a range has no end.
    pub(in crate::lookml::twin) is_accumulated: bool,
    /// The timeframes of the axis.
    pub(in crate::lookml::twin) frames: Vec<String>,
    /// The periods of calendars by which the axis is told: `time.retail_month`, and the field.
    pub(in crate::lookml::twin) periods: Vec<(String, String)>,
    /// Some of these periods.
    pub(in crate::lookml::twin) spans: Vec<Span>,
}

/// A period of a calendar: the field and the value that show it, and its days.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) struct Span {
    pub(in crate::lookml::twin) field: String,
    pub(in crate::lookml::twin) value: String,
    pub(in crate::lookml::twin) from: NaiveDate,
    pub(in crate::lookml::twin) to: NaiveDate,
}

/// A metric that compares with an earlier period.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) struct Comparison {
    pub(in crate::lookml::twin) metric: String,
    pub(in crate::lookml::twin) field: String,
    pub(in crate::lookml::twin) period: String,
    /// Whether Looker says null where one of its periods has no rows, as the report tells.
    pub(in crate::lookml::twin) tells_nothing: bool,
}

/// A dimension, or a timeframe of one.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) struct Dimension {
    /// As the planner knows it: `origin.region`.
    pub(in crate::lookml::twin) path: String,
    /// As Looker knows it.
    pub(in crate::lookml::twin) field: String,
    pub(in crate::lookml::twin) kind: Kind,
    /// Some of its values.
    pub(in crate::lookml::twin) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lookml::twin) enum Kind {
    Text,
    Number,
    YesNo,
    /// `Yes`, `No` or nothing.
    Nullable,
    /// A time, by a timeframe that Looker shows like this.
    Time(Shape),
}

/// Finds what can be asked of a project.
pub(in crate::lookml::twin) fn places(world: &World, model: &Model) -> Looker<Vec<Place>> {
    let mut places: Vec<Place> = Vec::new();
    for entry in &world.emitted.report.entries {
        let is_said = entry.subject == Subject::Metric && entry.outcome != Outcome::LeftOut;
        let (Some(explore), Some(field)) = (entry.explore.as_ref().filter(|_| is_said), &entry.field) else { continue };
        // What somebody has no grant for is what the API does not know for them.
        let is_shown = Explore::find(model, explore, &world.user).is_ok_and(|found| found.shows(field));
        if !is_shown {
            if is_answered(world, &[&entry.name], &[]) {
                return refuse(format!("`{field}` is not shown in `{explore}`, and the API answers `{}`", entry.name));
            }
            continue;
        }
        let at = match places.iter().position(|place| place.explore == *explore) {
            Some(at) => at,
            None => {
                places.push(place(world, model, explore, &entry.name)?);
                places.len() - 1
            }
        };
        let (alias, name) = field.split_once('.').unwrap_or_default();
        let found = Explore::find(model, explore, &world.user)?.field(alias, name)?;
        let (metric, field) = (entry.name.clone(), field.clone());
        match (found.block().word("period"), entry.outcome) {
            (Some(period), _) => {
                let tells_nothing = entry.reason.as_ref().is_some_and(|reason| reason.contains("over no rows"));
                places[at].comparisons.push(Comparison { metric, field, period: period.to_owned(), tells_nothing });
            }
            (None, Outcome::Emitted) => places[at].metrics.push((metric, field)),
            // No question here is filtered by a metric.
            (None, _)
                if entry.reason.as_ref().is_some_and(|reason| reason.starts_with("while a query is filtered by")) =>
            {
                places[at].metrics.push((metric, field));
            }
            _ => {}
        }
    }
    places.retain(|place| !place.metrics.is_empty());
    Ok(places)
}

fn place(world: &World, model: &Model, name: &str, metric: &str) -> Looker<Place> {
    let project = &world.project;
    let explore = Explore::find(model, name, &world.user)?;
    if let Some(place) = union::place(world, &explore)? {
        return Ok(place);
    }
    let id = project.metric_named(metric).expect("the report speaks of metrics");
    let leaf = project.leaves(id)[0];
    let MetricKind::Simple(simple) = &project.metrics[leaf].kind else { return refuse("a metric rests on no rows") };
    let mut dimensions = Vec::new();
    for route in to_one_routes(project, simple.model) {
        let alias = alias(project, &explore, &route);
        for dimension in &project.models[project.route_end(simple.model, &route)].dimensions {
            dimensions.extend(dimensions_of(world, &explore, (metric, simple.model), &route, &alias, *dimension)?);
        }
    }
    let axis = simple.time.as_ref().and_then(|axis| group(project, &explore, axis));
    // The axis is asked for as the time of the query: a balance is one of each period only then.
    let is_axis = |field: &str| axis.as_ref().is_some_and(|axis| field.starts_with(&format!("{axis}_")));
    dimensions.retain(|dimension| !matches!(dimension.kind, Kind::Time(_)) || !is_axis(&dimension.field));
    let frames = axis.iter().flat_map(|axis| {
        let before = format!("{axis}_");
        explore.fields().filter_map(move |field| field.strip_prefix(&before).map(str::to_owned)).collect::<Vec<_>>()
    });
    let periods = axis.as_ref().map_or(Ok(Vec::new()), |axis| periods(world, &explore, axis))?;
    let spans = spans(world, &explore, &periods)?;
    Ok(Place {
        explore: name.to_owned(),
        metrics: Vec::new(),
        comparisons: Vec::new(),
        has_default: explore.block.block("always_filter").is_some(),
        is_accumulated: false,
        dimensions,
        frames: frames.filter(|frame| frame != "raw").collect(),
        periods,
        spans,
        axis,
    })
}

/// Finds the periods of calendars of an explore's time. One that is not there has to be in the report.
pub(super) fn periods(world: &World, explore: &Explore<'_>, axis: &str) -> Looker<Vec<(String, String)>> {
    let project = &world.project;
    let (view, group) = axis.split_once('.').unwrap_or_default();
    let mut periods = Vec::new();
    for granularity in project.granularities.values() {
        let calendar = &project.calendars[granularity.calendar].name;
        let joins = [format!("{view}_{group}_{calendar}"), format!("{group}_{calendar}")];
        let fields = joins.iter().map(|join| format!("{join}.{}", granularity.name));
        match fields.into_iter().find(|field| explore.shows(field)) {
            Some(field) => periods.push((format!("time.{}", granularity.name), field)),
            None if world.emitted.report.entries.iter().any(|entry| entry.subject == Subject::Calendar) => {}
            None => {
                return refuse(format!("`{}` is not in `{}` and in no report", granularity.name, explore.block.name));
            }
        }
    }
    Ok(periods)
}

/// Finds the periods of calendars that are one span of days within those of the world.
pub(super) fn spans(world: &World, explore: &Explore<'_>, periods: &[(String, String)]) -> Looker<Vec<Span>> {
    let mut spans = Vec::new();
    for (_, field) in periods {
        let (view, name) = field.split_once('.').unwrap_or_default();
        let Some(days) = explore.view(view)?.block("derived_table").and_then(|table| table.code("sql")) else {
            continue;
        };
        let sql = format!(
            "SELECT CAST({name} AS VARCHAR), CAST(MIN(day) AS VARCHAR), CAST(MAX(day) + 1 AS VARCHAR) FROM ({days}) \
             WHERE {name} IS NOT NULL GROUP BY {name} \
             HAVING COUNT(*) = MAX(day) - MIN(day) + 1 AND MIN(day) >= DATE '{}' AND MAX(day) < DATE '{}' ORDER BY 2",
            world.days.0, world.days.1
        );
        let rows = world.rows(&sql).or_else(|error| refuse(format!("{error}\n{sql}")))?;
        for row in 0..rows.len {
            let text = |column: usize| rows.columns[column].text(row).expect("no null");
            let day = |column: usize| text(column).parse().expect("a day");
            spans.push(Span { field: field.clone(), value: text(0), from: day(1), to: day(2) });
        }
    }
    Ok(spans)
}

pub(super) fn alias(project: &Project, explore: &Explore<'_>, route: &Route) -> String {
    let roles: Vec<&str> = route.0.iter().map(|join| project.joins[*join].role.as_str()).collect();
    if roles.is_empty() { explore.base.clone() } else { roles.join("_") }
}

/// The group of a time axis, by the name of its dimension.
fn group(project: &Project, explore: &Explore<'_>, axis: &TimeAxis) -> Option<String> {
    let alias = alias(project, explore, &axis.route);
    let name = &project.dimensions[axis.dimension].name;
    group_named(explore, &alias, name).map(|group| format!("{alias}.{group}"))
}

fn group_named(explore: &Explore<'_>, alias: &str, name: &str) -> Option<String> {
    let endings = ["", "_at", "_date", "_time", "_on", "_day"];
    let names: BTreeSet<&str> = endings.iter().filter_map(|ending| name.strip_suffix(ending)).collect();
    let has = |group: &&&str| {
        explore.fields().any(|field| {
            field.starts_with(&format!("{alias}.{group}_")) && {
                let frame = &field[alias.len() + group.len() + 2..];
                frame == "raw"
            }
        })
    };
    names.iter().rev().find(has).map(|group| (**group).to_owned())
}

/// The frames in which a time that is no axis is asked for.
const TIMES: [(&str, &str, Shape); 3] =
    [("date", "day", Shape::Plain), ("month", "month", Shape::Month), ("day_of_week", "day_of_week", Shape::Weekday)];

/// The fields of a dimension with their names for the planner.
fn dimensions_of(
    world: &World,
    explore: &Explore<'_>,
    (metric, base): (&str, ModelId),
    route: &Route,
    alias: &str,
    id: DimensionId,
) -> Looker<Vec<Dimension>> {
    let project = &world.project;
    let dimension = &project.dimensions[id];
    let path = project.dimension_path(base, route, id);
    let kind = match dimension.kind {
        _ if !dimension.buckets.is_empty() => Kind::Text,
        DimensionKind::String => Kind::Text,
        DimensionKind::Number => Kind::Number,
        DimensionKind::Boolean { nullable: false } => Kind::YesNo,
        DimensionKind::Boolean { nullable: true } => Kind::Nullable,
        DimensionKind::Time { .. } => {
            let group = group_named(explore, alias, &dimension.name).map(|group| format!("{alias}.{group}"));
            return Ok(times(explore, &path, group.as_deref()));
        }
    };
    let shown = |name: &str| Some(format!("{alias}.{name}")).filter(|field| explore.shows(field));
    let field = shown(&dimension.name).or_else(|| shown(&format!("{}_masked", dimension.name)));
    let Some(field) = field else {
        let short = format!("{}.{}", project.models[dimension.model].name, dimension.name);
        let entries = &world.emitted.report.entries;
        let is_reported = entries.iter().any(|entry| entry.subject != Subject::Metric && short.starts_with(&entry.name))
            || entries.iter().any(|entry| entry.subject == Subject::Join)
            // What needs joins of its own is in its own explores only.
            || !route.0.is_empty()
            || !is_answered(world, &[metric], &[&path]);
        return if is_reported { Ok(Vec::new()) } else { refuse(format!("`{path}` is in no field and in no report")) };
    };
    let values = values(world, explore, &field)?;
    Ok(vec![Dimension { path, field, kind, values }])
}

/// The timeframes of a group that are asked for.
pub(super) fn times(explore: &Explore<'_>, path: &str, group: Option<&str>) -> Vec<Dimension> {
    let frames = TIMES.iter().filter_map(|(frame, name, shape)| {
        let field = format!("{}_{frame}", group?);
        let path = format!("{path}.{name}");
        explore.shows(&field).then_some(Dimension { path, field, kind: Kind::Time(*shape), values: Vec::new() })
    });
    frames.collect()
}

/// Some values of a dimension, as Looker would suggest them.
pub(super) fn values(world: &World, explore: &Explore<'_>, field: &str) -> Looker<Vec<String>> {
    if let Some(known) = world.values.borrow().get(field) {
        return Ok(known.clone());
    }
    let query = Query {
        explore: explore.block.name.clone(),
        fields: vec![field.to_owned()],
        filters: explore.block.block("always_filter").map_or_else(Vec::new, |always| {
            always.filters().into_iter().map(|(field, _)| (field, String::new())).collect()
        }),
        sorts: vec![(field.to_owned(), false)],
        limit: Some(40),
    };
    let sql = match write::sql(explore.model, &world.session(&world.user), &query) {
        Err(refusal) if refusal.has_no_value() => return Ok(Vec::new()),
        sql => sql?,
    };
    let rows = world.rows(&sql).or_else(|error| refuse(format!("{error}\n{sql}")))?;
    let found: Vec<String> = (0..rows.len).filter_map(|row| rows.columns[0].text(row)).collect();
    if !found.is_empty() {
        world.values.borrow_mut().insert(field.to_owned(), found.clone());
    }
    Ok(found)
}
