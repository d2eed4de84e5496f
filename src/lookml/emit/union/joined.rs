//! Models that every fact of a union reaches → joins of its explore.
//!
//! Customers are joined on a key that each fact brings along: a parcel its own `customer_id`, a claim that of its parcel.
//! What goes on from a joined model is joined to it, as in the explores of the facts. Looker leaves a join out that a
//! query does not need.
//!
//! **Invariant:** a model is joined once, to at most one row for each row of the union.

use std::collections::BTreeMap;

use super::{
    super::{super::tree, Emission, explore},
    Fact, Names, Shared,
};
use crate::{
    ids::{JoinId, ModelId},
    project::{Project, Ref, Route},
    sql::Expr,
};

/// A model that is joined to a union.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) model: ModelId,
    /// How each fact gets there, in the order of the facts.
    pub(super) at: Vec<Route>,
    /// The columns of the union that hold our side of the keys; none if it goes on from another joined model.
    pub(super) keys: Vec<String>,
}

/// Takes the dimensions of models that can be joined from those that are shared; the rest are columns.
pub(super) fn take_joined(
    emission: &Emission<'_>,
    facts: &[Fact],
    shared: &mut Vec<Shared>,
    names: &mut Names,
) -> (usize, Vec<Joined>) {
    let project = emission.project;
    let mut models: BTreeMap<Vec<Route>, ModelId> = BTreeMap::new();
    for one in shared.iter().filter(|one| is_of_joined(one)) {
        let routes = one.at.iter().map(|(route, _)| route.clone()).collect();
        models.insert(routes, project.dimensions[one.at[0].1].model);
    }
    // The aliases are those of the fact that is nearest to all of it.
    let hops = |at: &usize| models.keys().map(|routes| routes[*at].0.len()).sum::<usize>();
    let anchor = (0..facts.len()).min_by_key(hops).unwrap_or_default();
    let scope = emission.scope(facts[anchor].home.model);
    models.retain(|routes, _| scope.alias(&routes[anchor]).is_some() && have_equal_keys(project, routes));
    let order = |routes: &Vec<Route>| scope.routes.iter().position(|route| *route == routes[anchor]);
    let mut ordered: Vec<(Vec<Route>, ModelId)> = models.into_iter().collect();
    ordered.sort_by_key(|(routes, _)| order(routes));
    let mut joined: Vec<Joined> = Vec::new();
    for (at, model) in ordered {
        let before: Vec<Route> = at.iter().map(without_last).collect();
        let goes_on = joined.iter().any(|other| other.at == before) && last_of(&at).is_some();
        let keys = if goes_on { Vec::new() } else { key_names(emission, &at[anchor], names) };
        joined.push(Joined { model, at, keys });
    }
    shared.retain(|one| {
        !is_of_joined(one) || !joined.iter().any(|joined| joined.at.iter().eq(one.at.iter().map(|(route, _)| route)))
    });
    (anchor, joined)
}

/// Returns whether a dimension is one of a model that every fact joins.
fn is_of_joined(shared: &Shared) -> bool {
    let id = shared.at[0].1;
    shared.at.iter().all(|(route, dimension)| !route.0.is_empty() && *dimension == id)
}

fn without_last(route: &Route) -> Route {
    Route(route.0[..route.0.len() - 1].to_vec())
}

/// Returns the join by which all facts come to a model, if it is one.
fn last_of(at: &[Route]) -> Option<JoinId> {
    let last = *at.first()?.0.last()?;
    at.iter().all(|route| route.0.last() == Some(&last)).then_some(last)
}

/// Returns whether all facts meet a model by the same columns of it.
fn have_equal_keys(project: &Project, at: &[Route]) -> bool {
    let mut keys = at.iter().filter_map(|route| {
        let join = &project.joins[*route.0.last()?];
        // The version is found within each fact, by the time of its metrics.
        if join.is_by_metric() {
            return None;
        }
        let theirs: Vec<&String> = join.keys.iter().map(|key| &key.theirs).collect();
        (join.reverse_of.is_none()).then_some((theirs, join.as_of.is_some()))
    });
    let first = keys.next();
    first.is_some() && keys.clone().count() + 1 == at.len() && keys.all(|other| Some(&other) == first.as_ref())
}

fn key_names(emission: &Emission<'_>, route: &Route, names: &mut Names) -> Vec<String> {
    let project = emission.project;
    let join = &project.joins[*route.0.last().expect("a joined model is at the end of a join")];
    let at = join.as_of.as_ref().map(|_| "at");
    let theirs = join.keys.iter().map(|key| key.theirs.as_str()).chain(at);
    theirs.map(|theirs| names.claim(&format!("{}_{theirs}", join.role))).collect()
}

/// Returns our side of the keys of a joined model, seen from a model on the way, in the order of the columns.
pub(super) fn keys(project: &Project, route: &Route) -> (Route, Vec<Expr<Ref>>) {
    let join = &project.joins[*route.0.last().expect("a joined model is at the end of a join")];
    (without_last(route), join.keys.iter().map(|key| key.ours.clone()).chain(join.own_as_of().cloned()).collect())
}

/// Makes the joins of the explore of a union.
pub(super) fn joins(
    emission: &mut Emission<'_>,
    union: &str,
    (anchor, fact): (usize, &Fact),
    joined: &[Joined],
) -> Result<Vec<tree::Join>, String> {
    let mut joins = Vec::new();
    for one in joined {
        let near: Vec<String> = one.keys.iter().map(|key| format!("{union}.{key}")).collect();
        let near = (!near.is_empty()).then_some(near.as_slice());
        joins.push(explore::join(emission, fact.home.model, &one.at[anchor], near)?);
    }
    Ok(joins)
}
