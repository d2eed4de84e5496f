//! A path of a query → the one place that a metric's model knows by it.
//!
//! The rules, in order: the path from the metric's model; the one join path that ends in it; a dimension declared
//! `same_as` it. Only where none of them finds anything, joins are walked the other way: one-to-one ones, and for keys
//! those with `fan_out`. None or two is an error that names the candidates.
//!
//! **Invariant:** a join that may be walked the other way changes the meaning of no path that had one without it.

use std::iter;

use crate::{
    diagnostics::nearest,
    ids::{DimensionId, JoinId, ModelId},
    plan::{PlanError, PlanErrorCode},
    project::{Project, Reach, Route, Visible, ends_in, routes_to, routes_where, to_one_routes, undirected_way},
    time::{Granularity, TimePart},
};

/// A dimension seen from a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct BoundPath {
    /// How to get to the dimension's model.
    pub(in crate::plan) route: Route,
    /// The dimension.
    pub(in crate::plan) dimension: DimensionId,
}

/// Finds what a path means for a model, over joins that multiply no row.
pub(in crate::plan) fn bind_path<W: AsRef<str>>(
    project: &Visible<'_>,
    model: ModelId,
    path: &[W],
) -> Result<BoundPath, PlanError> {
    bind_within(project, model, path, &[Reach::Declared, Reach::ToOne])
}

/// Finds what the path of a key means for a model: also over joins with `fan_out`, whose rows are counted once per group.
pub(in crate::plan) fn bind_key<W: AsRef<str>>(
    project: &Visible<'_>,
    model: ModelId,
    path: &[W],
) -> Result<BoundPath, PlanError> {
    bind_within(project, model, path, &[Reach::Declared, Reach::ToOne, Reach::ToMany])
}

fn bind_within<W: AsRef<str>>(
    project: &Visible<'_>,
    model: ModelId,
    path: &[W],
    reaches: &[Reach],
) -> Result<BoundPath, PlanError> {
    let words: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    if words.is_empty() {
        return Err(PlanError::new(PlanErrorCode::UnknownField, "an empty path names no dimension"));
    }
    let mut found = candidates(project, model, &words, reaches);
    match found.len() {
        0 => Err(unknown(project, model, &words)),
        1 => Ok(found.remove(0)),
        _ => Err(ambiguous(project, model, &words, &found)),
    }
}

/// Returns whether a path means something for a model; [`bind_path`] says what, or why not.
pub(in crate::plan) fn knows_path<W: AsRef<str>>(project: &Visible<'_>, model: ModelId, path: &[W]) -> bool {
    let words: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    candidates(project, model, &words, &[Reach::Declared, Reach::ToOne]).len() == 1
}

