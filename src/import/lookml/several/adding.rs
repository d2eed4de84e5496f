//! A model beside those before it: what it adds, and what it shows otherwise.
//!
//! **Invariant:** what is made of a field that is something else in the model is something else, too.

use std::collections::{BTreeMap, BTreeSet};

use super::Several;
use crate::{
    files::SourceMap,
    import::lookml::{
        report::Outcome,
        source::{names, parameters},
    },
    lookml::check::{
        explore::Explore,
        layers::{At, Layers},
        model::Model,
        scan,
        view::{Field, FieldKind, View},
    },
};

/// A field by its view and name; a parameter of a view is one, too.
type Name<'a> = (&'a str, &'a str);

/// A model that is added to those before it.
pub(super) struct Adding<'m, 'a> {
    files: &'m SourceMap,
    name: &'a str,
    model: &'m Model<'a>,
    /// Fields that are something else in this model, each with the one that makes it so.
    other: BTreeMap<Name<'a>, Name<'a>>,
    /// The names of joins that are something else in this model.
    joins: BTreeSet<&'a str>,
}

/// Parameters of a field that do not change its values.
const SHOWN: [&str; 27] = [
    "action",
    "alias",
    "description",
    "drill_fields",
    "group_item_label",
    "group_label",
    "hidden",
    "html",
    "label",
    "label_from_parameter",
    "link",
    "map_layer_name",
    "order_by_field",
    "required_access_grants",
    "style",
    "suggest_dimension",
    "suggest_explore",
    "suggest_persist_for",
    "suggestable",
    "suggestions",
    "synonyms",
    "tags",
    "timeframes",
    "intervals",
    "value_format",
    "value_format_name",
    "view_label",
];

/// Parameters of a view that say its rows.
const ROWS: [&str; 2] = ["sql_table_name", "derived_table"];

/// Parameters that keep rows or fields from some.
const GUARDS: [&str; 4] = ["access_filter", "required_access_grants", "sql_always_having", "sql_always_where"];

impl<'m, 'a> Adding<'m, 'a> {
    /// Compares a model with what is put together so far.
    pub(super) fn new(files: &'m SourceMap, name: &'a str, model: &'m Model<'a>, whole: &Model<'a>) -> Self {
        let mut adding = Self { files, name, model, other: BTreeMap::new(), joins: BTreeSet::new() };
        adding.compare(whole);
        adding
    }

    /// Adds what is not something else in this model, and tells of the rest.
    pub(super) fn add(&self, whole: &mut Model<'a>, several: &mut Several<'a>) {
        self.views(whole, several);
        self.explores(whole, several);
    }

