//! Resolves what was said; what is refused is told by the definition in which it stands.
//!
//! **Invariant:** an error in a file of definitions takes one definition out of it, so that another round has fewer.

use std::collections::BTreeMap;

use super::{Options, settings::Settings};
use crate::{
    diagnostics::{Diagnostics, Severity},
    files::SourceMap,
    import::ImportedFile,
    lookml,
    project::Project,
    resolve,
    syntax::{self, Definitions},
};

/// What is not said, and why: by the view, or the section, and the name there.
pub(super) type Refused = BTreeMap<(String, String), String>;

/// What came of resolving.
pub(super) enum Resolved {
    /// Everything holds.
    Project(Box<Project>),
    /// These definitions do not.
    Refuses(Refused),
}

/// Resolves definitions.
pub(super) fn resolve(definitions: &[ImportedFile], settings: &Settings, options: &Options) -> Resolved {
    let (files, loaded, mut found) = load(definitions);
    let catalog = Some(&options.catalog).filter(|catalog| !catalog.tables.is_empty());
    let resolved = resolve::resolve(&settings.config, &loaded, catalog);
    found.extend(resolved.diagnostics);
    let errors: Vec<_> = found.sorted().into_iter().filter(|found| found.code.severity() == Severity::Error).collect();
    if let (Some(project), true) = (resolved.project, errors.is_empty()) {
        return Resolved::Project(Box::new(project));
    }
    let mut refused = Refused::new();
    for error in errors {
        let file = files.file(error.span().file);
        let line = file.position(error.span().start as usize).line;
        if let Some(key) = definition_at(&file.path, &file.text, line) {
            refused.entry(key).or_insert_with(|| error.message.clone());
        }
    }
    Resolved::Refuses(refused)
}

fn load(definitions: &[ImportedFile]) -> (SourceMap, Definitions, Diagnostics) {
    let mut files = SourceMap::new();
    let ids: Vec<_> = definitions.iter().map(|file| files.add(&*file.path, &*file.text)).collect();
    let mut found = Diagnostics::new();
    let mut all = Definitions::default();
    for id in ids {
        all.append(syntax::load(&files, id, &mut found));
    }
    (files, all, found)
}

/// Emits the LookML of definitions.
pub(super) fn emit(project: &Project, settings: &Settings, definitions: &[ImportedFile]) -> BTreeMap<String, String> {
    let (files, ..) = load(definitions);
    let options = lookml::Options::from_config(&settings.config, &files);
    lookml::emit(project, &options).map(|emitted| emitted.files).unwrap_or_default()
}

/// Returns the definition in which a line of a file stands: section and name, or view and dimension or join.
fn definition_at(path: &str, text: &str, line: usize) -> Option<(String, String)> {
    let above: Vec<&str> = text.lines().take(line).collect();
    let (top, item) = above.iter().enumerate().rev().find_map(|(at, row)| Some((at, row.strip_prefix("  - ")?)))?;
    let section =
        above[..top].iter().rev().find_map(|row| row.strip_suffix(':').filter(|row| !row.starts_with(' ')))?;
    let name = item.strip_prefix("name: ")?.trim().trim_matches('"').to_owned();
    if section != "models" {
        return Some((section.to_owned(), name));
    }
    let view = path.strip_prefix("metrics/")?.strip_suffix(".yml")?.to_owned();
    let inner =
        above[top..].iter().enumerate().rev().find_map(|(at, row)| Some((top + at, row.strip_prefix("      - ")?)));
    let Some((at, inner)) = inner else { return Some((section.to_owned(), view)) };
    let is_below = above[at..].iter().skip(1).all(|row| row.starts_with("       ") || row.trim().is_empty());
    if !is_below {
        return Some((section.to_owned(), view));
    }
    let list = above[..at].iter().rev().find_map(|row| {
        let row = row.strip_prefix("    ")?;
        row.strip_suffix(':').filter(|row| !row.starts_with(' '))
    })?;
    let value = |key: &str| {
        let rows = above[at..].iter().take(1).copied();
        let row = rows.into_iter().next()?;
        let (_, rest) = row.split_once(&format!("{key}: "))?;
        Some(rest.split([',', ' ', '}']).next()?.trim_matches('"').to_owned())
    };
    let _ = inner;
    match list {
        "dimensions" => Some((view, value("name")?)),
        "joins" => Some((view, format!("join {}", value("as").or_else(|| value("to"))?))),
        _ => Some((section.to_owned(), view)),
    }
}

#[cfg(test)]
mod tests {
    use super::definition_at;

    #[test]
    fn lines_stand_in_definitions() {
        let text = "models:\n  - name: orders\n    table: orders\n    joins:\n      - { to: users, key: user_id, as: buyer }\n    \
                    dimensions:\n      - { name: a, type: string }\n      - name: b\n        expr: x +\n\nmetrics:\n  - name: n\n    agg: count\n";
        let at = |line| definition_at("metrics/orders.yml", text, line).expect("it stands in one");
        let key = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(at(3), key("models", "orders"));
        assert_eq!(at(5), key("orders", "join buyer"));
        assert_eq!(at(7), key("orders", "a"));
        assert_eq!(at(9), key("orders", "b"));
        assert_eq!(at(13), key("metrics", "n"));
    }
}
