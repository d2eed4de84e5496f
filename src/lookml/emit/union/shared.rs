//! The dimensions that every fact of a union reaches by the same path.
//!
//! `customers.country` is that of a parcel's customer and, over its parcel, that of a claim; `origin.region` is also a
//! budget's own `region`, which says that it is the same.
//!
//! **Invariant:** a path means for each fact what a query by it means to the API.

use std::collections::BTreeSet;

use super::{
    super::{Emission, home::Home},
    Fact,
};
use crate::{
    ids::{DimensionId, ModelId},
    plan,
    project::{Project, Ref, Restriction, Route, TimeAxis, Visible},
    sql::Expr,
};

/// A dimension of a union.
#[derive(Clone, Debug)]
pub(in crate::lookml::emit) struct Shared {
    /// The path, as a query writes it.
    pub(in crate::lookml::emit) path: Vec<String>,
    /// How each fact gets there, in the order of the facts.
    pub(in crate::lookml::emit) at: Vec<(Route, DimensionId)>,
}

impl Shared {
    /// Whether it is a dimension at the end of a way from the first fact.
    pub(in crate::lookml::emit) fn is(&self, route: &Route, dimension: DimensionId) -> bool {
        self.at.first().is_some_and(|at| (&at.0, at.1) == (route, dimension))
    }
}

/// How far what a dimension needs may lie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// At the end of its own way: joins for one dimension would be made in every query.
    Own,
    /// Over further joins.
    Further,
}

/// Finds what all facts share; the path is the shortest that names a role or a model.
pub(in crate::lookml::emit) fn shared(emission: &Emission<'_>, facts: &[Fact]) -> Vec<Shared> {
    found(emission, facts, Reach::Own)
}

/// Finds what the rows of one model can be shown by where all joins are made anyway.
pub(in crate::lookml::emit) fn reached(emission: &Emission<'_>, home: &Home) -> Vec<Shared> {
    found(emission, &[Fact { home: home.clone(), later: 0, window: None }], Reach::Further)
}

fn found(emission: &Emission<'_>, facts: &[Fact], reach: Reach) -> Vec<Shared> {
    let project = Visible::whole(emission.project);
    let mut found: Vec<Shared> = Vec::new();
    let mut seen = BTreeSet::new();
    for fact in facts {
        let model = fact.home.model;
        let here = Route::here();
        for route in std::iter::once(&here).chain(&emission.scope(model).routes) {
            for dimension in &project.models[project.route_end(model, route)].dimensions {
                if project.dimensions[*dimension].docs.hidden {
                    continue;
                }
                let Some(shared) = meeting(emission, &project, facts, (model, route, *dimension), reach) else {
                    continue;
                };
                if seen.insert(shared.at.clone()) {
                    found.push(shared);
                }
            }
        }
    }
    found
}

/// Returns a dimension under the shortest path by which every fact finds it.
fn meeting(
    emission: &Emission<'_>,
    project: &Visible<'_>,
    facts: &[Fact],
    (model, route, dimension): (ModelId, &Route, DimensionId),
    reach: Reach,
) -> Option<Shared> {
    let name = project.dimensions[dimension].name.as_str();
    let roles: Vec<&str> = if route.0.is_empty() {
        vec![project.models[model].name.as_str()]
    } else {
        route.0.iter().map(|join| project.joins[*join].role.as_str()).collect()
    };
    (0..roles.len()).rev().find_map(|from| {
        let path: Vec<String> = roles[from..].iter().chain([&name]).map(|word| (*word).to_owned()).collect();
        let at: Vec<(Route, DimensionId)> = facts
            .iter()
            .map(|fact| plan::find_dimension(project, fact.home.model, &path).ok())
            .collect::<Option<_>>()?;
        let is_it = |(fact, found): (&Fact, &(Route, DimensionId))| {
            fact.home.model != model || (&found.0, found.1) == (route, dimension)
        };
        let means_it = |(_, found): &(Route, DimensionId)| {
            *found == dimension || project.dimensions[*found].same_as.as_ref().is_some_and(|same| *same == path)
        };
        let is_same = facts.iter().zip(&at).all(is_it) && at.iter().all(means_it);
        let is_sayable = facts.iter().zip(&at).all(|(fact, (route, dimension))| {
            is_open(emission, fact.home.model, route)
                && is_plain(emission, *dimension, |id| {
                    reach == Reach::Further && reads_open(emission, fact.home.model, route, id)
                })
        });
        (is_same && is_sayable && !is_moved_time(facts, &at)).then_some(Shared { path, at })
    })
}

