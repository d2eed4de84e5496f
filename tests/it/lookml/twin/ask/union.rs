//! An explore over the rows of several facts: its own dimensions say in a tag which path of the project they are, and
//! those of joined views have the path by which the facts reach them.

use std::collections::BTreeSet;

use entente::{
    ids::MetricId,
    project::{DimensionKind, to_one_routes},
};

use super::{
    World,
    places::{self, Dimension, Kind, Place, alias, times, values},
};
use crate::lookml::twin::{Looker, explore::Explore, text::Block};

/// What can be asked there; nothing if the explore is of one model.
pub(super) fn place(world: &World, explore: &Explore<'_>) -> Looker<Option<Place>> {
    let base = explore.base.clone();
    let view = explore.view(&base)?;
    let sql = view.block("derived_table").and_then(|table| table.code("sql")).unwrap_or_default();
    let is_accumulated = sql.contains("window_end");
    // What is filtered inside has all its fields in its own view, so that no calendar is joined to it.
    let is_inside = !is_accumulated && sql.contains(&format!("{{% condition {base}."));
    if view.named("dimension", "fact_key").is_none() && !is_inside {
        return Ok(None);
    }
    let mut dimensions = Vec::new();
    for block in view.blocks("dimension") {
        let field = format!("{base}.{}", block.name);
        let Some(path) = path(block).filter(|_| explore.shows(&field)) else { continue };
        let values = values(world, explore, &field)?;
        dimensions.push(Dimension { path, field, kind: kind(block), values });
    }
    for group in view.blocks("dimension_group") {
        let field = format!("{base}.{}", group.name);
        dimensions.extend(path(group).map(|path| times(explore, &path, Some(&field))).unwrap_or_default());
    }
    dimensions.extend(joined(world, explore)?);
    let axis = format!("{base}.period");
    let before = format!("{axis}_");
    let has_periods =
        !is_accumulated && !is_inside && explore.fields().any(|field| field.starts_with(&format!("{axis}_")));
    let periods = if has_periods { places::periods(world, explore, &axis)? } else { Vec::new() };
    let spans = places::spans(world, explore, &periods)?;
    let frames = explore.fields().filter_map(|field| field.strip_prefix(&before)).filter(|frame| *frame != "raw");
    Ok(Some(Place {
        explore: explore.block.name.clone(),
        metrics: Vec::new(),
        comparisons: Vec::new(),
        dimensions,
        has_default: explore.block.block("always_filter").is_some(),
        is_accumulated,
        periods,
        spans,
        frames: frames.map(str::to_owned).collect(),
        axis: explore.fields().any(|field| field.starts_with(&before)).then_some(axis),
    }))
}

/// The dimensions of the views that are joined.
fn joined(world: &World, explore: &Explore<'_>) -> Looker<Vec<Dimension>> {
    let project = &world.project;
    let name = explore.block.name.as_str();
    let here = world.emitted.report.entries.iter().filter(|entry| entry.explore.as_deref() == Some(name));
    let metrics = here.filter_map(|entry| project.metric_named(&entry.name));
    // The names of joined views are those of one of the facts.
    let leaves: BTreeSet<MetricId> = metrics.flat_map(|metric| project.leaves(metric)).collect();
    let mut dimensions: Vec<Dimension> = Vec::new();
    for leaf in leaves {
        let Some(simple) = project.simple(leaf) else { continue };
        for route in to_one_routes(project, simple.model).into_iter().filter(|route| !route.0.is_empty()) {
            let alias = alias(project, explore, &route);
            if explore.join(&alias).is_none() {
                continue;
            }
            for id in &project.models[project.route_end(simple.model, &route)].dimensions {
                let definition = &project.dimensions[*id];
                let is_time = matches!(definition.kind, DimensionKind::Time { .. });
                let field = format!("{alias}.{}", definition.name);
                if is_time || !explore.shows(&field) || dimensions.iter().any(|known| known.field == field) {
                    continue;
                }
                let Some(block) = explore.view(&alias)?.named("dimension", &definition.name) else { continue };
                let values = values(world, explore, &field)?;
                let path = project.dimension_path(simple.model, &route, *id);
                dimensions.push(Dimension { path, field, kind: kind(block), values });
            }
        }
    }
    Ok(dimensions)
}

/// The path of the project that a field is.
fn path(block: &Block) -> Option<String> {
    block.list("tags").iter().find_map(|tag| tag.strip_prefix("entente:").map(str::to_owned))
}

fn kind(block: &Block) -> Kind {
    match block.word("type") {
        Some("yesno") => Kind::YesNo,
        Some("number") => Kind::Number,
        _ if block.list("suggestions") == ["Yes", "No"] => Kind::Nullable,
        _ => Kind::Text,
    }
}
