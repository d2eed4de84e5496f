//! A page of `docs/diagnostics`: its definitions raise its code, and the mended ones do not.

use std::collections::BTreeMap;

use entente::{
    diagnostics::{
        Diagnostic,
        render::{Color, Format, render},
    },
    files::SourceMap,
    lookml::check::check,
};

use super::{
    document::{Document, Kind},
    world::{self, Version},
};

/// The headings of a page, in order.
const HEADINGS: [&str; 3] = ["What it says", "Why it matters", "How to mend it"];

/// Codes that only a file system can raise; tests of the edge raise them.
const OF_THE_FILE_SYSTEM: [&str; 5] =
    ["unreadable-file", "file-too-large", "not-utf8", "link-out-of-project", "missing-catalog"];

/// Runs both sides of a page.
pub(crate) fn run(document: &mut Document, code: &str) -> Result<(), String> {
    let text = document.text();
    for heading in HEADINGS {
        if !text.contains(&format!("\n## {heading}\n")) {
            return Err(format!("the page has no heading `## {heading}`"));
        }
    }
    if OF_THE_FILE_SYSTEM.contains(&code) {
        return Ok(());
    }
    let position = document.blocks.iter().position(|block| block.kind == Kind::Diagnostics);
    let position = position.ok_or("the page has no block `diagnostics`")?;
    let is_lookml = code.starts_with("lookml-");
    let load = |document: &Document, version| {
        if is_lookml { Ok(lookml(document, version)) } else { definitions(document, version) }
    };
    let broken = load(document, Version::Written)?;
    if broken.diagnostics.iter().all(|diagnostic| diagnostic.code.name() != code) {
        return Err(format!("the page does not raise `{code}`, but:\n{}", broken.shown()));
    }
    if let Some(other) = broken.diagnostics.iter().find(|diagnostic| diagnostic.code.name() != code) {
        return Err(format!("the page raises `{}` as well:\n{}", other.code.name(), broken.shown()));
    }
    if !document.blocks.iter().any(|block| matches!(block.kind, Kind::Mended(_) | Kind::LookmlMended(_))) {
        return Err("the page has no block `yaml mended metrics/…` or `lookml mended …`".to_owned());
    }
    let mended = load(document, Version::Mended)?;
    if !mended.diagnostics.is_empty() {
        return Err(format!("the mended files are not clean:\n{}", mended.shown()));
    }
    document.blocks[position].computed = Some(broken.shown());
    Ok(())
}

/// What is found in the files of a page.
struct Found {
    files: SourceMap,
    diagnostics: Vec<Diagnostic>,
}

impl Found {
    fn shown(&self) -> String {
        render(Format::Full, &self.diagnostics, &self.files, Color::Never)
    }
}

fn definitions(document: &Document, version: Version) -> Result<Found, String> {
    let world = world::load(document, version)?;
    Ok(Found { files: world.files, diagnostics: world.diagnostics })
}

/// Checks the LookML of a page; what is mended replaces what was broken.
fn lookml(document: &Document, version: Version) -> Found {
    let mut texts = BTreeMap::new();
    for block in &document.blocks {
        match &block.kind {
            Kind::LookmlBroken(path) => drop(texts.insert(path, &block.text)),
            Kind::LookmlMended(path) if version == Version::Mended => drop(texts.insert(path, &block.text)),
            _ => {}
        }
    }
    let mut files = SourceMap::new();
    for (path, text) in texts {
        files.add(path, text);
    }
    let diagnostics = check(&files).diagnostics;
    Found { files, diagnostics }
}
