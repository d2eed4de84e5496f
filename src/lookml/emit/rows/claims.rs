//! Claims → user attributes: their names and texts in conditions, and what the report says of them.
//!
//! **Invariant:** a user attribute has one type and one meaning for all policies that read it.

use std::collections::BTreeSet;

use super::{
    super::{
        super::report::{AttributeType, UserAttribute},
        Emission, policies,
    },
    Equality, equality,
};
use crate::{catalog::ColumnType, project::Ref, sql::Expr};

/// Behind the name of a claim that may hold several values.
pub(super) const SEVERAL: &str = "[]";

/// Marks the claims behind `in`, which may hold several values.
pub(super) fn with_lists(condition: &Expr<Ref>) -> Result<Expr<Ref>, String> {
    let mut numbers = false;
    let marked = condition.clone().rebuild_within(&mut |expr| match expr {
        Expr::In { arg, list, negated } => {
            let list = list.into_iter().map(|item| match item {
                Expr::Leaf(Ref::Claim { name, column_type }) => {
                    numbers |= !matches!(column_type, ColumnType::String | ColumnType::Unknown);
                    Expr::Leaf(Ref::Claim { name: format!("{name}{SEVERAL}"), column_type })
                }
                other => other,
            });
            Expr::In { arg, list: list.collect(), negated }
        }
        other => other,
    });
    if numbers { Err("a list of anything but texts has no safe form there".to_owned()) } else { Ok(marked) }
}

/// Gathers the names of the claims in a condition.
pub(in crate::lookml::emit) fn claims(condition: &Expr<Ref>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    condition.for_each_leaf(&mut |leaf| match leaf {
        Ref::Claim { name, .. } => _ = found.insert(name.clone()),
        Ref::Exists { filter: Some(filter), .. } => found.extend(claims(filter)),
        Ref::Calendar { day, .. } => found.extend(claims(day)),
        Ref::Exists { filter: None, .. } | Ref::Column { .. } | Ref::Dimension { .. } | Ref::Verbatim(_) => {}
    });
    found
}

/// Returns the user attribute of a claim, which may be marked as several.
pub(super) fn attribute(emission: &Emission<'_>, claim: &str) -> String {
    emission.names.claims[claim.trim_end_matches(SEVERAL)].clone()
}

/// Returns a claim as a quoted text, or several of them.
pub(in crate::lookml::emit) fn quoted(emission: &Emission<'_>, claim: &str) -> String {
    claim_text(&attribute(emission, claim), claim.ends_with(SEVERAL))
}

/// A user attribute as a quoted text, or several of them: `'{{ _user_attributes['country'] }}'`.
pub(super) fn claim_text(attribute: &str, several: bool) -> String {
    if several {
        format!("'{{{{ _user_attributes['{attribute}'] | replace: ', ', ',' | split: ',' | join: \"','\" }}}}'")
    } else {
        format!("'{{{{ _user_attributes['{attribute}'] }}}}'")
    }
}

/// Whether a user attribute has no value, or one that would end the quoted text.
pub(super) fn has_no_safe_value(attribute: &str) -> String {
    let value = read(attribute);
    format!("{value} == nil or {value} == '' or {value} contains \"'\" or {value} contains \"\\\"")
}

pub(super) fn read(attribute: &str) -> String {
    format!("_user_attributes['{attribute}']")
}

/// Returns the user attributes that the policies about rows read.
pub(in crate::lookml::emit) fn attributes(emission: &Emission<'_>) -> Vec<UserAttribute> {
    let names = &emission.names;
    let mut attributes = Vec::new();
    for (id, policy) in emission.project.policies.rows.iter() {
        let roles = policies::words(&policy.unless);
        let attribute = |name: &str, kind, value| UserAttribute {
            name: name.to_owned(),
            kind,
            value,
            policies: vec![policy.name.clone()],
        };
        let equality = equality(emission, id).map(|(_, equality)| equality);
        if let Some(equality) = &equality {
            let Equality { claim, listed, .. } = equality;
            let everything = if roles.is_empty() { String::new() } else { format!("; `%, NULL` for {roles}") };
            let value = format!("{}{everything}", the_claim(claim, *listed));
            attributes.push(attribute(&names.claims[claim], equality.kind(policy), value));
        } else {
            let listed = listed_claims(&policy.condition);
            for claim in claims(&policy.condition) {
                let value = the_claim(&claim, listed.contains(&claim));
                attributes.push(attribute(&names.claims[&claim], AttributeType::String, value));
            }
        }
        if !roles.is_empty() && (equality.is_none() || emission.guarded.contains(&id)) {
            let value = format!("`yes` for {roles}, otherwise `no`");
            attributes.push(attribute(&names.everything[&id], AttributeType::String, value));
        }
    }
    attributes
}

fn the_claim(name: &str, listed: bool) -> String {
    format!("the claim `{name}`{}", if listed { ", several with commas between" } else { "" })
}

/// Gathers the names of the claims behind `in`.
fn listed_claims(condition: &Expr<Ref>) -> BTreeSet<String> {
    let marked = with_lists(condition).map(|condition| claims(&condition)).unwrap_or_default();
    marked.iter().filter_map(|name| name.strip_suffix(SEVERAL)).map(str::to_owned).collect()
}
