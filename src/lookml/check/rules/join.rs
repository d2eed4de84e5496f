//! Rules of joins.

use std::collections::BTreeSet;

use super::{
    super::{
        explore::{Explore, Join},
        layers::{At, Word},
        scan,
    },
    Checker,
    field::references,
};
use crate::diagnostics::{Code, Diagnostic, nearest};

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn join(&mut self, explore: &'m Explore<'a>, join: &'m Join<'a>) {
        let name = join.layers.last().name();
        self.joined_view(join, name);
        if join.alias == explore.base {
            let message = format!("explore `{}` joins `{}`, which is its own view", explore.name, join.alias);
            let help = format!("Give the join a name of its own, and say `from: {}` in it.", join.view());
            self.say(Code::LookmlDuplicateName, name, message, help);
        }
        join.layers.iter().for_each(|layer| self.grants(layer));
        for word in ["sql_on", "sql_where"].iter().flat_map(|key| references(join.layers.holding(key))) {
            // A name without a view may be meant for either side.
            let home = if self.knows(explore, join.alias, word) { join.alias } else { explore.base };
            let found = self.in_explore(explore, home, word);
            self.no_aggregate(found, word, "sql_on");
        }
        self.liquid_of(explore, join.layers.holding("sql_on"));
        for word in join.layers.holding("fields").into_iter().flat_map(At::items) {
            self.listed_in_explore(explore, join.alias, word);
        }
        for word in join.layers.holding("required_joins").into_iter().flat_map(At::items) {
            self.required_join(explore, word);
        }
        self.condition(join, name);
        if let Some(key) = join.layers.word("foreign_key") {
            self.in_explore(explore, explore.base, key);
            if !self.has_primary_key(join.view()) {
                let message = format!("`foreign_key` needs a primary key in view `{}`", join.view());
                let help = "Mark its key with `primary_key: yes`, or join with `sql_on:`.";
                self.say(Code::LookmlMissingPrimaryKey, key, message, help);
            }
        }
    }

    fn joined_view(&mut self, join: &Join<'a>, name: Word<'a>) {
        if self.model.open || self.model.views.contains_key(join.view()) {
            return;
        }
        let word = join.layers.word("from").unwrap_or(name);
        let message = format!("join `{}` names view `{}`, which is not in this model", join.alias, join.view());
        let help = match nearest(join.view(), self.model.views.keys().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Include the file that declares it, or name another with `from:`.".to_owned(),
        };
        self.say(Code::LookmlUnknownView, word, message, help);
    }

    fn required_join(&mut self, explore: &Explore<'a>, word: Word<'a>) {
        if explore.open || explore.view(word.text()).is_some() {
            return;
        }
        let message = format!("explore `{}` has no join `{}`", explore.name, word.text());
        let help = match nearest(word.text(), explore.views.keys().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Name a join of this explore.".to_owned(),
        };
        self.say(Code::LookmlUnknownJoin, word, message, help);
    }

    fn condition(&mut self, join: &Join<'a>, name: Word<'a>) {
        let has = |keys: &[&str]| keys.iter().any(|key| join.layers.has(key));
        // A join that says nothing of its rows is there for the parameters and Liquid of its view.
        if !has(&["sql_on", "foreign_key", "sql", "sql_foreign_key", "type", "relationship", "sql_where"]) {
            return;
        }
        let cross = join.layers.word("type").is_some_and(|word| word.text() == "cross");
        if !cross && !has(&["sql_on", "foreign_key", "sql", "sql_foreign_key"]) {
            let message = format!("join `{}` has no condition", join.alias);
            let help = "Add `sql_on:` or `foreign_key:`, or say `type: cross`.";
            self.say(Code::LookmlJoinWithoutCondition, name, message, help);
        }
        if let (Some(on), Some(key)) = (join.layers.child("sql_on"), join.layers.child("foreign_key")) {
            let message = format!("join `{}` has both `sql_on` and `foreign_key`", join.alias);
            let diagnostic = Diagnostic::new(Code::LookmlConflictingParameters, key.key_span(), message)
                .also(on.key_span(), "the condition")
                .help("Keep one of the two.");
            self.found.push(diagnostic);
        }
        if let Some(on) = join.layers.child("sql_on").filter(|_| !cross)
            && is_about_others(on, join.alias)
        {
            let message = format!("the condition of join `{}` does not name it", join.alias);
            let help =
                format!("Compare with a field of `{}`: as it is, each of its rows meets every other row.", join.alias);
            let word = Word { file: on.file, piece: on.node.key };
            self.say(Code::LookmlJoinWithoutCondition, word, message, help);
        }
        if !has(&["relationship"]) {
            let message = format!("join `{}` does not say its `relationship`", join.alias);
            let help = "Looker takes `many_to_one`; where that is wrong, sums are wrong without an error. Say it.";
            self.say(Code::LookmlMissingRelationship, name, message, help);
        }
    }
}

/// Returns whether a condition compares fields of other views, and has no word of this one.
fn is_about_others(on: At<'_>, alias: &str) -> bool {
    let words = references([on]);
    let text = on.value().map_or("", Word::text);
    let views: BTreeSet<&str> = words.iter().filter_map(|word| scan::parts(word.text()).0).collect();
    let is_plain = !["{%", "{{", "@{", "EXTENDED", "TABLE"].iter().any(|live| text.contains(live));
    is_plain
        && views.len() > 1
        && words.iter().all(|word| word.text().contains('.'))
        && !views.iter().any(|view| view.eq_ignore_ascii_case(alias))
        && !beside_references(text).to_ascii_lowercase().contains(&alias.to_ascii_lowercase())
}

/// Returns the SQL of a condition without its `${…}`: `payer` is not named by `${orders.payer_id}`.
fn beside_references(text: &str) -> String {
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default();
    let behind = parts.map(|part| part.split_once('}').map_or("", |(_, behind)| behind));
    std::iter::once(first).chain(behind).collect()
}
