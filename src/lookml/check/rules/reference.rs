//! A name of a field → the field, in a view or in an explore.

use std::collections::BTreeSet;

use super::{
    super::{
        explore::Explore,
        layers::Word,
        model::Lookup,
        scan,
        view::{Field, View},
    },
    Checker,
    shown::shows,
};
use crate::diagnostics::{Code, Diagnostic, nearest};

/// What stands in the place of a field where a view is named by its table: `${orders.SQL_TABLE_NAME}`.
const TABLE: &str = "SQL_TABLE_NAME";

impl<'m, 'a> Checker<'m, 'a> {
    /// Resolves what a field of a view refers to, and reports it if it is nowhere.
    pub(super) fn in_view(&mut self, view: &'m View<'a>, word: Word<'a>) -> Option<&'m Field<'a>> {
        let (alias, field) = scan::parts(word.text());
        match alias {
            None => self.own(view, field, word),
            Some(alias) => self.across(view, alias, field, word),
        }
    }

    fn own(&mut self, view: &'m View<'a>, name: &str, word: Word<'a>) -> Option<&'m Field<'a>> {
        let found = view.field(name);
        // What is only there to be extended may lean on what extends it.
        let base = self.extended.contains(view.name) && !self.uses.contains_key(view.name);
        if found.is_none() && !view.open && !base && !view.needs_extension {
            self.no_field(view, name, word);
        }
        found
    }

    fn across(&mut self, view: &'m View<'a>, alias: &str, field: &str, word: Word<'a>) -> Option<&'m Field<'a>> {
        let explores = self.uses.get(view.name).cloned().unwrap_or_default();
        let known = explores.iter().find_map(|explore| explore.view(alias));
        let target = match known {
            Some(target) => target,
            None if alias == view.name || self.model.views.contains_key(alias) => alias,
            None => {
                let shown = explores.is_empty() || explores.iter().any(|explore| shows(explore, view, self.within));
                let closed = !self.model.open && explores.iter().all(|explore| !explore.open);
                if closed && shown && !view.needs_extension {
                    let known = self.model.views.keys().copied();
                    self.unknown(Code::LookmlUnknownView, "view", alias_of(word), known);
                }
                return None;
            }
        };
        if field == TABLE {
            return None;
        }
        match self.model.lookup(target, field) {
            Lookup::Found(found) => {
                self.unreachable(view, alias, word, &explores);
                Some(found)
            }
            Lookup::NoField(other) if !view.needs_extension => {
                self.no_field(other, field, word);
                None
            }
            Lookup::NoField(_) | Lookup::NoView | Lookup::CannotTell => None,
        }
    }

    /// Reports a field of another view that some explore with this view does not join.
    fn unreachable(&mut self, view: &View<'a>, alias: &str, word: Word<'a>, explores: &[&'m Explore<'a>]) {
        let lack: Vec<&str> = explores
            .iter()
            .filter(|explore| explore.view(alias).is_none() && !explore.open && !explore.picks_fields())
            .map(|explore| explore.name)
            .collect();
        let Some(first) = lack.first() else { return };
        let others = match lack.len() {
            1 => String::new(),
            more => format!(" and {} more", more - 1),
        };
        let message = format!("explore `{first}`{others} shows view `{}` without `{alias}`", view.name);
        let help = format!("Join `{alias}` there, or leave the field out with `fields:`.");
        self.say(Code::LookmlUnreachableField, word, message, help);
    }

