//! The names of user attributes and access grants: one for each claim, each policy with roles, each grant.
//!
//! A claim is the user attribute of its name, `country`, unless Looker has one of that name itself, or takes no such name:
//! `$principal.email` is `parcel_email`, as Looker's own `email` is what Looker knows of its user.
//!
//! **Invariant:** no two of them have one name.

use std::collections::{BTreeMap, BTreeSet};

use super::{super::lexical::identifier, draft::unique, policies, rows};
use crate::{
    ids::PolicyId,
    project::{Project, Restriction},
};

/// The user attributes that Looker makes itself, in which is what it knows of its user.
///
/// See <https://cloud.google.com/looker/docs/admin-panel-users-user-attributes>.
const RESERVED: [&str; 10] = [
    "email",
    "first_name",
    "full_name",
    "id",
    "landing_page",
    "last_name",
    "locale",
    "name",
    "number_format",
    "timezone",
];

/// The names of user attributes and grants.
#[derive(Debug)]
pub(super) struct Names {
    /// The user attribute of each claim.
    pub claims: BTreeMap<String, String>,
    /// The user attribute of those who see all rows in spite of a policy.
    pub everything: BTreeMap<PolicyId, String>,
    /// What a policy about members is in Looker, by the name of the policy.
    pub grants: BTreeMap<String, GrantNames>,
}

/// What a policy about members is in Looker.
#[derive(Debug)]
pub(super) struct GrantNames {
    /// The grant of those who see the members.
    pub seen: String,
    /// The grant of those who see their masks.
    pub unseen: String,
    /// The user attribute that both read.
    pub attribute: String,
}

impl Names {
    pub(super) fn of(project: &Project) -> Self {
        let prefix = project_name(project);
        let mut attributes = BTreeSet::new();
        let mut attribute = |wanted: &str| claim(&mut attributes, wanted);
        let policies = &project.policies.rows;
        let claims: BTreeSet<String> = policies.values().flat_map(|policy| rows::claims(&policy.condition)).collect();
        // Those that keep their name come first, so that none is taken from them.
        let (plain, others): (Vec<String>, Vec<String>) = claims.into_iter().partition(|claim| is_plain(claim));
        let plain = plain.into_iter().map(|claim| (attribute(&claim), claim)).collect::<Vec<_>>();
        let others = others.into_iter().map(|claim| (attribute(&format!("{prefix}_{}", identifier(&claim))), claim));
        let claims = plain.into_iter().chain(others).map(|(attribute, claim)| (claim, attribute)).collect();
        let restrictions: Vec<&Restriction> = policies::lifted(project).collect();
        let mut names = BTreeSet::new();
        let seen: Vec<String> =
            restrictions.iter().map(|restriction| self::claim(&mut names, &identifier(&restriction.name))).collect();
        let grants = restrictions.into_iter().zip(seen).map(|(restriction, seen)| {
            let unseen = self::claim(&mut names, &format!("without_{seen}"));
            let attribute = attribute(&format!("{prefix}_{}", identifier(&restriction.name)));
            (restriction.name.clone(), GrantNames { seen, unseen, attribute })
        });
        let grants = grants.collect();
        let everything = policies
            .iter()
            .filter(|(_, policy)| !policy.unless.is_empty())
            .map(|(id, policy)| (id, attribute(&format!("{prefix}_{}_sees_all", identifier(&policy.name)))));
        let everything = everything.collect();
        Self { claims, everything, grants }
    }
}

fn claim(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let free = unique(wanted, |name| !taken.contains(name));
    taken.insert(free.clone());
    free
}

/// Returns whether a claim is the name of a user attribute that is free in Looker.
fn is_plain(claim: &str) -> bool {
    claim == identifier(claim) && !RESERVED.contains(&claim)
}

/// Returns a name for the project in LookML.
pub(super) fn project_name(project: &Project) -> String {
    identifier(&project.name)
}
