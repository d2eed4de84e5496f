//! What stays LookML → files beside the generated ones, so that emitting again loses nothing.
//!
//! ```text
//! views/refined/orders.view.lkml   fields and parameters of a view that is generated
//! kept/                            whole views, explores and the rest; `kept/all.lkml` includes them
//! ```
//!
//! **Invariant:** every field, join and parameter of the project is in the emitted LookML or in one of these files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{
    dimension::Fields,
    docs, edges,
    measure::{Measures, is_helper},
    models::is_made,
    report::{Ledger, Outcome},
    settings::is_for_a_test,
    source::{needs_extension, parameters, place, words},
};
use crate::{
    diagnostics::Diagnostics,
    files::SourceMap,
    import::ImportedFile,
    lookml::{
        check::{
            explore::{Explore, Join},
            include::Paths,
            layers::At,
            model::Model,
            source::{Source, parse_all},
            view::{Field, FieldKind, View},
        },
        syntax::{Item, Value},
    },
};

/// What becomes of what entente made.
const ANEW: &str = "entente writes it anew";

/// The file that includes all others that are kept.
pub(super) const ALL: &str = "/kept/all.lkml";

/// What is known of the LookML that the definitions give.
pub(super) struct Kept<'k, 'r, 'a> {
    pub(super) fields: &'k Fields<'r, 'a>,
    pub(super) measures: &'k Measures<'k, 'r, 'a>,
    /// The views that are models.
    pub(super) views: &'k [&'a str],
    /// The views of several facts whose metrics are all said.
    pub(super) unions: &'k BTreeSet<&'a str>,
}

