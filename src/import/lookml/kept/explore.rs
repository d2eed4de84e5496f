//! Explores → what the generated ones lack of them, or all that they say.

use std::fmt::Write;

use super::{ANEW, Kept, Made, Needed, fields};
use crate::{
    import::lookml::{
        edges,
        report::{Ledger, Outcome},
        settings::is_for_a_test,
        source::parameters,
    },
    lookml::check::{explore::Explore, layers::At},
};

/// Parameters of an explore that entente writes anew.
const EXPLORE: [&str; 13] = [
    "label",
    "description",
    "view_name",
    "extends",
    "extension",
    "join",
    "view_label",
    "final",
    "access_filter",
    "aggregate_table",
    "sql_always_where",
    "from",
    "group_label",
];

impl<'a> Kept<'_, '_, 'a> {
    /// Writes an explore with all that it says.
    pub(super) fn explore(&self, explore: &Explore<'a>, ledger: &mut Ledger) -> Option<String> {
        let is_test = is_for_a_test(self.fields, explore);
        let why = if is_test { ANEW } else { "no explore here is called so" };
        let outcome = if is_test { Outcome::Native } else { Outcome::Verbatim };
        explore.layers.iter().for_each(|at| ledger.mark(at, outcome, why));
        if is_test {
            return None;
        }
        let mut text = format!("explore: {} {{\n", explore.name);
        text.push_str(self.letters(explore));
        for at in parameters(&explore.layers) {
            if !["extends", "extension", "join"].contains(&at.node.key.text) {
                text.push_str(&self.node(explore.base, at, 2));
            }
        }
        for join in &explore.joins {
            write!(text, "\n  join: {} {{\n", join.alias).expect("a string takes any text");
            for at in parameters(&join.layers) {
                text.push_str(&self.node(explore.base, at, 4));
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n");
        Some(text)
    }

    /// Says of an explore what its model said of all.
    fn letters(&self, explore: &Explore<'a>) -> &'static str {
        if self.fields.lookml.several.folds_by_its_model(explore) { "  case_sensitive: no\n" } else { "" }
    }

    /// Writes what a generated explore lacks.
    pub(super) fn explore_refinement(
        &self,
        explore: &Explore<'a>,
        made: &Explore<'_>,
        (emitted, needed): (&Made<'_>, &Needed),
        ledger: &mut Ledger,
    ) -> Option<String> {
        explore.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, ""));
        let mut text = String::from(self.letters(explore));
        let shown = fields::shown(self, explore, made);
        if let Some(list) = &shown {
            writeln!(text, "  fields: [{}]", list.join(", ")).expect("a string takes any text");
        }
        for at in parameters(&explore.layers) {
            let key = at.node.key.text;
            if key == "join" {
                continue;
            }
            if key == "fields" && shown.is_some() {
                ledger.mark(at, Outcome::Verbatim, "");
                continue;
            }
            let is_own = self.fields.lookml.is_generated(at.file);
            if is_own
                && let Some(other) = made.layers.child(key)
                && emitted.has_same(at, other, self.fields.lookml.files)
            {
                ledger.renew(at, ANEW);
                continue;
            }
            let keeps = if key == "aggregate_table" {
                !made.layers.all(key).any(|other| other.name().text() == at.name().text())
            } else if key == "access_filter" {
                let said = |at: At<'_>| {
                    (
                        at.word("field").map(|w| w.text().to_owned()),
                        at.word("user_attribute").map(|w| w.text().to_owned()),
                    )
                };
                !made.layers.all(key).any(|other| said(other) == said(at))
            } else if EXPLORE.contains(&key) {
                ledger.outcome(at) == Some(Outcome::Verbatim)
            } else {
                !is_own || !made.layers.has(key)
            };
            if keeps && key == "aggregate_table" && ledger.outcome(at) == Some(Outcome::Native) {
                let why = "its rollup gives no aggregate table, so its LookML is kept beside it";
                ledger.mark(at, Outcome::Native, why);
                text.push_str(&self.node(explore.base, at, 2));
                continue;
            }
            if is_own && key == "persist_with" && !made.layers.has(key) {
                ledger.mark(at, Outcome::LeftBehind, "how fresh a table is stands under `tables:`");
            }
            if !keeps || (is_own && matches!(key, "fields" | "hidden" | "persist_with")) || key == "hidden" {
                continue;
            }
            ledger.mark(at, Outcome::Verbatim, "");
            text.push_str(&self.node(explore.base, at, 2));
        }
        text.push_str(&fields::of_twins(explore, made));
        for join in &explore.joins {
            let twin = made.joins.iter().find(|other| other.alias == join.alias);
            let of = self.fields.lookml.view(join.view());
            if of.is_some_and(|view| self.is_anew(view, needed)) {
                join.layers.iter().for_each(|at| ledger.renew(at, ANEW));
                continue;
            }
            let wanted: Vec<At<'a>> = parameters(&join.layers);
            let rest: Vec<At<'a>> = match twin {
                None => wanted,
                Some(_) => wanted
                    .into_iter()
                    .filter(|at| !self.fields.lookml.is_generated(at.file))
                    .filter(|at| {
                        let is_other =
                            at.node.key.text == "type" && at.value().is_some_and(|word| word.text() != "left_outer");
                        is_other || !edges::NATIVE.contains(&at.node.key.text)
                    })
                    .collect(),
            };
            if rest.is_empty() {
                continue;
            }
            write!(text, "\n  join: {} {{\n", join.alias).expect("a string takes any text");
            for at in rest {
                text.push_str(&self.node(explore.base, at, 4));
            }
            text.push_str("  }\n");
        }
        (!text.is_empty()).then(|| format!("explore: +{} {{\n{text}}}\n", explore.name))
    }
}
