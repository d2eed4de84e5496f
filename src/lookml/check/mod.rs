//! LookML files → what is wrong with them: the semantic validator of `entente lookml check`, for any project.
//!
//! ```text
//! files ─ source ─► parsed ─┬─ shape, texts ─────────────────────────────► what is wrong in a file
//!                           └─ include, model (view, explore) ─ rules ──► what is wrong in a model
//! ```
//!
//! A project that was written by hand works in Looker and must raise no error here. So where a name may be known
//! elsewhere (another project, an include that is not at hand) or a text cannot be judged, nothing is said.
//!
//! **Invariant:** nothing here reads a file, and the same files give the same findings in the same order.

mod allow;
pub(crate) mod explore;
pub(crate) mod include;
pub(crate) mod layers;
mod liquid;
pub(crate) mod model;
mod parallel;
mod parameters;
mod rules;
pub(crate) mod scan;
mod shape;
pub(crate) mod source;
mod sql;
mod texts;
pub(crate) mod view;

use std::collections::{BTreeSet, HashSet};

use super::syntax::SyntaxErrorKind;
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::{SourceMap, Span},
};
use include::{Included, Paths};
use model::Model;
use source::Source;

/// At most so many mistakes of syntax are shown of a file.
const MAX_SYNTAX: usize = 20;

/// For so many includes that match nothing, a path is looked for among all: where more do, the folder is wrong, and each
/// with each would take minutes.
const MAX_NEAR: usize = 100;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What is wrong, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many models there are.
    pub models: usize,
    /// How many views there are in them, each counted once.
    pub views: usize,
    /// How many explores there are in them, each counted once.
    pub explores: usize,
    /// How many files were not read, because dashboards are YAML.
    pub dashboards: usize,
}

/// Checks a LookML project: all its files, with paths relative to its folder.
pub fn check(files: &SourceMap) -> Checked {
    let sources = source::parse_all(files);
    let dashboards: Vec<&str> =
        files.iter().map(|(_, file)| file.path.as_str()).filter(|path| source::is_dashboard(path)).collect();
    let paths = Paths::new(&sources, dashboards.iter().copied());
    let mut found = Diagnostics::new();
    let constants = constants(&sources, &paths);
    for diagnostics in parallel::map(&sources, |source| in_file(source, &paths, &constants)) {
        found.extend(diagnostics);
    }
    found.extend(includes(&sources, &paths));
    let (models, unused) = models(&sources, &paths, &mut found);
    for diagnostics in parallel::map(&models, |model| rules::check(model)) {
        found.extend(diagnostics);
    }
    found.extend(unused);
    let allowed = allow::Allowed::of(&sources, files);
    let mut seen = HashSet::new();
    let mut diagnostics = found.sorted();
    // A view of several models is checked in each; what is found is said once.
    diagnostics.retain(|found| seen.insert((found.span(), found.code)) && !allowed.allows(found, files));
    let count = |names: BTreeSet<&str>| names.len();
    Checked {
        diagnostics,
        models: models.iter().filter(|model| model.file.is_some()).count(),
        views: count(models.iter().flat_map(|model| model.views.keys().copied()).collect()),
        explores: count(models.iter().flat_map(|model| model.explores.keys().copied()).collect()),
        dashboards: dashboards.len(),
    }
}

/// Returns what cannot be read in some files.
pub(crate) fn unreadable(sources: &[Source<'_>]) -> Vec<Diagnostic> {
    let mut found = Diagnostics::new();
    sources.iter().for_each(|source| syntax(source, &mut found));
    found.sorted()
}

/// The constants of each project, by its folder; nothing where others may declare some.
type Constants<'a> = Vec<(&'a str, Option<BTreeSet<&'a str>>)>;

fn constants<'a>(sources: &[Source<'a>], paths: &Paths<'a>) -> Constants<'a> {
    let manifests = sources.iter().filter(|source| source.is_manifest());
    manifests
        .map(|source| {
            let nodes = &source.file.nodes;
            let closed = nodes.iter().all(|node| !node.key.text.ends_with("_dependency") && node.key.text != "include");
            let named = nodes.iter().filter(|node| node.key.text == "constant").filter_map(|node| node.name());
            (paths.root_of(source.path), closed.then(|| named.map(|name| name.text).collect()))
        })
        .collect()
}

/// Checks what can be told from one file alone.
fn in_file(source: &Source<'_>, paths: &Paths<'_>, constants: &Constants<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    syntax(source, &mut found);
    if is_old(source) {
        return found;
    }
    shape::check(source, &mut found);
    let root = paths.root_of(source.path);
    let constants = constants.iter().find(|(folder, _)| *folder == root).and_then(|(_, names)| names.as_ref());
    texts::check(source, constants, &mut found);
    found
}

