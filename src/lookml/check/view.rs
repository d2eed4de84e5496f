//! A view as a model sees it: with its refinements and what it extends.

use std::collections::{BTreeMap, HashMap};

use super::{
    layers::{At, Layers, Word},
    parameters::{CUSTOM_TIMEFRAMES, INTERVALS, is_timeframe},
};

/// The kinds of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Dimension,
    Group,
    Measure,
    Filter,
    Parameter,
}

impl FieldKind {
    /// Returns the kind that a key declares.
    pub(crate) fn of(key: &str) -> Option<Self> {
        Some(match key {
            "dimension" => Self::Dimension,
            "dimension_group" => Self::Group,
            "measure" => Self::Measure,
            "filter" => Self::Filter,
            "parameter" => Self::Parameter,
            _ => return None,
        })
    }

    /// Returns the key that declares it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dimension => "dimension",
            Self::Group => "dimension_group",
            Self::Measure => "measure",
            Self::Filter => "filter",
            Self::Parameter => "parameter",
        }
    }
}

/// A field with everything that is said of it.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What it is.
    pub(crate) kind: FieldKind,
    /// What is said of it.
    pub(crate) layers: Layers<'a>,
}

impl<'a> Field<'a> {
    /// Returns its type, as written.
    pub(crate) fn type_word(&self) -> Option<Word<'a>> {
        self.layers.word("type")
    }

    /// Returns its type, or the one that it has without a word.
    pub(crate) fn type_name(&self) -> &'a str {
        self.type_word().map_or(
            match self.kind {
                FieldKind::Group if self.layers.has("sql_start") => "duration",
                FieldKind::Group => "time",
                FieldKind::Measure => "string",
                FieldKind::Dimension | FieldKind::Filter | FieldKind::Parameter => "string",
            },
            Word::text,
        )
    }

    /// Returns whether a group has a member of this suffix or prefix: `date` or `days`.
    fn has_member(&self, list: &str, member: &str) -> bool {
        match self.layers.child(list) {
            None => true,
            Some(list) => list.items().iter().any(|item| item.text() == member || item.text().contains("EXTENDED")),
        }
    }
}

/// A view with its refinements and what it extends.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its own layers, what it extends first.
    pub(crate) layers: Layers<'a>,
    /// Its fields, in the order in which they are declared first.
    pub(crate) fields: Vec<Field<'a>>,
    /// Fields and groups by name: `event` may be both, since a group is known by its members.
    index: HashMap<(&'a str, bool), usize>,
    sets: BTreeMap<&'a str, At<'a>>,
    /// Whether it extends or refines what is not at hand, so that it may have any field.
    pub(crate) open: bool,
    /// Whether it is only there to be extended.
    pub(crate) needs_extension: bool,
}

impl<'a> View<'a> {
    pub(crate) fn new(name: &'a str, first: At<'a>) -> Self {
        Self {
            name,
            layers: Layers::new(first),
            fields: Vec::new(),
            index: HashMap::new(),
            sets: BTreeMap::new(),
            open: false,
            needs_extension: false,
        }
    }

    /// Adds what one declaration says.
    pub(crate) fn add(&mut self, declaration: At<'a>) {
        for node in declaration.node.nodes() {
            let Some(name) = node.name() else { continue };
            let at = declaration.with(node);
            if node.key.text == "set" {
                self.sets.insert(name.text, at);
            }
            let Some(kind) = FieldKind::of(node.key.text) else { continue };
            let key = (name.text, kind == FieldKind::Group);
            match self.index.get(&key) {
                Some(index) => {
                    let field = &mut self.fields[*index];
                    field.kind = kind;
                    field.layers.push(at);
                }
                None => {
                    self.index.insert(key, self.fields.len());
                    self.fields.push(Field { name: name.text, kind, layers: Layers::new(at) });
                }
            }
        }
    }

    /// Adds everything of a view that this one extends; what it says itself comes later.
    pub(crate) fn inherit(&mut self, parent: &View<'a>) {
        self.open |= parent.open;
        for field in &parent.fields {
            let key = (field.name, field.kind == FieldKind::Group);
            match self.index.get(&key) {
                Some(index) => self.fields[*index].layers.extend(&field.layers),
                None => {
                    self.index.insert(key, self.fields.len());
                    self.fields.push(field.clone());
                }
            }
        }
        for (name, set) in &parent.sets {
            self.sets.entry(name).or_insert(*set);
        }
    }

    /// Returns the field that a name stands for: itself, or the group that it is a member of.
    pub(crate) fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.index.get(&(name, false)).map(|index| &self.fields[*index]).or_else(|| self.member(name))
    }

    fn group(&self, name: &str) -> Option<&Field<'a>> {
        self.index.get(&(name, true)).map(|index| &self.fields[*index])
    }

    /// Finds `created_date` in the group `created`, and `days_open` in the group `open`.
    fn member(&self, name: &str) -> Option<&Field<'a>> {
        for (at, _) in name.match_indices('_') {
            let (left, right) = (&name[..at], &name[at + 1..]);
            if is_timeframe(right)
                && let Some(group) = self.group(left).filter(|group| group.type_name() != "duration")
                && group.has_member("timeframes", right)
            {
                return Some(group);
            }
            if CUSTOM_TIMEFRAMES.contains(&right)
                && let Some(group) = self.group(left).filter(|group| group.type_name() == "custom_calendar")
                && group.has_member("custom_timeframes", right)
            {
                return Some(group);
            }
            if let Some(interval) = left.strip_suffix('s').filter(|interval| INTERVALS.contains(interval))
                && let Some(group) = self.group(right).filter(|group| group.type_name() == "duration")
                && group.has_member("intervals", interval)
            {
                return Some(group);
            }
        }
        None
    }

    /// Returns a set.
    pub(crate) fn set(&self, name: &str) -> Option<At<'a>> {
        self.sets.get(name).copied()
    }

    /// Returns the sets, by name.
    pub(crate) fn sets(&self) -> impl Iterator<Item = (&'a str, At<'a>)> + '_ {
        self.sets.iter().map(|(name, set)| (*name, *set))
    }

    /// Returns all names that fields can be referred to by.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let list = |key: &str| field.layers.child(key).map(At::items).unwrap_or_default();
            match field.kind {
                FieldKind::Group if field.type_name() == "duration" => {
                    names.extend(list("intervals").iter().map(|unit| format!("{}s_{}", unit.text(), field.name)));
                }
                FieldKind::Group => {
                    let frames = list("timeframes").into_iter().chain(list("custom_timeframes"));
                    names.extend(frames.map(|frame| format!("{}_{}", field.name, frame.text())));
                }
                _ => names.push(field.name.to_owned()),
            }
        }
        names
    }
}