    fn text(&self, at: At<'a>) -> String {
        let text = &self.files.file(at.file).text[at.node.range()];
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the parameters of a thing that change its values.
    fn meaning(&self, layers: &Layers<'a>) -> Vec<String> {
        let all = parameters(layers).into_iter().filter(|at| !SHOWN.contains(&at.node.key.text));
        let mut texts: Vec<String> = all.map(|at| self.text(at)).collect();
        texts.sort();
        texts
    }

    /// Finds what is something else in this model: what it says so, and what is made of that.
    fn compare(&mut self, whole: &Model<'a>) {
        for (view, known) in self.model.views.values().filter_map(|view| Some((view, whole.views.get(view.name)?))) {
            let text = |layers: &Layers<'a>, key| layers.child(key).map(|at| self.text(at));
            let rows = ROWS.into_iter().find(|key| text(&known.layers, key) != text(&view.layers, key));
            let mut found: Vec<(Name<'a>, Name<'a>)> =
                rows.map(|key| ((view.name, key), (view.name, key))).into_iter().collect();
            for field in &view.fields {
                let is_other = twin(known, field).is_some_and(|twin| {
                    twin.kind != field.kind || self.meaning(&twin.layers) != self.meaning(&field.layers)
                });
                if is_other || rows.is_some() {
                    found.push(((view.name, field.name), (view.name, rows.unwrap_or(field.name))));
                }
            }
            self.other.extend(found);
        }
        for (explore, known) in
            self.model.explores.values().filter_map(|one| Some((one, whole.explores.get(one.name)?)))
        {
            for join in &explore.joins {
                let twin = known.joins.iter().find(|twin| twin.alias == join.alias);
                if twin.is_some_and(|twin| self.meaning(&twin.layers) != self.meaning(&join.layers)) {
                    self.joins.insert(join.alias);
                }
            }
        }
        let fields = || self.model.views.values().flat_map(|view| view.fields.iter().map(move |field| (view, field)));
        let made_of = fields().map(|(view, field)| {
            let mut all = parameters(&field.layers);
            all.retain(|at| !SHOWN.contains(&at.node.key.text) && at.node.key.text != "type");
            let parts = all.into_iter().flat_map(|at| self.named(view.name, at));
            ((view.name, field.name), parts.chain([(view.name, "derived_table")]).collect())
        });
        let tables = self.model.views.values().filter_map(|view| {
            Some(((view.name, "derived_table"), self.table(view.name, view.layers.child("derived_table")?)))
        });
        let made_of: Vec<(Name<'a>, Vec<Name<'a>>)> = made_of.chain(tables).collect();
        loop {
            let before = self.other.len();
            for (name, parts) in &made_of {
                if let Some(cause) = parts.iter().find_map(|part| self.cause(*part)) {
                    self.other.entry(*name).or_insert(cause);
                }
            }
            if self.other.len() == before {
                return;
            }
        }
    }

    /// Returns what makes a part of a thing something else in this model: a field, or a join by its name.
    fn cause(&self, part: Name<'a>) -> Option<Name<'a>> {
        let (view, name) = part;
        self.other.get(&part).copied().or_else(|| (name.is_empty() && self.joins.contains(view)).then_some(part))
    }

    /// Returns the fields that a node names, and the joins.
    fn named(&self, own: &'a str, at: At<'a>) -> Vec<Name<'a>> {
        let mut found = Vec::new();
        for (alias, name) in names(at.node).into_iter().map(scan::parts) {
            let explores = || self.model.explores.values().filter_map(|explore| explore.view(alias?));
            let views: BTreeSet<&'a str> = match alias {
                None => BTreeSet::from([own]),
                Some(alias) => {
                    self.model.views.get(alias).map(|view| view.name).into_iter().chain(explores()).collect()
                }
            };
            let fields =
                views.into_iter().filter_map(|view| Some((view, self.model.views.get(view)?.field(name)?.name)));
            found.extend(fields);
            found.extend(alias.map(|alias| (alias, "")));
            if let Some(view) = alias.filter(|_| name.eq_ignore_ascii_case("sql_table_name")) {
                found.extend(ROWS.map(|key| (view, key)));
            }
        }
        found
    }

