//! What stays LookML → files beside the generated ones, so that emitting again loses nothing.
//!
//! ```text
//! views/refined/orders.view.lkml   fields and parameters of a view that is generated
//! kept/                            whole views, explores and the rest; `kept/all.lkml` includes them
//! ```
//!
//! **Invariant:** every field, join and parameter of the project is in the emitted LookML or in one of these files.

mod explore;
mod fields;
mod needed;
mod renamed;
mod text;
mod view;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{
    dimension::Fields,
    measure::Measures,
    report::{Ledger, Outcome},
};
use crate::{
    diagnostics::Diagnostics,
    files::SourceMap,
    import::ImportedFile,
    lookml::check::{
        explore::{Explore, Join},
        include::Paths,
        layers::At,
        model::Model,
        source::{Source, parse_all},
        view::View,
    },
};
use needed::Needed;
pub(super) use renamed::Renamed;

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
    /// The measures that have another name there.
    pub(super) renamed: Renamed,
}

/// The LookML that the definitions give.
struct Made<'m> {
    files: &'m SourceMap,
    model: &'m Model<'m>,
    paths: &'m BTreeMap<String, String>,
}

impl Made<'_> {
    /// Returns whether something stands there as it stands here.
    fn has_same(&self, at: At<'_>, other: At<'_>, files: &SourceMap) -> bool {
        let words = |files: &SourceMap, at: At<'_>| -> Vec<String> {
            let text = &files.file(at.file).text[at.node.range()];
            text.split_whitespace().map(str::to_owned).collect()
        };
        words(files, at) == words(self.files, other)
    }
}

impl<'a> Kept<'_, '_, 'a> {
    /// Makes the files; `emitted` is what the definitions give.
    pub(super) fn files(
        &mut self,
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
        let made = Made { files: &map, model: &model, paths: emitted };
        self.renamed = Renamed::new(self.fields, self.measures, self.views, &model);
        let needed = self.needed(&made);
        let mut files = Vec::new();
        let mut whole: BTreeSet<&str> = BTreeSet::new();
        for view in self.fields.lookml.model.views.values() {
            if view.needs_extension {
                view.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, "it is in the views that extend it"));
            } else if self.is_anew(view, &needed) {
                let fields = view.fields.iter().flat_map(|field| field.layers.iter());
                view.layers.iter().chain(fields).for_each(|at| ledger.mark(at, Outcome::Native, ANEW));
            } else if let Some(emitted) = model.views.get(view.name).filter(|_| !self.fields.is_beside(view)) {
                files.extend(self.refinement(view, emitted, &needed, ledger));
            } else {
                whole.insert(view.name);
                let text = self.view(view, ledger);
                files.push(file(&format!("kept/views/{}.view.lkml", view.name), text));
            }
        }
        for explore in self.fields.lookml.model.explores.values() {
            files.extend(self.explore_file(explore, &made, (&needed, &whole), ledger));
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

    /// Returns whether a view comes back by itself, and nothing that is kept needs it as it is.
    fn is_anew(&self, view: &View<'a>, needed: &Needed) -> bool {
        self.unions.contains(view.name)
            || self.is_for_the_zone(view)
            || (self.fields.is_beside(view) && !needed.views.contains(view.name))
    }

    /// Writes what the emitted LookML lacks of an explore.
    fn explore_file(
        &self,
        explore: &Explore<'a>,
        made: &Made<'_>,
        (needed, whole): (&Needed, &BTreeSet<&str>),
        ledger: &mut Ledger,
    ) -> Option<ImportedFile> {
        let of = explore.view(explore.base).and_then(|view| self.fields.lookml.view(view));
        if of.is_some_and(|view| self.unions.contains(view.name) || self.is_for_the_zone(view)) {
            let joins = explore.joins.iter().flat_map(|join| join.layers.iter());
            explore.layers.iter().chain(joins).for_each(|at| ledger.renew(at, ANEW));
            return None;
        }
        if explore.needs_extension() {
            let why = "it is in the explores that extend it";
            explore.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, why));
            return None;
        }
        let twin = made.model.explores.get(explore.name).filter(|twin| twin.base == explore.base);
        let text = match twin {
            Some(twin) => self.explore_refinement(explore, twin, (made, needed), ledger),
            None => self.explore(explore, ledger),
        }?;
        let mut head = String::new();
        if let Some(twin) = twin {
            let path = format!("explores/generated/{}.explore.lkml", twin.base);
            if made.paths.contains_key(&path) {
                writeln!(head, "include: \"/{path}\"").expect("a string takes any text");
            }
        }
        let is_new =
            |join: &&Join<'a>| twin.is_none_or(|twin| twin.joins.iter().all(|other| other.alias != join.alias));
        let base = explore.view(explore.base).filter(|_| twin.is_none());
        for view in explore.joins.iter().filter(is_new).map(Join::view).chain(base).collect::<BTreeSet<_>>() {
            if whole.contains(view) {
                writeln!(head, "include: \"/kept/views/{view}.view.lkml\"").expect("a string takes any text");
            } else if made.paths.contains_key(&format!("views/generated/{view}.view.lkml")) {
                writeln!(
                    head,
                    "include: \"/views/generated/{view}.view.lkml\"\ninclude: \"/views/refined/{view}.view.lkml\""
                )
                .expect("a string takes any text");
            }
        }
        Some(file(&format!("kept/explores/{}.explore.lkml", explore.name), format!("{head}\n{text}")))
    }

    /// Returns whether entente made a view for the test of the connection's time zone.
    fn is_for_the_zone(&self, view: &View<'a>) -> bool {
        view.name == "entente_time_zone" && self.fields.lookml.is_own(&view.layers)
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
                let known = &self.fields.lookml.model;
                let is = |of: At<'_>| of.file == at.file && of.node.key.start == at.node.key.start;
                if kind != "test" && known.declares(kind, name.text) && !known.all(kind).any(is) {
                    ledger.mark(at, Outcome::LeftBehind, "another model declares it first");
                    continue;
                }
                let has = kind != "test" && model.declares(kind, name.text);
                if has || (kind == "access_grant" && ledger.outcome(at) == Some(Outcome::Native)) {
                    ledger.mark(at, Outcome::Native, if is_generated { ANEW } else { "" });
                    continue;
                }
                if kind == "test" && is_generated {
                    if ledger.knows(at) {
                        continue;
                    }
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
}

fn file(path: &str, text: String) -> ImportedFile {
    ImportedFile { path: format!("lookml_out/{path}"), text }
}
