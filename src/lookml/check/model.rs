//! A model: the files that it includes, put together to views and explores.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    explore::Explore,
    include::{self, Included, Paths},
    layers::{At, Layers, Word, needs_extension},
    source::Source,
    view::{Field, View},
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::Span,
};

/// What became of a name.
#[derive(Clone, Copy)]
pub(crate) enum Lookup<'m, 'a> {
    /// This field.
    Found(&'m Field<'a>),
    /// The view has no such field.
    NoField(&'m View<'a>),
    /// There is no such view.
    NoView,
    /// It may be in another project.
    CannotTell,
}

/// A model with its views and explores.
#[derive(Debug)]
pub(crate) struct Model<'a> {
    /// The file that it is, if it is one.
    pub(crate) file: Option<&'a Source<'a>>,
    /// The files that it includes, itself among them.
    pub(crate) sources: Vec<usize>,
    /// Its views.
    pub(crate) views: BTreeMap<&'a str, View<'a>>,
    /// Its explores.
    pub(crate) explores: BTreeMap<&'a str, Explore<'a>>,
    /// Whether it includes files of other projects, so that any name may be known there.
    pub(crate) open: bool,
    declared: BTreeMap<(&'static str, &'a str), At<'a>>,
    /// Its tests.
    pub(crate) tests: Vec<At<'a>>,
    /// What stands at the outermost level of its own file and those that it includes.
    settings: BTreeMap<&'a str, At<'a>>,
}

/// Declarations of one kind, by name.
#[derive(Default)]
struct Declared<'a> {
    first: BTreeMap<&'a str, At<'a>>,
    refinements: BTreeMap<&'a str, Vec<At<'a>>>,
}

impl<'a> Declared<'a> {
    fn add(&mut self, at: At<'a>, what: &str, found: &mut Diagnostics) {
        let Some(name) = at.node.name() else { return };
        if let Some(refined) = name.text.strip_prefix('+') {
            self.refinements.entry(refined).or_default().push(at);
            return;
        }
        if let Some(first) = self.first.get(name.text) {
            let message = format!("{what} `{}` is declared twice", name.text);
            let diagnostic = Diagnostic::new(Code::LookmlDuplicateName, at.name().span(), message)
                .also(first.name().span(), "the first one")
                .help(format!("Rename one of the two, or refine the first: `{what}: +{}`.", name.text));
            found.push(diagnostic);
            return;
        }
        self.first.insert(name.text, at);
    }

    /// Returns what is said of a name, its own declaration first.
    fn layers(&self, name: &str) -> Vec<At<'a>> {
        let refinements = self.refinements.get(name).into_iter().flatten();
        self.first.get(name).into_iter().chain(refinements).copied().collect()
    }

    fn names(&self) -> BTreeSet<&'a str> {
        self.first.keys().chain(self.refinements.keys()).copied().collect()
    }
}

/// The kinds of declarations that are referred to by their name alone.
const KINDS: [&str; 4] = ["datagroup", "access_grant", "named_value_format", "map_layer"];

