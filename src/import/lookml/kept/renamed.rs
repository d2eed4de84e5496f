//! Measures that are called otherwise in the emitted LookML → their names there, wherever something names them.
//!
//! `count` of `orders` becomes `orders_count`, so `drill_fields: [orders.count]` and `{{ orders.count._value }}` follow it. A
//! measure that stays LookML keeps its name, and nothing has to follow.
//!
//! **Invariant:** a name is exchanged only where the emitted view has the measure under the new one.

use std::collections::BTreeMap;

use crate::{
    import::{
        emit::Out,
        lookml::{dimension::Fields, measure::Measures},
    },
    lookml::check::{model::Model, view::FieldKind},
};

/// The measures with other names.
#[derive(Debug, Default)]
pub(in crate::import::lookml) struct Renamed {
    /// The new names, by view and measure.
    names: BTreeMap<(String, String), String>,
    /// The views of names under which explores know them.
    aliases: BTreeMap<String, String>,
}

/// A part of a text that is exchanged.
pub(super) struct Exchange {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) name: String,
}

impl Renamed {
    /// Finds the measures of some views that `made` has under other names.
    pub(super) fn new<'a>(
        fields: &Fields<'_, 'a>,
        measures: &Measures<'_, '_, 'a>,
        views: &[&str],
        made: &Model<'_>,
    ) -> Self {
        let mut renamed = Self::default();
        for view in views.iter().filter_map(|name| fields.lookml.view(name)) {
            let Some(made) = made.views.get(view.name) else { continue };
            for field in view.fields.iter().filter(|field| field.kind == FieldKind::Measure) {
                let name = measures.name(view.name, field.name).filter(|name| *name != field.name);
                let is_made =
                    |name: &&str| made.fields.iter().any(|made| made.kind == FieldKind::Measure && made.name == *name);
                if let Some(name) = name.filter(is_made).filter(|_| measures.metric(view.name, field).is_ok()) {
                    renamed.names.insert((view.name.to_owned(), field.name.to_owned()), name.to_owned());
                }
            }
        }
        for (alias, view) in fields.lookml.model.explores.values().flat_map(|explore| &explore.views) {
            if fields.lookml.view(alias).is_none() {
                renamed.aliases.entry((*alias).to_owned()).or_insert_with(|| (*view).to_owned());
            }
        }
        renamed
    }

    /// Returns the name that a measure has in the emitted LookML.
    pub(super) fn name(&self, view: &str, field: &str) -> Option<&str> {
        let view = self.aliases.get(view).map_or(view, String::as_str);
        self.names.get(&(view.to_owned(), field.to_owned())).map(String::as_str)
    }

    /// Returns what is exchanged in a reference, which may name its view and may take it out: `orders.count`, `-count`.
    pub(super) fn in_reference(&self, view: &str, text: &str) -> Option<Exchange> {
        let named = text.trim_start_matches('-');
        let (owner, field) = named.split_once('.').unwrap_or((view, named));
        let (start, field) = (text.len() - field.len(), field.trim_end_matches('*'));
        let name = self.name(owner, field)?.to_owned();
        Some(Exchange { start, end: start + field.len(), name })
    }

    /// Returns what is exchanged in the Liquid of a text: `{{ count._value }}`, `{% if orders.count._in_query %}`.
    pub(super) fn in_liquid(&self, view: &str, text: &str) -> Vec<Exchange> {
        let mut found = Vec::new();
        for (open, close) in [("{{", "}}"), ("{%", "%}")] {
            for (at, _) in text.match_indices(open) {
                let Some(length) = text[at..].find(close) else { continue };
                let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
                for word in text[at..at + length].split(|letter| !is_name(letter)) {
                    let start = word.as_ptr() as usize - text.as_ptr() as usize;
                    let is_of_filters = text[..start].trim_end_matches(['"', '\'', '[', '\\']).ends_with("_filters");
                    let reference = match word.find("._") {
                        Some(end) => &word[..end],
                        None if is_of_filters => word,
                        None => continue,
                    };
                    let exchange = self.in_reference(view, reference);
                    found.extend(exchange.map(|of| Exchange { start: start + of.start, end: start + of.end, ..of }));
                }
            }
        }
        found
    }

    /// Exchanges names in what definitions of a view pass through to Looker.
    pub(in crate::import::lookml) fn follow(&self, view: &str, out: &mut Out) {
        match out {
            Out::Map(entries) => {
                for (key, value) in entries {
                    if key == "lookml" {
                        self.passed(view, value);
                    } else {
                        self.follow(view, value);
                    }
                }
            }
            Out::List(items) => items.iter_mut().for_each(|item| self.follow(view, item)),
            Out::Text(_) | Out::Word(_) => {}
        }
    }

    /// Exchanges names in what one definition of a view passes through.
    pub(in crate::import::lookml) fn passed(&self, view: &str, out: &mut Out) {
        let Out::Map(entries) = out else { return };
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("drill_fields", Out::List(items)) => {
                    for item in items {
                        if let Out::Text(text) = item {
                            self.in_reference(view, text).into_iter().for_each(|of| exchange(text, &of));
                        }
                    }
                }
                ("order_by_field", Out::Text(text)) => {
                    self.in_reference(view, text).into_iter().for_each(|of| exchange(text, &of));
                }
                ("alias", _) => {}
                (_, value) => self.liquid(view, value),
            }
        }
    }

    fn liquid(&self, view: &str, out: &mut Out) {
        match out {
            Out::Text(text) => {
                let mut found = self.in_liquid(view, text);
                found.sort_by_key(|of| std::cmp::Reverse(of.start));
                found.into_iter().for_each(|of| exchange(text, &of));
            }
            Out::List(items) => items.iter_mut().for_each(|item| self.liquid(view, item)),
            Out::Map(entries) => entries.iter_mut().for_each(|(_, value)| self.liquid(view, value)),
            Out::Word(_) => {}
        }
    }
}

fn exchange(text: &mut String, of: &Exchange) {
    text.replace_range(of.start..of.end, &of.name);
}
