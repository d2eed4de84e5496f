//! A path of a query → the one place that a metric's model knows by it.
//!
//! The rules, in order: the path from the metric's model; the one join path that ends in it; a dimension declared
//! `same_as` it. None or two is an error that names the candidates.

use std::iter;

use crate::{
    diagnostics::nearest,
    ids::{DimensionId, JoinId, ModelId},
    plan::{PlanError, PlanErrorCode},
    project::{Project, Route, ends_in, routes_to, to_one_routes, to_one_routes_where},
};

/// A dimension seen from a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct BoundPath {
    /// How to get to the dimension's model.
    pub(in crate::plan) route: Route,
    /// The dimension.
    pub(in crate::plan) dimension: DimensionId,
}

/// Finds what a path means for a model.
pub(in crate::plan) fn bind_path<W: AsRef<str>>(
    project: &Project,
    model: ModelId,
    path: &[W],
) -> Result<BoundPath, PlanError> {
    let words: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    let Some((dimension, roles)) = words.split_last() else {
        return Err(PlanError::new(PlanErrorCode::UnknownField, "an empty path names no dimension"));
    };
    if let Some(found) = walk(project, model, roles, dimension) {
        return Ok(found);
    }
    let candidates = ending_in(project, model, roles, dimension);
    match candidates.as_slice() {
        [found] => Ok(found.clone()),
        [] => same_as(project, model, &words).map_or_else(|| Err(unknown(project, model, &words)), Ok),
        _ => Err(ambiguous(project, model, &words, &candidates)),
    }
}

/// Finds how a model, or the role of a join, is reached from a model over to-one joins.
pub(in crate::plan) fn bind_model(project: &Project, model: ModelId, name: &str) -> Result<Route, PlanError> {
    let here = &project.models[model].name;
    // The nearest one counts: the customer of the parcel, not the parent of that customer.
    let routes = routes_to(project, model, name);
    match routes.as_slice() {
        [route] => Ok(route.clone()),
        [] => {
            Err(PlanError::new(PlanErrorCode::UnreachableDimension, format!("no join leads from `{here}` to `{name}`"))
                .help(format!("Join `{here}` to it, many to one.")))
        }
        several => {
            let roles: Vec<String> = several
                .iter()
                .filter_map(|route| route.0.last())
                .map(|join| format!("`{}`", project.joins[*join].role))
                .collect();
            Err(PlanError::new(
                PlanErrorCode::AmbiguousJoinPath,
                format!("`{name}` is reached from `{here}` over several joins"),
            )
            .help(format!("Name the role: {}.", roles.join(", "))))
        }
    }
}

/// Rule 1: the path from the model itself, with or without the model's name before it.
fn walk(project: &Project, model: ModelId, roles: &[&str], dimension: &str) -> Option<BoundPath> {
    let from = |roles: &[&str]| {
        let mut route = Route::here();
        let mut at = model;
        for role in roles {
            let join = project.join_named(at, role)?;
            route.0.push(join);
            at = project.joins[join].to;
        }
        let dimension = project.dimension_named(at, dimension)?;
        Some(BoundPath { route, dimension })
    };
    from(roles).or_else(|| match roles.split_first() {
        Some((first, rest)) if *first == project.models[model].name => from(rest),
        _ => None,
    })
}

/// Rule 2: join paths whose last roles are the path's; else those that end in the model which the path names.
fn ending_in(project: &Project, model: ModelId, roles: &[&str], dimension: &str) -> Vec<BoundPath> {
    let Some((first, rest)) = roles.split_first() else { return Vec::new() };
    let found = |routes: Vec<Route>| -> Vec<BoundPath> {
        let bound = routes.into_iter().filter_map(|route| {
            let dimension = project.dimension_named(project.route_end(model, &route), dimension)?;
            Some(BoundPath { route, dimension })
        });
        bound.collect()
    };
    let by_roles = found(to_one_routes_where(project, model, |joins| ends_in(project, joins, roles)));
    if !by_roles.is_empty() {
        return by_roles;
    }
    // `customers.parent.name`, where the role that leads to the customers has another name: the model is met once.
    let Some(named) = project.model_named(first) else { return Vec::new() };
    let meets = |join: JoinId| project.joins[join].to == named;
    found(to_one_routes_where(project, model, |joins| {
        let last_is = ends_in(project, joins, rest) && joins.next().is_some_and(meets);
        last_is && !iter::from_fn(|| joins.next()).any(meets)
    }))
}

