//! `entente catalog`: the warehouse's tables and columns, as a file, and what has changed since it was written.

mod asked;
mod drift;

use std::{collections::BTreeSet, fs, path::Path};

use clap::Subcommand;

use super::{
    connect,
    context::{Context, count},
    failure::Failure,
    moment::moment,
};
use crate::{
    catalog::{Catalog, Statistics, TableStatistics},
    engine::{Loaded, PROJECT_FILE, add_periods_to, all_stored, load_project_with},
    plan::StateTable,
    price::tables_of_statistics,
    project::{Project, Source},
    sql,
    time::{DateTime, NaiveDate, Utc},
    warehouse::Blocking,
};

/// The catalog's file in a project.
pub(crate) const FILE: &str = "schema/catalog.json";

/// The file that says how much the tables hold.
const STATISTICS: &str = "schema/statistics.json";

/// Keep `schema/catalog.json`, the tables and columns of the warehouse
///
/// Checking and building never ask the warehouse: they read this file, which is committed with the definitions.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente catalog pull      write what the warehouse has
  entente catalog drift     what has changed since, and which definitions read it")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Subcommand)]
enum CatalogCommand {
    Pull(PullArguments),
    Drift(drift::Arguments),
}

/// Write the warehouse's columns to `schema/catalog.json`
///
/// Run this when tables or columns have changed, or the periods of a calendar.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente catalog pull                write what the warehouse has
  entente catalog pull --statistics   … and how much the tables hold
  entente catalog pull --check        for CI: write nothing, exit with 1 if the file is out of date")]
struct PullArguments {
    /// Write nothing; exit with 1 if the file is out of date
    #[arg(long)]
    check: bool,
    /// Write `schema/statistics.json` too: how much the tables hold, from which `entente explain` estimates what is read
    #[arg(long, conflicts_with = "check")]
    statistics: bool,
    /// The moment of the statistics, such as `2026-01-15T12:00:00Z`, or a day
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide = true)]
    now: Option<DateTime<Utc>>,
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    match &arguments.command {
        CatalogCommand::Pull(arguments) => pull(arguments, context),
        CatalogCommand::Drift(arguments) => drift::run(arguments, context),
    }
}

fn pull(arguments: &PullArguments, context: &mut Context) -> Result<(), Failure> {
    let loaded = context.load()?;
    if loaded.config.is_none() {
        // The errors of `entente.yml` are those of every other command.
        return context.project().map(|_| ());
    }
    let catalog = of_warehouse(&loaded, context)?;
    let (known, missing): (Vec<String>, Vec<String>) =
        named_tables(&loaded).into_iter().partition(|name| catalog.tables.contains_key(name));
    if catalog.tables.is_empty() || (known.is_empty() && !missing.is_empty()) {
        return Err(nothing_found(&loaded, &missing));
    }
    for name in missing {
        context.warn(&format!("the warehouse has no table `{name}`"));
    }
    let path = loaded.root.join(FILE);
    if arguments.check {
        let written = lasting(loaded.catalog.unwrap_or_default());
        if written == catalog {
            return Ok(());
        }
        for name in changed(&written, &catalog) {
            writeln!(context.out, "{name}")?;
        }
        return Err(Failure::wrong(format!("`{FILE}` is out of date"))
            .help("Write it with `entente catalog pull`; `entente catalog drift` says what has changed."));
    }
    write(&path, &catalog)?;
    let columns = catalog.tables.values().map(|table| table.columns.len()).sum();
    let tables = count(catalog.tables.len(), "table");
    context.note(&format!("{FILE}: {tables} with {}", count(columns, "column")));
    let read_on = arguments.now.unwrap_or_else(Utc::now).date_naive();
    if arguments.statistics { write_statistics(&loaded, read_on, context) } else { Ok(()) }
}

/// Says that a warehouse is hardly the one that is meant, so that the file stays as it is.
fn nothing_found(loaded: &Loaded, missing: &[String]) -> Failure {
    let config = loaded.config.as_ref().expect("the project file was read");
    let message = match missing {
        [] => "the warehouse has no tables".to_owned(),
        [one] => format!("the warehouse has no table `{one}`, which is all that the project reads"),
        [first, ..] => {
            format!("the warehouse has none of the {} tables that the project reads, such as `{first}`", missing.len())
        }
    };
    Failure::wrong(message).help(format!(
        "See in `{PROJECT_FILE}` whether connection `{}` leads to the right database; `{FILE}` is as it was.",
        config.connection
    ))
}

/// Writes how much the tables of a project hold.
fn write_statistics(loaded: &Loaded, read_on: NaiveDate, context: &mut Context) -> Result<(), Failure> {
    let config = loaded.config.as_ref().expect("the project file was read");
    let Some(project) = loaded.project.clone() else { return context.project().map(|_| ()) };
    let warehouse = connect::open(config, &loaded.root)?;
    let project = connect::with_state(project, &BTreeSet::new(), &warehouse)?;
    let found = warehouse.catalog_blocking(Some(&tables_of_statistics(&project)))?;
    let statistics = Statistics::of(&found, read_on);
    write_text(&loaded.root.join(STATISTICS), &statistics.to_json())?;
    context.note(&format!("{STATISTICS}: {} as of {}", count(statistics.tables.len(), "table"), statistics.read_on));
    Ok(())
}

