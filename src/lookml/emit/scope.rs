//! The views that a model reaches over its to-one joins, and the names under which its explores know them.
//!
//! A join of the model itself goes by its role (`origin`); further ones by all roles on the way
//! (`shipments_customers`), so that a join added elsewhere never renames one.

use std::collections::BTreeMap;

use super::draft::unique;
use crate::{
    ids::ModelId,
    project::{Project, Route, to_one_routes},
    sql::{Dialect, SqlExpr, print_expression},
};

/// Returns a name for a view that SQL takes without quotes, as Looker writes it: `order` → `order_`.
pub(super) fn unquoted(name: &str, dialect: Dialect) -> String {
    let is_plain = print_expression(&SqlExpr::bare(name), dialect) == name;
    if is_plain { name.to_owned() } else { format!("{name}_") }
}

/// The joined views of a model's explores.
#[derive(Debug)]
pub(super) struct Scope {
    /// The routes in the order of the joins: each after the one it goes on from.
    pub routes: Vec<Route>,
    aliases: BTreeMap<Route, String>,
}

impl Scope {
    /// Names everything that a model reaches.
    pub(super) fn new(project: &Project, model: ModelId, view: &str, dialect: Dialect) -> Self {
        let routes: Vec<Route> =
            to_one_routes(project, model).into_iter().filter(|route| !route.0.is_empty()).collect();
        let mut aliases = BTreeMap::new();
        let mut taken = vec![view.to_owned()];
        for route in &routes {
            let roles: Vec<&str> = route.0.iter().map(|join| project.joins[*join].role.as_str()).collect();
            let alias = unique(&unquoted(&roles.join("_"), dialect), |name| taken.iter().all(|taken| taken != name));
            taken.push(alias.clone());
            aliases.insert(route.clone(), alias);
        }
        Self { routes, aliases }
    }

    /// Returns the name of a joined view; none if the join cannot be said.
    pub(super) fn alias(&self, route: &Route) -> Option<&str> {
        self.aliases.get(route).map(String::as_str)
    }

    /// Returns the names of all joined views.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.values().map(String::as_str)
    }

    /// Takes away a join that cannot be said, and all that go on from it.
    pub(super) fn leave_out(&mut self, route: &Route) {
        let stays = |other: &Route| !other.0.starts_with(&route.0);
        self.routes.retain(&stays);
        self.aliases.retain(|other, _| stays(other));
    }
}
