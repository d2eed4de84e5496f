//! A folder of CSV and Parquet files as a database: a table for each file, and for each folder of files that are alike.
//!
//! `data/Order Lines.csv` is table `order_lines`; `data/events/day=2025-01-01/a.parquet` is a part of table `events`, with
//! `day` as a column. CSV is read into memory, Parquet where it lies.
//!
//! **Invariant:** a folder is all of a table or an error: files of two kinds, or a format that says elsewhere which files
//! count, are not read in part.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ::duckdb::{Config, Connection};

use super::{
    Access, Shared,
    decimals::quoted,
    failure,
    import::{self, Reader, reader},
    place::Identity,
};
use crate::warehouse::Error;

/// What becomes a table.
pub(super) struct Source {
    /// The table's name: letters, digits and underscores.
    pub(super) table: String,
    pub(super) reader: Reader,
    /// The file, or the pattern of its files, as DuckDB takes it.
    pub(super) place: String,
    /// The file or folder, as people know it.
    pub(super) shown: PathBuf,
    /// The files, at least one.
    pub(super) files: Vec<PathBuf>,
    /// Whether it is a folder, whose files may differ in their columns.
    pub(super) is_folder: bool,
    /// Whether folders in it are called `key=value`, so that `key` is a column.
    pub(super) has_keys: bool,
}

/// Returns what becomes a table in a folder; a file that is one is the only one.
pub(super) fn sources(place: &Path) -> Result<Vec<Source>, Error> {
    let paths = if import::is_table_file(place) { vec![place.to_owned()] } else { entries(place)? };
    let mut sources: Vec<Source> = Vec::new();
    for path in paths {
        let source = if path.is_dir() { of_folder(&path)? } else { of_file(&path) };
        if let Some(mut source) = source {
            while sources.iter().any(|other| other.table == source.table) {
                source.table.push_str("_2");
            }
            sources.push(source);
        }
    }
    Ok(sources)
}

fn of_file(path: &Path) -> Option<Source> {
    Some(Source {
        table: table_name(&path.file_stem()?.to_string_lossy()),
        reader: reader(path)?,
        place: path.to_string_lossy().into_owned(),
        shown: path.to_owned(),
        files: vec![path.to_owned()],
        is_folder: false,
        has_keys: false,
    })
}

fn of_folder(folder: &Path) -> Result<Option<Source>, Error> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.starts_with(['.', '_']) {
        return Ok(None);
    }
    let mut files = Vec::new();
    collect(folder, 0, &mut files)?;
    let Some((depth, first)) = files.first() else { return Ok(None) };
    let wrong =
        |what: &str| Err(Error::Unavailable(format!("`{}` cannot be read as a table: {what}", folder.display())));
    if folder.join("_delta_log").is_dir() {
        return wrong("it is a Delta table, whose log says which of its files count, and the log is not read");
    }
    if files.iter().any(|(other, _)| other != depth) {
        return wrong("some of its files lie deeper than others");
    }
    let ending = first.extension().unwrap_or_default();
    if files.iter().any(|(_, file)| file.extension() != Some(ending)) {
        return wrong("its files are of several kinds");
    }
    let Some(reader) = reader(first) else { return Ok(None) };
    let keys = "*=*/".repeat(*depth);
    Ok(Some(Source {
        table: table_name(&name),
        reader,
        place: format!("{}/{keys}*.{}", literal(&folder.to_string_lossy()), ending.to_string_lossy()),
        shown: folder.to_owned(),
        has_keys: *depth > 0,
        is_folder: true,
        files: files.into_iter().map(|(_, file)| file).collect(),
    }))
}

/// Finds the files of a folder and of the folders `key=value` in it, with how many of these they lie in.
fn collect(folder: &Path, depth: usize, files: &mut Vec<(usize, PathBuf)>) -> Result<(), Error> {
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name.contains('=') {
            collect(&path, depth + 1, files)?;
        } else if import::is_table_file(&path) {
            files.push((depth, path));
        }
    }
    Ok(())
}

/// Returns what lies in a folder, in the order of names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable =
        |error: std::io::Error| Error::Unavailable(format!("folder `{}` cannot be read ({error})", folder.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Returns a path as a pattern that matches it alone.
fn literal(path: &str) -> String {
    let letters = path.chars().map(|letter| match letter {
        '*' | '?' | '[' => format!("[{letter}]"),
        other => other.to_string(),
    });
    letters.collect()
}

/// Returns a table's name in `snake_case`: `Order Lines` → `order_lines`.
fn table_name(name: &str) -> String {
    let name = name.to_lowercase();
    let words: Vec<&str> =
        name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("table_{name}") }
}

/// Opens a folder as a database in memory, which reaches this folder and nothing else.
pub(super) fn open(folder: &Path, access: Access) -> Result<Shared, Error> {
    let shown = folder.display();
    if access == Access::ReadWrite {
        return Err(Error::Unavailable(format!(
            "`{shown}` is a folder of files, which are only read: make a DuckDB file of it with `entente init`"
        )));
    }
    let unreadable = |error: std::io::Error| Error::Unavailable(format!("folder `{shown}` cannot be read ({error})"));
    let folder = fs::canonicalize(folder).map_err(unreadable)?;
    // Asked before it is read: a file that is replaced in between is found to be another one.
    let identity = Identity::of(&folder).ok();
    let sources = sources(&folder)?;
    if sources.is_empty() {
        return Err(Error::Unavailable(format!("folder `{shown}` has neither CSV nor Parquet files")));
    }
    let refused = |error: ::duckdb::Error| failure::of_query(&error);
    let connection = Config::default()
        .enable_autoload_extension(false)
        .and_then(Connection::open_in_memory_with_flags)
        .map_err(refused)?;
    for source in &sources {
        match source.reader {
            Reader::Csv => import::copied(&connection, source)?,
            Reader::Parquet => import::seen(&connection, source)?,
        }
    }
    let within = quoted(&format!("{}/", folder.to_string_lossy()), '\'');
    // A pattern is looked up before its files are, and may be written otherwise than the folder.
    let patterns: Vec<String> = sources.iter().map(|source| quoted(&source.place, '\'')).collect();
    connection
        .execute_batch(&format!(
            "SET GLOBAL allowed_directories = [{within}]; SET GLOBAL allowed_paths = [{}]",
            patterns.join(", ")
        ))
        .map_err(refused)?;
    Shared::new(connection, access, identity)
}
