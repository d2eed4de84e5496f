//! What a policy on depots shows of a world.

use super::{SEEN_REGION, World};
use crate::battery::random::Random;

/// The role that the principal has.
pub(in crate::battery) const ROLE: &str = "auditor";
/// A role that the principal does not have.
const OTHER_ROLE: &str = "admin";

/// Which depots are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Rule {
    /// Those of the principal's region, and parcels of which both depots are.
    Own,
    /// The same, but parcels of which one depot is.
    EitherDepot,
    /// Those of a claim that the principal does not have: none.
    MissingClaim,
}

/// Rules on rows, and who is exempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) struct Policy {
    pub(in crate::battery) rule: Rule,
    /// The role for which it does not hold.
    pub(in crate::battery) role: Option<&'static str>,
}

/// A policy for some of the worlds.
pub(super) fn make(random: &mut Random) -> Option<Policy> {
    if !random.chance(30) {
        return None;
    }
    let rule = match random.below(10) {
        0..5 => Rule::Own,
        5..9 => Rule::EitherDepot,
        _ => Rule::MissingClaim,
    };
    Some(Policy { rule, role: random.pick_or_none(50, &[ROLE, OTHER_ROLE, OTHER_ROLE]) })
}

impl World {
    /// The policies as YAML.
    pub(super) fn policies(&self) -> String {
        let Some(policy) = self.policy else { return String::new() };
        let unless = policy.role.map_or(String::new(), |role| format!(", unless: [{role}]"));
        let claim = if policy.rule == Rule::MissingClaim { "area" } else { "region" };
        let mut yaml = format!(
            "policies:\n  - {{ name: own_region, model: depots, rows: region = $principal.{claim}{unless} }}\n"
        );
        if policy.rule == Rule::EitherDepot {
            yaml.push_str(&format!(
                "  - {{ name: own_parcels, model: parcels, replaces: [depots], \
                 rows: origin.region = $principal.region or destination.region = $principal.region{unless} }}\n"
            ));
        }
        yaml
    }

    /// The world of which no policy hides anything: without what the principal may not see.
    pub(in crate::battery) fn seen(&self) -> Self {
        let mut seen = Self { policy: None, ..self.clone() };
        let Some(policy) = self.policy.filter(|policy| policy.role != Some(ROLE)) else { return seen };
        let is_own = |id: Option<i64>| {
            let depot = self.depots.iter().find(|depot| Some(depot.id) == id);
            depot.is_some_and(|depot| depot.region.as_deref() == Some(SEEN_REGION))
        };
        match policy.rule {
            Rule::Own => seen.parcels.retain(|parcel| is_own(parcel.origin) && is_own(parcel.destination)),
            Rule::EitherDepot => seen.parcels.retain(|parcel| is_own(parcel.origin) || is_own(parcel.destination)),
            Rule::MissingClaim => seen.parcels.clear(),
        }
        // Parcels that are shown show their depots, whatever the policy of those says.
        seen.statuses.retain(|status| seen.parcels.iter().any(|parcel| Some(parcel.id) == status.parcel));
        seen.claims.retain(|claim| seen.parcels.iter().any(|parcel| Some(parcel.id) == claim.parcel));
        seen
    }
}
