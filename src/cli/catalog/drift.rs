//! `entente catalog drift`: what has changed in the warehouse, and which definitions read it.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::json;

use super::{
    super::{
        build,
        context::{Context, Style, count},
        failure::Failure,
    },
    FILE,
    asked::{Asked, asked},
    lasting, of_warehouse,
};
use crate::{
    catalog::{Change, ChangeKind, drift},
    lookml::{Report, Subject},
    project::{Reader, Reads},
};

/// Say what has changed since `schema/catalog.json` was written
///
/// Compares the file with the warehouse and writes nothing. Of each table or column that is gone, renamed, of another type or
/// cut in another way it names the definitions that read it, and the explores of Looker that show them. Exits with 1 if a
/// definition is touched; what is only new touches none.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente catalog drift                   what has changed
  entente catalog drift --format json     … for programs")]
pub(super) struct Arguments {
    /// How changes are shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON array
    Json,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let found = of_warehouse(&loaded, context)?;
    let report = build::emit(&loaded, &project)?.report;
    let definitions = project.reads();
    let asked = asked(&project);
    let changes: Vec<Told> = drift(&lasting(loaded.catalog.clone().unwrap_or_default()), &found)
        .into_iter()
        .map(|change| Told::of(change, &definitions, &asked, &report))
        .collect();
    match arguments.format {
        Format::Json => {
            let shown: Vec<serde_json::Value> = changes.iter().map(Told::json).collect();
            writeln!(context.out, "{:#}", serde_json::Value::from(shown))?;
        }
        Format::Text if changes.is_empty() => context.note("nothing has changed"),
        Format::Text => {
            for told in &changes {
                told.write(context)?;
            }
        }
    }
    let touching = changes.iter().filter(|told| !told.touched.is_empty()).count();
    if touching == 0 {
        return Ok(());
    }
    let verb = if touching == 1 { "touches" } else { "touch" };
    Err(Failure::wrong(format!("{} {verb} definitions", count(touching, "change")))
        .help(format!("Change the definitions or the table; then write `{FILE}` with `entente catalog pull`.")))
}

/// A change, with the definitions that read what was taken or changed.
struct Told {
    change: Change,
    /// Names by kind, in order.
    touched: BTreeMap<&'static str, Vec<String>>,
}

impl Told {
    fn of(change: Change, definitions: &[Reader], asked: &[Asked], report: &Report) -> Self {
        let mut touched: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let costs_only = matches!(change.kind, ChangeKind::Reclustered { .. });
        if !change.kind.is_additive() && !costs_only {
            let is_read = |reads: &Reads| match change.kind.column() {
                Some(column) => reads.reads_column(&change.table, column),
                None => reads.reads_table(&change.table),
            };
            for definition in definitions.iter().filter(|definition| is_read(&definition.reads)) {
                touched.entry(definition.kind).or_default().push(definition.name.clone());
            }
        }
        let is_touched = |(kind, name): &(&str, String)| touched.get(*kind).is_some_and(|names| names.contains(name));
        let by_names: Vec<&Asked> = asked.iter().filter(|asked| asked.names.iter().any(is_touched)).collect();
        for asked in by_names {
            touched.entry(asked.kind).or_default().push(asked.name.clone());
        }
        let metrics = touched.get("metrics").cloned().unwrap_or_default();
        let shown =
            report.entries.iter().filter(|entry| entry.subject == Subject::Metric && metrics.contains(&entry.name));
        let explores: Vec<String> = shown.filter_map(|entry| entry.explore.clone()).collect();
        if !explores.is_empty() {
            touched.insert("explores", explores);
        }
        for names in touched.values_mut() {
            names.sort();
            names.dedup();
        }
        Self { change, touched }
    }

    fn write(&self, context: &mut Context) -> Result<(), Failure> {
        let (what, about) = words(&self.change);
        let style = if self.touched.is_empty() { Style::Bold } else { Style::Red };
        let line = format!("{} {about}", context.styled(style, what));
        writeln!(context.out, "{line}")?;
        let width = self.touched.keys().map(|kind| kind.len()).max().unwrap_or(0);
        for (kind, names) in &self.touched {
            writeln!(context.out, "  {kind:width$}  {}", names.join(", "))?;
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let mut value = json!({ "table": self.change.table, "touches": self.touched });
        let (name, more) = match &self.change.kind {
            ChangeKind::TableDropped { renamed_to } => ("table_dropped", json!({ "renamed_to": renamed_to })),
            ChangeKind::TableAdded => ("table_added", json!({})),
            ChangeKind::ColumnDropped { column, renamed_to } => {
                ("column_dropped", json!({ "column": column, "renamed_to": renamed_to }))
            }
            ChangeKind::ColumnAdded { column } => ("column_added", json!({ "column": column })),
            ChangeKind::Retyped { column, from, to } => {
                ("column_retyped", json!({ "column": column, "from": from.to_string(), "to": to.to_string() }))
            }
            ChangeKind::Repartitioned { from, to } => ("table_repartitioned", json!({ "from": from, "to": to })),
            ChangeKind::Reclustered { from, to } => ("table_reclustered", json!({ "from": from, "to": to })),
        };
        value["change"] = name.into();
        if let (Some(value), serde_json::Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
        value
    }
}

/// Says a change in words.
fn words(Change { table, kind }: &Change) -> (&'static str, String) {
    let guess = |renamed_to: &Option<String>| match renamed_to {
        Some(name) => format!("; `{name}` may be its new name"),
        None => String::new(),
    };
    match kind {
        ChangeKind::TableDropped { renamed_to } => ("dropped", format!("table `{table}`{}", guess(renamed_to))),
        ChangeKind::TableAdded => ("added", format!("table `{table}`")),
        ChangeKind::ColumnDropped { column, renamed_to } => {
            ("dropped", format!("column `{column}` of `{table}`{}", guess(renamed_to)))
        }
        ChangeKind::ColumnAdded { column } => ("added", format!("column `{column}` of `{table}`")),
        ChangeKind::Retyped { column, from, to } => {
            ("retyped", format!("column `{column}` of `{table}`, from {from} to {to}"))
        }
        ChangeKind::Repartitioned { from, to } => {
            let cut = |cut: &Option<_>| cut.as_ref().map_or_else(|| "not at all".to_owned(), ToString::to_string);
            ("repartitioned", format!("table `{table}`, from {} to {}", cut(from), cut(to)))
        }
        ChangeKind::Reclustered { from, to } => {
            let by = |columns: &[String]| match columns {
                [] => "nothing".to_owned(),
                columns => columns.join(", "),
            };
            ("reclustered", format!("table `{table}`, from {} to {}", by(from), by(to)))
        }
    }
}
