//! Resolves what an importer said, and tells of every error the definition in which it stands.
//!
//! **Invariant:** an error in a file of definitions takes one definition out of it, so that another round has fewer.

use crate::{
    catalog::Catalog,
    diagnostics::{Diagnostics, Severity},
    files::SourceMap,
    import::ImportedFile,
    project::Project,
    resolve,
    syntax::{self, Config, Definitions},
};

/// A definition that does not hold.
pub(super) struct Refusal {
    /// The section, or the model of a dimension or join, and the name there.
    pub(super) definition: (String, String),
    /// What is wrong.
    pub(super) message: String,
}

/// Resolves definitions: the project, if all of them hold, and those that do not.
pub(super) fn resolve(
    definitions: &[ImportedFile],
    config: &Config,
    catalog: &Catalog,
) -> (Option<Box<Project>>, Vec<Refusal>) {
    let (files, loaded, mut found) = load(definitions);
    // Of an empty catalog nothing is known: no column is unknown to it.
    let catalog = Some(catalog).filter(|catalog| !catalog.tables.is_empty());
    let resolved = resolve::resolve(config, &loaded, catalog);
    found.extend(resolved.diagnostics);
    let errors: Vec<_> = found.sorted().into_iter().filter(|found| found.code.severity() == Severity::Error).collect();
    let project = resolved.project.filter(|_| errors.is_empty()).map(Box::new);
    let refusals = errors.into_iter().filter_map(|error| {
        let file = files.file(error.span().file);
        let line = file.position(error.span().start as usize).line;
        let definition = definition_at(&file.path, &file.text, line)?;
        Some(Refusal { definition, message: error.message.clone() })
    });
    (project, refusals.collect())
}

/// Reads files of definitions.
pub(super) fn load(definitions: &[ImportedFile]) -> (SourceMap, Definitions, Diagnostics) {
    let mut files = SourceMap::new();
    let ids: Vec<_> = definitions.iter().map(|file| files.add(&*file.path, &*file.text)).collect();
    let mut found = Diagnostics::new();
    let mut all = Definitions::default();
    for id in ids {
        all.append(syntax::load(&files, id, &mut found));
    }
    (files, all, found)
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
    // An item in one line, or with its keys below one another.
    let below = text.lines().skip(at + 1).take_while(|row| row.starts_with("        "));
    let value = |key: &str| {
        let rest = std::iter::once(inner).chain(below.clone()).find_map(|row| {
            let row = row.trim_start_matches(['{', ' ']);
            let within = || row.split_once(&format!(", {key}: ")).map(|(_, rest)| rest);
            row.strip_prefix(&format!("{key}: ")).or_else(within)
        })?;
        Some(rest.split([',', ' ', '}']).next()?.trim_matches('"').to_owned())
    };
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
        let below = "models:\n  - name: orders\n    joins:\n      - to: users\n        key: { id: buyer_id }\n        as: buyer\n";
        assert_eq!(definition_at("metrics/orders.yml", below, 5), Some(key("orders", "join buyer")));
    }
}