    /// Returns the fields of which a derived table is made.
    fn table(&self, view: &'a str, at: At<'a>) -> Vec<Name<'a>> {
        let mut found = self.named(view, at);
        let source = at.child("explore_source");
        let explore = source.and_then(|at| self.model.explores.get(at.name().text()));
        if let Some((source, base)) = source.zip(explore.and_then(|explore| explore.view(explore.base))) {
            found.extend(source.children("column").map(|column| (base, column.name().text())));
            found.extend(self.named(base, source));
        }
        found
    }

    fn why(&self, cause: Name<'a>) -> String {
        let name = self.name;
        let what = match cause {
            (alias, "") => format!("joins `{alias}`"),
            (view, field) => format!("has `{view}.{field}`"),
        };
        format!("model `{name}` {what} otherwise than a model before it: `--model {name}` imports it so")
    }

    /// Returns why a parameter of a view or an explore is left behind.
    fn said_otherwise(&self) -> String {
        format!("model `{0}` says it otherwise than a model before it: `--model {0}` imports it so", self.name)
    }

    /// Tells of something whether a model before this one says it, too.
    fn fate(&self, at: At<'a>, is_said: bool) -> (At<'a>, Outcome, String) {
        if is_said { (at, Outcome::Native, String::new()) } else { (at, Outcome::LeftBehind, self.said_otherwise()) }
    }

    fn views(&self, whole: &mut Model<'a>, several: &mut Several<'a>) {
        for view in self.model.views.values() {
            let is_as_here = |field: &Field<'a>| !self.other.contains_key(&(view.name, field.name));
            match whole.views.get_mut(view.name) {
                None => {
                    let mut added = View::new(view.name, view.layers.iter().next().unwrap_or(view.layers.last()));
                    added.layers = view.layers.clone();
                    (added.open, added.needs_extension) = (view.open, view.needs_extension);
                    added.adopt(view, is_as_here);
                    whole.views.insert(view.name, added);
                    for field in view.fields.iter().filter(|field| !is_as_here(field)) {
                        self.leave(view, field, None, several);
                    }
                }
                Some(known) => {
                    for field in &view.fields {
                        match twin(known, field) {
                            None if is_as_here(field) => {}
                            twin => self.leave(view, field, twin, several),
                        }
                    }
                    self.declarations(view, known, several);
                    known.adopt(view, is_as_here);
                }
            }
        }
    }

    /// Tells what becomes of what this model says of a field that is not taken from it.
    fn leave(&self, view: &View<'a>, field: &Field<'a>, twin: Option<&Field<'a>>, several: &mut Several<'a>) {
        let own = beyond(&field.layers, twin.map(|twin| &twin.layers));
        let grants = |layers: &Layers<'a>| layers.child("required_access_grants").map(|at| self.text(at));
        let guard =
            grants(&field.layers).filter(|of| twin.is_none_or(|twin| grants(&twin.layers).as_ref() != Some(of)));
        if guard.is_some() && twin.is_some() {
            several.warnings.push(self.unguarded(
                "required_access_grants",
                "field",
                &format!("{}.{}", view.name, field.name),
            ));
        }
        let cause = self.other.get(&(view.name, field.name));
        let known: Vec<String> =
            twin.map(|twin| parameters(&twin.layers)).unwrap_or_default().into_iter().map(|at| self.text(at)).collect();
        let is_said = |at: &At<'a>| at.node.nodes().iter().all(|node| known.contains(&self.text(at.with(node))));
        match cause {
            Some(cause) if own.is_empty() => {
                several.told.push((field.layers.last(), Outcome::LeftBehind, self.why(*cause)));
            }
            Some(cause) => several.told.extend(own.iter().map(|at| (*at, Outcome::LeftBehind, self.why(*cause)))),
            None => several.told.extend(own.iter().map(|at| self.fate(*at, is_said(at)))),
        }
    }

    /// Tells what becomes of the declarations of a view that models before this one do not have.
    fn declarations(&self, view: &View<'a>, known: &View<'a>, several: &mut Several<'a>) {
        for layer in beyond(&view.layers, Some(&known.layers)) {
            let mut is_taken = false;
            for at in layer.node.nodes().iter().map(|node| layer.with(node)) {
                let key = at.node.key.text;
                let name = at.node.name().map_or("", |name| name.text);
                if FieldKind::of(key).is_some() {
                    is_taken |= !self.other.contains_key(&(view.name, name));
                    continue;
                }
                let known_as = if key == "set" { known.set(name) } else { known.layers.child(key) };
                match known_as {
                    None if key == "set" => is_taken = true,
                    Some(other) if self.text(other) == self.text(at) => {
                        several.told.push((at, Outcome::Native, String::new()));
                    }
                    _ => several.told.push((at, Outcome::LeftBehind, self.said_otherwise())),
                }
            }
            let outcome = if is_taken || layer.node.nodes().is_empty() { Outcome::Native } else { Outcome::LeftBehind };
            let why = if outcome == Outcome::Native { String::new() } else { self.said_otherwise() };
            several.told.push((layer, outcome, why));
        }
    }

    fn explores(&self, whole: &mut Model<'a>, several: &mut Several<'a>) {
        for explore in self.model.explores.values() {
            let cause = |at: At<'a>| self.named(explore.base, at).into_iter().find_map(|part| self.cause(part));
            match whole.explores.get_mut(explore.name) {
                None => match explore.layers.iter().find_map(cause) {
                    None => {
                        whole.explores.insert(explore.name, explore.clone());
                    }
                    Some(cause) => {
                        let why = self.why(cause);
                        several.told.extend(explore.layers.iter().map(|at| (at, Outcome::LeftBehind, why.clone())));
                        for at in parameters(&explore.layers) {
                            self.guard(explore, at, several);
                        }
                    }
                },
                Some(known) => self.explore(explore, known, several),
            }
        }
    }

    /// Adds the joins of an explore that models before this one have, and tells what else it says.
    fn explore(&self, explore: &Explore<'a>, known: &mut Explore<'a>, several: &mut Several<'a>) {
        let own = beyond(&explore.layers, Some(&known.layers));
        let texts: Vec<String> = parameters(&known.layers).into_iter().map(|at| self.text(at)).collect();
        let filter = |of: &Explore<'a>| of.layers.child("sql_always_where").map(|at| self.text(at));
        let mut is_left = explore.view(explore.base) != known.view(known.base) || filter(explore) != filter(known);
        for layer in &own {
            for at in layer.node.nodes().iter().map(|node| layer.with(node)).filter(|at| at.node.key.text != "join") {
                if texts.contains(&self.text(at)) {
                    several.told.push((at, Outcome::Native, String::new()));
                    continue;
                }
                is_left = true;
                if !self.guard(explore, at, several) {
                    several.told.push((at, Outcome::LeftBehind, self.said_otherwise()));
                }
            }
        }
        for join in &explore.joins {
            let is_other = self.joins.contains(join.alias)
                || join
                    .layers
                    .iter()
                    .flat_map(|at| self.named(explore.base, at))
                    .any(|part| self.cause(part).is_some());
            let twin = known.joins.iter().find(|twin| twin.alias == join.alias);
            if twin.is_none() && !is_other {
                known.views.insert(join.alias, join.view());
                known.joins.push(join.clone());
                continue;
            }
            for at in beyond(&join.layers, twin.map(|twin| &twin.layers)) {
                let is_said = twin.is_some_and(|twin| twin.layers.iter().any(|of| self.text(of) == self.text(at)));
                is_left |= !is_said;
                several.told.push(self.fate(at, is_said));
            }
        }
        let (outcome, why) =
            if is_left { (Outcome::LeftBehind, self.said_otherwise()) } else { (Outcome::Native, String::new()) };
        let last = explore.layers.last();
        let told = if own.is_empty() && is_left { vec![last] } else { own };
        several.told.extend(told.into_iter().map(|at| (at, outcome, why.clone())));
    }

    /// Takes an access filter of an explore that is not taken from this model; warns of other parameters that keep rows or
    /// fields from some. Returns whether what becomes of the parameter is told by whoever says the policies.
    fn guard(&self, explore: &Explore<'a>, at: At<'a>, several: &mut Several<'a>) -> bool {
        let key = at.node.key.text;
        if key == "access_filter" {
            several.guards.push((explore.clone(), at));
        } else if GUARDS.contains(&key) {
            several.warnings.push(self.unguarded(key, "explore", explore.name));
        }
        key == "access_filter"
    }

    fn unguarded(&self, key: &str, what: &str, of: &str) -> String {
        format!(
            "model `{0}` guards {what} `{of}` by `{key}`, which is NOT carried over, for a model before it has no such words: \
             say it as a policy, or import the model alone with `--model {0}`",
            self.name
        )
    }
}

/// Returns the field of a view with the name of another.
fn twin<'v, 'a>(view: &'v View<'a>, field: &Field<'a>) -> Option<&'v Field<'a>> {
    let is_group = field.kind == FieldKind::Group;
    view.fields.iter().find(|other| other.name == field.name && (other.kind == FieldKind::Group) == is_group)
}

/// Returns the layers of a thing that another one does not have.
fn beyond<'a>(layers: &Layers<'a>, known: Option<&Layers<'a>>) -> Vec<At<'a>> {
    let is_known = |at: &At<'a>| {
        known.is_some_and(|known| known.iter().any(|of| of.file == at.file && of.node.key.start == at.node.key.start))
    };
    layers.iter().filter(|at| !is_known(at)).collect()
}
