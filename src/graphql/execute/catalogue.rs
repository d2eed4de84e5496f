//! The catalogue: metrics, and what they can be grouped by.

use async_graphql_value::ConstValue;
use serde_json::{Value, json};

use crate::{
    graphql::{
        Compiled, GraphqlError,
        collect::Selected,
        names::{enum_name, field_name},
        request::{self, Context},
        response,
        types::scalar_type,
    },
    ids::{DimensionId, MetricId, ModelId},
    plan::{self, PlanErrorCode},
    project::{Format, Good, Metric, MetricKind, Project, Route, Status, Visible, to_one_routes},
};

/// Answers `metrics`.
pub(super) fn metrics(ctx: &Context<'_>, field: &Selected) -> Result<Value, GraphqlError> {
    let text = |name: &str| match field.argument(name) {
        Some(ConstValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let list = |name: &str| -> Option<Vec<String>> {
        match field.argument(name) {
            Some(ConstValue::List(items)) => Some(items.iter().map(plain).collect()),
            _ => None,
        }
    };
    let (search, owner, after) = (text("search").map(str::to_lowercase), text("owner"), text("after"));
    let (tags, status) = (list("tags"), list("status"));
    let fits = |metric: &Metric| {
        !metric.docs.hidden
            && search.as_deref().is_none_or(|search| mentions(metric, search))
            && owner.is_none_or(|owner| metric.docs.owner.as_deref() == Some(owner))
            && tags.as_ref().is_none_or(|tags| tags.iter().all(|tag| metric.docs.tags.contains(tag)))
            && status.as_ref().is_none_or(|list| list.iter().any(|name| name == response::status(&metric.status)))
            && after.is_none_or(|after| metric.name.as_str() > after)
    };
    let mut found: Vec<(&str, MetricId)> = ctx
        .project
        .metrics
        .iter()
        .filter(|(id, metric)| ctx.project.shows_metric(*id) && fits(metric))
        .map(|(id, metric)| (metric.name.as_str(), id))
        .collect();
    found.sort_unstable();
    let first = usize::try_from(request::first(&field.arguments, 100)?).unwrap_or(usize::MAX);
    let has_next = found.len() > first;
    let total = after.is_none().then(|| found.len().to_string());
    found.truncate(first);
    Ok(json!({
        "nodes": found.iter().map(|(_, id)| node(ctx.project, *id)).collect::<Vec<_>>(),
        "pageInfo": { "hasNextPage": has_next, "endCursor": found.last().map(|(name, _)| name), "totalRows": total },
    }))
}

/// Answers `metric`; there is one revision of each.
pub(super) fn metric(ctx: &Context<'_>, field: &Selected) -> Value {
    let name = field.argument("name").map(plain).unwrap_or_default();
    let first_revision = match field.argument("revision") {
        Some(ConstValue::Number(revision)) => revision.as_i64() == Some(1),
        _ => true,
    };
    let id = ctx.project.metric_named(&name).or_else(|| ctx.vocabulary.metrics.get(&name).copied());
    id.filter(|_| first_revision).map_or(Value::Null, |id| node(ctx.project, id))
}

/// Answers `dimensions`.
pub(super) fn dimensions(ctx: &Context<'_>, field: &Selected) -> Result<Value, GraphqlError> {
    let project = ctx.project;
    let names = match field.argument("metrics") {
        Some(ConstValue::List(names)) => names.iter().map(plain).collect(),
        _ => Vec::new(),
    };
    let mut models: Vec<ModelId> = Vec::new();
    for name in &names {
        let id = project.metric_named(name).or_else(|| ctx.vocabulary.metrics.get(name).copied());
        let id =
            id.ok_or_else(|| GraphqlError::plan(PlanErrorCode::UnknownMetric, format!("there is no metric `{name}`")))?;
        for model in models_of(project, id) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
    }
    let Some((first, others)) = models.split_first() else {
        let own = project.models.ids().flat_map(|model| {
            let shown = shown(project, model);
            shown.map(move |id| dimension(ctx, model, &Route::here(), id, &[]))
        });
        return Ok(own.collect());
    };
    // A dimension that is declared the same is another one, and what the path means for that model.
    let reached =
        |model: ModelId, words: &[&str]| plan::find_dimension(project, model, words).ok().map(|found| found.0);
    let mut found = Vec::new();
    for route in to_one_routes(project, *first) {
        let end = project.route_end(*first, &route);
        for id in shown(project, end) {
            let path = project.dimension_path(*first, &route, id);
            let words: Vec<&str> = path.split('.').collect();
            let theirs: Option<Vec<(ModelId, Route)>> =
                others.iter().map(|model| Some((*model, reached(*model, &words)?))).collect();
            if let Some(theirs) = theirs {
                let paths: Vec<(ModelId, Route)> = [(*first, route.clone())].into_iter().chain(theirs).collect();
                found.push(dimension(ctx, *first, &route, id, &paths));
            }
        }
    }
    Ok(found.into())
}

/// Returns the dimensions of a model that are shown in lists.
fn shown(project: &Visible<'_>, model: ModelId) -> impl Iterator<Item = DimensionId> {
    project.dimensions_of(model).filter(|id| !project.dimensions[*id].docs.hidden)
}

fn dimension(ctx: &Context<'_>, model: ModelId, route: &Route, id: DimensionId, paths: &[(ModelId, Route)]) -> Value {
    let project = ctx.project;
    let dimension = &project.dimensions[id];
    let path = project.dimension_path(model, route, id);
    let joined = paths.iter().map(|(model, route)| {
        let roles: Vec<&str> = route.0.iter().map(|join| project.joins[*join].role.as_str()).collect();
        json!({ "model": project.models[*model].name, "roles": roles })
    });
    json!({
        "path": path,
        "field": path.split('.').map(field_name).collect::<Vec<_>>().join("."),
        "name": dimension.name,
        "model": project.models[dimension.model].name,
        "label": dimension.docs.label,
        "description": dimension.docs.description,
        "owner": dimension.docs.owner,
        "group": dimension.docs.group,
        "type": value_type(scalar_type(dimension.column_type)),
        "unit": dimension.unit,
        "values": if project.masks(id) { &[][..] } else { &dimension.values },
        "synonyms": dimension.docs.synonyms,
        "joinPaths": joined.collect::<Vec<_>>(),
    })
}

fn node(project: &Visible<'_>, id: MetricId) -> Value {
    let metric = &project.metrics[id];
    let (replaced_by, sunset) = match &metric.status {
        Status::Deprecated { replaced_by, sunset } => {
            let replacement = Some(*replaced_by).filter(|id| project.shows_metric(*id));
            (replacement.map(|id| &project.metrics[id].name), *sunset)
        }
        Status::Active | Status::Draft | Status::Proposed => (None, None),
    };
    let kind = match &metric.kind {
        MetricKind::Simple(_) => "SIMPLE",
        MetricKind::Derived { .. } => "DERIVED",
        MetricKind::Cumulative { .. } => "CUMULATIVE",
        MetricKind::Nested(_) => "NESTED",
        MetricKind::Funnel(_) => "FUNNEL",
    };
    let inputs = project.inputs(id);
    let inputs: Vec<&str> = inputs.iter().map(|id| project.metrics[*id].name.as_str()).collect();
    let models: Vec<&str> = models_of(project, id).iter().map(|model| project.models[*model].name.as_str()).collect();
    json!({
        "name": metric.name,
        "field": field_name(&metric.name),
        "label": metric.docs.label,
        "description": metric.docs.description,
        "owner": metric.docs.owner,
        "group": metric.docs.group,
        "kind": kind,
        "type": value_type(scalar_type(metric.value_type)),
        "unit": metric.unit,
        "format": metric.format.map(format_text),
        "good": metric.good.map(|good| match good {
            Good::Up => "UP",
            Good::Down => "DOWN",
        }),
        "status": response::status(&metric.status),
        "replacedBy": replaced_by,
        "sunset": sunset.map(|day| day.to_string()),
        "tags": metric.docs.tags,
        "synonyms": metric.docs.synonyms,
        "hash": metric.hash,
        "inputs": inputs,
        "models": models,
    })
}

/// Returns what `CompiledSql` tells.
pub(super) fn compiled(compiled: &Compiled) -> Value {
    let (pruning, joins) = response::compiled(&compiled.plan);
    json!({
        "sql": compiled.text.sql,
        "dialect": enum_name(compiled.dialect.name()),
        "parameters": compiled.text.parameters.iter().map(response::shown).collect::<Vec<_>>(),
        "pruning": pruning,
        "joinSafety": joins,
    })
}

/// Returns the value of `ValueType` for a scalar: `BigInt` → `BIG_INT`.
pub(super) fn value_type(scalar: &str) -> &'static str {
    match scalar {
        "BigInt" => "BIG_INT",
        "Decimal" => "DECIMAL",
        "Float" => "FLOAT",
        "Boolean" => "BOOLEAN",
        "Date" => "DATE",
        "DateTime" | "LocalDateTime" => "DATE_TIME",
        "Int" => "INT",
        _ => "STRING",
    }
}

/// Shows a format as it is written in the definitions.
pub(super) fn format_text(format: Format) -> String {
    match format {
        Format::Decimal(digits) => format!("decimal {digits}"),
        Format::Percent(digits) => format!("percent {digits}"),
        Format::Currency(digits) => format!("currency {digits}"),
        Format::Id => "id".to_owned(),
    }
}

/// Returns the models whose rows a metric aggregates, each once.
fn models_of(project: &Project, id: MetricId) -> Vec<ModelId> {
    let mut models = Vec::new();
    for leaf in project.leaves(id) {
        if let MetricKind::Simple(simple) = &project.metrics[leaf].kind
            && !models.contains(&simple.model)
        {
            models.push(simple.model);
        }
    }
    models
}

fn mentions(metric: &Metric, search: &str) -> bool {
    let docs = &metric.docs;
    let texts = [Some(&metric.name), docs.label.as_ref(), docs.description.as_ref(), docs.group.as_ref()];
    let texts = texts.into_iter().flatten().chain(&docs.synonyms).chain(&docs.tags);
    texts.into_iter().any(|text| text.to_lowercase().contains(search))
        || field_name(&metric.name).to_lowercase().contains(search)
}

fn plain(value: &ConstValue) -> String {
    match value {
        ConstValue::String(text) => text.clone(),
        ConstValue::Enum(name) => name.to_string(),
        other => other.to_string(),
    }
}
