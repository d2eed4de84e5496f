//! Routes through the joins.
//!
//! From claims, `origin` ends the route `shipments → origin`. A model may be reached over several routes, and joins may
//! lead in circles (`parent`), so routes have a greatest length and number. A route takes no join twice, and does not go
//! back over one.
//!
//! **Invariant:** the order of routes follows from the definitions alone: shorter first, then source order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Project, Ref, Route};
use crate::{
    catalog::ColumnType,
    ids::{Id, JoinId, ModelId},
    sql::Expr,
};

/// The longest route that is looked for.
const MAX_HOPS: usize = 6;
/// The most routes that are looked for; a project with more has circles of joins, and its near routes are enough.
const MAX_ROUTES: usize = 1_000;

/// Which joins a route may take. Each adds to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Joins as they were declared, from many to one.
    Declared,
    /// One-to-one joins from the other side as well.
    ToOne,
    /// Joins with `fan_out` from the one side as well, which multiply rows.
    ToMany,
}

impl Project {
    /// Returns the joins that a route may take at a model, those that it declares first.
    pub fn joins_at(&self, model: ModelId, reach: Reach) -> impl Iterator<Item = JoinId> {
        let may = move |join: &JoinId| match reach {
            Reach::Declared => false,
            Reach::ToOne => self.joins[*join].fan_out.is_none(),
            Reach::ToMany => true,
        };
        let model = &self.models[model];
        model.joins.iter().copied().chain(model.back_joins.iter().copied().filter(may))
    }

    /// Returns whether a route may take a join: one that it took neither way yet.
    pub fn may_take(&self, walked: impl IntoIterator<Item = JoinId>, next: JoinId) -> bool {
        let declared = |join: JoinId| self.joins[join].reverse_of.unwrap_or(join);
        walked.into_iter().all(|join| declared(join) != declared(next))
    }

    /// Returns whether every row is promised to meet one at the end of a route.
    pub fn is_complete(&self, route: &Route) -> bool {
        route.0.iter().all(|join| self.joins[*join].complete)
    }

    /// Returns our side of the key that a column at the end of a route is, and where it is read, if the promise that every
    /// row has its match makes the two the same.
    ///
    /// `shipments.customer_id` for `customers.customer_id`, which joins no customers.
    pub fn key_in_reach(&self, route: &Route, column: &str) -> Option<(Route, &Expr<Ref>)> {
        let (last, before) = route.0.split_last().filter(|_| self.is_complete(route))?;
        let key = self.joins[*last].keys.iter().find(|key| key.theirs == column)?;
        let our_type = match &key.ours {
            Expr::Leaf(Ref::Column { column_type, .. }) => *column_type,
            Expr::Leaf(Ref::Dimension { dimension, .. }) if self.plain_column(*dimension).is_some() => {
                self.dimensions[*dimension].column_type
            }
            _ => return None,
        };
        let join = &self.joins[*last];
        let is_same = our_type == key.theirs_type
            && our_type != ColumnType::Unknown
            && self.form_of_ours(join, key) == self.form(join.to, &key.theirs);
        is_same.then(|| (Route(before.to_vec()), &key.ours))
    }

    /// Returns whether a route multiplies rows.
    pub fn fans_out(&self, route: &Route) -> bool {
        route.0.iter().any(|join| self.joins[*join].fan_out.is_some())
    }
}

/// Returns the routes over the joins as declared from a model, the one that stays first, shorter ones before longer ones.
pub fn to_one_routes(project: &Project, from: ModelId) -> Vec<Route> {
    let steps = walk(project, from, Reach::Declared, |_, _| true);
    (0..steps.len()).map(|at| route(&steps, at)).collect()
}

/// Returns the routes whose last joins, the last one first, fulfil a condition, shorter ones before longer ones.
pub fn routes_where(
    project: &Project,
    from: ModelId,
    reach: Reach,
    ends: impl Fn(&mut dyn Iterator<Item = JoinId>) -> bool,
) -> Vec<Route> {
    let steps = walk(project, from, reach, |_, _| true);
    (0..steps.len()).filter(|at| ends(&mut back(&steps, *at))).map(|at| route(&steps, at)).collect()
}

