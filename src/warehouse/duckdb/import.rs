//! Reads CSV and Parquet files: into tables, or as views of what lies in them.
//!
//! Columns of CSV files are renamed to `snake_case` by DuckDB, and amounts become decimals.
//!
//! **Invariant:** a file's name reaches DuckDB as a parameter or as a quoted text, never as SQL.

use std::path::Path;

use ::duckdb::Connection;

use super::{
    DuckDb, decimals, failure,
    folder::{self, Source},
};
use crate::warehouse::Error;

/// The longest first line that is looked at.
const MAX_HEADING: u64 = 65_536;

/// What reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Csv,
    Parquet,
}

impl DuckDb {
    /// Makes a table of each source in a folder, or of one CSV or Parquet file, and returns the names of the tables.
    pub fn import_files(&self, place: &Path) -> Result<Vec<String>, Error> {
        let sources = folder::sources(place)?;
        for source in &sources {
            self.with_connection(|connection| copied(connection, source))?;
        }
        Ok(sources.into_iter().map(|source| source.table).collect())
    }
}

/// Reads the rows of a source into a table, or makes the table anew.
pub(super) fn copied(connection: &Connection, source: &Source) -> Result<(), Error> {
    let loaded = load(connection, source, None);
    if source.reader == Reader::Csv && loaded.is_ok() {
        // What cannot be read as decimals stays as DuckDB has taken it.
        if let Ok(Some(types)) = decimals::types(connection, source) {
            let _ = load(connection, source, Some(&types));
        }
    }
    loaded.map_err(|error| unreadable(&error, source))
}

/// Makes a view of a source, so that a query reads of its files what it needs.
pub(super) fn seen(connection: &Connection, source: &Source) -> Result<(), Error> {
    // A view has no parameters.
    let place = decimals::quoted(&source.place, '\'');
    let statement = ["CREATE VIEW \"", &source.table, "\" AS FROM ", &source.reading(&place, None)].concat();
    connection.execute_batch(&statement).map_err(|error| unreadable(&error, source))
}

fn load(connection: &Connection, source: &Source, option: Option<&str>) -> ::duckdb::Result<()> {
    // The name has letters, digits and underscores only, so it needs no quotes but those against keywords.
    let reading = source.reading("?", option);
    let statement = ["CREATE OR REPLACE TABLE \"", &source.table, "\" AS FROM ", &reading].concat();
    connection.execute(&statement, [&source.place]).map(|_| ())
}

impl Source {
    /// Returns the call that reads the rows, with a further option.
    pub(super) fn reading(&self, place: &str, option: Option<&str>) -> String {
        let (reader, names) = match self.reader {
            // DuckDB leaves out letters that are not ASCII, so that nothing may be left of a name.
            Reader::Csv => ("read_csv", has_plain_heading(&self.files[0]).then_some("normalize_names = true")),
            Reader::Parquet => ("read_parquet", None),
        };
        let together = self.is_folder.then_some("union_by_name = true");
        let keys = if self.has_keys { "hive_partitioning = true" } else { "hive_partitioning = false" };
        let options: Vec<&str> = [place, keys].into_iter().chain(together).chain(names).chain(option).collect();
        format!("{reader}({})", options.join(", "))
    }
}

fn unreadable(error: &::duckdb::Error, source: &Source) -> Error {
    let place = source.shown.display();
    match failure::of_query(error) {
        _ if error.to_string().contains("No space left") => Error::Unavailable("the disk is full".to_owned()),
        Error::Refused(refusal) | Error::TooCostly(refusal) => Error::Unavailable(format!(
            "`{place}` cannot be read as a table: {}",
            wrong_with_file(refusal.detail.as_deref().unwrap_or(&refusal.meaning))
        )),
        // The file is meant, not the database.
        Error::Unavailable(_) => Error::Unavailable(format!("`{place}` cannot be read")),
        passing @ (Error::Contended | Error::Cancelled) => passing,
    }
}

/// Returns whether a path leads to a file that is read as a table: CSV or Parquet.
pub fn is_table_file(path: &Path) -> bool {
    path.is_file() && reader(path).is_some()
}

/// Returns what reads a file, by the end of its name.
pub(super) fn reader(path: &Path) -> Option<Reader> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Reader::Csv),
        "parquet" => Some(Reader::Parquet),
        _ => None,
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
