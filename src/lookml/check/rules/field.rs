//! Rules of every kind of field: what it refers to exists.

use super::{
    super::{
        layers::{At, Layers, Word},
        parameters::{BUILT_IN_FORMATS, BUILT_IN_MAP_LAYERS},
        scan,
        view::{Field, FieldKind, View},
    },
    Checker,
};
use crate::diagnostics::Code;

/// The parameters whose SQL refers to fields, beside `sql`, which each kind of field looks at itself.
const SQL: [&str; 6] = ["sql_start", "sql_end", "sql_latitude", "sql_longitude", "sql_distinct_key", "sql_foreign_key"];

/// The parameters whose word is a field of the same view, mostly.
const NAMES: [&str; 4] = ["order_by_field", "start_location_field", "end_location_field", "label_from_parameter"];

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn field(&mut self, view: &'m View<'a>, field: &'m Field<'a>) {
        for word in SQL.iter().flat_map(|key| references(field.layers.holding(key))) {
            self.in_view(view, word);
        }
        for word in NAMES.iter().filter_map(|key| field.layers.word(key)) {
            self.in_view(view, word);
        }
        for word in field.layers.holding("drill_fields").into_iter().flat_map(At::items) {
            self.listed_in_view(view, word);
        }
        for word in ["sql", "html"].iter().flat_map(|key| liquid(field.layers.holding(key))) {
            self.in_view(view, word);
        }
        let links = field.layers.all("link").flat_map(|link| ["url", "label"].map(|key| link.child(key))).flatten();
        let rendered = ["sql", "html"].iter().flat_map(|key| field.layers.holding(key));
        for word in liquid_values(rendered.chain(links)) {
            self.in_liquid(view, word);
        }
        self.format(&field.layers);
        self.suggestions(view, &field.layers);
        for layer in field.layers.iter() {
            self.grants(layer);
            self.links(layer);
        }
        if matches!(field.kind, FieldKind::Filter | FieldKind::Parameter) {
            for word in references(field.layers.holding("sql")) {
                self.in_view(view, word);
            }
        }
    }

    fn format(&mut self, layers: &Layers<'a>) {
        if let Some(name) = layers.word("value_format_name") {
            let known =
                BUILT_IN_FORMATS.contains(&name.text()) || self.model.declares("named_value_format", name.text());
            if !known {
                let formats: Vec<&str> =
                    BUILT_IN_FORMATS.iter().copied().chain(self.model.declared("named_value_format")).collect();
                self.unknown(Code::LookmlUnknownFormat, "value format", name, formats);
            }
        }
        if let Some(name) = layers.word("map_layer_name") {
            let known = BUILT_IN_MAP_LAYERS.contains(&name.text()) || self.model.declares("map_layer", name.text());
            if !known {
                let layers: Vec<&str> =
                    BUILT_IN_MAP_LAYERS.iter().copied().chain(self.model.declared("map_layer")).collect();
                self.unknown(Code::LookmlUnknownMapLayer, "map layer", name, layers);
            }
        }
    }

    /// Checks `required_access_grants` of anything.
    pub(super) fn grants(&mut self, layer: At<'a>) {
        for grant in layer.child("required_access_grants").map(At::items).unwrap_or_default() {
            if !self.model.declares("access_grant", grant.text()) {
                let known: Vec<&str> = self.model.declared("access_grant").collect();
                self.unknown(Code::LookmlUnknownAccessGrant, "access grant", grant, known);
            }
        }
    }

    fn suggestions(&mut self, view: &'m View<'a>, layers: &Layers<'a>) {
        let explore = match layers.word("suggest_explore") {
            None => None,
            Some(name) => {
                let explore = self.model.explores.get(name.text());
                if explore.is_none() {
                    let known: Vec<&str> = self.model.explores.keys().copied().collect();
                    self.unknown(Code::LookmlUnknownExplore, "explore", name, known);
                    return;
                }
                explore
            }
        };
        match (layers.word("suggest_dimension"), explore) {
            (Some(name), Some(explore)) => {
                self.in_explore(explore, explore.base, name);
            }
            (Some(name), None) => {
                self.in_view(view, name);
            }
            (None, _) => {}
        }
    }

    fn links(&mut self, layer: At<'a>) {
        for (key, needs) in [("link", &["label", "url"][..]), ("action", &["label", "url"])] {
            for block in layer.children(key) {
                for wanted in needs.iter().filter(|wanted| block.child(wanted).is_none()) {
                    self.missing(block.name(), key, wanted);
                }
            }
        }
    }

    /// Reports a parameter without which a block says nothing.
    pub(super) fn missing(&mut self, place: Word<'a>, what: &str, wanted: &str) {
        let message = format!("{what} has no `{wanted}`");
        self.say(Code::LookmlMissingParameter, place, message, format!("Add `{wanted}:`."));
    }

    /// Reports parameters that a field of this type does not look at.
    pub(super) fn ignored(&mut self, layers: &Layers<'a>, keys: &[&str], why: &str) {
        for at in keys.iter().filter_map(|key| layers.child(key)) {
            let key = at.node.key.text;
            let word = Word { file: at.file, piece: at.node.key };
            let message = format!("`{key}` does nothing: {why}");
            self.say(Code::LookmlIgnoredParameter, word, message, format!("Take `{key}` out, or change the type."));
        }
    }
}

/// Returns the fields in `${…}` of some texts, with their casts.
pub(super) fn references<'a>(texts: impl IntoIterator<Item = At<'a>>) -> Vec<Word<'a>> {
    let texts = texts.into_iter().filter_map(At::value);
    texts.flat_map(|Word { file, piece }| scan::references(piece).map(move |piece| Word { file, piece })).collect()
}

/// Returns the fields of which the Liquid of some texts tells something.
pub(super) fn liquid_values<'a>(texts: impl IntoIterator<Item = At<'a>>) -> Vec<Word<'a>> {
    let texts = texts.into_iter().filter_map(At::value);
    let values = |Word { file, piece }| scan::liquid_values(piece).into_iter().map(move |piece| Word { file, piece });
    texts.flat_map(values).collect()
}

/// Returns the fields that the Liquid tags of some texts name.
pub(super) fn liquid<'a>(texts: impl IntoIterator<Item = At<'a>>) -> Vec<Word<'a>> {
    let texts = texts.into_iter().filter_map(At::value);
    texts.flat_map(|Word { file, piece }| scan::liquid_fields(piece).map(move |piece| Word { file, piece })).collect()
}
