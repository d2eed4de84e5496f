//! An explore as a model sees it: with its refinements and what it extends; which name stands for which view.

use std::collections::BTreeMap;

use super::{
    layers::{At, Layers, Word, needs_extension},
    view::View,
};

/// A join with everything that is said of it.
#[derive(Clone, Debug)]
pub(crate) struct Join<'a> {
    /// The name by which the joined view is known.
    pub(crate) alias: &'a str,
    /// What is said of it.
    pub(crate) layers: Layers<'a>,
}

impl<'a> Join<'a> {
    /// Returns the view that is joined.
    pub(crate) fn view(&self) -> &'a str {
        self.layers.word("from").map_or(self.alias, Word::text)
    }

    /// Returns whether the join brings no view of the model: it says its rows in SQL.
    pub(crate) fn relationship(&self) -> &'a str {
        self.layers.word("relationship").map_or("many_to_one", Word::text)
    }
}

/// An explore with its refinements and what it extends.
#[derive(Clone, Debug)]
pub(crate) struct Explore<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What is said of it, what it extends first.
    pub(crate) layers: Layers<'a>,
    /// Its joins, in order.
    pub(crate) joins: Vec<Join<'a>>,
    /// The name by which its first view is known.
    pub(crate) base: &'a str,
    /// The views by the names under which they are known.
    pub(crate) views: BTreeMap<&'a str, &'a str>,
    /// Whether it extends or refines what is not at hand, so that it may join anything.
    pub(crate) open: bool,
    needs_extension: bool,
}

impl<'a> Explore<'a> {
    /// Puts an explore together from its own declarations and from what it extends.
    pub(crate) fn new(
        name: &'a str,
        own: &[At<'a>],
        parents: &[&Explore<'a>],
        has_view: impl Fn(&str) -> bool,
    ) -> Self {
        let mut all: Option<Layers<'a>> = None;
        for layer in parents.iter().flat_map(|parent| parent.layers.iter()).chain(own.iter().copied()) {
            match &mut all {
                None => all = Some(Layers::new(layer)),
                Some(layers) => layers.push(layer),
            }
        }
        let layers = all.expect("an explore has a declaration of its own");
        let joins = joins(&layers);
        let from = layers.word("from").map(Word::text);
        let said = layers.word("view_name").map(Word::text);
        let inherited = parents.iter().rev().map(|parent| parent.base).find(|_| from.is_none() && !has_view(name));
        let base = said.or(inherited).unwrap_or(name);
        let mut views: BTreeMap<&str, &str> = joins.iter().map(|join| (join.alias, join.view())).collect();
        for parent in parents {
            views.entry(parent.base).or_insert(parent.views[parent.base]);
        }
        views.insert(base, from.unwrap_or(base));
        let open = parents.iter().any(|parent| parent.open);
        Self { name, layers, joins, base, views, open, needs_extension: needs_extension(own) }
    }

    /// Returns the view that a name stands for.
    pub(crate) fn view(&self, alias: &str) -> Option<&'a str> {
        self.views.get(alias).copied()
    }

    /// Returns whether it is only there to be extended.
    pub(crate) fn needs_extension(&self) -> bool {
        self.needs_extension
    }

    /// Returns whether parts of its views are left out, so that what they refer to may be, too.
    pub(crate) fn picks_fields(&self) -> bool {
        self.layers.has("fields") || self.joins.iter().any(|join| join.layers.has("fields"))
    }

    /// Returns whether some join multiplies rows of the base view.
    pub(crate) fn fans_out(&self) -> bool {
        self.joins.iter().any(|join| matches!(join.relationship(), "one_to_many" | "many_to_many"))
    }
}

fn joins<'a>(layers: &Layers<'a>) -> Vec<Join<'a>> {
    let mut joins: Vec<Join<'a>> = Vec::new();
    for at in layers.all("join") {
        let Some(alias) = at.node.name().map(|name| name.text) else { continue };
        match joins.iter_mut().find(|join| join.alias == alias) {
            Some(join) => join.layers.push(at),
            None => joins.push(Join { alias, layers: Layers::new(at) }),
        }
    }
    joins
}

/// Returns whether a view has measures that are wrong where its rows are multiplied, unless it has a primary key.
pub(crate) fn needs_primary_key(view: &View<'_>) -> bool {
    let counts = ["count", "sum", "average", "median", "percentile"];
    let fields = || view.fields.iter();
    fields().any(|field| field.kind == super::view::FieldKind::Measure && counts.contains(&field.type_name()))
        && !fields().any(|field| field.layers.says_yes("primary_key"))
}
