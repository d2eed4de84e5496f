//! Rules of explores.

use super::{
    super::{
        explore::{Explore, needs_primary_key},
        layers::{At, Word},
        model::Lookup,
        scan,
        view::{Field, FieldKind},
    },
    Checker,
    field::{liquid, liquid_values, references},
    measure::aggregates,
};
use crate::diagnostics::{Code, nearest};

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn explore(&mut self, explore: &'m Explore<'a>) {
        for layer in explore.layers.iter() {
            self.grants(layer);
            self.datagroup(layer, "persist_with");
        }
        if explore.needs_extension() {
            return;
        }
        self.base_view(explore);
        for join in &explore.joins {
            self.join(explore, join);
        }
        for key in ["sql_always_where", "sql_always_having"] {
            let held = explore.layers.holding(key);
            for word in references(held.iter().copied()) {
                let found = self.in_explore(explore, explore.base, word);
                if key == "sql_always_where" {
                    self.no_aggregate(found, word, "sql_always_where");
                }
            }
            self.liquid_of(explore, held);
        }
        for word in explore.layers.holding("fields").into_iter().flat_map(At::items) {
            self.listed_in_explore(explore, explore.base, word);
        }
        for layer in explore.layers.iter() {
            for filter in layer.children("access_filter") {
                self.access_filter(explore, filter);
            }
            for block in layer.children("always_filter").chain(layer.children("conditionally_filter")) {
                self.filters(explore, block, "filters");
                for word in block.children("unless").flat_map(At::items) {
                    self.in_explore(explore, explore.base, word);
                }
            }
            for table in layer.children("aggregate_table") {
                self.aggregate_table(explore, table);
            }
            for query in layer.children("query") {
                self.query(explore, query);
            }
        }
        self.keys_under_fan_out(explore);
    }

    /// Resolves what the Liquid of a condition names with its view.
    pub(super) fn liquid_of(&mut self, explore: &'m Explore<'a>, texts: Vec<At<'a>>) {
        for word in liquid(texts.iter().copied()).into_iter().filter(|word| word.text().contains('.')) {
            self.in_explore(explore, explore.base, word);
        }
        for word in liquid_values(texts) {
            self.in_liquid_of(explore, word);
        }
    }

    /// Reports a measure that aggregates rows in a condition on single rows.
    pub(super) fn no_aggregate(&mut self, found: Option<&Field<'a>>, word: Word<'a>, place: &str) {
        if found.is_some_and(|field| field.kind == FieldKind::Measure && aggregates(field.type_name())) {
            self.wrong_kind(word, &format!("`{place}`"), "dimension");
        }
    }

    fn base_view(&mut self, explore: &Explore<'a>) {
        let view = explore.views[explore.base];
        if self.model.open || explore.open || self.model.views.contains_key(view) {
            return;
        }
        let word =
            ["from", "view_name"].iter().find_map(|key| explore.layers.word(key).filter(|word| word.text() == view));
        let word = word.unwrap_or_else(|| explore.layers.last().name());
        let message = format!("explore `{}` shows view `{view}`, which is not in this model", explore.name);
        let help = match nearest(view, self.model.views.keys().copied()) {
            Some(near) => format!("Did you mean `{near}`? Say so with `view_name: {near}`."),
            None => "Include the file that declares it, or name another with `view_name:`.".to_owned(),
        };
        self.say(Code::LookmlUnknownView, word, message, help);
    }

    fn access_filter(&mut self, explore: &'m Explore<'a>, filter: At<'a>) {
        for wanted in ["field", "user_attribute"].into_iter().filter(|wanted| filter.child(wanted).is_none()) {
            self.missing(filter.name(), "`access_filter`", wanted);
        }
        let Some(field) = filter.word("field") else { return };
        if scan::parts(field.text()).0.is_none() {
            let message = format!("`access_filter` names `{}` without its view", field.text());
            let help = format!("Write `{}.{}`, as Looker asks for.", explore.base, field.text());
            self.say(Code::LookmlUnscopedField, field, message, help);
        }
        if let Some(found) = self.in_explore(explore, explore.base, field)
            && found.kind == FieldKind::Measure
        {
            self.wrong_kind(field, "`access_filter`", "dimension");
        }
    }

    /// Checks the fields of `filters:` and whether they can have their values.
    pub(super) fn filters(&mut self, explore: &'m Explore<'a>, block: At<'a>, key: &str) {
        for (name, value) in block.children(key).flat_map(At::filters) {
            let found = self.in_explore(explore, explore.base, name);
            if let (Some(field), Some(value)) = (found, value) {
                self.filter_value(field, value);
            }
        }
    }

    /// Reports views whose measures would count rows several times.
    fn keys_under_fan_out(&mut self, explore: &Explore<'a>) {
        if !explore.fans_out() || explore.layers.word("symmetric_aggregates").is_some_and(|word| word.text() == "no") {
            return;
        }
        let Some(view) = self.model.views.get(explore.views[explore.base]) else { return };
        if view.open || !needs_primary_key(view) {
            return;
        }
        let message = format!(
            "explore `{}` multiplies the rows of view `{}`, which has measures and no `primary_key`",
            explore.name, view.name
        );
        let help = "Mark its key with `primary_key: yes`: without it Looker cannot compute its measures here.";
        self.say(Code::LookmlMissingPrimaryKey, explore.layers.last().name(), message, help);
    }

    /// Checks the name of a datagroup.
    pub(super) fn datagroup(&mut self, layer: At<'a>, key: &str) {
        let Some(name) = layer.word(key) else { return };
        if !self.model.declares("datagroup", name.text()) {
            let known: Vec<&str> = self.model.declared("datagroup").collect();
            self.unknown(Code::LookmlUnknownDatagroup, "datagroup", name, known);
        }
    }

    /// Returns whether a view of an explore has a primary key; also where that cannot be told.
    pub(super) fn has_primary_key(&self, view: &str) -> bool {
        match self.model.views.get(view) {
            None => true,
            Some(view) => view.open || view.fields.iter().any(|field| field.layers.says_yes("primary_key")),
        }
    }

    /// Returns whether a name is known in an explore, without a word about it.
    pub(super) fn knows(&self, explore: &Explore<'a>, home: &str, word: Word<'a>) -> bool {
        let (alias, field) = scan::parts(word.text());
        let view = explore.view(alias.unwrap_or(home));
        view.is_some_and(|view| matches!(self.model.lookup(view, field), Lookup::Found(..) | Lookup::CannotTell))
    }
}
