//! `entente init`: a starter project from existing data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    catalog,
    context::{Context, count},
    failure::Failure,
    interrupt,
    made::Made,
};
use crate::{
    catalog::Catalog,
    engine::{PROJECT_FILE, load_project},
    files::SourceMap,
    sql, starter,
    starter::{Proposal, ProposedFile},
    syntax,
    time::Tz,
    warehouse::{
        self, Warehouse,
        duckdb::{Access, DuckDb, is_table_file},
    },
};

/// Make a starter project from your data
///
/// Reads a DuckDB file, or CSV and Parquet files (which are loaded into a DuckDB file), and proposes models
/// with keys, joins, dimensions and first metrics. Keys and joins are proposed only where the values prove them. What it
/// writes passes `entente check`; from there it is yours.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente init shop.duckdb                          a project in this folder
  entente init exports/ --project shop              a project in `shop`, from a folder of CSV and Parquet files
  entente init customers.csv                        from one such file
  entente init shop.duckdb --time-zone Europe/Paris")]
pub(crate) struct Arguments {
    /// A DuckDB file, a CSV or Parquet file, or a folder of them
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// The zone in which days, weeks and months begin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: Tz,
    /// The project's name; that of the data unless given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let root = context.folder()?;
    if root.join(PROJECT_FILE).exists() {
        return Err(Failure::wrong(format!("`{}` is there already", root.join(PROJECT_FILE).display()))
            .help("Name another folder with `--project`."));
    }
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => name_of(&arguments.data)?,
    };
    let mut made = Made::default();
    made.folder(&root).map_err(|error| Failure::file("made", &root, &error))?;
    let path = warehouse_file(arguments, &root, &name, &mut made, context)?;

    let database = DuckDb::open(&path, Access::ReadOnly)?;
    let found = catalog::lasting(database.catalog_blocking(None)?);
    if found.tables.is_empty() {
        return Err(Failure::wrong(format!("`{}` has no tables", arguments.data.display())));
    }
    let proposal = propose(&database, &found, &name, &within(&root, &path), arguments.time_zone, context)?;
    for (table, error) in &proposal.unread {
        context.warn(&format!("`{table}` is left out, because it cannot be read: {error}"));
    }
    for table in &proposal.without_columns {
        context.warn(&format!("`{table}` is left out: none of its columns is of a type that models speak of"));
    }
    let files = proposal.files;
    // The project file comes last, because it makes the folder a project.
    let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.path == PROJECT_FILE);
    for file in first {
        write(&root, &file.path, &formatted(file), &mut made, context)?;
    }
    for (path, text) in syntax::json_schemas() {
        write(&root, path, &text, &mut made, context)?;
    }
    let snapshot = root.join(catalog::FILE);
    if !snapshot.exists() {
        made.note(&snapshot);
    }
    catalog::write(&snapshot, &found)?;
    for file in last {
        write(&root, &file.path, &formatted(file), &mut made, context)?;
    }
    made.keep();
    if let Some(project) = load_project(&root).project {
        let (models, metrics) = (count(project.models.len(), "model"), count(project.metrics.len(), "metric"));
        context.note(&format!(
            "{models} and {metrics}; ask with `entente query`, read what is proposed and make it yours"
        ));
    }
    Ok(())
}

/// Returns the name of the data without its ending: `exports/shop.duckdb` → `shop`.
fn name_of(data: &Path) -> Result<String, Failure> {
    let real = fs::canonicalize(data).map_err(|error| Failure::file("read", data, &error))?;
    Ok(real.file_stem().map_or_else(|| "project".to_owned(), |stem| stem.to_string_lossy().into_owned()))
}

/// Returns the DuckDB file of the data; CSV and Parquet files are loaded into one beside the project file.
fn warehouse_file(
    arguments: &Arguments,
    root: &Path,
    name: &str,
    made: &mut Made,
    context: &Context,
) -> Result<PathBuf, Failure> {
    if !arguments.data.is_dir() && !is_table_file(&arguments.data) {
        return fs::canonicalize(&arguments.data).map_err(|error| Failure::file("read", &arguments.data, &error));
    }
    let path = root.join(format!("{name}.duckdb"));
    if path.exists() {
        return Err(Failure::wrong(format!("`{}` is there already", path.display()))
            .help("Give the project another name with `--name`, or read that file: it is data of DuckDB."));
    }
    // Loaded beside its place: a process that is stopped leaves no half of a warehouse under its name.
    // Another process may be at the same.
    let part = root.join(format!(".{name}.duckdb.{}.part", std::process::id()));
    let log = part.with_extension("part.wal");
    interrupt::remove_if_stopped(vec![part.clone(), log.clone()]);
    made.note(&part);
    made.note(&log);
    made.note(&path);
    load(&part, &arguments.data, context)?;
    fs::rename(&part, &path).map_err(|error| Failure::file("written", &path, &error))?;
    fs::canonicalize(&path).map_err(|error| Failure::file("read", &path, &error))
}

fn load(file: &Path, data: &Path, context: &Context) -> Result<(), Failure> {
    let database = DuckDb::open(file, Access::ReadWrite)?;
    let tables = database.import_files(data).map_err(|error| match error {
        // A file is meant, not the database.
        warehouse::Error::Unavailable(message) => Failure::world(message),
        other => other.into(),
    })?;
    if tables.is_empty() {
        return Err(Failure::wrong(format!("`{}` has no CSV or Parquet files", data.display())));
    }
    context.note(&format!("loaded {}: {}", count(tables.len(), "table"), tables.join(", ")));
    database.execute_batch("CHECKPOINT")?;
    Ok(())
}

/// Returns a path relative to the project if it lies within it.
fn within(root: &Path, path: &Path) -> String {
    let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    path.strip_prefix(&real_root).unwrap_or(path).to_string_lossy().into_owned()
}

fn propose(
    database: &DuckDb,
    found: &Catalog,
    name: &str,
    path: &str,
    time_zone: Tz,
    context: &Context,
) -> Result<Proposal<warehouse::Error>, Failure> {
    let bar = context.progress(0);
    bar.set_message("looking at the values");
    let proposal = starter::propose(found, name, path, time_zone.name(), &mut |select| {
        bar.tick();
        database.query_blocking(&sql::print(select, database.dialect()))
    });
    bar.finish_and_clear();
    proposal.map_err(|error: warehouse::Error| error.into())
}

fn formatted(file: &ProposedFile) -> String {
    let mut files = SourceMap::new();
    let id = files.add(&*file.path, &*file.text);
    syntax::format(&files, id).unwrap_or_else(|_| file.text.clone())
}

fn write(root: &Path, name: &str, text: &str, made: &mut Made, context: &mut Context) -> Result<(), Failure> {
    let path = root.join(name);
    if path.exists() {
        return Err(Failure::wrong(format!("`{}` is there already", path.display()))
            .help("Name another folder with `--project`."));
    }
    made.file(&path, text).map_err(|error| Failure::file("written", &path, &error))?;
    writeln!(context.out, "{name}")?;
    Ok(())
}
