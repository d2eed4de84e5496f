//! Reads a folder of CSV and Parquet files into tables, one per file.
//!
//! `data/Order Lines.csv` becomes table `order_lines`; columns are renamed to `snake_case` by DuckDB.
//!
//! **Invariant:** a file's name reaches DuckDB as a parameter, never as SQL.

use std::path::{Path, PathBuf};

use super::{DuckDb, failure};
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
            // DuckDB leaves out letters that are not ASCII, so that nothing may be left of a name.
            Reader::Csv if has_plain_heading(path) => {
                ("CREATE TABLE \"", "\" AS FROM read_csv(?, normalize_names = true)")
            }
            Reader::Csv => ("CREATE TABLE \"", "\" AS FROM read_csv(?)"),
            Reader::Parquet => ("CREATE TABLE \"", "\" AS FROM read_parquet(?)"),
        };
        let statement = [before, table, after].concat();
        self.with_connection(|connection| {
            let result = connection.execute(&statement, [path.to_string_lossy()]);
            result.map(|_| ()).map_err(|error| match failure::of_query(&error) {
                Error::Refused(refusal) | Error::TooCostly(refusal) => Error::Unavailable(format!(
                    "`{}` cannot be read as a table: {}",
                    path.display(),
                    wrong_with_file(refusal.detail.as_deref().unwrap_or(&refusal.meaning))
                )),
                // The file is meant, not the database.
                Error::Unavailable(_) => Error::Unavailable(format!("`{}` cannot be read", path.display())),
                Error::Cancelled => Error::Cancelled,
            })
        })
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
