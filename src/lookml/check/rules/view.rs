//! Rules of views: keys, sets, where the rows come from.

use super::{
    super::{
        layers::{At, Word},
        view::{FieldKind, View},
    },
    Checker,
};
use crate::diagnostics::{Code, Diagnostic};

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn view(&mut self, view: &'m View<'a>) {
        self.one_primary_key(view);
        self.one_source(view);
        self.members(view);
        for layer in view.layers.iter() {
            self.grants(layer);
        }
        for word in view.layers.holding("drill_fields").into_iter().flat_map(At::items) {
            self.listed_in_view(view, word);
        }
        for (_, set) in view.sets() {
            for word in set.child("fields").map(At::items).unwrap_or_default() {
                self.listed_in_view(view, word);
            }
        }
        for field in &view.fields {
            self.within = Some(field);
            self.field(view, field);
            match field.kind {
                FieldKind::Dimension => self.dimension(view, field),
                FieldKind::Group => self.group(view, field),
                FieldKind::Measure => self.measure(view, field),
                FieldKind::Filter | FieldKind::Parameter => {}
            }
        }
        self.within = None;
        self.derived_table(view);
    }

    fn one_primary_key(&mut self, view: &View<'a>) {
        let keys: Vec<Word<'a>> = view
            .fields
            .iter()
            .filter_map(|field| field.layers.child("primary_key"))
            .filter(|key| key.value().is_some_and(|word| word.text() == "yes"))
            .map(|key| Word { file: key.file, piece: key.node.key })
            .collect();
        for key in keys.iter().skip(1) {
            let message = format!("view `{}` has several primary keys", view.name);
            let diagnostic = Diagnostic::new(Code::LookmlSeveralPrimaryKeys, key.span(), message)
                .also(keys[0].span(), "the first one")
                .help("Keep one; a key of several columns is one dimension that concatenates them.");
            self.found.push(diagnostic);
        }
    }

    fn one_source(&mut self, view: &View<'a>) {
        for layer in view.layers.iter() {
            if let (Some(name), Some(derived)) = (layer.child("sql_table_name"), layer.child("derived_table")) {
                let message = format!("view `{}` has both `sql_table_name` and `derived_table`", view.name);
                let diagnostic = Diagnostic::new(Code::LookmlConflictingParameters, derived.key_span(), message)
                    .also(name.key_span(), "the table")
                    .help("Keep one of the two.");
                self.found.push(diagnostic);
            }
        }
    }

    /// Finds dimensions that are called like a member of a group.
    fn members(&mut self, view: &View<'a>) {
        for group in view.fields.iter().filter(|field| field.kind == FieldKind::Group) {
            let (list, duration) = match group.type_name() {
                "duration" => ("intervals", true),
                _ => ("timeframes", false),
            };
            for member in group.layers.child(list).map(At::items).unwrap_or_default() {
                let name = if duration {
                    format!("{}s_{}", member.text(), group.name)
                } else {
                    format!("{}_{}", group.name, member.text())
                };
                let clash = view.field(&name).filter(|field| field.kind != FieldKind::Group);
                if let Some(field) = clash {
                    let message = format!("`{name}` is both a {} and a member of `{}`", field.kind.word(), group.name);
                    let diagnostic =
                        Diagnostic::new(Code::LookmlDuplicateName, field.layers.last().name().span(), message)
                            .also(member.span(), "the member")
                            .help("Rename the field, or take the member out of the group.");
                    self.found.push(diagnostic);
                }
            }
        }
    }
}
