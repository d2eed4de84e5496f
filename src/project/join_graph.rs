//! Routes through the to-one joins.

use super::{Project, Route};
use crate::ids::ModelId;

/// The longest route that is looked for.
const MAX_HOPS: usize = 6;

/// Returns every route over to-one joins from a model, the one that stays first, shorter ones before longer ones.
///
/// A route never enters a model twice over the same join, so a self join (`parent`) is walked once.
pub fn to_one_routes(project: &Project, from: ModelId) -> Vec<Route> {
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
            if !route.0.contains(join) {
                routes.push(Route(route.0.iter().chain([join]).copied().collect()));
            }
        }
    }
    routes
}

/// Returns the routes from a model whose last roles are `roles`: `origin` finds `shipments.origin`.
pub fn routes_ending_in(project: &Project, from: ModelId, roles: &[&str]) -> Vec<Route> {
    to_one_routes(project, from)
        .into_iter()
        .filter(|route| {
            route.0.len() >= roles.len()
                && route.0[route.0.len() - roles.len()..]
                    .iter()
                    .zip(roles)
                    .all(|(join, role)| project.joins[*join].role == **role)
        })
        .collect()
}