/// Reads what the warehouse of a project has.
fn of_warehouse(loaded: &Loaded, context: &Context<'_>) -> Result<Catalog, Failure> {
    let config = loaded.config.as_ref().expect("the project file was read");
    let warehouse = connect::open(config, &loaded.root)?;
    // All of them, so that a model of another table can be written before this is run again.
    let mut catalog = warehouse.catalog_blocking(None)?;
    let named = named_tables(loaded);
    // Those that a definition names in another way, or in another place.
    let others: Vec<String> = named.iter().filter(|name| !catalog.tables.contains_key(*name)).cloned().collect();
    if !others.is_empty() {
        catalog.tables.extend(warehouse.catalog_blocking(Some(&others))?.tables);
    }
    let mut catalog = without_rollups(lasting(catalog), &named, &warehouse);
    let were_read = add_periods(&loaded.root, &mut catalog, &warehouse)?;
    if !were_read && keep_periods(&mut catalog, loaded.catalog.as_ref()) {
        context.warn(
            "the definitions do not fit the tables, so the periods of calendars are as they were; `entente check` says what is \
             wrong",
        );
    }
    Ok(catalog)
}

/// Leaves out the tables in which rollups are stored, and those that tell of them: each build of a changed definition makes another.
fn without_rollups(mut catalog: Catalog, named: &[String], warehouse: &Blocking) -> Catalog {
    let states: Vec<StateTable> = catalog.tables.keys().filter_map(|name| StateTable::named(name)).collect();
    for state in states {
        let rows = warehouse.query_blocking(&sql::print(&state.read_all(), warehouse.dialect())).unwrap_or_default();
        let stored = all_stored(&rows).into_iter().map(|stored| stored.table);
        for table in stored.chain([state.name]).filter(|table| !named.contains(table)) {
            catalog.tables.retain(|name, _| !name.eq_ignore_ascii_case(&table));
        }
    }
    catalog
}

/// Leaves out how much the tables hold, which changes every day, so that the file changes only with the tables.
pub(crate) fn lasting(mut catalog: Catalog) -> Catalog {
    for table in catalog.tables.values_mut() {
        table.rows = None;
        table.statistics = TableStatistics::default();
    }
    catalog
}

/// Adds the periods of the project's calendars, read from their tables; returns whether that can be done, since only
/// definitions without errors say what is a calendar.
pub(crate) fn add_periods(root: &Path, catalog: &mut Catalog, warehouse: &Blocking) -> Result<bool, Failure> {
    let Some(project) = load_project_with(root, Some(catalog.clone())).project else { return Ok(false) };
    add_periods_to(catalog, &project, |select| warehouse.query_blocking(&sql::print(select, warehouse.dialect())))?;
    Ok(true)
}

/// Takes over the periods that were written before, of columns that are still there; returns whether there are any.
fn keep_periods(catalog: &mut Catalog, before: Option<&Catalog>) -> bool {
    let mut any = false;
    for (name, old) in before.into_iter().flat_map(|before| &before.tables) {
        let Some(table) = catalog.tables.get_mut(name) else { continue };
        for (column, periods) in &old.periods {
            if table.columns.iter().any(|known| known.name.eq_ignore_ascii_case(column)) {
                table.periods.insert(column.clone(), periods.clone());
                any = true;
            }
        }
    }
    any
}

/// Writes a catalog in one step.
pub(crate) fn write(path: &Path, catalog: &Catalog) -> Result<(), Failure> {
    write_text(path, &catalog.to_json())
}

fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    let part = path.with_extension(format!("json.{}.part", std::process::id()));
    let folder = path.parent().expect("the catalog lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&part, text))
        .and_then(|()| fs::rename(&part, path))
        .map_err(|error| Failure::file("written", path, &error))
}

/// Returns the tables that the definitions name, also where the old catalog does not know them.
fn named_tables(loaded: &Loaded) -> Vec<String> {
    let project = loaded.project.clone().or_else(|| load_project_with(&loaded.root, None).project);
    project.as_deref().map(table_names).unwrap_or_default()
}

fn table_names(project: &Project) -> Vec<String> {
    let declared = project.tables.values().map(|table| table.name.clone());
    let read = project.models.values().filter_map(|model| match &model.source {
        Source::Table(table) => Some(project.tables[*table].name.clone()),
        Source::Select(_) => None,
    });
    let mut names: Vec<String> = declared.chain(read).collect();
    names.sort();
    names.dedup();
    names
}

/// Returns the tables that differ, by name.
fn changed<'a>(old: &'a Catalog, new: &'a Catalog) -> Vec<&'a String> {
    let mut names: Vec<&String> = old
        .tables
        .keys()
        .chain(new.tables.keys())
        .filter(|name| old.tables.get(*name) != new.tables.get(*name))
        .collect();
    names.sort();
    names.dedup();
    names
}
