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
    catalog::ColumnType,
    graphql::{GraphqlError, collect::Values},
    ids::{DimensionId, JoinId, ModelId},
    plan::{self, Key, KeyKind, PlanErrorCode, Request, RequestText},
    project::Reach,
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
    let models = models_of(ctx, &request);
    let by_path = |name: &str| {
        let (words, id) = dimension(ctx, name)?;
        Ok::<_, GraphqlError>((
            words.clone(),
            meant_type(ctx, &models, &words)?.unwrap_or(ctx.project.dimensions[id].column_type),
        ))
    };
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

/// Returns the models whose rows a request counts; of keys alone those that hold them.
fn models_of(ctx: &Context<'_>, request: &Request) -> Vec<ModelId> {
    let project = ctx.project;
    let metrics = request.metrics.iter().filter_map(|metric| project.metric_named(&metric.metric));
    let of_metrics = metrics.flat_map(|id| project.leaves(id)).filter_map(|leaf| Some(project.simple(leaf)?.model));
    let of_metrics: Vec<ModelId> = of_metrics.collect();
    if !of_metrics.is_empty() {
        return of_metrics;
    }
    let of_key = |key: &Key| match &key.kind {
        KeyKind::Dimension { path, .. } => dimension(ctx, &path.join(".")).ok(),
        KeyKind::Time(_) | KeyKind::TimePart(_) => None,
    };
    request.keys.iter().filter_map(of_key).map(|(_, id)| project.dimensions[id].model).collect()
}

/// Returns the dimension that the path of a key means: for the first of the models whose rows are counted, as for the others.
pub(in crate::graphql) fn dimension_of(ctx: &Context<'_>, request: &Request, path: &[String]) -> Option<DimensionId> {
    let found = |model| plan::find_dimension(ctx.project, model, path).ok();
    models_of(ctx, request).into_iter().find_map(found).map(|(_, id)| id)
}

/// Returns the type of what a path means for all models; nothing if it means nothing for any of them, which is the planner's
/// to say.
fn meant_type(ctx: &Context<'_>, models: &[ModelId], words: &[String]) -> Result<Option<ColumnType>, GraphqlError> {
    let found = models.iter().filter_map(|model| plan::find_dimension(ctx.project, *model, words).ok());
    let mut types: Vec<ColumnType> = found.map(|(_, id)| ctx.project.dimensions[id].column_type).collect();
    types.dedup();
    match types.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        [first, other, ..] => {
            let message = format!("`{}` is a {first} for one metric and a {other} for another", words.join("."));
            Err(GraphqlError::plan(PlanErrorCode::InvalidFilter, message)
                .help("Write its path from the model that is meant, or ask for the metrics one by one."))
        }
    }
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
    let at_end = |model: ModelId| project.dimension_named(model, last);
    let find = |reach: Reach| {
        let follow = |start: ModelId, roles: &[&str]| {
            let step = |model, role: &&str| Some(project.joins[project.join_named(model, reach, role)?].to);
            roles.iter().try_fold(start, step).and_then(at_end)
        };
        let Some((first, roles)) = before.split_first() else { return project.models.ids().find_map(at_end) };
        let may = |id: &JoinId| project.joins_at(project.joins[*id].from, reach).any(|join| join == *id);
        let ends = project.joins_named(first).iter().filter(|id| may(id)).map(|id| project.joins[*id].to);
        ends.chain(project.model_named(first)).find_map(|model| follow(model, roles))
    };
    let found = [Reach::Declared, Reach::ToOne, Reach::ToMany].into_iter().find_map(find);
    let id = found.ok_or_else(unknown)?;
    Ok((words.iter().map(|word| (*word).to_owned()).collect(), id))
}
