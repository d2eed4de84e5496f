//! A join of a plan → why it multiplies no row, in words.
//!
//! `shipments → origin (depots)`: many to one, `depot_id` is a key of `depots`.
//!
//! **Invariant:** the words follow from what was declared; the data is tested elsewhere.

use super::JoinUse;
use crate::{
    ids::ModelId,
    project::{AsOf, FanOut, Join, Project, Relationship, Route},
};

/// Tells the last join of a route, and the way to it.
pub(super) fn join_use(project: &Project, base: ModelId, route: &Route) -> JoinUse {
    let mut path = project.models[base].name.clone();
    for join in &route.0 {
        let join = &project.joins[*join];
        let target = &project.models[join.to].name;
        path.push_str(if join.fan_out.is_some() { " ← " } else { " → " });
        path.push_str(&join.role);
        if join.role != *target {
            path.push_str(&format!(" ({target})"));
        }
    }
    let last = &project.joins[*route.0.last().expect("a join was made")];
    JoinUse { path, reason: reason(project, last) }
}

fn reason(project: &Project, join: &Join) -> String {
    let (from, to) = (&project.models[join.from].name, &project.models[join.to].name);
    let relationship = match join.relationship {
        Relationship::ManyToOne => "many to one",
        Relationship::OneToOne => "one to one",
    };
    let key = join.keys.iter().map(|key| key.theirs.as_str()).collect::<Vec<_>>().join(", ");
    let complete = if join.complete { ", and each row has its match" } else { "" };
    match (&join.fan_out, join.reverse_of, &join.as_of, &project.models[join.to].versions) {
        (Some(FanOut::Dedupe), ..) => {
            format!("one to many: one row of `{from}` meets many of `{to}`, and counts once in each group")
        }
        (Some(FanOut::Weight { .. }), ..) => {
            format!("one to many: one row of `{from}` meets many of `{to}`, and counts by their weights")
        }
        (None, Some(_), ..) => format!("{relationship}: a row of `{from}` has at most one of `{to}`"),
        (None, None, Some(as_of), Some(versions)) => {
            let taken = match as_of {
                AsOf::Own(_) => complete,
                AsOf::Metric(_) => ", taken at the time of the metric",
            };
            format!(
                "{relationship}: `{key}` has one version in `{to}` at a time, from `{}` to `{}`{taken}",
                versions.from, versions.to
            )
        }
        _ => format!("{relationship}: `{key}` is a key of `{to}`{complete}"),
    }
}
