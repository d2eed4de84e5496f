//! Rules of queries that a project writes down: aggregate tables, queries of explores, tests, `explore_source`.

use super::{
    super::{
        explore::Explore,
        layers::{At, Word},
        scan,
        view::FieldKind,
    },
    Checker,
    field::references,
};
use crate::diagnostics::Code;

/// What keeps a table.
pub(super) const TRIGGERS: [&str; 4] = ["datagroup_trigger", "sql_trigger_value", "persist_for", "interval_trigger"];

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn aggregate_table(&mut self, explore: &'m Explore<'a>, table: At<'a>) {
        for wanted in ["query", "materialization"].into_iter().filter(|wanted| table.child(wanted).is_none()) {
            let message = format!("aggregate_table `{}`", table.name().text());
            self.missing(table.name(), &message, wanted);
        }
        if let Some(query) = table.child("query") {
            self.query(explore, query);
        }
        if let Some(kept) = table.child("materialization") {
            self.datagroup(kept, "datagroup_trigger");
            if TRIGGERS.iter().all(|trigger| kept.child(trigger).is_none()) {
                self.missing(kept.name(), "`materialization`", "datagroup_trigger");
            }
        }
    }

    pub(super) fn query(&mut self, explore: &'m Explore<'a>, query: At<'a>) {
        for (key, measures) in [("dimensions", false), ("measures", true), ("pivots", false)] {
            for word in query.children(key).flat_map(At::items) {
                let Some(field) = self.in_explore(explore, explore.base, word) else { continue };
                if (field.kind == FieldKind::Measure) != measures {
                    self.wrong_kind(word, &format!("`{key}`"), if measures { "measure" } else { "dimension" });
                }
            }
        }
        self.filters(explore, query, "filters");
        for (word, _) in query.children("sorts").flat_map(At::filters) {
            self.in_explore(explore, explore.base, word);
        }
    }

    /// Checks `explore_source`, and returns its explore.
    pub(super) fn explore_source(&mut self, source: At<'a>, extra: &[&str]) -> Option<&'m Explore<'a>> {
        let name = source.name();
        let Some(explore) = self.model.explores.get(name.text()) else {
            let known: Vec<&str> = self.model.explores.keys().copied().collect();
            self.unknown(Code::LookmlUnknownExplore, "explore", name, known);
            return None;
        };
        let mut columns: Vec<&str> = extra.to_vec();
        for column in source.children("column") {
            columns.push(column.name().text());
            match column.word("field") {
                Some(field) => {
                    self.in_explore(explore, explore.base, field);
                }
                None => {
                    self.in_explore(explore, explore.base, column.name());
                }
            }
        }
        for column in source.children("derived_column") {
            columns.push(column.name().text());
            if column.child("sql").is_none() {
                self.missing(column.name(), "derived_column", "sql");
            }
        }
        self.filters(explore, source, "filters");
        self.filters(explore, source, "dev_filters");
        for (word, _) in source.children("sorts").flat_map(At::filters) {
            if !columns.contains(&word.text()) {
                self.in_explore(explore, explore.base, word);
            }
        }
        for binding in source.children("bind_filters") {
            if let Some(word) = binding.word("to_field") {
                self.in_explore(explore, explore.base, word);
            }
            for wanted in ["from_field", "to_field"].into_iter().filter(|wanted| binding.child(wanted).is_none()) {
                self.missing(binding.name(), "`bind_filters`", wanted);
            }
        }
        for word in references(source.children("expression_custom_filter")) {
            self.in_explore(explore, explore.base, word);
        }
        Some(explore)
    }

    /// Checks all tests of the model.
    pub(super) fn tests(&mut self) {
        for test in self.model.tests.clone() {
            let name = test.name();
            let what = format!("test `{}`", name.text());
            for wanted in ["explore_source", "assert"].into_iter().filter(|wanted| test.child(wanted).is_none()) {
                self.missing(name, &what, wanted);
            }
            let Some(source) = test.child("explore_source") else { continue };
            let Some(explore) = self.explore_source(source, &[]) else { continue };
            let columns: Vec<(&str, Word<'a>)> = source
                .children("column")
                .map(|column| (column.name().text(), column.word("field").unwrap_or(column.name())))
                .collect();
            for assert in test.children("assert") {
                if assert.child("expression").is_none() {
                    self.missing(assert.name(), "`assert`", "expression");
                }
                for word in references(assert.children("expression")) {
                    // An expression names columns, or the fields behind them.
                    if columns
                        .iter()
                        .any(|(column, field)| [*column, field.text()].contains(&scan::uncast(word.text())))
                    {
                        continue;
                    }
                    if self.in_explore(explore, explore.base, word).is_some() {
                        let message =
                            format!("{what} asserts about `{}`, which is no column of its query", word.text());
                        let column = scan::parts(word.text()).1;
                        let help = format!("Add `column: {column} {{ field: {} }}`.", word.text());
                        self.say(Code::LookmlUnknownField, word, message, help);
                    }
                }
            }
        }
    }
}
