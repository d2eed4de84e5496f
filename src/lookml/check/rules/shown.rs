//! What an explore shows of its views: `fields:` of the explore and of its joins, with their sets.
//!
//! `fields: [ALL_FIELDS*, -orders.internal*]` shows what is not in the set `internal` of `orders`, and `-payer*` nothing of
//! the view that is joined as `payer`.

use super::super::{
    explore::Explore,
    layers::At,
    scan,
    view::{Field, View},
};

/// Sets may hold one another; what is nested deeper is not looked at.
const DEPTH: usize = 8;

/// Returns whether an explore shows a field of a view, by some name of both; what belongs to no field is always shown.
pub(super) fn shows(explore: &Explore<'_>, view: &View<'_>, field: Option<&Field<'_>>) -> bool {
    let Some(field) = field else { return true };
    if !explore.picks_fields() {
        return true;
    }
    let names = field.names();
    let mut aliases = explore.views.iter().filter(|(_, of)| **of == view.name).map(|(alias, _)| *alias);
    aliases.any(|alias| {
        let own = explore.layers.child("fields").map(|list| (list, explore.base));
        let join = explore.joins.iter().find(|join| join.alias == alias);
        let joined = join.and_then(|join| join.layers.child("fields")).map(|list| (list, alias));
        let lists = || own.into_iter().chain(joined);
        // A group that lists no members may have any.
        names.is_empty() || names.iter().any(|name| lists().all(|(list, home)| picks(list, home, alias, view, name)))
    })
}

/// Returns whether a list of fields of an explore has a field; names without a view are those of `home`.
fn picks(list: At<'_>, home: &str, alias: &str, view: &View<'_>, name: &str) -> bool {
    has(list, DEPTH, view, name, |scope| scope.unwrap_or(home) == alias)
}

/// Returns whether a list has a field of a view, where `names` tells which views of scoped names are meant.
fn has(list: At<'_>, depth: usize, view: &View<'_>, name: &str, names: impl Fn(Option<&str>) -> bool) -> bool {
    let items = list.items();
    let mut has = items.first().is_some_and(|item| item.text().starts_with('-'));
    for item in &items {
        let rest = item.text().strip_prefix('-');
        let text = rest.unwrap_or(item.text());
        let (scope, field) = scan::parts(text);
        let is_view = |set: &str| scope.is_none() && view.set(set).is_none() && names(Some(set));
        let means = matches!(text, "ALL_FIELDS*" | "EXTENDED*")
            || field.strip_suffix('*').is_some_and(is_view)
            || names(scope)
                && match field.strip_suffix('*') {
                    None => field == name,
                    Some("ALL_FIELDS") => true,
                    Some(set) => depth > 0 && view.set(set).is_some_and(|set| in_set(set, depth - 1, view, name)),
                };
        if means {
            has = rest.is_none();
        }
    }
    has
}

fn in_set(set: At<'_>, depth: usize, view: &View<'_>, name: &str) -> bool {
    let own = |scope: Option<&str>| scope.is_none_or(|scope| scope == view.name);
    set.child("fields").is_some_and(|list| has(list, depth, view, name, own))
}