/// Returns whether it is the time of a fact whose rows are shown later, or in several periods: to the API its path is the time, which is the
/// union's period.
fn is_moved_time(facts: &[Fact], at: &[(Route, DimensionId)]) -> bool {
    facts.iter().zip(at).any(|(fact, (route, dimension))| {
        let is_axis = |axis: &TimeAxis| axis.route == *route && axis.dimension == *dimension;
        (fact.later != 0 || fact.window.is_some()) && fact.home.axis.as_ref().is_some_and(is_axis)
    })
}

/// Returns whether everyone who sees the rows of a model sees those on a way, without a bound.
fn is_open(emission: &Emission<'_>, model: ModelId, route: &Route) -> bool {
    let mut ways = (1..=route.0.len()).map(|n| Route(route.0[..n].to_vec()));
    ways.all(|way| {
        let end = emission.project.route_end(model, &way);
        let is_bounded = emission.partition(end).is_some_and(|partition| partition.required);
        !is_bounded && !emission.unsayable.contains_key(&end) && emission.is_seen_with(model, &way)
    })
}

/// Returns whether everyone may see a dimension as it is, and it needs no joins of its own, or those that may be made.
fn is_plain(emission: &Emission<'_>, id: DimensionId, may_cross: impl Fn(DimensionId) -> bool) -> bool {
    let project = emission.project;
    let dimension = &project.dimensions[id];
    let is_kept = |restriction: &Restriction| restriction.dimensions.contains(&id) || restriction.masked.contains(&id);
    let draft = emission.draft(dimension.model);
    let is_own = !draft.left_out.contains_key(&id) && (!draft.crossing.contains(&id) || may_cross(id));
    is_own && !project.policies.restrictions.iter().any(is_kept) && !shows_metric(project, id)
}

/// Returns whether everyone who sees the rows of a model sees what a dimension at the end of a way reads over joins.
fn reads_open(emission: &Emission<'_>, model: ModelId, way: &Route, id: DimensionId) -> bool {
    let mut open = true;
    emission.project.dimensions[id].expr.for_each_leaf(&mut |leaf| {
        open &= match leaf {
            Ref::Column { route, .. } => is_open(emission, model, &way.then(route)),
            Ref::Dimension { route, dimension } => {
                let way = way.then(route);
                is_open(emission, model, &way)
                    && is_plain(emission, *dimension, |id| reads_open(emission, model, &way, id))
            }
            Ref::Exists { route, .. } => route.0.is_empty(),
            Ref::Verbatim(_) => true,
            Ref::Claim { .. } | Ref::Calendar { .. } => false,
        };
    });
    open
}

/// Returns whether a dimension shows a metric of a row, itself or through others.
fn shows_metric(project: &Project, id: DimensionId) -> bool {
    let dimension = &project.dimensions[id];
    dimension.metric.is_some() || names_metric(project, &dimension.expr)
}

/// Returns whether an expression shows a metric of a row.
pub(in crate::lookml::emit) fn names_metric(project: &Project, expr: &Expr<Ref>) -> bool {
    let mut found = false;
    expr.for_each_leaf(&mut |leaf| {
        found |= match leaf {
            Ref::Dimension { dimension, .. } => shows_metric(project, *dimension),
            Ref::Exists { filter, .. } => filter.as_ref().is_some_and(|filter| names_metric(project, filter)),
            Ref::Calendar { day, .. } => names_metric(project, day),
            Ref::Column { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => false,
        };
    });
    found
}