    /// Resolves a name that an explore uses; an unscoped one belongs to the view `home`.
    pub(super) fn in_explore(&mut self, explore: &'m Explore<'a>, home: &str, word: Word<'a>) -> Option<&'m Field<'a>> {
        let (alias, field) = scan::parts(word.text());
        let alias = alias.unwrap_or(home);
        let is_view = self.model.open || self.model.views.contains_key(alias) || explore.view(alias).is_some();
        if field == TABLE && is_view {
            return None;
        }
        let Some(view) = explore.view(alias) else {
            if !explore.open && !explore.needs_extension() {
                let message = format!("explore `{}` has no view `{alias}`", explore.name);
                let help = match nearest(alias, explore.views.keys().copied()) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => {
                        let names: Vec<&str> = explore.views.keys().copied().collect();
                        format!("Its views are: {}.", super::listed(&names))
                    }
                };
                self.say(Code::LookmlUnknownView, alias_of(word), message, help);
            }
            return None;
        };
        match self.model.lookup(view, field) {
            Lookup::Found(found) => Some(found),
            Lookup::NoField(view) => {
                self.no_field(view, field, word);
                None
            }
            Lookup::NoView | Lookup::CannotTell => None,
        }
    }

    /// Resolves a field of a view of which Liquid tells something; where its view may not be there, nothing is said.
    pub(super) fn in_liquid(&mut self, view: &'m View<'a>, word: Word<'a>) {
        let (alias, name) = scan::parts(word.text());
        let Some(alias) = alias.filter(|alias| *alias != view.name) else {
            if !view.has_group(name) {
                self.own(view, name, word);
            }
            return;
        };
        let explores = self.uses.get(view.name).into_iter().flatten().filter_map(|explore| explore.view(alias));
        let targets: BTreeSet<&str> = explores.chain([alias]).collect();
        self.told(&targets, name, word);
    }

    /// Resolves a field of a view of an explore of which Liquid tells something.
    pub(super) fn in_liquid_of(&mut self, explore: &'m Explore<'a>, word: Word<'a>) {
        let (Some(alias), name) = scan::parts(word.text()) else { return };
        let targets: BTreeSet<&str> = explore.view(alias).into_iter().collect();
        self.told(&targets, name, word);
    }

    /// Reports a field that none of the views has that may be meant.
    fn told(&mut self, views: &BTreeSet<&str>, name: &str, word: Word<'a>) {
        let mut lacking = None;
        for view in views {
            match self.model.lookup(view, name) {
                Lookup::NoField(view) if !view.needs_extension && !view.has_group(name) => lacking = Some(view),
                Lookup::NoView => {}
                Lookup::NoField(_) | Lookup::Found(_) | Lookup::CannotTell => return,
            }
        }
        if let Some(view) = lacking {
            self.no_field(view, name, word);
        }
    }

    pub(super) fn no_field(&mut self, view: &View<'a>, name: &str, word: Word<'a>) {
        let name = scan::uncast(name);
        let names = view.names();
        let message = format!("view `{}` has no field `{name}`", view.name);
        let mut diagnostic = Diagnostic::new(Code::LookmlUnknownField, word.span(), message);
        if let Some(near) = nearest(name, names.iter().map(String::as_str)) {
            diagnostic = diagnostic.help(format!("Did you mean `{near}`?"));
        } else if let Some(group) = view
            .fields
            .iter()
            .find(|field| field.kind == super::super::view::FieldKind::Group && name.starts_with(field.name))
        {
            let help = format!("`{}` is a `dimension_group`: name one of its members.", group.name);
            diagnostic = diagnostic.help(help);
        } else {
            diagnostic = diagnostic.help("Declare it, or take the name out.");
        }
        self.found.push(diagnostic);
    }

    /// Returns whether a name stands for a view, in the model or in an explore with a view.
    fn sees(&self, view: &View<'a>, alias: &str) -> bool {
        let mut explores = self.uses.get(view.name).into_iter().flatten();
        self.model.views.contains_key(alias) || explores.any(|explore| explore.open || explore.view(alias).is_some())
    }

    /// Resolves a name in a list of fields of a view: a field, a set, `ALL_FIELDS*`, any of them with `-`.
    pub(super) fn listed_in_view(&mut self, view: &'m View<'a>, word: Word<'a>) {
        let Some(word) = listed(word) else { return };
        let (alias, _) = scan::parts(word.text());
        if let Some(alias) = alias.filter(|alias| *alias != view.name && !self.sees(view, alias)) {
            // Looker leaves such a field out of the list.
            if !self.model.open && !view.needs_extension {
                let message = format!("there is no view `{alias}`, whose fields a list of view `{}` names", view.name);
                let help = "Take the name out of the list: Looker does not show the field.";
                self.say(Code::LookmlUnreachableField, word, message, help);
            }
            return;
        }
        let Some(set) = word.text().strip_suffix('*') else {
            self.in_view(view, word);
            return;
        };
        match scan::parts(set) {
            (None, set) => self.set(view, set, word),
            (Some(alias), set) => {
                let mut explores = self.uses.get(view.name).into_iter().flatten();
                let target = explores.find_map(|explore| explore.view(alias)).unwrap_or(alias);
                if let Some(target) = self.model.views.get(target) {
                    self.set(target, set, word);
                }
            }
        }
    }

    /// Resolves a name in a list of fields of an explore or of one of its joins.
    pub(super) fn listed_in_explore(&mut self, explore: &'m Explore<'a>, home: &str, word: Word<'a>) {
        let Some(word) = listed(word) else { return };
        let Some(set) = word.text().strip_suffix('*') else {
            self.in_explore(explore, home, word);
            return;
        };
        let (alias, set) = scan::parts(set);
        if alias.is_none() && explore.view(set).is_some() {
            // `customers*`: all fields of a view.
            return;
        }
        let alias = alias.unwrap_or(home);
        match explore.view(alias) {
            Some(view) => {
                if let Some(view) = self.model.views.get(view) {
                    self.set(view, set, word);
                }
            }
            None if explore.open || explore.needs_extension() => {}
            None => {
                let known = explore.views.keys().copied();
                self.unknown(Code::LookmlUnknownView, "view", alias_of(word), known);
            }
        }
    }

    fn set(&mut self, view: &'m View<'a>, name: &str, word: Word<'a>) {
        if view.set(name).is_some() || view.open || name == "ALL_FIELDS" || view.needs_extension {
            return;
        }
        let message = format!("view `{}` has no set `{name}`", view.name);
        let names: Vec<&str> = view.sets().map(|(name, _)| name).collect();
        let help = match nearest(name, names.iter().copied()) {
            Some(near) => format!("Did you mean `{near}*`?"),
            None => format!("Declare it: `set: {name} {{ fields: […] }}`."),
        };
        self.say(Code::LookmlUnknownSet, word, message, help);
    }
}

/// Returns a name of a list without its `-`; nothing for what stands for everything.
fn listed(word: Word<'_>) -> Option<Word<'_>> {
    let mut piece = word.piece;
    if let Some(rest) = piece.text.strip_prefix('-') {
        piece.text = rest;
        piece.start += 1;
    }
    let all = matches!(piece.text, "ALL_FIELDS*" | "ALL_FIELDS") || piece.text.starts_with("EXTENDED");
    (!all && !piece.text.contains(['@', '{', '$'])).then_some(Word { piece, ..word })
}

/// Returns the view of a scoped name.
fn alias_of(word: Word<'_>) -> Word<'_> {
    let mut piece = word.piece;
    piece.text = piece.text.split('.').next().unwrap_or(piece.text);
    Word { piece, ..word }
}
