//! Names in a filter → dimensions, periods, parts of dates, and `exists`.
//!
//! **Invariant:** a name means the same as in a key of the same query.

use super::{FilterContext, bind_filter};
use crate::{
    catalog::ColumnType,
    diagnostics::nearest,
    files::Spanned,
    ids::{JoinId, MetricId, ModelId},
    plan::{
        PlanError, PlanErrorCode,
        bind::{BoundPath, GroupKey, Shift, bind_key, bind_model, bind_path},
        calendar::{self, CalendarColumn},
        condition::{ShiftedTime, Typed, unknown_function},
        scope::Scope,
        time,
    },
    project::{DimensionKind, Route, to_one_routes},
    sql::{BinaryOp, Expr, Name, UnaryOp},
    time::{Granularity, TimePart},
};

pub(super) fn bind_name(context: &FilterContext<'_>, scope: &mut Scope<'_>, name: &Name) -> Result<Typed, PlanError> {
    match name {
        Name::Path(words) => bind_words(context, scope, words),
        Name::Exists { path, filter, .. } => exists(context, scope, path, filter.as_deref()),
        Name::UnknownFunction { name } => Err(unknown_function(name)),
        Name::Claim { name } => Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`$principal.{}` is for the rows of a policy", name.value),
        )
        .help("Write the value itself.")),
        Name::AggregateFunction { name } => Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`{}` is an aggregate, and a filter is about single rows", name.value),
        )
        .help("Put conditions on metrics into `having`.")),
    }
}

fn bind_words(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    words: &[Spanned<String>],
) -> Result<Typed, PlanError> {
    let path: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    let (found, rest) = if path[0] == "time" {
        let axis = context.axis.ok_or_else(|| {
            PlanError::new(
                PlanErrorCode::UnreachableDimension,
                "the filter names `time`, and a metric has no time axis",
            )
        })?;
        (BoundPath { route: axis.route.clone(), dimension: axis.dimension }, &path[1..])
    } else {
        match (find(context, &path), metric_of_row(context, &path)) {
            (Ok(found), _) => found,
            (Err(_), Some((route, model, metric))) => {
                let value_type = context.project.metrics[metric].value_type;
                return Ok(Typed::new(scope.metric(&context.onward(&route), model, metric), value_type));
            }
            (Err(error), None) => return Err(error),
        }
    };
    let definition = &context.project.dimensions[found.dimension];
    // By whatever name, the time of the metric moves with it.
    let shift = if context.is_axis(&found) { context.shift } else { Shift::default() };
    let route = context.onward(&found.route);
    match (definition.kind, rest) {
        (DimensionKind::Time { .. }, []) => {
            let value = scope.time(&route, found.dimension);
            Ok(Typed {
                expr: value.moved(context.cut, shift),
                column_type: value.column_type,
                time: Some(ShiftedTime { value, shift }),
            })
        }
        (DimensionKind::Time { .. }, [word]) => {
            let value = scope.time(&route, found.dimension);
            if let Some(granularity) = Granularity::from_name(word) {
                time::check_finest(definition, granularity)?;
                let expr = value.period_of_moved(context.cut, granularity, shift);
                return Ok(Typed::new(expr, time::period_type(value.column_type, granularity)));
            }
            if let Some(id) = context.project.calendar_granularity(word) {
                if shift.months != 0 {
                    return Err(shifted_by_months(word));
                }
                time::check_finest(definition, Granularity::Day)?;
                let expr = scope.calendar(id, CalendarColumn::Value, value.shifted_day(context.cut, shift));
                return Ok(Typed::new(expr, context.project.granularities[id].column_type));
            }
            let Some(part) = TimePart::from_name(word) else {
                return Err(calendar::unknown_size(context.project, word));
            };
            time::check_finest(definition, part.finest())?;
            Ok(Typed::new(value.part(context.cut, part, shift), ColumnType::Integer))
        }
        (DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. }, []) => {
            Ok(Typed::new(scope.dimension(&route, found.dimension), definition.column_type))
        }
        (_, [word, ..]) => Err(no_granularity(word)),
    }
}

