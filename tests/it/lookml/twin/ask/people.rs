//! Somebody who asks the API → the user attributes that the generation report tells an administrator to give them.

use entente::{
    lookml::{AttributeType, Report},
    plan::{Claim, Principal},
    sql::Literal,
};

use crate::lookml::twin::{filter::text::exactly, query::User};

/// The user attributes of somebody.
pub(super) fn user(report: &Report, principal: &Principal) -> User {
    let mut user = User::default();
    for attribute in &report.user_attributes {
        let is_filter = matches!(attribute.kind, AttributeType::StringFilter | AttributeType::NumberFilter);
        if is_filter {
            user.filters.insert(attribute.name.clone());
        }
        if let Some(value) = value(&attribute.value, principal, is_filter) {
            user.attributes.insert(attribute.name.clone(), vec![value]);
        }
    }
    user
}

/// Reads ``the claim `country`; `%, NULL` for admin`` and `` `yes` for support, otherwise `no` ``.
fn value(words: &str, principal: &Principal, is_filter: bool) -> Option<String> {
    let has_role =
        |roles: &str| roles.split(", ").flat_map(|part| part.split(" and ")).any(|role| has(principal, role));
    if let Some(rest) = words.strip_prefix("`yes` for ") {
        let roles = rest.strip_suffix(", otherwise `no`").expect("a value for everyone else");
        return Some(if has_role(roles) { "yes" } else { "no" }.to_owned());
    }
    let (claim, all) =
        words.split_once("; `%, NULL` for ").map_or((words, None), |(claim, roles)| (claim, Some(roles)));
    if all.is_some_and(has_role) {
        return Some("%,NULL".to_owned());
    }
    let name = claim.strip_prefix("the claim `").expect("a claim").split('`').next().expect("its name");
    let text = |value: &Literal| {
        let Literal::String(text) = value else { panic!("the claims of these people are texts") };
        if is_filter { exactly(text) } else { text.clone() }
    };
    match principal.claims.get(name)? {
        Claim::One(one) => Some(text(one)),
        Claim::Many(several) => Some(several.iter().map(text).collect::<Vec<_>>().join(",")),
    }
}

fn has(principal: &Principal, role: &str) -> bool {
    principal.roles.iter().any(|own| own == role)
}

/// Somebody with some roles and claims: `admin network country=DE region=NW`.
pub(in crate::lookml::twin) fn principal(words: &str) -> Principal {
    let mut principal = Principal { id: "somebody".to_owned(), ..Principal::default() };
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some((claim, value)) => {
                let value = Claim::One(Literal::String(value.to_owned()));
                principal.claims.insert(claim.to_owned(), value);
            }
            None => principal.roles.push(word.to_owned()),
        }
    }
    principal
}
