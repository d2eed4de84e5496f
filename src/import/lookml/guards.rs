//! What explores keep from some → what is kept from them here.
//!
//! Looker guards what an explore shows: an access filter on `orders.region` acts on the items and the customers that are
//! joined, too. Here a policy acts on a model and on those that look its rows up. So a view is open where some explore
//! shows it under guards that act on it here, and stays LookML where none does.
//!
//! **Invariant:** nobody is shown a row or a field here that no explore shows them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    access,
    dimension::Fields,
    edges::Edges,
    refuse::Refused,
    say::{canonical, pieces},
    settings::{ExploreFilters, home, is_for_a_test},
    source::has_liquid,
};
use crate::lookml::check::{
    explore::Explore,
    layers::{At, Layers},
    scan,
};

/// What guards the rows of a view in an explore.
enum Rows {
    /// Nothing, or what acts on its model here, too.
    All,
    /// A condition of its own.
    Of(String),
    /// A condition without a form here, the same for everyone.
    Some(String),
    /// They are not the same for everyone, and no policy says so of its model.
    Others(String),
}

/// A view in an explore.
struct Shown<'a> {
    rows: Rows,
    /// The grants without which it is not there.
    grants: BTreeSet<&'a str>,
}

/// The guards of all views.
#[derive(Debug, Default)]
pub(super) struct Guards<'a> {
    /// The views that stay LookML as a whole, with the reason.
    pub(super) closed: Refused,
    /// The grants of the dimensions of views, and of their measures: of each set one is needed.
    dimensions: BTreeMap<&'a str, Vec<BTreeSet<&'a str>>>,
    measures: BTreeMap<&'a str, Vec<BTreeSet<&'a str>>>,
}

impl<'a> Guards<'a> {
    /// Returns the sets of grants of which each has to be met by one, for fields of a view.
    pub(super) fn of(&self, view: &str, is_measure: bool) -> &[BTreeSet<&'a str>] {
        let all = if is_measure { &self.measures } else { &self.dimensions };
        all.get(view).map_or(&[], Vec::as_slice)
    }
}

impl Edges {
    /// Returns whether the rows of a view look up those of another one, over any number of joins.
    fn reaches(&self, from: &str, to: &str) -> bool {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(view) = open.pop() {
            if view == to {
                return true;
            }
            if seen.insert(view) {
                open.extend(self.0.iter().filter(|edge| edge.from == view).map(|edge| edge.to.as_str()));
            }
        }
        false
    }
}

/// How many sets of grants a view may need.
const MAX_SETS: usize = 32;

/// Reads the guards of all views; conditions that act on the metrics of a view only, or that refuse them, are added to
/// those of explores.
pub(super) fn read<'a>(
    fields: &Fields<'_, 'a>,
    views: &[&'a str],
    edges: &Edges,
    filters: &mut ExploreFilters,
) -> Guards<'a> {
    let mut guards = Guards::default();
    for view in views {
        let shown = shown(fields, views, edges, view);
        let (open, closed): (Vec<&Shown<'a>>, Vec<&Shown<'a>>) =
            shown.iter().partition(|shown| !matches!(shown.rows, Rows::Others(_)));
        if let (true, Some(Rows::Others(why))) = (open.is_empty(), closed.first().map(|shown| &shown.rows)) {
            guards.closed.insert(("models".to_owned(), (*view).to_owned()), why.clone());
            continue;
        }
        guards.dimensions.insert(view, needed(open.iter().map(|shown| &shown.grants)));
        let all = open.iter().filter(|shown| matches!(shown.rows, Rows::All));
        let counted: Vec<&Shown<'a>> = match all.copied().collect::<Vec<_>>() {
            all if all.is_empty() => {
                filter(fields, edges, view, &open, filters);
                open
            }
            all => all,
        };
        guards.measures.insert(view, needed(counted.iter().map(|shown| &shown.grants)));
    }
    guards
}

