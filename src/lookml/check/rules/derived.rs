//! Rules of derived tables.

use std::collections::BTreeSet;

use super::{
    super::{
        layers::{At, Layers, Word},
        view::{Field, FieldKind, View},
    },
    Checker,
    field::references,
    query::TRIGGERS,
};
use crate::diagnostics::{Code, Diagnostic, nearest};

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn derived_table(&mut self, view: &'m View<'a>) {
        self.tables_in(view);
        for table in view.layers.all("derived_table") {
            self.datagroup(table, "datagroup_trigger");
            if let Some(source) = table.child("explore_source") {
                if let (Some(_), Some(sql)) = (table.child("explore_source"), table.child("sql")) {
                    let message =
                        format!("view `{}` derives its table from both `sql` and `explore_source`", view.name);
                    let diagnostic = Diagnostic::new(Code::LookmlConflictingParameters, sql.key_span(), message)
                        .also(source.key_span(), "the explore")
                        .help("Keep one of the two.");
                    self.found.push(diagnostic);
                }
                self.source_of(view, source);
            }
            self.persistence(table);
        }
        self.columns_of(view);
        if let Some(table) = view.layers.child("derived_table") {
            let made = ["sql", "explore_source", "sql_create", "create_process"];
            let tables: Vec<At<'a>> = view.layers.all("derived_table").collect();
            let empty = made.iter().all(|key| tables.iter().all(|table| table.child(key).is_none()));
            if empty && !view.open && !view.needs_extension {
                let word = Word { file: table.file, piece: table.node.key };
                self.missing(word, &format!("derived_table of view `{}`", view.name), "sql");
            }
        }
    }

    fn source_of(&mut self, view: &'m View<'a>, source: At<'a>) {
        let Some(explore) = self.explore_source(source, &[]) else { return };
        for word in source.children("bind_filters").filter_map(|binding| binding.word("from_field")) {
            self.in_view(view, word);
        }
        if explore.views[explore.base] == view.name {
            let message =
                format!("view `{}` is derived from explore `{}`, which begins with it", view.name, explore.name);
            self.say(Code::LookmlCircular, source.name(), message, "Derive it from an explore of other views.");
        }
    }

    /// Finds fields without SQL that are no column of the query of an explore.
    fn columns_of(&mut self, view: &View<'a>) {
        let tables: Vec<At<'a>> = view.layers.all("derived_table").collect();
        let queries: Vec<At<'a>> = tables.iter().filter_map(|table| table.child("explore_source")).collect();
        let is_sql = tables
            .iter()
            .any(|table| ["sql", "sql_create", "create_process"].iter().any(|key| table.child(key).is_some()));
        if queries.is_empty() || is_sql || view.open || view.needs_extension {
            return;
        }
        let columns = ["column", "derived_column"]
            .into_iter()
            .flat_map(|key| queries.iter().flat_map(move |query| query.children(key)));
        let columns: BTreeSet<String> = columns.map(|column| column.name().text().to_ascii_lowercase()).collect();
        for field in view.fields.iter().filter(|field| !columns.is_empty() && shows_its_column(field)) {
            if columns.contains(&field.name.to_ascii_lowercase()) {
                continue;
            }
            let message =
                format!("`{}` has no `sql`, and the query of view `{}` no such column", field.name, view.name);
            let help = match nearest(field.name, columns.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("Add `column: {} {{ field: … }}` to its `explore_source`.", field.name),
            };
            self.say(Code::LookmlUnknownField, field.layers.last().name(), message, help);
        }
    }

    /// Checks views that are named by their table, `${orders.SQL_TABLE_NAME}`, in what nothing replaces.
    fn tables_in(&mut self, view: &View<'a>) {
        let mut derived = view.layers.all("derived_table");
        let Some(first) = derived.next().filter(|_| !view.needs_extension) else { return };
        let mut layers = Layers::new(first);
        derived.for_each(|table| layers.push(table));
        for key in ["sql", "sql_trigger_value", "sql_create"] {
            for word in tables(layers.holding(key)) {
                if !self.model.views.contains_key(word.text()) {
                    let known = self.model.views.keys().copied();
                    self.unknown(Code::LookmlUnknownView, "view", word, known);
                }
            }
        }
    }

    /// Reports views whose tables are derived from one another in a circle.
    pub(super) fn no_table_circle(&mut self) {
        let model = self.model;
        let sources = |name: &str| -> Vec<Word<'a>> {
            let view = model.views.get(name);
            let derived = view.and_then(|view| view.layers.child("derived_table"));
            derived.map_or_else(Vec::new, |table| tables(table.children("sql")))
        };
        for name in model.views.keys() {
            let mut seen = vec![*name];
            let mut open = sources(name);
            while let Some(word) = open.pop() {
                if word.text() == *name {
                    let message = format!("the table of view `{name}` is derived from itself");
                    let help = "Follow the `SQL_TABLE_NAME`s, and take one of them out of the circle.";
                    self.say(Code::LookmlCircular, word, message, help);
                    break;
                }
                if !seen.contains(&word.text()) {
                    seen.push(word.text());
                    open.extend(sources(word.text()));
                }
            }
        }
    }

    fn persistence(&mut self, table: At<'a>) {
        let triggers: Vec<At<'a>> = TRIGGERS.iter().filter_map(|key| table.child(key)).collect();
        let counted = triggers.iter().filter(|trigger| trigger.node.key.text != "persist_for");
        if let [first, second, ..] = counted.collect::<Vec<_>>()[..] {
            let message = format!("a table has both `{}` and `{}`", first.node.key.text, second.node.key.text);
            let diagnostic = Diagnostic::new(Code::LookmlConflictingParameters, second.key_span(), message)
                .also(first.key_span(), "the first trigger")
                .help("Keep one of the two.");
            self.found.push(diagnostic);
        }
        if let Some(offset) = table.child("increment_offset").filter(|_| table.child("increment_key").is_none()) {
            let word = Word { file: offset.file, piece: offset.node.key };
            self.missing(word, "a table with `increment_offset`", "increment_key");
        }
    }
}

/// Returns the views that some texts name by their table.
fn tables<'a>(texts: impl IntoIterator<Item = At<'a>>) -> Vec<Word<'a>> {
    let names = references(texts).into_iter();
    names
        .filter_map(|Word { file, mut piece }| {
            piece.text = piece.text.strip_suffix(".SQL_TABLE_NAME")?;
            Some(Word { file, piece })
        })
        .collect()
}

/// Returns whether a field shows the column of its own name, as it says nothing else.
fn shows_its_column(field: &Field<'_>) -> bool {
    let says = ["sql", "case", "expression", "sql_start", "sql_end", "sql_latitude", "start_location_field"];
    let is_of_rows = match field.kind {
        FieldKind::Dimension => !matches!(field.type_name(), "location" | "distance"),
        FieldKind::Group => field.type_name() == "time",
        FieldKind::Measure | FieldKind::Filter | FieldKind::Parameter => false,
    };
    is_of_rows && says.iter().all(|key| !field.layers.has(key))
}
