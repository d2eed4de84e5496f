//! The texts of all files of a project.

use std::ops::Range;

use super::Span;

/// A file of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A line and a column, both counted from one; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
}

/// A file: its path as shown to people, its text, and where its lines begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path relative to the project's root, with `/` between folders.
    pub path: String,
    /// The whole text.
    pub text: String,
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// Returns the line and column of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1];
        let end = offset.min(self.text.len());
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count()) + 1;
        Position { line, column }
    }
}

/// All files of a project, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Returns a map without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and returns its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.files.push(SourceFile { path: path.into(), text, line_starts });
        FileId(u32::try_from(self.files.len() - 1).expect("a project has fewer than 2^32 files"))
    }

    /// Puts stars in place of a part of a file, which then is shown nowhere; all other places stay where they are.
    pub fn hide(&mut self, id: FileId, part: Range<usize>) {
        self.files[id.0 as usize].text.replace_range(part.clone(), &"*".repeat(part.len()));
    }

    /// Returns the same files with their paths from another folder on: `analytics/` before each.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        let moved = |file: &SourceFile| SourceFile { path: format!("{prefix}{}", file.path), ..file.clone() };
        Self { files: self.files.iter().map(moved).collect() }
    }

    /// Returns a file.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Returns the text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Returns where a span begins.
    pub fn position(&self, span: Span) -> Position {
        self.file(span.file).position(span.start as usize)
    }

    /// Iterates over the files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(u32::try_from(index).expect("added by `add`")), file))
    }
}