/// Filters the metrics of a view as every explore does that shows it, or refuses them where these differ.
fn filter(fields: &Fields<'_, '_>, edges: &Edges, view: &str, shown: &[&Shown<'_>], filters: &mut ExploreFilters) {
    let Some(first) = shown.first() else { return };
    let same = |text: &str| shown.iter().all(|other| matches!(&other.rows, Rows::Of(of) if of == text));
    let why = match &first.rows {
        Rows::Of(text) if same(text) => {
            let is_looked_up = edges.0.iter().any(|edge| edge.to == view);
            let list = if is_looked_up { &mut filters.of_metrics } else { &mut filters.of_models };
            list.insert(view.to_owned(), text.clone());
            return;
        }
        Rows::Some(why) => why.clone(),
        _ => "the explores that show it filter by different conditions".to_owned(),
    };
    let stays = fields.lookml.view(view).is_some_and(|view| !fields.lookml.is_own(&view.layers));
    if stays {
        filters.refused.entry(view.to_owned()).or_insert(why);
    }
}

/// Returns the sets of which each has to be met by one of its grants, for one of some lists to be met as a whole.
fn needed<'s, 'a: 's>(lists: impl Iterator<Item = &'s BTreeSet<&'a str>>) -> Vec<BTreeSet<&'a str>> {
    let mut sets: Option<Vec<BTreeSet<&'a str>>> = None;
    for list in lists {
        let all = match sets.take() {
            None => list.iter().map(|grant| BTreeSet::from([*grant])).collect(),
            // Where there are too many, those that are known keep more from some than is meant.
            Some(sets) if sets.len() * list.len() > MAX_SETS => return sets,
            Some(sets) => sets
                .iter()
                .flat_map(|set| list.iter().map(move |grant| set.iter().copied().chain([*grant]).collect()))
                .collect::<Vec<BTreeSet<&str>>>(),
        };
        let is_needed = |set: &&BTreeSet<&'a str>| !all.iter().any(|other| other != *set && other.is_subset(set));
        let least: BTreeSet<BTreeSet<&'a str>> = all.iter().filter(is_needed).cloned().collect();
        sets = Some(least.into_iter().collect());
    }
    sets.unwrap_or_default()
}

/// Finds where a view is shown, and under which guards.
fn shown<'a>(fields: &Fields<'_, 'a>, views: &[&str], edges: &Edges, view: &str) -> Vec<Shown<'a>> {
    let mut found = Vec::new();
    let explores = fields.lookml.model.explores.values();
    for explore in explores.filter(|explore| !explore.needs_extension() && !is_for_a_test(fields, explore)) {
        let joined = explore.joins.iter().map(|join| join.alias).chain([explore.base]);
        for alias in joined.filter(|alias| explore.view(alias) == Some(view)) {
            let rows = rows(fields, (views, edges), explore, alias, view);
            found.push(Shown { rows, grants: grants(fields, explore, alias) });
        }
    }
    found
}

/// Returns the grants without which a view is not there in an explore.
fn grants<'a>(fields: &Fields<'_, 'a>, explore: &Explore<'a>, alias: &str) -> BTreeSet<&'a str> {
    let of = |layers: &Layers<'a>| {
        let list = layers.child("required_access_grants").filter(|at| !fields.lookml.is_generated(at.file));
        list.map(At::items).unwrap_or_default().into_iter().map(|word| word.text()).collect::<Vec<_>>()
    };
    let mut found: BTreeSet<&str> = of(&explore.layers).into_iter().collect();
    let (mut open, mut seen) = (vec![alias.to_owned()], BTreeSet::new());
    // A join that is not there takes those away that are made over it.
    while let Some(alias) = open.pop() {
        if !seen.insert(alias.clone()) {
            continue;
        }
        let view = explore.view(&alias).and_then(|view| fields.lookml.view(view));
        found.extend(view.map(|view| of(&view.layers)).unwrap_or_default());
        let Some(join) = explore.joins.iter().find(|join| join.alias == alias) else { continue };
        found.extend(of(&join.layers));
        for key in ["sql_on", "foreign_key"] {
            let Some(word) = join.layers.word(key) else { continue };
            let whole = scan::parts(word.text()).0.filter(|_| key == "foreign_key").map(str::to_owned);
            let within = scan::fields(word.piece).filter_map(|name| scan::parts(name.text).0.map(str::to_owned));
            open.extend(within.chain(whole));
        }
    }
    found
}

/// Returns what guards the rows of a view in an explore.
fn rows(
    fields: &Fields<'_, '_>,
    (views, edges): (&[&str], &Edges),
    explore: &Explore<'_>,
    alias: &str,
    view: &str,
) -> Rows {
    let lookml = fields.lookml;
    let by_hand = |at: &At<'_>| !lookml.is_generated(at.file);
    let of = |guard: &str, why: &str| format!("explore `{}` keeps rows back by {guard}, which {why}", explore.name);
    let remedy = |why: &str| {
        format!("{why}; if everyone may see all of `{view}`, give it an explore that does not, and import again")
    };
    for at in explore.layers.all("access_filter").filter(by_hand) {
        let field = at.word("field").map_or("", |word| word.text());
        match access::policy(fields, views, explore, at) {
            Ok((model, ..)) if model == view || edges.reaches(view, &model) => {}
            Ok((model, ..)) => {
                let why = format!("does not act on `{view}` alone here, from which no join leads to `{model}`");
                return Rows::Others(remedy(&of(&format!("`{field}`"), &why)));
            }
            Err(why) => return Rows::Others(remedy(&of(&format!("`{field}`"), &format!("has no form here: {why}")))),
        }
    }
    let is_home = alias == explore.base && home(fields, view).is_some_and(|home| home.name == explore.name);
    let join = explore.joins.iter().find(|join| join.alias == alias);
    let of_join = join.and_then(|join| join.layers.child("sql_where"));
    let mut conditions = Vec::new();
    for at in explore.layers.child("sql_always_where").into_iter().chain(of_join).filter(by_hand) {
        let key = at.node.key.text;
        let text = at.value().map(|word| word.piece.block()).unwrap_or_default();
        let text = lookml.expanded(&text).unwrap_or(text);
        if has_liquid(&text) && ["_user_attributes", "_access_filters"].iter().any(|word| text.contains(word)) {
            return Rows::Others(remedy(&of(&format!("`{key}`"), "asks who is asking")));
        }
        if is_home && key == "sql_always_where" {
            continue;
        }
        match said(fields, (alias, view), &text) {
            Ok(condition) => conditions.push(condition),
            Err(why) => return Rows::Some(of(&format!("`{key}`"), &format!("has no form in `{view}`: {why}"))),
        }
    }
    if conditions.is_empty() { Rows::All } else { Rows::Of(super::measure::joined(&conditions)) }
}

/// Says a condition of an explore as one of a view that it shows under an alias.
fn said(fields: &Fields<'_, '_>, (alias, view): (&str, &str), text: &str) -> Result<String, String> {
    if has_liquid(text) {
        return Err("it holds Liquid, which Looker runs".to_owned());
    }
    let owner = fields.lookml.view(view).ok_or("the view is not known")?;
    if alias != view && text.contains(&format!("${{{view}.")) {
        return Err(format!("it asks of other rows of `{view}`"));
    }
    let own = text.replace(&format!("${{{alias}."), "${");
    Ok(canonical(&fields.portable(owner, None, &pieces(&own)?)?))
}