/// Rule 3: a dimension of the model that is declared to mean the same.
fn same_as(project: &Project, model: ModelId, words: &[&str]) -> Option<BoundPath> {
    let same =
        |id: &&DimensionId| project.dimensions[**id].same_as.as_ref().is_some_and(|path| path.iter().eq(words.iter()));
    let dimension = *project.models[model].dimensions.iter().find(same)?;
    Some(BoundPath { route: Route::here(), dimension })
}

fn ambiguous(project: &Project, model: ModelId, words: &[&str], candidates: &[BoundPath]) -> PlanError {
    let paths: Vec<String> = candidates
        .iter()
        .map(|found| format!("`{}`", project.dimension_path(model, &found.route, found.dimension)))
        .collect();
    PlanError::new(
        PlanErrorCode::AmbiguousJoinPath,
        format!("`{}` is reached from `{}` over several joins", words.join("."), project.models[model].name),
    )
    .help(format!("Write one of {}.", paths.join(", ")))
}

/// Tells a misspelling from a dimension that is out of reach, and a to-many join from no join at all.
fn unknown(project: &Project, model: ModelId, words: &[&str]) -> PlanError {
    let path = words.join(".");
    let here = &project.models[model].name;
    let (dimension, roles) = words.split_last().expect("an empty path was refused");
    let owner = roles.last().and_then(|role| {
        project
            .model_named(role)
            .or_else(|| project.joins.values().find(|join| join.role == **role).map(|join| join.to))
    });
    let Some(owner) = owner else {
        let names = roles.last().map_or_else(
            || dimension_names(project, model),
            |_| {
                let models = project.models.values().map(|model| model.name.as_str());
                models.chain(project.joins.values().map(|join| join.role.as_str())).collect()
            },
        );
        let wrong = roles.last().unwrap_or(dimension);
        let error = PlanError::new(PlanErrorCode::UnknownField, format!("`{here}` knows no `{path}`"));
        return match nearest(wrong, names.iter().copied()) {
            Some(near) => error.help(format!("Did you mean `{}`?", path.replacen(*wrong, near, 1))),
            None => error.help("Write a dimension of the metric's model, or the path over its joins."),
        };
    };
    if project.dimension_named(owner, dimension).is_none() {
        let owner_name = &project.models[owner].name;
        let error =
            PlanError::new(PlanErrorCode::UnknownField, format!("model `{owner_name}` has no dimension `{dimension}`"));
        return match nearest(dimension, dimension_names(project, owner)) {
            Some(near) => error.help(format!("Did you mean `{near}`?")),
            None => error,
        };
    }
    let owner_name = &project.models[owner].name;
    let many = to_one_routes(project, owner).iter().any(|route| project.route_end(owner, route) == model);
    if many && owner != model {
        return PlanError::new(
            PlanErrorCode::FanOutRefused,
            format!(
                "one row of `{here}` may have many rows of `{owner_name}`, so `{path}` would count it once for each"
            ),
        )
        .help(format!("Filter with `exists({owner_name} where …)`, or ask for a metric of `{owner_name}`."));
    }
    PlanError::new(PlanErrorCode::UnreachableDimension, format!("no join leads from `{here}` to `{path}`"))
        .help(format!("Leave `{path}` out, or ask for metrics whose models join to `{owner_name}`."))
}

fn dimension_names(project: &Project, model: ModelId) -> Vec<&str> {
    project.models[model].dimensions.iter().map(|id| project.dimensions[*id].name.as_str()).collect()
}
