//! Which fields an explore shows → the same beside the joins and measures that the generated one has in addition.
//!
//! Below a join a view is known by another name there: `orders_users` beside `users`.
//!
//! **Invariant:** what an explore takes away of a view, it takes away of that view under every name; and it shows the
//! measures of a joined view that it showed.

use std::{collections::BTreeSet, fmt::Write};

use super::Kept;
use crate::{
    import::lookml::source::texts,
    lookml::check::explore::{Explore, Join},
};

/// Returns the list of fields of an explore, where the generated list is another one.
pub(super) fn shown<'a>(kept: &Kept<'_, '_, 'a>, explore: &Explore<'a>, made: &Explore<'_>) -> Option<Vec<String>> {
    let lookml = kept.fields.lookml;
    let written = explore.layers.child("fields");
    let is_own = written.map_or(lookml.is_own(&explore.layers), |at| lookml.is_generated(at.file));
    if is_own {
        return None;
    }
    let mut list = texts(&explore.layers, "fields");
    if written.is_none() {
        list.push(ALL.to_owned());
    }
    let generated = texts(&made.layers, "fields");
    if list.iter().any(|field| field == ALL) {
        let taken: Vec<String> = list.iter().filter(|field| field.starts_with('-')).cloned().collect();
        for field in taken {
            let Some((alias, rest)) = field[1..].split_once('.') else { continue };
            let view = explore.view(alias);
            list.extend(
                twins(explore, made)
                    .filter(|twin| Some(twin.view()) == view)
                    .map(|twin| format!("-{}.{rest}", twin.alias)),
            );
        }
        // What is known by a name here showed its measures; what needs further views never did.
        let showed = |field: &str| {
            let alias = field.strip_prefix('-').and_then(|field| field.strip_suffix(".measures*"));
            alias.is_some_and(|alias| explore.joins.iter().any(|join| join.alias == alias))
        };
        list.extend(generated.iter().filter(|field| field.starts_with('-') && !showed(field)).cloned());
    }
    let mut seen = BTreeSet::new();
    list.retain(|field| seen.insert(field.clone()));
    let is_other = list.iter().collect::<BTreeSet<_>>() != generated.iter().collect();
    (is_other && (list != [ALL] || !generated.is_empty())).then_some(list)
}

/// Writes the lists of fields of joins for the further names that their views have there.
pub(super) fn of_twins(explore: &Explore<'_>, made: &Explore<'_>) -> String {
    let mut text = String::new();
    for twin in twins(explore, made) {
        let mut joins = explore.joins.iter().filter(|join| join.view() == twin.view());
        let Some(join) = joins.find(|join| join.layers.has("fields")) else { continue };
        let fields: Vec<String> = texts(&join.layers, "fields")
            .into_iter()
            .map(|field| match field.split_once('.') {
                Some((alias, rest)) if alias == join.alias => format!("{}.{rest}", twin.alias),
                Some((alias, rest)) if alias.strip_prefix('-') == Some(join.alias) => format!("-{}.{rest}", twin.alias),
                _ => field,
            })
            .collect();
        write!(text, "\n  join: {} {{\n    fields: [{}]\n  }}\n", twin.alias, fields.join(", "))
            .expect("a string takes any text");
    }
    text
}

/// Every field.
const ALL: &str = "ALL_FIELDS*";

/// Returns the joins of the generated explore under names that are not known here, of views that are.
fn twins<'m>(explore: &'m Explore<'_>, made: &'m Explore<'_>) -> impl Iterator<Item = &'m Join<'m>> {
    made.joins.iter().filter(|join| {
        !explore.views.contains_key(join.alias) && explore.views.values().any(|view| *view == join.view())
    })
}