/// Returns the way to the rows that a name speaks of; nothing for the metrics' time, and for what means nothing.
pub(super) fn route_of(context: &FilterContext<'_>, name: &Name) -> Option<Route> {
    match name {
        Name::Path(words) => {
            let path: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
            let found = find(context, &path).map(|(found, _)| found.route).ok().filter(|_| path[0] != "time");
            found.or_else(|| metric_of_row(context, &path).map(|(route, ..)| route))
        }
        Name::Exists { path, .. } => find_to_many(context, path).map(|(route, _)| route).ok(),
        Name::Claim { .. } | Name::UnknownFunction { .. } | Name::AggregateFunction { .. } => None,
    }
}

/// Returns whether a part of a filter compares the metrics' time with something else of the row: that a parcel was
/// delivered in the month of its booking was so a month ago as well, when neither had moved. What conditions in the part
/// compare is asked of them.
pub(super) fn compares_own_time(context: &FilterContext<'_>, part: &Expr<Name>) -> bool {
    // Both ends are compared by themselves.
    if matches!(part, Expr::Between { .. }) {
        return false;
    }
    let (mut names_time, mut names_more) = (false, false);
    for_each_name_beside_conditions(part, &mut |name| {
        if is_own_time(context, name) { names_time = true } else { names_more = true }
    });
    names_time && names_more
}

fn for_each_name_beside_conditions(part: &Expr<Name>, visit: &mut dyn FnMut(&Name)) {
    if let Expr::Leaf(name) = part {
        visit(name);
    }
    part.for_each_child(&mut |child| {
        if !is_condition(child) {
            for_each_name_beside_conditions(child, visit);
        }
    });
}

fn is_condition(expr: &Expr<Name>) -> bool {
    match expr {
        Expr::Binary { op, .. } => op.is_comparison() || matches!(op, BinaryOp::And | BinaryOp::Or),
        Expr::Unary { op: UnaryOp::Not, .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. } => true,
        _ => false,
    }
}

fn is_own_time(context: &FilterContext<'_>, name: &Name) -> bool {
    let Name::Path(words) = name else { return false };
    let path: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    path[0] == "time" || find(context, &path).is_ok_and(|(found, _)| context.is_axis(&found))
}

impl FilterContext<'_> {
    /// Returns whether a path leads to the metrics' time.
    fn is_axis(&self, found: &BoundPath) -> bool {
        self.axis.is_some_and(|axis| axis.route == found.route && axis.dimension == found.dimension)
    }

    /// Returns how a route goes on from the rows that are read.
    fn onward(&self, route: &Route) -> Route {
        let behind = self.behind.and_then(|behind| route.behind(behind));
        behind.unwrap_or_else(|| route.clone())
    }
}

/// Finds the metric that `customers.parcels_booked` means: of the customer of a row, over all time.
fn metric_of_row(context: &FilterContext<'_>, path: &[&str]) -> Option<(Route, ModelId, MetricId)> {
    let [member, metric] = path else { return None };
    let metric = context.project.metric_named(metric)?;
    let route = bind_model(context.project, context.model, member).ok()?;
    let model = context.project.route_end(context.model, &route);
    (!context.project.models[model].primary_key.is_empty()).then_some((route, model, metric))
}

/// Finds the dimension of a path whose last word may be a granularity or a part.
fn find<'w>(context: &FilterContext<'_>, path: &'w [&'w str]) -> Result<(BoundPath, &'w [&'w str]), PlanError> {
    let last = path[path.len() - 1];
    let is_size = Granularity::from_name(last).is_some()
        || TimePart::from_name(last).is_some()
        || context.project.calendar_granularity(last).is_some();
    if is_size && path.len() > 1 {
        let (before, size) = path.split_at(path.len() - 1);
        if let Ok(found) = bind(context, before) {
            return Ok((found, size));
        }
    }
    match bind(context, path) {
        Ok(found) => Ok((found, &[])),
        Err(_) if path.len() == 1 && context.project.metric_named(last).is_some() => Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`{last}` is a metric, and a filter is about single rows"),
        )
        .help("Put conditions on metrics into `having`.")),
        Err(error) => Err(error),
    }
}

