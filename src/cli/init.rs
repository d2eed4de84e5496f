//! `entente init`: a starter project from existing data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    catalog,
    context::{Context, count},
    failure::Failure,
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
        duckdb::{Access, DuckDb},
    },
};

/// Make a starter project from your data
///
/// Reads a DuckDB file, or a folder of CSV and Parquet files (which are loaded into a DuckDB file), and proposes models
/// with keys, joins, dimensions and first metrics. Keys and joins are proposed only where the values prove them. What it
/// writes passes `entente check`; from there it is yours.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente init shop.duckdb                          a project in this folder
  entente init exports/ --project shop              a project in `shop`, from a folder of CSV and Parquet files
  entente init shop.duckdb --time-zone Europe/Paris")]
pub(crate) struct Arguments {
    /// A DuckDB file, or a folder of CSV and Parquet files
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
    fs::create_dir_all(&root).map_err(|error| Failure::file("made", &root, &error))?;
    let path = warehouse_file(arguments, &root, &name, context)?;

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
    for file in files.iter().filter(|file| file.path != PROJECT_FILE) {
        write(&root, file, context)?;
    }
    catalog::write(&root.join(catalog::FILE), &found)?;
    // Last, because it makes the folder a project.
    for file in files.iter().filter(|file| file.path == PROJECT_FILE) {
        write(&root, file, context)?;
    }
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

/// Returns the DuckDB file of the data; a folder is loaded into one beside the project file.
fn warehouse_file(arguments: &Arguments, root: &Path, name: &str, context: &Context) -> Result<PathBuf, Failure> {
    if !arguments.data.is_dir() {
        return fs::canonicalize(&arguments.data).map_err(|error| Failure::file("read", &arguments.data, &error));
    }
    let path = root.join(format!("{name}.duckdb"));
    if path.exists() {
        return Err(Failure::wrong(format!("`{}` is there already", path.display()))
            .help("Give the project another name with `--name`, or read that file: it is data of DuckDB."));
    }
    // Loaded beside its place, so that a load that fails leaves nothing behind.
    let part = root.join(format!(".{name}.duckdb.part"));
    let _ = fs::remove_file(&part);
    let loaded = load(&part, &arguments.data, context);
    let placed =
        loaded.and_then(|()| fs::rename(&part, &path).map_err(|error| Failure::file("written", &path, &error)));
    if placed.is_err() {
        let _ = fs::remove_file(&part);
    }
    placed.and_then(|()| fs::canonicalize(&path).map_err(|error| Failure::file("read", &path, &error)))
}

fn load(file: &Path, folder: &Path, context: &Context) -> Result<(), Failure> {
    let database = DuckDb::open(file, Access::ReadWrite)?;
    let tables = database.import_folder(folder).map_err(|error| match error {
        // A file is meant, not the database.
        warehouse::Error::Unavailable(message) => Failure::world(message),
        other => other.into(),
    })?;
    if tables.is_empty() {
        return Err(Failure::wrong(format!("`{}` has no CSV or Parquet files", folder.display())));
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

fn write(root: &Path, file: &ProposedFile, context: &mut Context) -> Result<(), Failure> {
    let path = root.join(&file.path);
    if path.exists() {
        return Err(Failure::wrong(format!("`{}` is there already", path.display()))
            .help("Name another folder with `--project`."));
    }
    let folder = path.parent().expect("a file lies in a folder");
    let mut files = SourceMap::new();
    let id = files.add(&*file.path, &*file.text);
    let text = syntax::format(&files, id).unwrap_or_else(|_| file.text.clone());
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| Failure::file("written", &path, &error))?;
    writeln!(context.out, "{}", file.path)?;
    Ok(())
}
