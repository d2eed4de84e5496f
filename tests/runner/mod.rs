//! A case file → the outputs that its blocks ask for, compared with what they say.
//!
//! **Invariant:** a pass is run only if a block of the file needs it, so a case of diagnostics plans nothing.

mod compare;
mod document;
#[cfg(all(feature = "server", feature = "duckdb"))]
mod graphql;
mod outputs;
mod page;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
pub(crate) mod peer_page;
#[cfg(all(feature = "bigquery", feature = "duckdb", feature = "snowflake"))]
pub(crate) mod peers;
mod query;
#[cfg(feature = "duckdb")]
mod verify;
mod world;

use std::{
    fs,
    path::{Path, PathBuf},
};

use document::{Document, Kind};

/// Whether outputs are compared or rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A difference fails the case.
    Compare,
    /// A difference is written into the file.
    Update,
}

/// Returns every case file, by path.
pub(crate) fn find_cases() -> Vec<PathBuf> {
    let mut found = Vec::new();
    gather(Path::new("tests/cases"), &mut found);
    gather(Path::new("docs/diagnostics"), &mut found);
    found.sort();
    found
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md")
            && path.file_name().is_some_and(|name| name != "README.md")
        {
            found.push(path);
        }
    }
}

/// Returns whether the case needs a part of the crate that this build leaves out.
pub(crate) fn needs_a_missing_feature(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(document) = Document::parse(&text) else { return false };
    let has = |kind: &Kind| document.blocks.iter().any(|block| block.kind == *kind);
    let verified = document.blocks.iter().any(|block| matches!(block.kind, Kind::Verify(_)));
    let database = verified || has(&Kind::Answer) || has(&Kind::Check) || (has(&Kind::Seed) && !has(&Kind::Catalog));
    let server = has(&Kind::GraphQl) || has(&Kind::Response);
    ((database || server) && !cfg!(feature = "duckdb")) || (server && !cfg!(feature = "server"))
}

/// Runs one case file; the error says what differs.
pub(crate) fn run(path: &Path, mode: Mode) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut document = Document::parse(&text)?;
    if path.starts_with("docs/diagnostics") {
        let code = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        page::run(&mut document, &code)?;
    } else {
        outputs::run(&mut document)?;
    }
    let differences = document.differences();
    if differences.is_empty() {
        return Ok(());
    }
    match mode {
        Mode::Compare => Err(format!("{}\nUPDATE=1 rewrites the file", differences.join("\n"))),
        Mode::Update => fs::write(path, document.text()).map_err(|error| format!("cannot be written: {error}")),
    }
}