/// Returns what a path may mean by the first rule that finds anything.
fn candidates(project: &Visible<'_>, model: ModelId, words: &[&str], reaches: &[Reach]) -> Vec<BoundPath> {
    let Some((dimension, roles)) = words.split_last() else { return Vec::new() };
    for reach in reaches {
        if let Some(found) = walk(project, model, *reach, roles, dimension) {
            return vec![found];
        }
        let found = ending_in(project, model, *reach, roles, dimension);
        if !found.is_empty() {
            return found;
        }
        if let Some(found) = same_as(project, model, words).filter(|_| *reach == Reach::Declared) {
            return vec![found];
        }
    }
    Vec::new()
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
fn walk(project: &Visible<'_>, model: ModelId, reach: Reach, roles: &[&str], dimension: &str) -> Option<BoundPath> {
    let from = |roles: &[&str]| {
        let mut route = Route::here();
        let mut at = model;
        for role in roles {
            let join = project.join_named(at, reach, role)?;
            if !project.may_take(route.0.iter().copied(), join) {
                return None;
            }
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
fn ending_in(project: &Visible<'_>, model: ModelId, reach: Reach, roles: &[&str], dimension: &str) -> Vec<BoundPath> {
    let Some((first, rest)) = roles.split_first() else { return Vec::new() };
    let found = |routes: Vec<Route>| -> Vec<BoundPath> {
        let bound = routes.into_iter().filter_map(|route| {
            let dimension = project.dimension_named(project.route_end(model, &route), dimension)?;
            Some(BoundPath { route, dimension })
        });
        bound.collect()
    };
    let by_roles = found(routes_where(project, model, reach, |joins| ends_in(project, joins, roles)));
    if !by_roles.is_empty() {
        return by_roles;
    }
    // `customers.parent.name`, where the role that leads to the customers has another name: the model is met once.
    let Some(named) = project.model_named(first) else { return Vec::new() };
    let meets = |join: JoinId| project.joins[join].to == named;
    found(routes_where(project, model, reach, |joins| {
        let last_is = ends_in(project, joins, rest) && joins.next().is_some_and(meets);
        last_is && !iter::from_fn(|| joins.next()).any(meets)
    }))
}

/// Rule 3: a dimension of the model that is declared to mean the same.
fn same_as(project: &Visible<'_>, model: ModelId, words: &[&str]) -> Option<BoundPath> {
    let same =
        |id: &DimensionId| project.dimensions[*id].same_as.as_ref().is_some_and(|path| path.iter().eq(words.iter()));
    let dimension = project.dimensions_of(model).find(same)?;
    Some(BoundPath { route: Route::here(), dimension })
}

fn ambiguous(project: &Visible<'_>, model: ModelId, words: &[&str], candidates: &[BoundPath]) -> PlanError {
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
fn unknown(project: &Visible<'_>, model: ModelId, words: &[&str]) -> PlanError {
    let path = words.join(".");
    let here = &project.models[model].name;
    let (dimension, roles) = words.split_last().expect("an empty path was refused");
    let owner = roles.last().and_then(|role| {
        project
            .model_named(role)
            .or_else(|| project.joins.values().find(|join| join.role == **role).map(|join| join.to))
    });
    let Some(owner) = owner else {
        if let Some(help) = roles.is_empty().then(|| through(project, model, dimension)).flatten() {
            let message = format!("`{dimension}` is a join of `{here}`, and no dimension");
            return PlanError::new(PlanErrorCode::UnknownField, message).help(help);
        }
        if let Some(help) = roles.is_empty().then(|| elsewhere(project, model, dimension)).flatten() {
            return PlanError::new(PlanErrorCode::UnknownField, format!("`{here}` knows no `{path}`")).help(help);
        }
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
    if let Some(error) = walked_twice(project, model, &words[..words.len() - 1]) {
        return error;
    }
    let owner_name = &project.models[owner].name;
    if owner != model
        && let Some(error) = over_many(project, model, owner, &path)
    {
        return error;
    }
    PlanError::new(PlanErrorCode::UnreachableDimension, format!("no join leads from `{here}` to `{path}`"))
        .help(format!("Leave `{path}` out, or ask for metrics whose models join to `{owner_name}`."))
}

/// Tells a path that takes a join twice: `parent.parent.name`.
fn walked_twice(project: &Project, model: ModelId, roles: &[&str]) -> Option<PlanError> {
    let (mut at, roles) = match roles.split_first() {
        Some((first, rest)) if project.join_named(model, Reach::ToMany, first).is_none() => {
            (project.model_named(first)?, rest)
        }
        _ => (model, roles),
    };
    let mut walked = Vec::new();
    for role in roles {
        let join = project.join_named(at, Reach::ToMany, role)?;
        let definition = &project.joins[join];
        if !project.may_take(walked.iter().copied(), join) {
            let name = &project.models[definition.from].name;
            let help = if definition.from == definition.to {
                format!("Give `{name}` a join of its own for the further step, with `{role}.…` in its key.")
            } else {
                "Write the path without the way there and back.".to_owned()
            };
            let message = format!("a path takes a join once, and this one takes `{role}` again");
            return Some(PlanError::new(PlanErrorCode::UnreachableDimension, message).help(help));
        }
        walked.push(join);
        at = definition.to;
    }
    None
}

/// Tells a dimension that lies over a to-many join, by the whole way, and every way out.
fn over_many(project: &Project, model: ModelId, owner: ModelId, path: &str) -> Option<PlanError> {
    let way = undirected_way(project, model, owner)?;
    let name = |model: ModelId| project.models[model].name.as_str();
    let (first_back, _) = way.iter().find(|(_, forward)| !forward)?;
    let (here, owner) = (name(model), name(owner));
    let mut drawn = here.to_owned();
    for (join, forward) in &way {
        let join = &project.joins[*join];
        let (arrow, next) = if *forward { ("→", join.to) } else { ("←", join.from) };
        drawn.push_str(&format!(" {arrow} {}", name(next)));
    }
    let many = &project.joins[*first_back];
    let mut back = project.models[many.to].back_joins.iter().map(|join| &project.joins[*join]);
    let allowed = back.any(|back| back.reverse_of == Some(*first_back) && back.fan_out.is_some());
    let ways_out = if allowed {
        format!(
            "Filter with `exists({} where …)`, in GraphQL by a boolean dimension with that as its `expr`; as a key it may be asked for.",
            name(many.from)
        )
    } else {
        format!(
            "Filter with `exists({many} where …)`, in GraphQL by a boolean dimension with that as its `expr`, ask for a metric of `{owner}`, or give join `{}` of `{many}` `fan_out: \
             dedupe`, which counts each row once per group.",
            many.role,
            many = name(many.from),
        )
    };
    let message = format!(
        "one row of `{here}` may have many rows of `{owner}` ({drawn}), so `{path}` would count it once for each"
    );
    Some(PlanError::new(PlanErrorCode::FanOutRefused, message).help(ways_out))
}

/// Where a bare word means something: `time.month` for `month`, `customers.country` for `country`.
fn elsewhere(project: &Visible<'_>, model: ModelId, word: &str) -> Option<String> {
    if Granularity::from_name(word).is_some() || TimePart::from_name(word).is_some() {
        return Some(format!("Write `time.{word}`, or name a time dimension before it."));
    }
    let routes = to_one_routes(project, model);
    let paths: Vec<String> = routes
        .iter()
        .filter_map(|route| {
            let dimension = project.dimension_named(project.route_end(model, route), word)?;
            Some(format!("`{}`", project.dimension_path(model, route, dimension)))
        })
        .take(3)
        .collect();
    (!paths.is_empty()).then(|| format!("Did you mean {}?", paths.join(" or ")))
}

/// How to name something behind a join, where a join's own name was written.
fn through(project: &Visible<'_>, model: ModelId, role: &str) -> Option<String> {
    let join = project.join_named(model, Reach::ToMany, role)?;
    let names = dimension_names(project, project.joins[join].to);
    let paths: Vec<String> = names.iter().take(3).map(|name| format!("`{role}.{name}`")).collect();
    (!paths.is_empty()).then(|| format!("Name one of its dimensions, such as {}.", paths.join(", ")))
}

fn dimension_names<'p>(project: &'p Visible<'_>, model: ModelId) -> Vec<&'p str> {
    project.dimensions_of(model).map(|id| project.dimensions[id].name.as_str()).collect()
}
