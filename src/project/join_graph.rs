//! Routes through the to-one joins.
//!
//! From claims, `origin` ends the route `shipments → origin`. A model may be reached over several routes, and joins may
//! lead in circles (`parent`), so routes have a greatest length and number.
//!
//! **Invariant:** the order of routes follows from the definitions alone: shorter first, then source order.

use super::{Project, Route};
use crate::ids::{Id, JoinId, ModelId};

/// The longest route that is looked for.
const MAX_HOPS: usize = 6;
/// The most routes that are looked for; a project with more has circles of joins, and its near routes are enough.
const MAX_ROUTES: usize = 1_000;

/// Returns the routes over to-one joins from a model, the one that stays first, shorter ones before longer ones.
///
/// A route walks no join twice, so a self join (`parent`) is walked once.
pub fn to_one_routes(project: &Project, from: ModelId) -> Vec<Route> {
    walk_routes(project, from, |_| true)
}

/// Returns the routes from a model whose last roles are `roles`: `origin` finds `shipments.origin`.
pub fn routes_ending_in(project: &Project, from: ModelId, roles: &[&str]) -> Vec<Route> {
    let Some(first) = roles.first() else { return to_one_routes(project, from) };
    // Only models from which a join of the first role can still be reached are worth a visit.
    let mut leads = vec![false; project.models.len()];
    let mut open: Vec<ModelId> =
        project.joins.values().filter(|join| join.role == *first).map(|join| join.from).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let mut into: Vec<Vec<JoinId>> = vec![Vec::new(); project.models.len()];
    for (id, join) in project.joins.iter() {
        into[join.to.index()].push(id);
    }
    while let Some(model) = open.pop() {
        if !std::mem::replace(&mut leads[model.index()], true) {
            open.extend(into[model.index()].iter().map(|join| project.joins[*join].from));
        }
    }
    let ends = |route: &[JoinId]| {
        let begin = route.len().checked_sub(roles.len());
        begin.is_some_and(|begin| {
            route[begin..].iter().zip(roles).all(|(join, role)| project.joins[*join].role == **role)
        })
    };
    let under_way = |route: &[JoinId]| {
        // The last joins may be the first of the roles.
        (1..=roles.len().min(route.len()))
            .any(|n| route[route.len() - n..].iter().zip(roles).all(|(join, role)| project.joins[*join].role == **role))
    };
    let end = |route: &[JoinId]| route.last().map_or(from, |join| project.joins[*join].to);
    let worth = |route: &[JoinId]| leads[end(route).index()] || under_way(route);
    walk_routes(project, from, worth).into_iter().filter(|route| ends(&route.0)).collect()
}

/// Walks breadth-first along the routes that are worth it.
fn walk_routes(project: &Project, from: ModelId, worth: impl Fn(&[JoinId]) -> bool) -> Vec<Route> {
    let mut routes = vec![Route::here()];
    let mut next = 0;
    while next < routes.len() {
        let route = routes[next].clone();
        next += 1;
        if route.0.len() == MAX_HOPS {
            continue;
        }
        let model = project.route_end(from, &route);
        for join in &project.models[model].joins {
            if routes.len() == MAX_ROUTES {
                return routes;
            }
            if !route.0.contains(join) {
                let longer: Vec<JoinId> = route.0.iter().chain([join]).copied().collect();
                if worth(&longer) {
                    routes.push(Route(longer));
                }
            }
        }
    }
    routes
}
