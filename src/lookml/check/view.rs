//! A view as a model sees it: with its refinements and what it extends.

use std::collections::{BTreeMap, HashMap};

use super::{
    layers::{At, Layers, Word},
    parameters::{CUSTOM_TIMEFRAMES, INTERVALS, is_timeframe},
    scan::uncast,
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

    /// Returns whether it has members such as `created_date`: a group of times, or a dimension or measure of type `time`, as
    /// older projects write it.
    pub(crate) fn has_timeframes(&self) -> bool {
        match self.kind {
            FieldKind::Group => self.type_name() != "duration",
            FieldKind::Dimension | FieldKind::Measure => self.type_name() == "time",
            FieldKind::Filter | FieldKind::Parameter => false,
        }
    }

    /// Returns the names that it can be referred to by, as far as it lists its members.
    pub(crate) fn names(&self) -> Vec<String> {
        let list = |key: &str| self.layers.child(key).map(At::items).unwrap_or_default();
        let mut names = Vec::new();
        if self.kind != FieldKind::Group {
            names.push(self.name.to_owned());
        }
        if self.has_timeframes() {
            let frames = list("timeframes").into_iter().chain(list("custom_timeframes"));
            names.extend(frames.map(|frame| format!("{}_{}", self.name, frame.text())));
        } else if self.kind == FieldKind::Group {
            names.extend(list("intervals").iter().map(|unit| format!("{}s_{}", unit.text(), self.name)));
        }
        names
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

    /// Takes over what another model says of the view beside this: some of its fields, and its sets.
    pub(crate) fn adopt(&mut self, other: &View<'a>, wants: impl Fn(&Field<'a>) -> bool) {
        for field in other.fields.iter().filter(|field| wants(field)) {
            let key = (field.name, field.kind == FieldKind::Group);
            if !self.index.contains_key(&key) {
                self.index.insert(key, self.fields.len());
                self.fields.push(field.clone());
            }
        }
        for (name, set) in &other.sets {
            self.sets.entry(name).or_insert(*set);
        }
    }

    /// Returns the field that a name stands for: itself, or the group that it is a member of.
    pub(crate) fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.place(name).map(|place| &self.fields[place])
    }

    /// Returns the place among the fields of the one that a name stands for; a group by its own name is one with a cast.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        let field = uncast(name);
        let found = self.index.get(&(field, false)).copied().or_else(|| self.member(field));
        found.or_else(|| self.index.get(&(field, true)).copied().filter(|_| field != name))
    }

    /// Finds `created_date` in the group `created`, and `days_open` in the group `open`.
    fn member(&self, name: &str) -> Option<usize> {
        let find = |name: &str, group: bool, fits: &dyn Fn(&Field<'a>) -> bool| {
            self.index.get(&(name, group)).copied().filter(|place| fits(&self.fields[*place]))
        };
        name.match_indices('_').find_map(|(at, _)| {
            let (left, right) = (&name[..at], &name[at + 1..]);
            if is_timeframe(right) {
                let fits = |field: &Field<'a>| field.has_timeframes() && field.has_member("timeframes", right);
                if let Some(place) = find(left, true, &fits).or_else(|| find(left, false, &fits)) {
                    return Some(place);
                }
            }
            if CUSTOM_TIMEFRAMES.contains(&right) {
                let fits = |field: &Field<'a>| {
                    field.type_name() == "custom_calendar" && field.has_member("custom_timeframes", right)
                };
                if let Some(place) = find(left, true, &fits) {
                    return Some(place);
                }
            }
            let interval = left.strip_suffix('s').filter(|interval| INTERVALS.contains(interval))?;
            find(right, true, &|field| field.type_name() == "duration" && field.has_member("intervals", interval))
        })
    }

    /// Returns whether there is a group of a name, whose members have longer ones.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.index.contains_key(&(name, true))
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
        self.fields.iter().flat_map(Field::names).collect()
    }
}