impl<'a> Model<'a> {
    /// Puts the model of a file together.
    pub(crate) fn of(start: usize, sources: &'a [Source<'a>], paths: &Paths<'a>, found: &mut Diagnostics) -> Self {
        let mut order = Vec::new();
        let mut open = false;
        gather(start, sources, paths, &mut vec![false; sources.len()], &mut order, &mut open);
        let mut model = Self::assemble(&order, sources, open, found);
        model.file = Some(&sources[start]);
        model
    }

    /// Puts files together that belong to no model here, as those of a library do.
    pub(crate) fn loose(files: &[usize], sources: &'a [Source<'a>], found: &mut Diagnostics) -> Self {
        Self::assemble(files, sources, true, found)
    }

    /// Puts all files of a project together, those of every model in the order in which it includes them; what no model
    /// includes is left out where there are models. Names that are declared twice keep what is said first.
    pub(crate) fn whole(sources: &'a [Source<'a>], paths: &Paths<'a>, found: &mut Diagnostics) -> Self {
        let starts: Vec<usize> = (0..sources.len()).filter(|index| sources[*index].is_model()).collect();
        let (mut order, mut open) = (Vec::new(), false);
        let mut seen = vec![false; sources.len()];
        for start in &starts {
            gather(*start, sources, paths, &mut seen, &mut order, &mut open);
        }
        if starts.is_empty() {
            order = (0..sources.len()).filter(|index| !sources[*index].is_manifest()).collect();
        }
        Self::assemble(&order, sources, true, found)
    }

    fn assemble(order: &[usize], sources: &'a [Source<'a>], open: bool, found: &mut Diagnostics) -> Self {
        let (mut views, mut explores) = (Declared::default(), Declared::default());
        let (mut declared, mut settings, mut tests) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for source in order.iter().map(|index| &sources[*index]) {
            for node in &source.file.nodes {
                let at = At { file: source.id, node };
                match node.key.text {
                    "view" => views.add(at, "view", found),
                    "explore" => explores.add(at, "explore", found),
                    "test" => tests.push(at),
                    key => match (KINDS.iter().find(|kind| **kind == key), node.name()) {
                        (Some(kind), Some(name)) => {
                            declared.entry((*kind, name.text)).or_insert(at);
                        }
                        _ => {
                            settings.insert(key, at);
                        }
                    },
                }
            }
        }
        let mut model = Self {
            file: None,
            sources: order.to_vec(),
            views: BTreeMap::new(),
            explores: BTreeMap::new(),
            open,
            declared,
            tests,
            settings,
        };
        for name in views.names() {
            model.add_view(name, &views, &mut Vec::new(), found);
        }
        for name in explores.names() {
            model.add_explore(name, &explores, &mut Vec::new(), found);
        }
        model
    }

    fn add_view(&mut self, name: &'a str, all: &Declared<'a>, path: &mut Vec<&'a str>, found: &mut Diagnostics) {
        let layers = all.layers(name);
        let Some(first) = layers.first().filter(|_| !self.views.contains_key(name)) else { return };
        let mut view = View::new(name, *first);
        view.needs_extension = needs_extension(&layers);
        path.push(name);
        let mut inherited: Option<Layers<'a>> = None;
        for extended in extends(&layers) {
            let parent = extended.text();
            if path.contains(&parent) {
                found.push(circle(extended.span(), "view", path, parent));
                continue;
            }
            self.add_view(parent, all, path, found);
            let Some(parent) = self.views.get(parent) else {
                self.unknown("view", extended, Code::LookmlUnknownView, all.first.keys().copied(), found);
                view.open = true;
                continue;
            };
            view.inherit(parent);
            match &mut inherited {
                None => inherited = Some(parent.layers.clone()),
                Some(inherited) => inherited.extend(&parent.layers),
            }
        }
        path.pop();
        if !all.first.contains_key(name) {
            view.open = true;
            self.unknown("view", first.name(), Code::LookmlUnknownView, all.first.keys().copied(), found);
        }
        for layer in &layers {
            view.add(*layer);
        }
        if let Some(mut strongest) = inherited {
            layers.iter().for_each(|layer| strongest.push(*layer));
            view.layers = strongest;
        } else {
            layers[1..].iter().for_each(|layer| view.layers.push(*layer));
        }
        self.views.insert(name, view);
    }

    fn add_explore(&mut self, name: &'a str, all: &Declared<'a>, path: &mut Vec<&'a str>, found: &mut Diagnostics) {
        let layers = all.layers(name);
        let Some(first) = layers.first().filter(|_| !self.explores.contains_key(name)) else { return };
        path.push(name);
        let (mut parents, mut open) = (Vec::new(), false);
        for extended in extends(&layers) {
            let parent = extended.text();
            if path.contains(&parent) {
                found.push(circle(extended.span(), "explore", path, parent));
                continue;
            }
            self.add_explore(parent, all, path, found);
            if self.explores.contains_key(parent) {
                parents.push(parent);
            } else {
                open = true;
                self.unknown("explore", extended, Code::LookmlUnknownExplore, all.first.keys().copied(), found);
            }
        }
        path.pop();
        if !all.first.contains_key(name) {
            open = true;
            self.unknown("explore", first.name(), Code::LookmlUnknownExplore, all.first.keys().copied(), found);
        }
        let parents: Vec<&Explore<'a>> = parents.iter().map(|parent| &self.explores[parent]).collect();
        let mut explore = Explore::new(name, &layers, &parents, |view| self.views.contains_key(view));
        explore.open |= open;
        self.explores.insert(name, explore);
    }

    fn unknown(
        &self,
        what: &str,
        word: Word<'a>,
        code: Code,
        known: impl Iterator<Item = &'a str>,
        found: &mut Diagnostics,
    ) {
        if self.open {
            return;
        }
        let name = word.text().trim_start_matches('+');
        let help = match nearest(name, known) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Declare the {what}, or include the file that does."),
        };
        found.push(Diagnostic::new(code, word.span(), format!("there is no {what} `{name}` in this model")).help(help));
    }

    /// Looks a field of a view up.
    pub(crate) fn lookup(&self, view: &str, field: &str) -> Lookup<'_, 'a> {
        match self.views.get(view) {
            None if self.open => Lookup::CannotTell,
            None => Lookup::NoView,
            Some(view) => match view.field(field) {
                Some(field) => Lookup::Found(field),
                None if view.open => Lookup::CannotTell,
                None => Lookup::NoField(view),
            },
        }
    }

    /// Returns whether something of a kind is declared.
    pub(crate) fn declares(&self, kind: &'static str, name: &str) -> bool {
        self.declared.contains_key(&(kind, name))
    }

    /// Returns the names that are declared of a kind.
    pub(crate) fn declared(&self, kind: &'static str) -> impl Iterator<Item = &'a str> + '_ {
        self.declared.keys().filter(move |(other, _)| *other == kind).map(|(_, name)| *name)
    }

    /// Returns what is declared of a kind.
    pub(crate) fn all(&self, kind: &'static str) -> impl Iterator<Item = At<'a>> + '_ {
        self.declared.iter().filter(move |((other, _), _)| *other == kind).map(|(_, at)| *at)
    }

    /// Returns a setting of the model, such as `fiscal_month_offset`.
    pub(crate) fn setting(&self, key: &str) -> Option<At<'a>> {
        self.settings.get(key).copied()
    }
}

