//! `entente import dbt`: the semantic layer of a dbt project → definitions that give the same numbers.
//!
//! ```text
//! models/**/*.yml, target/*.json ─► project ─► read ─► tree::Layer ─► names ─► write ─► metrics/*.yml and a Report
//! ```
//!
//! Both generations of the YAML are read into one tree: semantic models with measures and `type_params`, and metrics
//! beside models with `semantic_model: true`.
//!
//! **Invariant:** where the meaning of a word differs, the words that keep dbt's numbers are written, and the report says
//! so.

mod dates;
mod filters;
mod hints;
mod jinja;
mod keys;
mod names;
mod nodes;
mod project;
mod ranges;
mod read;
mod report;
mod sql;
mod tree;
mod write;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub use super::ImportedFile;
pub use report::{Entry, Place, Problem, Report};

use super::emit::{self, Out};
use super::refuse::{self, Refusal};
use crate::{
    catalog::{Catalog, CatalogTable},
    sql::Portable,
    syntax::Config,
};
use filters::{Filters, Root};
use hints::Hints;
use names::Names;
use project::Project;
use tree::{Dimension, Filter, Layer, MetricKind};
use write::{Metrics, Models, Types};

/// The files of a dbt project and how to read them.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The files, with their paths below the project's folder.
    pub files: Vec<SourceFile>,
    /// How to read them.
    pub options: Options,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path below the project's folder, with `/` between folders.
    pub path: String,
    /// The text.
    pub text: String,
}

/// How a project is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The schema of the target, where tables lie.
    pub schema: Option<String>,
    /// The database of the target.
    pub database: Option<String>,
    /// Values for `var(…)`, before those of `dbt_project.yml`.
    pub vars: BTreeMap<String, String>,
    /// Values for `env_var(…)`.
    pub env: BTreeMap<String, String>,
    /// The tables of the warehouse, as far as they are known: names and types are taken from here.
    pub catalog: Catalog,
    /// The project file of the entente project, where there is one.
    pub config: Option<Config>,
    /// The name of the dialect in which SQL is written; that of the project's adapter unless given.
    pub dialect: Option<String>,
    /// The name of the dialect of the entente project's connection, which is taken where the adapter is not known.
    pub connection: Option<String>,
}

/// What does not hold here, by section and name, and why.
type Refused = BTreeMap<(String, String), String>;

/// What an import gives.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The project's name.
    pub name: String,
    /// The adapter of the dbt project, such as `duckdb`, if it is known.
    pub adapter: Option<String>,
    /// The database of the dbt project's profile, if it is known.
    pub database: Option<String>,
    /// The schema of the dbt project's profile, if it is known.
    pub schema: Option<String>,
    /// The DuckDB file of the dbt project's profile, as it is written there.
    pub path: Option<String>,
    /// The tables of `target/catalog.json` that the definitions name, for `schema/catalog.json`.
    pub catalog: Catalog,
    /// The files of definitions.
    pub files: Vec<ImportedFile>,
    /// What became of everything.
    pub report: Report,
}

