//! Reads CSV and Parquet files into tables, one per file.
//!
//! `data/Order Lines.csv` becomes table `order_lines`; columns are renamed to `snake_case` by DuckDB.
//!
//! **Invariant:** a file's name reaches DuckDB as a parameter, never as SQL.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use ::duckdb::Connection;

use super::{DuckDb, decimals, failure};
use crate::warehouse::Error;

/// The longest first line that is looked at.
const MAX_HEADING: u64 = 65_536;

/// What reads a file.
#[derive(Clone, Copy)]
enum Reader {
    Csv,
    Parquet,
}

impl DuckDb {
    /// Makes a table of each CSV or Parquet file in a folder, or of one such file, and returns the names of the tables.
    pub fn import_files(&self, place: &Path) -> Result<Vec<String>, Error> {
        let unreadable = |error: std::io::Error| {
            Error::Unavailable(format!("folder `{}` cannot be read ({error})", place.display()))
        };
        let mut paths: Vec<PathBuf> = Vec::new();
        if is_table_file(place) {
            paths.push(place.to_owned());
        } else {
            for entry in std::fs::read_dir(place).map_err(unreadable)? {
                paths.push(entry.map_err(unreadable)?.path());
            }
        }
        paths.sort();
        let files = paths.into_iter().filter_map(|path| Some((reader(&path)?, path)));
        let mut tables: Vec<String> = Vec::new();
        for (reader, path) in files {
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
        self.with_connection(|connection| {
            let result = match reader {
                Reader::Csv => Csv::at(path).load(connection, table),
                Reader::Parquet => load(connection, table, "read_parquet(?)", &path.to_string_lossy()),
            };
            result.map_err(|error| match failure::of_query(&error) {
                _ if error.to_string().contains("No space left") => Error::Unavailable("the disk is full".to_owned()),
                Error::Refused(refusal) | Error::TooCostly(refusal) => Error::Unavailable(format!(
                    "`{}` cannot be read as a table: {}",
                    path.display(),
                    wrong_with_file(refusal.detail.as_deref().unwrap_or(&refusal.meaning))
                )),
                // The file is meant, not the database.
                Error::Unavailable(_) => Error::Unavailable(format!("`{}` cannot be read", path.display())),
                passing @ (Error::Contended | Error::Cancelled) => passing,
            })
        })
    }
}

/// Returns whether a path leads to a file that is read as a table: CSV or Parquet.
pub fn is_table_file(path: &Path) -> bool {
    path.is_file() && reader(path).is_some()
}

fn reader(path: &Path) -> Option<Reader> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Reader::Csv),
        "parquet" => Some(Reader::Parquet),
        _ => None,
    }
}

/// Makes a table, or makes it anew.
fn load(connection: &Connection, table: &str, reading: &str, path: &str) -> ::duckdb::Result<()> {
    // The name has letters, digits and underscores only, so it needs no quotes but those against keywords.
    let statement = ["CREATE OR REPLACE TABLE \"", table, "\" AS FROM ", reading].concat();
    connection.execute(&statement, [path]).map(|_| ())
}

/// A CSV file, and how its names are taken.
pub(super) struct Csv<'a> {
    path: Cow<'a, str>,
    /// DuckDB leaves out letters that are not ASCII, so that nothing may be left of a name.
    has_plain_heading: bool,
}

impl<'a> Csv<'a> {
    fn at(path: &'a Path) -> Self {
        Self { path: path.to_string_lossy(), has_plain_heading: has_plain_heading(path) }
    }

    /// Returns the parameter of [`Csv::reading`].
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the call that reads the file, with a further option.
    pub(super) fn reading(&self, option: Option<&str>) -> String {
        let names = self.has_plain_heading.then_some("normalize_names = true");
        let options: Vec<&str> = ["?"].into_iter().chain(names).chain(option).collect();
        format!("read_csv({})", options.join(", "))
    }

    fn load(&self, connection: &Connection, table: &str) -> ::duckdb::Result<()> {
        load(connection, table, &self.reading(None), &self.path)?;
        // What cannot be read as decimals stays as DuckDB has taken it.
        if let Ok(Some(types)) = decimals::types(connection, self, table) {
            let _ = load(connection, table, &self.reading(Some(&types)), &self.path);
        }
        Ok(())
    }
}

/// Returns whether the first line of a file is ASCII.
fn has_plain_heading(path: &Path) -> bool {
    use std::io::{BufRead, Read};
    let mut heading = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| std::io::BufReader::new(file.take(MAX_HEADING)).read_until(b'\n', &mut heading));
    read.is_ok() && heading.is_ascii()
}

/// Says what is wrong with a file, with its line where the driver tells it: `line 3: value with unterminated quote found`.
fn wrong_with_file(detail: &str) -> String {
    let message = detail.split_once(" Error: ").map_or(detail, |(_, message)| message);
    let line = message.split_once("Line: ").and_then(|(_, rest)| rest.split_whitespace().next());
    let place =
        line.filter(|line| line.parse::<u64>().is_ok()).map_or_else(String::new, |line| format!("line {line}: "));
    if message.contains("sniffing") || message.contains("unicode") || message.contains("utf-8") {
        return format!("{place}it is no UTF-8 text with as many fields in each line as in its heading");
    }
    let told = message.lines().find(|line| !line.contains("Line: ") && !line.trim().is_empty()).unwrap_or(message);
    format!("{place}{}", told.trim().trim_end_matches('.').to_lowercase())
}

/// Returns a table's name in `snake_case`: `Order Lines.csv` → `order_lines`.
fn table_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let words: Vec<&str> =
        stem.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("table_{name}") }
}
