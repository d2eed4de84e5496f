//! `metricQuery` and `sql`: names as in the definitions.

use async_graphql::Name as Word;
use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{
    Context,
    arguments::{field, fill, first, object, texts, time_range, time_zone},
    columns::Columns,
    filter,
    order::{Names, unknown_metric},
};
use crate::{
    graphql::{GraphqlError, collect::Values},
    ids::DimensionId,
    plan::{PlanErrorCode, Request, RequestText},
    project::{Reach, routes_ending_in, routes_where},
};

/// Reads a `MetricQueryInput`: the request without its page, `first`, and `after`.
pub(in crate::graphql) fn generic(
    ctx: &Context<'_>,
    input: &ConstValue,
) -> Result<(Request, u64, Option<String>), GraphqlError> {
    let input = object(input)?;
    let text = RequestText {
        metrics: texts(field(input, "metrics"))?,
        by: texts(field(input, "by"))?,
        ..RequestText::default()
    };
    let mut request = text.parse()?;
    for metric in &mut request.metrics {
        let id = ctx.project.metric_named(&metric.metric).ok_or_else(|| unknown_metric(ctx, &metric.metric))?;
        metric.metric.clone_from(&ctx.project.metrics[id].name);
    }
    let by_path = |name: &str| dimension(ctx, name).map(|(words, id)| (words, ctx.project.dimensions[id].column_type));
    let metric = |name: &str| {
        let id = ctx.project.metric_named(name).ok_or_else(|| unknown_metric(ctx, name))?;
        Ok((vec![name.to_owned()], ctx.project.metrics[id].value_type))
    };
    let condition = |name: &str, find: &filter::Finding<'_>| {
        Ok::<_, GraphqlError>(
            field(input, name).map(|value| filter::field_filter(ctx, value, find)).transpose()?.flatten(),
        )
    };
    request.filter = condition("where", &by_path)?;
    request.having = condition("having", &metric)?;
    request.time = field(input, "time").map(time_range).transpose()?;
    request.time_zone = field(input, "timeZone").map(time_zone).transpose()?;
    request.fill = fill(field(input, "fill"));
    let columns = Columns { metrics: request.metrics.clone(), keys: request.keys.clone() };
    let names = Names { ctx, columns: &columns, paths: &std::collections::BTreeMap::new() };
    request.order = names.order(field(input, "orderBy"))?;
    request.top = names.top(field(input, "top"))?;
    let after = match field(input, "after") {
        Some(ConstValue::String(after)) => Some(after.clone()),
        _ => None,
    };
    Ok((request, first(&arguments(input), 1000)?, after))
}

fn arguments(input: &IndexMap<Word, ConstValue>) -> Values {
    input.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

/// Finds a dimension by its path, for its type; which model the path starts at is the planner's to say.
pub(in crate::graphql) fn dimension(ctx: &Context<'_>, name: &str) -> Result<(Vec<String>, DimensionId), GraphqlError> {
    let words: Vec<&str> = name.split('.').map(str::trim).collect();
    let unknown = || {
        GraphqlError::plan(PlanErrorCode::UnknownField, format!("there is no dimension `{name}`"))
            .help("Write a path such as `customers.country`.")
    };
    let (last, before) = words.split_last().ok_or_else(unknown)?;
    let project = ctx.project;
    let reaches = [Reach::Declared, Reach::ToOne, Reach::ToMany];
    let starts = reaches.into_iter().flat_map(|reach| project.models.ids().map(move |start| (reach, start)));
    let mut found = None;
    for (reach, start) in starts {
        if found.is_some() {
            break;
        }
        let ends = match before {
            [] => vec![start],
            [model, roles @ ..] if *model == project.models[start].name => {
                let routes = routes_where(project, start, reach, |_| true);
                let exact = |route: &crate::project::Route| {
                    route.0.len() == roles.len()
                        && route.0.iter().zip(roles).all(|(join, role)| project.joins[*join].role == **role)
                };
                routes.iter().filter(|route| exact(route)).map(|route| project.route_end(start, route)).collect()
            }
            roles => {
                let routes = routes_ending_in(project, start, reach, roles);
                routes.iter().map(|route| project.route_end(start, route)).collect()
            }
        };
        found = ends.iter().find_map(|model| project.dimension_named(*model, last));
    }
    let id = found.ok_or_else(unknown)?;
    Ok((words.iter().map(|word| (*word).to_owned()).collect(), id))
}