/// Parameters of a view that its model says, or that flattening takes in.
const VIEW: [&str; 7] = ["label", "sql_table_name", "derived_table", "extends", "extension", "final", "set"];

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
    /// Makes the files; `emitted` is what the definitions give.
    pub(super) fn files(
        &self,
        emitted: &BTreeMap<String, String>,
        sources: &[Source<'a>],
        ledger: &mut Ledger,
    ) -> Vec<ImportedFile> {
        let mut map = SourceMap::new();
        for (path, text) in emitted.iter().filter(|(path, _)| path.rsplit('.').next() == Some("lkml")) {
            map.add(&**path, &**text);
        }
        let emitted_sources = parse_all(&map);
        let paths = Paths::new(&emitted_sources, std::iter::empty());
        let model = Model::whole(&emitted_sources, &paths, &mut Diagnostics::new());
        let mut files = Vec::new();
        let mut whole: BTreeSet<&str> = BTreeSet::new();
        for view in self.fields.lookml.model.views.values() {
            if needs_extension(view) {
                view.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, "it is in the views that extend it"));
                continue;
            }
            if self.unions.contains(view.name) || self.is_for_the_zone(view) {
                let fields = view.fields.iter().flat_map(|field| field.layers.iter());
                view.layers.iter().chain(fields).for_each(|at| ledger.mark(at, Outcome::Native, ANEW));
                continue;
            }
            match model.views.get(view.name) {
                Some(emitted) => files.extend(self.refinement(view, emitted, ledger)),
                None => {
                    whole.insert(view.name);
                    let text = self.view(view, ledger);
                    files.push(file(&format!("kept/views/{}.view.lkml", view.name), text));
                }
            }
        }
        for explore in self.fields.lookml.model.explores.values() {
            let of = explore.view(explore.base).and_then(|view| self.fields.lookml.view(view));
            if of.is_some_and(|view| self.unions.contains(view.name) || self.is_for_the_zone(view)) {
                let joins = explore.joins.iter().flat_map(|join| join.layers.iter());
                explore.layers.iter().chain(joins).for_each(|at| ledger.renew(at, ANEW));
                continue;
            }
            if explore.needs_extension() {
                explore
                    .layers
                    .iter()
                    .for_each(|at| ledger.mark(at, Outcome::Native, "it is in the explores that extend it"));
                continue;
            }
            let made = model.explores.get(explore.name).filter(|made| made.base == explore.base);
            let text = match made {
                Some(made) => self.explore_refinement(explore, made, ledger),
                None => self.explore(explore, ledger),
            };
            if let Some(text) = text {
                let mut head = String::new();
                if made.is_some() {
                    let path = format!("explores/generated/{}.explore.lkml", made.map_or("", |made| made.base));
                    if emitted.contains_key(&path) {
                        writeln!(head, "include: \"/{path}\"").expect("a string takes any text");
                    }
                }
                let joined = explore
                    .joins
                    .iter()
                    .filter(|join| made.is_none_or(|made| !made.joins.iter().any(|other| other.alias == join.alias)));
                let base = explore.view(explore.base).filter(|_| made.is_none());
                for view in joined.map(Join::view).chain(base).collect::<BTreeSet<_>>() {
                    if whole.contains(view) {
                        writeln!(head, "include: \"/kept/views/{view}.view.lkml\"").expect("a string takes any text");
                    } else if model.views.contains_key(view) {
                        writeln!(head, "include: \"/views/generated/{view}.view.lkml\"\ninclude: \"/views/refined/{view}.view.lkml\"")
                            .expect("a string takes any text");
                    }
                }
                files.push(file(&format!("kept/explores/{}.explore.lkml", explore.name), format!("{head}\n{text}")));
            }
        }
        if let Some(text) = self.rest(&model, sources, ledger) {
            files.push(file("kept/model.lkml", text));
        }
        let kept: Vec<&str> = files.iter().filter_map(|file| file.path.strip_prefix("lookml_out/kept/")).collect();
        if !kept.is_empty() {
            let mut all = String::from("# What stays LookML: `entente.yml` has the model include this file.\n\n");
            for path in kept {
                writeln!(all, "include: \"/kept/{path}\"").expect("a string takes any text");
            }
            files.push(file("kept/all.lkml", all));
        }
        files
    }

    /// Returns whether entente made a view for the test of the connection's time zone.
    fn is_for_the_zone(&self, view: &View<'a>) -> bool {
        view.name == "entente_time_zone" && self.fields.lookml.is_own(&view.layers)
    }

    /// Writes what a generated view lacks.
    fn refinement(&self, view: &View<'a>, made: &View<'_>, ledger: &mut Ledger) -> Option<ImportedFile> {
        let mut items = String::new();
        for at in parameters(&view.layers) {
            let key = at.node.key.text;
            if FieldKind::of(key).is_none() && !VIEW.contains(&key) && !self.fields.lookml.is_generated(at.file) {
                ledger.mark(at, Outcome::Verbatim, "only Looker knows it");
                items.push_str(&self.node(view.name, at, 2));
            }
        }
        for field in &view.fields {
            items.push_str(&self.field(view, field, made, ledger));
        }
        items.push_str(&self.sets(view, ledger));
        if items.is_empty() {
            return None;
        }
        let text = format!(
            "include: \"/views/generated/{0}.view.lkml\"\n\nview: +{0} {{\n{1}\n}}\n",
            view.name,
            items.trim_end()
        );
        Some(file(&format!("views/refined/{}.view.lkml", view.name), text))
    }

    fn sets(&self, view: &View<'a>, ledger: &mut Ledger) -> String {
        let mut text = String::new();
        for (_, at) in view.sets() {
            if self.fields.lookml.is_generated(at.file) {
                ledger.mark(at, Outcome::Native, "entente writes it anew");
                continue;
            }
            ledger.mark(at, Outcome::Verbatim, "");
            text.push_str(&self.node(view.name, at, 2));
        }
        text
    }

    /// Writes a field that is not emitted, or the parameters that are not.
    fn field(&self, view: &View<'a>, field: &Field<'a>, made: &View<'_>, ledger: &mut Ledger) -> String {
        let name = self.name(view.name, field);
        let is_group = field.kind == FieldKind::Group;
        let twin = made.fields.iter().find(|other| other.name == name && (other.kind == FieldKind::Group) == is_group);
        let is_native = match field.kind {
            FieldKind::Measure => self.measures.metric(view.name, field).is_ok(),
            _ => self.fields.dimension(view.name, field).is_ok(),
        };
        if is_made(self.fields, field) || (field.kind == FieldKind::Measure && is_helper(self.fields.lookml, field)) {
            return String::new();
        }
        let Some(twin) = twin else {
            if is_native {
                let why = "its definition gives no LookML of its own, so its LookML is kept beside it";
                ledger.mark(place(field), Outcome::Native, why);
            }
            return self.block(view.name, field, &name, &parameters(&field.layers), is_native);
        };
        if !is_native {
            // Another field took the name; the generated one wins, and its twin would change it.
            ledger.mark(place(field), Outcome::LeftBehind, "a field that entente makes has its name");
            return String::new();
        }
        let mut rest = docs::rest(self.fields.lookml, field);
        for at in &rest {
            ledger.mark(*at, Outcome::Verbatim, "only Looker knows it");
        }
        let frames = frames_beyond(field, twin);
        if rest.is_empty() && frames.is_none() {
            return String::new();
        }
        rest.retain(|at| at.node.key.text != "timeframes");
        let mut text = self.block(view.name, field, &name, &rest, false);
        if let Some(frames) = frames {
            let list = frames.join(", ");
            text = text.replacen("{\n", &format!("{{\n    timeframes: [{list}]\n"), 1);
        }
        text
    }

    /// Returns the name that a field has in emitted LookML.
    fn name(&self, view: &str, field: &Field<'a>) -> String {
        if field.kind == FieldKind::Measure {
            return self.measures.name(view, field.name).unwrap_or(field.name).to_owned();
        }
        field.name.to_owned()
    }

    fn block(&self, view: &str, field: &Field<'a>, name: &str, parameters: &[At<'a>], is_key: bool) -> String {
        let mut text = format!("\n  {}: {name} {{\n", field.kind.word());
        for at in parameters.iter().filter(|at| !(at.node.key.text == "primary_key" && is_key)) {
            text.push_str(&self.node(view, *at, 4));
        }
        text.push_str("  }\n");
        text
    }

    /// Writes a view with all that it says, its refinements and what it extends.
    fn view(&self, view: &View<'a>, ledger: &mut Ledger) -> String {
        let mut text = format!("view: {} {{\n", view.name);
        for at in parameters(&view.layers) {
            let key = at.node.key.text;
            if FieldKind::of(key).is_none() && !["extends", "extension", "set"].contains(&key) {
                text.push_str(&self.node(view.name, at, 2));
            }
        }
        let is_model = self.views.contains(&view.name);
        let why = match self.fields.rows(view) {
            Ok(_) => String::new(),
            Err(why) => why,
        };
        if !is_model {
            view.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, why.clone()));
        }
        for field in &view.fields {
            if !is_model {
                field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, ""));
            }
            let name = self.name(view.name, field);
            text.push_str(&self.block(view.name, field, &name, &parameters(&field.layers), false));
        }
        for (_, at) in view.sets() {
            ledger.mark(at, Outcome::Verbatim, "");
            text.push_str(&self.node(view.name, at, 2));
        }
        text.push_str("}\n");
        text
    }

    /// Writes an explore with all that it says.
    fn explore(&self, explore: &Explore<'a>, ledger: &mut Ledger) -> Option<String> {
        let is_test = is_for_a_test(self.fields, explore);
        let why = if is_test { ANEW } else { "no explore here is called so" };
        let outcome = if is_test { Outcome::Native } else { Outcome::Verbatim };
        explore.layers.iter().for_each(|at| ledger.mark(at, outcome, why));
        if is_test {
            return None;
        }
        let mut text = format!("explore: {} {{\n", explore.name);
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

    /// Writes what a generated explore lacks.
    fn explore_refinement(&self, explore: &Explore<'a>, made: &Explore<'_>, ledger: &mut Ledger) -> Option<String> {
        explore.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, ""));
        let mut text = String::new();
        for at in parameters(&explore.layers) {
            let key = at.node.key.text;
            if key == "join" {
                continue;
            }
            let is_own = self.fields.lookml.is_generated(at.file);
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
        for join in &explore.joins {
            let twin = made.joins.iter().find(|other| other.alias == join.alias);
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

    /// Writes what stands at the outermost level and is neither a view nor an explore.
    fn rest(&self, model: &Model<'_>, sources: &[Source<'a>], ledger: &mut Ledger) -> Option<String> {
        let mut text = String::new();
        for source in sources.iter().filter(|source| !source.is_manifest()) {
            let is_generated = self.fields.lookml.is_generated(source.id);
            for node in &source.file.nodes {
                let at = At { file: source.id, node };
                let kind = ["datagroup", "access_grant", "named_value_format", "map_layer", "test"]
                    .into_iter()
                    .find(|kind| *kind == node.key.text);
                let (Some(kind), Some(name)) = (kind, node.name()) else { continue };
                let has = kind != "test" && model.declares(kind, name.text);
                if has || (kind == "access_grant" && ledger.outcome(at) == Some(Outcome::Native)) {
                    ledger.mark(at, Outcome::Native, if is_generated { ANEW } else { "" });
                    continue;
                }
                if kind == "test" && is_generated {
                    let is_key = name.text.ends_with("_key_is_unique") || name.text.starts_with("connection_time_zone");
                    let (outcome, why) = if is_key {
                        (Outcome::Native, ANEW)
                    } else {
                        (Outcome::LeftBehind, "it pins a number: declare it under `tests:`")
                    };
                    ledger.mark(at, outcome, why);
                    continue;
                }
                ledger.mark(at, Outcome::Verbatim, "");
                text.push('\n');
                text.push_str(&self.node("", at, 0));
            }
        }
        (!text.is_empty()).then(|| text.trim_start().to_owned())
    }

    /// Writes a node as it stands, at an indentation, with the names that measures have here.
    fn node(&self, view: &str, at: At<'a>, indent: usize) -> String {
        let file = self.fields.lookml.files.file(at.file);
        let mut places: Vec<(usize, usize, String)> = Vec::new();
        self.renames(view, at, &mut places);
        places.sort();
        let (start, end) = (at.node.key.start, at.node.end.min(file.text.len()));
        let mut text = String::new();
        let mut done = start;
        for (from, to, name) in places {
            if from >= done && to <= end {
                text.push_str(&file.text[done..from]);
                text.push_str(&name);
                done = to;
            }
        }
        text.push_str(&file.text[done..end]);
        let line = file.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let old = file.text[line..start].len() - file.text[line..start].trim_start().len();
        let mut result = String::new();
        for (number, row) in text.lines().enumerate() {
            let kept = if number == 0 {
                row
            } else {
                row.strip_prefix(&file.text[line..line + old]).unwrap_or(row.trim_start_matches(' '))
            };
            let kept = kept.trim_end();
            if kept.is_empty() {
                result.push('\n');
            } else {
                writeln!(result, "{:indent$}{kept}", "").expect("a string takes any text");
            }
        }
        result
    }

    /// Finds the places at which a measure is named that has another name here.
    fn renames(&self, view: &str, at: At<'a>, places: &mut Vec<(usize, usize, String)>) {
        let mut rename = |text: &str, start: usize| {
            let (owner, field, offset) = match text.split_once('.') {
                Some((owner, field)) => (owner, field, owner.len() + 1),
                None => (view, text, 0),
            };
            let field = field.trim_end_matches('*');
            if let Some(name) = self.measures.name(owner, field).filter(|name| *name != field) {
                places.push((start + offset, start + offset + field.len(), name.to_owned()));
            }
        };
        match &at.node.value {
            Value::Block(piece) => {
                for field in crate::lookml::check::scan::fields(*piece) {
                    rename(field.text, field.start);
                }
            }
            Value::List(items) if at.node.key.text != "alias" && at.node.key.text != "tags" => {
                for item in items {
                    match item {
                        Item::Single(piece) | Item::Pair(piece, _) if !piece.quoted => rename(piece.text, piece.start),
                        Item::Single(_) | Item::Pair(..) => {}
                    }
                }
            }
            Value::Word(piece) if ["based_on", "field", "list_field", "order_by_field"].contains(&at.node.key.text) => {
                rename(piece.text, piece.start);
            }
            Value::Nodes { nodes, .. } => {
                for node in nodes {
                    self.renames(view, at.with(node), places);
                }
            }
            Value::Word(_) | Value::Text(_) | Value::List(_) => {}
        }
    }
}

/// Returns all timeframes of a group where the generated one lacks some.
fn frames_beyond(field: &Field<'_>, made: &Field<'_>) -> Option<Vec<String>> {
    if field.kind != FieldKind::Group {
        return None;
    }
    let list = |field: &Field<'_>| {
        words(&field.layers, "timeframes").iter().map(|word| word.text().to_owned()).collect::<Vec<_>>()
    };
    let (wanted, mut all) = (list(field), list(made));
    let before = all.len();
    for frame in wanted {
        if !all.contains(&frame) {
            all.push(frame);
        }
    }
    (all.len() > before).then_some(all)
}

fn file(path: &str, text: String) -> ImportedFile {
    ImportedFile { path: format!("lookml_out/{path}"), text }
}
