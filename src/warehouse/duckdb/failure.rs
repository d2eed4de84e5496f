//! What DuckDB's errors mean.
//!
//! `Conflicting lock is held in … (PID 12)` → *`parcel.duckdb` is in use by process 12*.
//!
//! **Invariant:** the message of the driver is kept apart as detail; the meaning is in our own words.

use std::path::Path;

use crate::warehouse::{Error, Refusal};

/// Says why a file could not be opened.
pub(super) fn of_opening(error: &::duckdb::Error, path: &Path) -> Error {
    let message = error.to_string();
    let file = path.display();
    Error::Unavailable(if message.contains("Conflicting lock") || message.contains("Could not set lock") {
        let holder = between(&message, "(PID ", ")");
        let holder = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
        format!("`{file}` is locked by {holder}: it may be read by several at once, or written by one alone")
    } else if message.contains("not a valid DuckDB database") {
        format!("`{file}` is not a DuckDB file")
    } else if message.contains("newer version") || message.contains("storage version") {
        format!(
            "`{file}` was written by another version of DuckDB, which this one cannot read; export its tables there, and load \
             their CSV or Parquet files with `entente init`"
        )
    } else if message.contains("Could not read enough bytes") || message.contains("orrupt") {
        format!("`{file}` is damaged: a part of it is missing or was overwritten")
    } else if message.contains("ermission denied") {
        format!("`{file}` may not be read: permission denied")
    } else if message.contains("database does not exist") || message.contains("No such file") {
        format!("there is no file `{file}`")
    } else {
        format!("`{file}` cannot be opened ({})", first_line(&message))
    })
}

/// Says why a statement failed.
pub(super) fn of_query(error: &::duckdb::Error) -> Error {
    let message = error.to_string();
    let meaning = match message.split_once(" Error:").map_or("", |(kind, _)| kind) {
        "INTERRUPT" => return Error::Cancelled,
        "TransactionContext" | "Transaction" if message.contains("onflict") => return Error::Contended,
        "Catalog" => "it names a table or function that is not there",
        "Binder" => "it names a column that is not there, or mixes types that do not fit",
        "Parser" => "it is not valid SQL",
        "Conversion" => "a value cannot be converted to the type it is compared with",
        "Out of Range" => "a number is out of range",
        "Out of Memory" => "it needs more memory than there is",
        "Permission" | "Invalid Input" if message.contains("disabled by configuration") => {
            "it reaches outside of the database"
        }
        "IO" | "FATAL" => return Error::Unavailable("the database file cannot be read".to_owned()),
        _ => "it failed while running",
    };
    Error::Refused(Refusal { meaning: meaning.to_owned(), detail: Some(message) })
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inside, _)| inside)
}
