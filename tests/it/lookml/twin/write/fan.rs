//! Which views have their rows multiplied by the joins of a query.

use std::collections::BTreeSet;

use crate::lookml::twin::{Looker, refuse, text::Block};

/// The views whose rows the joins multiply.
///
/// A join of one to many multiplies the rows of everything on its near side, a join of many to one those of everything
/// on its far side; one of many to many does both.
pub(super) fn multiplied(joins: &[&Block]) -> Looker<BTreeSet<String>> {
    let mut multiplied = BTreeSet::new();
    let all: BTreeSet<String> = joins.iter().flat_map(|join| named(join)).collect();
    for join in joins {
        let far = beyond(joins, &join.name);
        let (near_side, far_side) = match join.word("relationship").unwrap_or("many_to_one") {
            "many_to_one" => (false, true),
            "one_to_many" => (true, false),
            "many_to_many" => (true, true),
            "one_to_one" => (false, false),
            other => return refuse(format!("unknown relationship `{other}`")),
        };
        if near_side {
            multiplied.extend(all.iter().filter(|alias| !far.contains(*alias)).cloned());
        }
        if far_side {
            multiplied.extend(far);
        }
    }
    Ok(multiplied)
}

/// A view and those that are joined over it.
fn beyond(joins: &[&Block], alias: &str) -> BTreeSet<String> {
    let mut far = BTreeSet::from([alias.to_owned()]);
    for join in joins {
        if join.name != alias && named(join).iter().any(|other| *other != join.name && far.contains(other)) {
            far.insert(join.name.clone());
        }
    }
    far
}

/// The views that a join speaks of.
fn named(join: &Block) -> BTreeSet<String> {
    let mut aliases = BTreeSet::from([join.name.clone()]);
    for code in [join.code("sql_on"), join.code("sql")].into_iter().flatten() {
        for part in code.split("${").skip(1) {
            aliases.extend(part.split_once('.').map(|(alias, _)| alias.trim().to_owned()));
        }
    }
    if let Some((alias, _)) = join.word("foreign_key").and_then(|field| field.split_once('.')) {
        aliases.insert(alias.to_owned());
    }
    aliases
}
