//! `entente import lookml`: views, explores and measures of a Looker project → definitions that give its numbers.
//!
//! ```text
//! *.lkml ─► source::Lookml ─► edges, dimension, measure, access ─► metrics/*.yml ─► resolved, emitted
//!                                        └──────── what is refused stays LookML ◄───────┘  └─► kept/*.lkml
//! ```
//!
//! What resolving refuses is taken out with its reason and everything is said again, so that the result always checks.
//! Then it is emitted, and what the emitted LookML lacks is kept as it is in files beside it.
//!
//! **Invariant:** every construct is native, verbatim or left behind, and the report says which.

mod access;
mod beside;
mod calendars;
mod dimension;
mod docs;
mod edges;
mod entry;
mod filter;
mod guards;
mod kept;
mod known;
mod measure;
mod models;
mod refuse;
mod report;
mod say;
mod settings;
mod several;
mod source;
mod tables;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

pub use report::{Entry, Outcome, Report};

use super::{
    ImportedFile,
    emit::{self, Out},
};
use crate::{
    catalog::Catalog,
    diagnostics::Diagnostic,
    files::SourceMap,
    lookml::{
        self,
        check::{
            source::{Source, is_dashboard, parse_all},
            unreadable,
        },
    },
    syntax::Config,
};
use dimension::Fields;
use entry::Beside;
use kept::Renamed;
use measure::Measures;
use refuse::{Refused, Resolved};
use report::Ledger;
use settings::Settings;
use source::Lookml;

/// How a project is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The project file of the entente project, if there is one.
    pub config: Option<Config>,
    /// The tables of the warehouse, as far as they are known.
    pub catalog: Catalog,
    /// The name of the dialect in which SQL is written; that of the connection unless given.
    pub dialect: Option<String>,
    /// The name of the project, where LookML says none.
    pub name: String,
    /// The only model that is imported; all of them unless given.
    pub model: Option<String>,
}

/// What an import gives.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The files of definitions, and those of LookML that stays, by their paths in the entente project.
    pub files: Vec<ImportedFile>,
    /// A project file for where there is none.
    pub project_file: String,
    /// What became of everything.
    pub report: Report,
}

/// Imports a LookML project: all its files, with paths relative to its folder.
///
/// # Errors
/// What cannot be read: brackets, quotes and SQL that nothing closes.
pub fn import(files: &SourceMap, options: &Options) -> Result<Imported, Vec<Diagnostic>> {
    let mut sources = parse_all(files);
    if let Some(model) = &options.model {
        sources = source::of_model(sources, model);
    }
    let broken = unreadable(&sources);
    if !broken.is_empty() {
        return Err(broken);
    }
    let settings = Settings::new(&sources, options);
    let lookml = Lookml::new(files, &sources, &settings, &options.catalog);
    let mut refused = Refused::new();
    loop {
        let said = say(&lookml, &sources, options, &refused, None);
        if said.closed.keys().any(|key| !refused.contains_key(key)) {
            refused.extend(said.closed);
            continue;
        }
        match refuse::resolve(&said.definitions, &settings, options) {
            Resolved::Refuses(more) if more.keys().any(|key| !refused.contains_key(key)) => refused.extend(more),
            Resolved::Refuses(_) => return Ok(finish(said, &sources, files, &settings)),
            Resolved::Project(project) => {
                let emitted = refuse::emit(&project, &settings, &said.definitions);
                let said = say(&lookml, &sources, options, &refused, Some(&emitted));
                return Ok(finish(said, &sources, files, &settings));
            }
        }
    }
}

/// What one round says.
struct Said {
    definitions: Vec<ImportedFile>,
    kept: Vec<ImportedFile>,
    ledger: Ledger,
    report: Report,
    /// What is not said in the next round, for nothing would keep it from those from whom Looker does.
    closed: Refused,
}

