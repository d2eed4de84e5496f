//! What has to hold in a model, one file for each kind of thing.
//!
//! **Invariant:** where a name may be known in another project, nothing is said about it.

mod cycle;
mod derived;
mod dimension;
mod explore;
mod field;
mod join;
mod measure;
mod query;
mod reference;
mod settings;
mod shown;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use super::{explore::Explore, layers::Word, model::Model, view::Field};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, nearest};

/// A model and what is found in it.
struct Checker<'m, 'a> {
    model: &'m Model<'a>,
    found: Diagnostics,
    /// The explores that use a view, by its name.
    uses: BTreeMap<&'a str, Vec<&'m Explore<'a>>>,
    /// The views that others extend.
    extended: BTreeSet<&'a str>,
    /// The field whose texts and names are looked at.
    within: Option<&'m Field<'a>>,
}

/// Checks a model.
pub(super) fn check(model: &Model<'_>) -> Diagnostics {
    let mut uses: BTreeMap<&str, Vec<&Explore<'_>>> = BTreeMap::new();
    for explore in model.explores.values().filter(|explore| !explore.needs_extension()) {
        let views: BTreeSet<&str> = explore.views.values().copied().collect();
        views.into_iter().for_each(|view| uses.entry(view).or_default().push(explore));
    }
    let layers = model.views.values().flat_map(|view| view.layers.iter());
    let extends = layers.flat_map(|layer| layer.children("extends"));
    let extended = extends.flat_map(|list| list.items()).map(Word::text).collect();
    let mut checker = Checker { model, found: Diagnostics::new(), uses, extended, within: None };
    checker.settings();
    for view in model.views.values() {
        checker.view(view);
    }
    checker.no_field_circle();
    for explore in model.explores.values() {
        checker.explore(explore);
    }
    checker.tests();
    checker.found
}

impl Checker<'_, '_> {
    fn say(&mut self, code: Code, word: Word<'_>, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::new(code, word.span(), message).help(help));
    }

    /// Reports a name of a closed list, unless another project may know it.
    fn unknown<'n>(&mut self, code: Code, what: &str, word: Word<'_>, known: impl IntoIterator<Item = &'n str>) {
        if self.model.open || word.text().contains("@{") {
            return;
        }
        let known: Vec<&str> = known.into_iter().collect();
        let help = match nearest(word.text(), known.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None if known.is_empty() => format!("Declare the {what}, or include the file that does."),
            None => format!("There are: {}.", listed(&known)),
        };
        self.say(code, word, format!("there is no {what} `{}`", word.text()), help);
    }
}

/// Lists names, the first ten of them.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(10).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(10);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