impl Input {
    fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// Imports a dbt project.
///
/// # Errors
/// What is wrong with the project itself: no `dbt_project.yml`, YAML that cannot be read, references to nothing, names
/// that are given twice. What is right and cannot be said here is in the report.
pub fn import(input: &Input) -> Result<Imported, Vec<Problem>> {
    let mut report = Report::default();
    let mut problems = Vec::new();
    let Some(mut project) = project::read(input, &mut report, &mut problems) else { return Err(problems) };
    let mut groups = BTreeMap::new();
    read::read_manifest(input, &mut project.nodes, &project.templates, &mut groups, &mut problems);
    let mut layer = read::read(&project, &input.options, &mut report, &mut problems);
    layer = read::add_semantic_manifest(input, layer, &project, &input.options, &mut report, &mut problems);
    groups.append(&mut layer.groups);
    layer.groups = groups;
    check_names(&layer, &mut problems);
    if layer.models.is_empty() && problems.is_empty() {
        let place = Place::file("dbt_project.yml");
        problems.push(Problem::new(place, "the project has no semantic model").help(
            "Semantic models are read from YAML below the model paths and from `target/semantic_manifest.json`.",
        ));
    }
    if !problems.is_empty() {
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems.dedup();
        return Err(problems);
    }
    let catalog = catalog_of(&project, &layer);
    let files = what_holds(&project, &layer, &input.options, &catalog, &mut report);
    report.sort();
    let nodes = project.nodes;
    Ok(Imported {
        name: names::snake_case(&project.name),
        adapter: nodes.adapter,
        database: nodes.database,
        schema: nodes.schema,
        path: nodes.path,
        catalog,
        files,
        report,
    })
}

/// Returns the tables of semantic models and time spines with the columns that `target/catalog.json` has.
fn catalog_of(project: &Project, layer: &Layer) -> Catalog {
    let mut catalog = Catalog::default();
    let models = layer.models.iter().map(|model| (model.node.as_ref(), &model.table));
    for (node, table) in models.chain(layer.spines.iter().map(|spine| (Some(&spine.name), &spine.table))) {
        let node = node.and_then(|name| project.nodes.refs.get(name));
        if let Some(node) = node.filter(|node| !node.listed.is_empty()) {
            catalog
                .tables
                .insert(table.clone(), CatalogTable { columns: node.listed.clone(), ..CatalogTable::default() });
        }
    }
    catalog
}

/// Reports names that are given twice.
fn check_names(layer: &Layer, problems: &mut Vec<Problem>) {
    let models = layer.models.iter().map(|model| ("semantic model", &model.name, &model.place));
    let metrics = layer.metrics.iter().map(|metric| ("metric", &metric.name, &metric.place));
    let saved = layer.saved_queries.iter().map(|query| ("saved query", &query.name, &query.place));
    let measures = layer.models.iter().flat_map(|model| &model.measures);
    let measures = measures.map(|measure| ("measure", &measure.name, &measure.place));
    let mut first: BTreeMap<(&str, &String), &Place> = BTreeMap::new();
    for (kind, name, place) in models.chain(metrics).chain(saved).chain(measures) {
        if let Some(other) = first.insert((kind, name), place) {
            let message = format!("{kind} `{name}` is defined twice, also at {other}");
            problems.push(Problem::new(place.clone(), message).help("Keep one of the two, or rename it."));
        }
    }
    for model in &layer.models {
        let dimensions = model.dimensions.iter().map(|dimension| (&dimension.name, &dimension.place));
        let entities = model.entities.iter().map(|entity| (&entity.name, &entity.place));
        let mut seen = BTreeSet::new();
        for (name, place) in entities.chain(dimensions) {
            if !seen.insert(name) {
                let message = format!("`{name}` is defined twice in semantic model `{}`", model.name);
                problems.push(Problem::new(place.clone(), message).help("Keep one of the two, or rename it."));
            }
        }
    }
}

/// Writes a layer without what does not hold here, so that the project can be asked whatever becomes of the rest.
fn what_holds(
    project: &Project,
    layer: &Layer,
    options: &Options,
    catalog: &Catalog,
    report: &mut Report,
) -> Vec<ImportedFile> {
    let catalog = if options.catalog.tables.is_empty() { catalog } else { &options.catalog };
    let config = options.config.clone().unwrap_or_else(Config::stand_in);
    let mut refused = Refused::new();
    loop {
        let mut told = report.clone();
        let files = write_layer((project, layer), options, &refused, &mut told);
        let (_, refusals) = refuse::resolve(&files, &config, catalog);
        let before = refused.len();
        // What a metric names may be a mistake of what it names, so that goes first.
        let is_metric = |refusal: &Refusal| ["metrics", "saved_queries"].contains(&refusal.definition.0.as_str());
        let of_others =
            refusals.iter().any(|refusal| !is_metric(refusal) && !refused.contains_key(&refusal.definition));
        for refusal in refusals.into_iter().filter(|refusal| !of_others || !is_metric(refusal)) {
            refused.entry(refusal.definition).or_insert(refusal.message);
        }
        if refused.len() == before {
            *report = told;
            return files;
        }
    }
}

fn write_layer(
    (project, layer): (&Project, &Layer),
    options: &Options,
    refused: &Refused,
    report: &mut Report,
) -> Vec<ImportedFile> {
    let dialect = options.dialect.as_deref().or(project.nodes.adapter.as_deref()).or(options.connection.as_deref());
    let types = Types { nodes: &project.nodes, options };
    let expressions = write::expressions(layer, types, dialect);
    let is_used = |model: usize, name: &str| {
        let mut names = expressions[model].iter().flat_map(Portable::names);
        names.any(|words| matches!(words.as_slice(), [column] if column.eq_ignore_ascii_case(name)))
    };
    let hides = |model: usize, dimension: &Dimension| {
        is_used(model, &dimension.name) && !types.is_bare(&layer.models[model], dimension)
    };
    let names = Names::new((layer, refused), &is_used, &hides, report);
    let filters = Filters { names: &names, templates: &project.templates, types, dialect };
    let mut hints = Hints::new();
    for (found, root) in all_filters(layer, &names) {
        filters.hints(found, Root { model: root, axis: None }, &mut hints);
    }
    for (at, found) in expressions.iter().enumerate() {
        found.iter().for_each(|portable| filters.hints_of_row(&portable.expr, at, &mut hints));
    }
    let mut metrics = Metrics::new(&names, &filters, (dialect, types), report);
    metrics.write();
    let Metrics { made, dimensions, natures, .. } = metrics;
    let mut models = Models { names: &names, types, dialect, hints: &hints, metrics: &dimensions, report };
    let mut files = Vec::new();
    for (at, model) in layer.models.iter().enumerate() {
        if let Some(why) = names.why_refused("models", names.model(at)) {
            models.report.left_out("semantic model", &model.name, &model.place, why);
            continue;
        }
        let own = made.iter().filter(|made| made.model == Some(at)).map(|made| made.out.clone()).collect();
        let model = models.write(at);
        let text = emit::sections(HEAD, &[("models", vec![model]), ("metrics", own)]);
        files.push(file(&format!("{}.yml", names.model(at)), text));
    }
    let shared: Vec<Out> = made.iter().filter(|made| made.model.is_none()).map(|made| made.out.clone()).collect();
    let rest = [
        ("metrics_of_several_models", "metrics", shared),
        ("calendars", "calendars", write::calendars(&names, report)),
        ("saved_queries", "saved_queries", write::saved_queries(&filters, &natures, report)),
        ("tables", "tables", write::tables(&names, &project.nodes, report)),
    ];
    for (name, section, items) in rest {
        if !items.is_empty() {
            let name = if files.iter().any(|file| file.path == format!("metrics/{name}.yml")) {
                format!("{name}_")
            } else {
                name.to_owned()
            };
            files.push(file(&format!("{name}.yml"), emit::sections(HEAD, &[(section, items)])));
        }
    }
    report.paths = names.paths();
    files
}

/// The first line of each file.
const HEAD: &str = "# Imported from dbt by `entente import dbt`.\n";

fn file(name: &str, text: String) -> ImportedFile {
    ImportedFile { path: format!("metrics/{name}"), text }
}

/// Returns all filters of a layer with the model whose rows they filter.
fn all_filters<'l>(layer: &'l Layer, names: &Names) -> Vec<(&'l [Filter], Option<usize>)> {
    let mut all: Vec<(&[Filter], Option<usize>)> = Vec::new();
    for metric in &layer.metrics {
        let root = match &metric.kind {
            MetricKind::Simple { model, .. } => names.model_index(model),
            MetricKind::OfMeasure(input) => {
                layer.models.iter().position(|model| model.measures.iter().any(|measure| measure.name == input.name))
            }
            _ => None,
        };
        all.push((&metric.filters, root));
        let inputs = match &metric.kind {
            MetricKind::OfMeasure(input) | MetricKind::Cumulative { input, .. } => vec![input],
            MetricKind::Ratio { numerator, denominator } => vec![numerator, denominator],
            MetricKind::Conversion { base, conversion, .. } => vec![base, conversion],
            MetricKind::Derived { inputs, .. } => inputs.iter().collect(),
            MetricKind::Simple { .. } => Vec::new(),
        };
        all.extend(inputs.into_iter().map(|input| (input.filters.as_slice(), root)));
    }
    all.extend(layer.saved_queries.iter().map(|query| (query.filters.as_slice(), None)));
    all
}
