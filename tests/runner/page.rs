//! A page of `docs/diagnostics`: its definitions raise its code, and the mended ones do not.

use super::{
    document::{Document, Kind},
    outputs::show_diagnostics,
    world::{self, Version},
};

/// The headings of a page, in order.
const HEADINGS: [&str; 3] = ["What it says", "Why it matters", "How to mend it"];

/// Codes that only a file system can raise; tests of the edge raise them.
const OF_THE_FILE_SYSTEM: [&str; 4] = ["unreadable-file", "file-too-large", "not-utf8", "link-out-of-project"];

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
    let broken = world::load(document, Version::Written)?;
    if broken.diagnostics.iter().all(|diagnostic| diagnostic.code.name() != code) {
        return Err(format!("the page does not raise `{code}`, but:\n{}", show_diagnostics(&broken)));
    }
    if let Some(other) = broken.diagnostics.iter().find(|diagnostic| diagnostic.code.name() != code) {
        return Err(format!("the page raises `{}` as well:\n{}", other.code.name(), show_diagnostics(&broken)));
    }
    if !document.blocks.iter().any(|block| matches!(block.kind, Kind::Mended(_))) {
        return Err("the page has no block `yaml mended metrics/…`".to_owned());
    }
    let mended = world::load(document, Version::Mended)?;
    if !mended.diagnostics.is_empty() {
        return Err(format!("the mended definitions are not clean:\n{}", show_diagnostics(&mended)));
    }
    document.blocks[position].computed = Some(show_diagnostics(&broken));
    Ok(())
}