/// Returns the shortest way from one model to another over joins in either direction, with whether each is walked from
/// many to one, as it was declared.
pub fn undirected_way(project: &Project, from: ModelId, to: ModelId) -> Option<Vec<(JoinId, bool)>> {
    let mut ways: Vec<Vec<(ModelId, JoinId, bool)>> = vec![Vec::new(); project.models.len()];
    for (id, join) in project.joins.iter().filter(|(_, join)| join.reverse_of.is_none()) {
        ways[join.from.index()].push((join.to, id, true));
        ways[join.to.index()].push((join.from, id, false));
    }
    let mut came: Vec<Option<(ModelId, JoinId, bool)>> = vec![None; project.models.len()];
    let mut open = VecDeque::from([from]);
    while let Some(model) = open.pop_front() {
        for (next, join, forward) in &ways[model.index()] {
            if *next != from && came[next.index()].is_none() {
                came[next.index()] = Some((model, *join, *forward));
                open.push_back(*next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        let (before, join, forward) = came[at.index()]?;
        way.push((join, forward));
        at = before;
    }
    way.reverse();
    Some(way)
}

/// Returns the routes from a model whose last roles are `roles`: `origin` finds `shipments.origin`.
pub fn routes_ending_in(project: &Project, from: ModelId, reach: Reach, roles: &[&str]) -> Vec<Route> {
    let Some(first) = roles.first() else { return routes_where(project, from, reach, |_| true) };
    // Only models from which a join of the first role can still be reached are worth a visit.
    let leads = leading_to(project, from, reach, first);
    if leads.is_empty() {
        return Vec::new();
    }
    let under_way = |steps: &[Step], at: usize| {
        // The last joins may be the first of the roles.
        (1..=roles.len()).any(|n| ends_in(project, &mut back(steps, at), &roles[..n]))
    };
    let steps = walk(project, from, reach, |steps, at| leads.contains(&steps[at].model) || under_way(steps, at));
    let found = (0..steps.len()).filter(|at| ends_in(project, &mut back(&steps, *at), roles));
    found.map(|at| route(&steps, at)).collect()
}

/// Returns the models, of those that are reached from one, from which a join of a role is reached.
fn leading_to(project: &Project, from: ModelId, reach: Reach, role: &str) -> BTreeSet<ModelId> {
    let mut reached = vec![from];
    let mut before: BTreeMap<ModelId, Vec<ModelId>> = BTreeMap::from([(from, Vec::new())]);
    let mut open = Vec::new();
    let mut next = 0;
    while let Some(model) = reached.get(next).copied() {
        next += 1;
        for join in project.joins_at(model, reach).map(|join| &project.joins[join]) {
            if join.role == role {
                open.push(model);
            }
            before
                .entry(join.to)
                .or_insert_with(|| {
                    reached.push(join.to);
                    Vec::new()
                })
                .push(model);
        }
    }
    let mut leads = BTreeSet::new();
    while let Some(model) = open.pop() {
        if leads.insert(model) {
            open.extend(&before[&model]);
        }
    }
    leads
}

/// Returns the shortest routes from a model to another one, or to the end of the joins of a role; the model itself is
/// reached by staying.
///
/// Several are as near as one another only if the name is ambiguous.
pub fn routes_to(project: &Project, from: ModelId, name: &str) -> Vec<Route> {
    if project.models[from].name == name {
        return vec![Route::here()];
    }
    let by_role = routes_where(project, from, Reach::Declared, |joins| ends_in(project, joins, &[name]));
    let target = project.model_named(name);
    let mut routes = if by_role.is_empty() {
        let leads = |joins: &mut dyn Iterator<Item = JoinId>| {
            joins.next().is_some_and(|last| Some(project.joins[last].to) == target)
        };
        routes_where(project, from, Reach::Declared, leads)
    } else {
        by_role
    };
    let fewest = routes.first().map(|route| route.0.len());
    routes.retain(|route| Some(route.0.len()) == fewest);
    routes
}

/// Returns whether joins, the last one first, have these roles at their end.
pub fn ends_in(project: &Project, joins: &mut dyn Iterator<Item = JoinId>, roles: &[&str]) -> bool {
    roles.iter().rev().all(|role| joins.next().is_some_and(|join| project.joins[join].role == *role))
}

/// The end of a route: its last join, and where the rest of it ends. Routes with a common beginning share it.
struct Step {
    model: ModelId,
    join: Option<(JoinId, usize)>,
    hops: usize,
}

/// Walks breadth-first along the routes that are worth it.
fn walk(project: &Project, from: ModelId, reach: Reach, worth: impl Fn(&[Step], usize) -> bool) -> Vec<Step> {
    let mut steps = vec![Step { model: from, join: None, hops: 0 }];
    let mut next = 0;
    while next < steps.len() {
        let (at, hops) = (next, steps[next].hops);
        next += 1;
        if hops == MAX_HOPS {
            continue;
        }
        for join in project.joins_at(steps[at].model, reach) {
            if steps.len() == MAX_ROUTES {
                return steps;
            }
            if project.may_take(back(&steps, at), join) {
                steps.push(Step { model: project.joins[join].to, join: Some((join, at)), hops: hops + 1 });
                if !worth(&steps, steps.len() - 1) {
                    steps.pop();
                }
            }
        }
    }
    steps
}

/// Iterates over the joins of a route, the last one first.
fn back(steps: &[Step], at: usize) -> impl Iterator<Item = JoinId> {
    let mut step = &steps[at];
    std::iter::from_fn(move || {
        let (join, before) = step.join?;
        step = &steps[before];
        Some(join)
    })
}

fn route(steps: &[Step], at: usize) -> Route {
    let mut joins: Vec<JoinId> = back(steps, at).collect();
    joins.reverse();
    Route(joins)
}
