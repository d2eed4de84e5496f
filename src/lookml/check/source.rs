//! The parsed files of a project, and what their paths say about them.

use super::super::syntax;
use crate::files::{FileId, SourceMap};

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// The file in the map.
    pub(crate) id: FileId,
    /// Its path, with `/` between folders.
    pub(crate) path: &'a str,
    /// What stands in it.
    pub(crate) file: syntax::File<'a>,
}

impl<'a> Source<'a> {
    pub(crate) fn parse(id: FileId, path: &'a str, text: &'a str) -> Self {
        Self { id, path, file: syntax::parse(text) }
    }

    /// Returns the folder, without a slash at its end.
    pub(crate) fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Returns the name without folders.
    pub(crate) fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Returns whether it is a project's manifest.
    pub(crate) fn is_manifest(&self) -> bool {
        matches!(self.name(), "manifest.lkml" | "manifest_lock.lkml")
    }

    /// Returns whether it is a model.
    pub(crate) fn is_model(&self) -> bool {
        self.name().contains(".model.")
    }
}

/// Returns whether a file is a dashboard, which is YAML.
pub(crate) fn is_dashboard(path: &str) -> bool {
    path.contains(".dashboard.")
}

/// Parses all files but the dashboards, on as many threads as the machine has.
pub(crate) fn parse_all(files: &SourceMap) -> Vec<Source<'_>> {
    let wanted: Vec<_> = files.iter().filter(|(_, file)| !is_dashboard(&file.path)).collect();
    super::parallel::map(&wanted, |(id, file)| Source::parse(*id, &file.path, &file.text))
}
