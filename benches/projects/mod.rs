//! Makes projects of any size: models that join to shared ones, and metrics of every kind that is executed.

use std::fmt::Write as _;

use entente::{
    diagnostics::{Diagnostics, Severity},
    files::{FileId, SourceMap},
    project::Project,
    resolve,
    syntax::{self, Config, Definitions},
};

/// How many metrics belong to one model.
pub(crate) const METRICS_PER_MODEL: usize = 10;

/// The ends of the names of a model's metrics: `facts_0000_count`.
#[allow(dead_code, reason = "not every benchmark asks random requests")]
pub(crate) const KINDS: [&str; METRICS_PER_MODEL] =
    ["count", "amount", "people", "mean", "p90", "largest", "share", "growth", "people_28d", "per_person"];

/// The text of a project.
pub(crate) struct Text {
    files: SourceMap,
    ids: Vec<FileId>,
}

/// Writes the files of a project with so many metrics, one file per model.
pub(crate) fn write(metrics: usize) -> Text {
    write_with("people_28d", "metric: {m}_people\n    window: 28 days", metrics)
}

/// Writes such a project without windows, so that each model is one view of LookML and one explore.
#[allow(dead_code, reason = "asked by the benchmark of LookML only")]
pub(crate) fn write_without_windows(metrics: usize) -> Text {
    write_with("spread", "expr: {m}_largest / {m}_mean", metrics)
}

/// Writes a project whose models have one more derived metric, of a name and a body with `{m}` for the model.
fn write_with(name: &str, body: &str, metrics: usize) -> Text {
    let mut files = SourceMap::new();
    let mut ids = vec![files.add("metrics/shared.yml", shared())];
    for model in 0..metrics / METRICS_PER_MODEL {
        ids.push(files.add(format!("metrics/facts_{model:04}.yml"), facts(model, name, body)));
    }
    Text { files, ids }
}

/// Reads and resolves the text; it has no errors.
pub(crate) fn resolve(text: &Text) -> Project {
    let mut diagnostics = Diagnostics::new();
    let mut definitions = Definitions::default();
    for id in &text.ids {
        definitions.append(syntax::load(&text.files, *id, &mut diagnostics));
    }
    let resolved = resolve::resolve(&config(), &definitions, None);
    diagnostics.extend(resolved.diagnostics);
    let errors: Vec<_> =
        diagnostics.sorted().into_iter().filter(|found| found.code.severity() == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    resolved.project.expect("there are no errors")
}

impl Text {
    /// Returns the files.
    pub(crate) fn files(&self) -> &SourceMap {
        &self.files
    }
}

/// The project file.
pub(crate) fn config() -> Config {
    let mut files = SourceMap::new();
    let text = "language: 1\nname: large\nconnection: local\nconnections: { local: { type: duckdb, path: x.duckdb } }\n\
                time_zone: Europe/Berlin\n";
    let file = files.add("entente.yml", text);
    syntax::load_config(&files, file, &|_| None).expect("it is right")
}

fn shared() -> String {
    let mut text = String::from(SHARED);
    for at in 0..20 {
        let _ = writeln!(text, "      - {{ name: trait_{at:02}, type: string, description: Trait {at}. }}");
    }
    text
}

const SHARED: &str = "\
models:
  - name: regions
    description: One row per region.
    table: marts.regions
    primary_key: region_id
    dimensions:
      - { name: name, type: string, description: Name. }
  - name: customers
    description: One row per customer.
    table: marts.customers
    primary_key: customer_id
    joins:
      - { to: regions, key: region_id }
    dimensions:
      - { name: country, type: string, description: Country. }
      - { name: segment, type: string, description: Segment. }
";

fn facts(model: usize, further: &str, body: &str) -> String {
    let m = format!("facts_{model:04}");
    let mut text = format!(
        "models:
  - name: {m}
    description: One row per fact of kind {model}.
    owner: team-{team}
    table: marts.{m}
    primary_key: fact_id
    time: happened_at
    joins:
      - {{ to: customers, key: customer_id }}
      - {{ to: regions, key: region_id, as: place }}
    dimensions:
      - {{ name: happened_at, type: time, description: When it happened. }}
      - {{ name: kind, type: string, description: Kind of fact. }}
      - {{ name: is_good, type: boolean, description: Whether it is good., expr: amount > 0 and kind <> 'void' }}
      - {{ name: size, type: number, description: Size in classes., expr: amount, buckets: [10, 100, 1000] }}
metrics:
",
        team = model % 7
    );
    let simple = [
        ("count", "agg: count"),
        ("amount", "agg: sum\n    expr: amount * 1.19\n    where: kind <> 'void'\n    unit: EUR\n    format: currency"),
        ("people", "agg: count_distinct\n    expr: customer_id"),
        ("mean", "agg: avg\n    expr: amount\n    where: customers.country in ('DE', 'FR')"),
        ("p90", "agg: p90\n    expr: amount\n    where: regions.name <> 'North'"),
        ("largest", "agg: max\n    expr: amount"),
    ];
    for (name, body) in simple {
        let _ = write!(text, "  - name: {m}_{name}\n    description: The {name} of facts of kind {model}.\n");
        let _ = write!(text, "    owner: team-{}\n    model: {m}\n    {body}\n", model % 7);
    }
    let derived = [
        (
            "share",
            format!(
                "expr: good / {m}_count\n    inputs:\n      good: {{ metric: {m}_count, where: is_good }}\n    format: percent"
            ),
        ),
        (
            "growth",
            format!(
                "expr: {m}_amount / before - 1\n    inputs:\n      before: {{ metric: {m}_amount, offset: 1 year }}"
            ),
        ),
        (further, body.replace("{m}", &m)),
        ("per_person", format!("expr: {m}_amount / {m}_people")),
    ];
    for (name, body) in derived {
        let _ = write!(text, "  - name: {m}_{name}\n    description: The {name} of facts of kind {model}.\n");
        let _ = write!(text, "    owner: team-{}\n    {body}\n", model % 7);
    }
    text
}