fn finish(said: Said, sources: &[Source<'_>], files: &SourceMap, settings: &Settings) -> Imported {
    let Said { definitions, kept, ledger, mut report, .. } = said;
    report.constructs = ledger.entries(sources, files);
    for (_, file) in files.iter().filter(|(_, file)| is_dashboard(&file.path)) {
        report.constructs.push(Entry {
            place: super::Place::new(&file.path, 1, 1),
            kind: "dashboard".to_owned(),
            name: file.path.clone(),
            outcome: Outcome::Verbatim,
            why: "its fields are those of Looker".to_owned(),
        });
    }
    report.constructs.sort();
    let includes = kept.iter().any(|file| file.path == format!("lookml_out{}", kept::ALL));
    let project_file = settings.project_file(includes);
    Imported { files: definitions.into_iter().chain(kept).collect(), project_file, report }
}

/// The first line of each file of definitions.
const HEAD: &str = "# Imported from LookML by `entente import lookml`.\n";

/// Says everything that is not refused; with the LookML that is emitted from it, also what is kept beside that.
fn say<'a>(
    lookml: &Lookml<'a>,
    sources: &[Source<'a>],
    options: &Options,
    refused: &Refused,
    emitted: Option<&BTreeMap<String, String>>,
) -> Said {
    let mut ledger = Ledger::default();
    let mut report = Report { proposals: lookml.several.warnings.clone(), ..Report::default() };
    lookml.several.told.iter().for_each(|(at, outcome, why)| ledger.mark(*at, *outcome, why.clone()));
    let fields = Fields::new(lookml, refused);
    let views = fields.views();
    let edges = edges::read(&fields, &views, refused, &mut ledger);
    fields.join(edges.clone());
    let mut filters = settings::filters(&fields, &views, &edges, &mut ledger);
    let mut guards = guards::read(&fields, &views, &edges, &mut filters);
    let measures = Measures::new(&fields, &views, &filters);
    Settings::mark(sources, lookml, &mut ledger);
    let shared = unions::shared(&fields);
    let mut models: BTreeMap<&str, Out> = BTreeMap::new();
    for view in views.iter().filter_map(|name| lookml.view(name)) {
        let is_derived = lookml.is_own(&view.layers) && view.layers.has("derived_table");
        let why = if is_derived { "it is SQL of its own here, which was made from other definitions" } else { "" };
        view.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, why));
        let beside = Beside {
            filter: filters.of_models.get(view.name).map(String::as_str),
            kept: filters.kept.get(view.name).map(String::as_str),
            masks: access::masks(&fields, view),
            shared: &shared,
        };
        models.insert(view.name, entry::write(&fields, view, &edges, &beside, (&mut report.proposals, &mut ledger)));
        metrics_of(&fields, view, &measures, &mut report, &mut ledger);
    }
    let unions = unions::say(&fields, &measures, &mut ledger);
    let policies = access::policies(&fields, &views, &measures, &mut guards, &mut ledger);
    let rollups = access::rollups(&fields, &views, &measures, &mut ledger);
    let tables = tables::say(&fields, &mut ledger);
    let tests = known::tests(&fields, &measures, &mut ledger);
    let calendars = calendars::say(&fields, &mut ledger);
    let mut kept = Vec::new();
    if let Some(emitted) = emitted {
        let (views, renamed) = (&views, Renamed::default());
        let mut keeper = kept::Kept { fields: &fields, measures: &measures, views, unions: &unions, renamed };
        kept = keeper.files(emitted, sources, &mut ledger);
        for (view, model) in &mut models {
            keeper.renamed.follow(view, model);
        }
        measures.follow(&keeper.renamed);
        if kept.iter().any(|file| file.path.starts_with("lookml_out/kept/")) && options.config.is_some() {
            report.proposals.push(format!(
                "`entente.yml` is yours: add `looker: {{ include: [{}] }}`, so that the model has what stays LookML",
                kept::ALL
            ));
        }
    }
    let mut definitions = Vec::new();
    let made = measures.made();
    for (name, model) in models {
        let metrics: Vec<Out> =
            made.iter().filter(|metric| metric.view == name).map(|metric| Out::Map(metric.entries.0.clone())).collect();
        let text = emit::sections(HEAD, &[("models", vec![model]), ("metrics", metrics)]);
        definitions.push(ImportedFile { path: format!("metrics/{name}.yml"), text });
    }
    let shared: Vec<Out> = made
        .iter()
        .filter(|metric| metric.view == measure::SHARED)
        .map(|metric| Out::Map(metric.entries.0.clone()))
        .collect();
    if !shared.is_empty() {
        let path = format!("metrics/{}.yml", measure::SHARED);
        definitions.push(ImportedFile { path, text: emit::sections(HEAD, &[("metrics", shared)]) });
    }
    let taken: BTreeSet<String> = definitions.iter().map(|file| file.path.clone()).collect();
    let sections =
        [("calendars", calendars), ("policies", policies), ("rollups", rollups), ("tables", tables), ("tests", tests)];
    for (section, items) in sections {
        if !items.is_empty() {
            let path = format!("metrics/{section}.yml");
            let path = if taken.contains(&path) { format!("metrics/all_{section}.yml") } else { path };
            definitions.push(ImportedFile { path, text: emit::sections(HEAD, &[(section, items)]) });
        }
    }
    Said { definitions, kept, ledger, report, closed: guards.closed }
}

/// Says the measures of a view.
fn metrics_of<'a>(
    fields: &Fields<'_, 'a>,
    view: &lookml::check::view::View<'a>,
    measures: &Measures<'_, '_, 'a>,
    report: &mut Report,
    ledger: &mut Ledger,
) {
    use lookml::check::view::FieldKind;
    for field in &view.fields {
        if field.kind != FieldKind::Measure {
            let is_written = !entry::is_made(fields, field) && !fields.is_bare_flag(field);
            if let Some(dimension) = fields.dimension(view.name, field).ok().filter(|_| is_written) {
                let path = format!("{}.{}", view.name, dimension.name);
                report.dimensions.insert(format!("{}.{}", view.name, field.name), path);
            }
            continue;
        }
        if measure::is_helper(fields.lookml, field) {
            field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, "entente writes it anew"));
            continue;
        }
        match measures.metric(view.name, field) {
            Ok(metric) => {
                field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, ""));
                ledger.mark(source::place(field), Outcome::Native, measures.note(view.name, field.name));
                report.metrics.insert(format!("{}.{}", view.name, field.name), metric);
            }
            Err(why) => field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, why.clone())),
        }
    }
}