/// Returns whether a file is in the old form of LookML, of which nothing further is told.
fn is_old(source: &Source<'_>) -> bool {
    source.file.errors.iter().any(|error| error.kind == SyntaxErrorKind::OldForm)
}

/// Finds the includes that match nothing.
fn includes(sources: &[Source<'_>], paths: &Paths<'_>) -> Diagnostics {
    let missing = parallel::map(sources, |source| {
        let nodes = source.file.nodes.iter().filter(|_| !is_old(source));
        let includes = nodes.filter(|node| node.key.text == "include");
        let patterns = includes.filter_map(|node| node.piece()).filter(|pattern| {
            // Looker itself wrote `include: "*.dashboard.lookml"` into new models, before there was any dashboard.
            let of_dashboards = include::is_pattern(pattern.text) && include::means_dashboards(pattern.text);
            !of_dashboards && paths.find(source, pattern.text) == Included::Nothing
        });
        patterns.map(|pattern| (source.id, pattern)).collect::<Vec<_>>()
    });
    let mut found = Diagnostics::new();
    for (number, (file, pattern)) in missing.into_iter().flatten().enumerate() {
        let wanted = pattern.text.trim_start_matches('/');
        let help = match (number < MAX_NEAR).then(|| nearest(wanted, paths.iter())).flatten() {
            Some(near) => format!("Did you mean `/{near}`?"),
            None => "Correct the path: `/` is the project's folder, `*` any name, `**` any folders.".to_owned(),
        };
        let is_pattern = include::is_pattern(pattern.text);
        let code = if is_pattern { Code::LookmlEmptyInclude } else { Code::LookmlUnknownInclude };
        let message = format!("include `{}` matches no file", pattern.text);
        found.push(Diagnostic::new(code, Span::new(file, pattern.start, pattern.end()), message).help(help));
    }
    found
}

fn syntax(source: &Source<'_>, found: &mut Diagnostics) {
    for error in source.file.errors.iter().take(MAX_SYNTAX) {
        let (code, help) = match error.kind {
            SyntaxErrorKind::Unexpected => {
                (Code::LookmlSyntax, "Write `key: value`, `key: name { … }` or `key: [a, b]`.")
            }
            SyntaxErrorKind::Depth => {
                (Code::LookmlSyntax, "Close the blocks before: the rest of the file is not read.")
            }
            SyntaxErrorKind::Braces => (Code::LookmlUnclosedBlock, "Every `{` needs its `}`."),
            SyntaxErrorKind::List => (Code::LookmlUnclosedBlock, "Every `[` needs its `]`."),
            SyntaxErrorKind::Text => (Code::LookmlUnclosedText, "Close it; a quote inside is written `\\\"`."),
            SyntaxErrorKind::Block => (Code::LookmlMissingTerminator, "End SQL, HTML and expressions with `;;`."),
            SyntaxErrorKind::OldForm => (Code::LookmlOldSyntax, "Convert the project to new LookML in Looker first."),
        };
        let span = Span::new(source.id, error.start, error.end);
        found.push(Diagnostic::new(code, span, error.message.clone()).help(help));
    }
}

/// Puts the models together, and finds the files that are in none.
fn models<'a>(sources: &'a [Source<'a>], paths: &Paths<'a>, found: &mut Diagnostics) -> (Vec<Model<'a>>, Diagnostics) {
    let starts: Vec<usize> = (0..sources.len()).filter(|index| sources[*index].is_model()).collect();
    let assembled = parallel::map(&starts, |start| {
        let mut found = Diagnostics::new();
        (Model::of(*start, sources, paths, &mut found), found)
    });
    let (mut models, mut used) = (Vec::new(), vec![false; sources.len()]);
    for (model, diagnostics) in assembled {
        model.sources.iter().for_each(|index| used[*index] = true);
        found.extend(diagnostics);
        models.push(model);
    }
    let with_models: BTreeSet<&str> = starts.iter().map(|start| paths.root_of(sources[*start].path)).collect();
    let mut loose: BTreeSet<&str> = BTreeSet::new();
    let mut unused = Diagnostics::new();
    for (index, source) in sources.iter().enumerate().filter(|(index, source)| !used[*index] && !source.is_manifest()) {
        let root = paths.root_of(source.path);
        if !with_models.contains(root) {
            loose.insert(root);
        } else if !source.file.nodes.is_empty() {
            let message = "no model includes this file".to_owned();
            let help = "Include it, or remove it: nothing in it is there for Looker.";
            let start = sources[index].file.nodes[0].key.start;
            unused
                .push(Diagnostic::new(Code::LookmlUnusedFile, Span::new(source.id, start, start), message).help(help));
        }
    }
    for root in loose {
        let files: Vec<usize> = (0..sources.len())
            .filter(|index| paths.root_of(sources[*index].path) == root && !sources[*index].is_manifest())
            .collect();
        models.push(Model::loose(&files, sources, found));
    }
    (models, unused)
}
