//! Reads a folder of CSV and Parquet files into tables, one per file.
//!
//! `data/Order Lines.csv` becomes table `order_lines`; columns are renamed to `snake_case` by DuckDB.
//!
//! **Invariant:** a file's name reaches DuckDB as a parameter, never as SQL.

use std::path::{Path, PathBuf};

use super::{DuckDb, failure};
use crate::warehouse::Error;

/// What reads a file.
#[derive(Clone, Copy)]
enum Reader {
    Csv,
    Parquet,
}

impl DuckDb {
    /// Makes a table of each CSV or Parquet file in a folder, and returns the names of the tables.
    pub fn import_folder(&self, folder: &Path) -> Result<Vec<String>, Error> {
        let unreadable = |error: std::io::Error| {
            Error::Unavailable(format!("folder `{}` cannot be read ({error})", folder.display()))
        };
        let mut files: Vec<(PathBuf, Reader)> = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
                Some("csv" | "tsv") => files.push((path, Reader::Csv)),
                Some("parquet") => files.push((path, Reader::Parquet)),
                _ => {}
            }
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let mut tables: Vec<String> = Vec::new();
        for (path, reader) in files {
            let mut table = table_name(&path);
            while tables.contains(&table) {
                table.push_str("_2");
            }
            self.import_file(&path, reader, &table)?;
            tables.push(table);
        }
        Ok(tables)
    }

    fn import_file(&self, path: &Path, reader: Reader, table: &str) -> Result<(), Error> {
        // The name has letters, digits and underscores only, so it needs no quotes but those against keywords.
        let (before, after) = match reader {
            Reader::Csv => ("CREATE TABLE \"", "\" AS FROM read_csv(?, normalize_names = true)"),
            Reader::Parquet => ("CREATE TABLE \"", "\" AS FROM read_parquet(?)"),
        };
        let statement = [before, table, after].concat();
        self.with_connection(|connection| {
            let result = connection.execute(&statement, [path.to_string_lossy()]);
            result.map(|_| ()).map_err(|error| match failure::of_query(&error) {
                Error::Refused(refusal) => Error::Unavailable(format!(
                    "`{}` cannot be read as a table ({})",
                    path.display(),
                    refusal.detail.as_deref().and_then(|detail| detail.lines().next()).unwrap_or(&refusal.meaning)
                )),
                other => other,
            })
        })
    }
}

/// Returns a table's name in `snake_case`: `Order Lines.csv` → `order_lines`.
fn table_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let words: Vec<&str> =
        stem.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("table_{name}") }
}