/// Returns the names that some layers extend.
fn extends<'a>(layers: &[At<'a>]) -> Vec<Word<'a>> {
    layers.iter().flat_map(|layer| layer.children("extends")).flat_map(At::items).collect()
}

fn circle(span: Span, what: &str, path: &[&str], back: &str) -> Diagnostic {
    let start = path.iter().position(|name| *name == back).unwrap_or(0);
    let names: Vec<String> = path[start..].iter().chain([&back]).map(|name| format!("`{name}`")).collect();
    let message = format!("{what} `{back}` extends itself: {}", names.join(" → "));
    Diagnostic::new(Code::LookmlCircular, span, message).help("Take one of them out of the circle.")
}

/// Gathers the files that a file includes, in the order in which they are read: what is included comes first.
fn gather(
    index: usize,
    sources: &[Source<'_>],
    paths: &Paths<'_>,
    seen: &mut [bool],
    order: &mut Vec<usize>,
    open: &mut bool,
) {
    if std::mem::replace(&mut seen[index], true) {
        return;
    }
    for node in sources[index].file.nodes.iter().filter(|node| node.key.text == "include") {
        let Some(pattern) = node.piece() else { continue };
        match paths.find(&sources[index], pattern.text) {
            Included::Files(files) => {
                for file in files {
                    gather(file, sources, paths, seen, order, open);
                }
            }
            Included::Elsewhere => *open = true,
            // A pattern brings what there is; the names of dashboards are needed by nothing.
            Included::Nothing if include::is_pattern(pattern.text) || include::means_dashboards(pattern.text) => {}
            // A file that is not at hand is reported; what it should bring is not at hand either.
            Included::Nothing => *open = true,
        }
    }
    order.push(index);
}