/// Finds the dimension of a path: over a to-many join only if rows are grouped by that dimension.
///
/// Then the condition is about a row and the group in which it counts; elsewhere it could as well be about any of the many
/// rows or about all, which `exists` tells apart.
fn bind(context: &FilterContext<'_>, path: &[&str]) -> Result<BoundPath, PlanError> {
    let refused = match bind_path(context.project, context.model, path) {
        Ok(found) => return Ok(found),
        Err(refused) => refused,
    };
    let key = |key: &GroupKey| bind_key(context.project, context.model, key.path()?).ok();
    let found = bind_key(context.project, context.model, path).map_err(|_| refused.clone())?;
    let is_key = context.keys.iter().filter_map(key).any(|key| key == found);
    if is_key { Ok(found) } else { Err(refused) }
}

fn shifted_by_months(word: &str) -> PlanError {
    PlanError::new(
        PlanErrorCode::OffsetFinerThanGranularity,
        format!(
            "the filter names `{word}`, and a metric is taken back by months, which are no periods of the calendar"
        ),
    )
    .help("Use an offset of days, of weeks or of the calendar's own periods.")
}

fn no_granularity(word: &str) -> PlanError {
    PlanError::new(PlanErrorCode::InvalidFilter, format!("`{word}` is neither a granularity nor a part of a date"))
        .help("Write one of hour, day, week, month, quarter, year, or a part such as day_of_week.")
}

fn exists(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    path: &[Spanned<String>],
    filter: Option<&Expr<Name>>,
) -> Result<Typed, PlanError> {
    let (route, join) = find_to_many(context, path)?;
    let route = context.onward(&route);
    let many = context.project.joins[join].from;
    let mut error = None;
    let expr = scope.exists(&route, join, &mut |inner| {
        let context =
            FilterContext { model: many, axis: None, shift: Shift::default(), behind: None, keys: &[], ..*context };
        match filter.map(|filter| bind_filter(&context, inner, filter)).transpose() {
            Ok(bound) => bound,
            Err(wrong) => {
                error.get_or_insert(wrong);
                None
            }
        }
    });
    error.map_or(Ok(Typed::new(expr, ColumnType::Boolean)), Err)
}

/// Finds the one join by which rows of another model point to this model, or to one that it joins to.
fn find_to_many(context: &FilterContext<'_>, path: &[Spanned<String>]) -> Result<(Route, JoinId), PlanError> {
    let project = context.project;
    let text = path.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
    let refuse = |message: String, help: &str| Err(PlanError::new(PlanErrorCode::UnknownField, message).help(help));
    let (model, role) = match path {
        [model] => (model.value.as_str(), None),
        [model, role] => (model.value.as_str(), Some(role.value.as_str())),
        _ => return refuse(format!("`exists` knows no `{text}`"), "Write the name of a model."),
    };
    let Some(many) = project.model_named(model) else {
        let error = PlanError::new(PlanErrorCode::UnknownField, format!("there is no model `{model}`"));
        return Err(match nearest(model, project.model_ids.keys().map(String::as_str)) {
            Some(near) => error.help(format!("Did you mean `{near}`?")),
            None => error,
        });
    };
    let mut found = Vec::new();
    for route in to_one_routes(project, context.model) {
        let one = project.route_end(context.model, &route);
        for join in &project.models[many].joins {
            let definition = &project.joins[*join];
            if definition.to == one && role.is_none_or(|role| definition.role == role) {
                found.push((route.clone(), *join));
            }
        }
        // The nearest model counts: claims of the parcel, not claims of another parcel of its customer.
        if !found.is_empty() {
            break;
        }
    }
    let here = &project.models[context.model].name;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => refuse(
            format!("`{model}` does not join to `{here}`"),
            "`exists` needs a join from the other model to this one.",
        ),
        _ => Err(PlanError::new(
            PlanErrorCode::AmbiguousJoinPath,
            format!("`{model}` joins to `{here}` in several roles"),
        )
        .help(format!(
            "Name the role: {}.",
            found
                .iter()
                .map(|(_, join)| format!("`exists({model}.{} …)`", project.joins[*join].role))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}
