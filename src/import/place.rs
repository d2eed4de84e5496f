//! Where something stands in a project that is imported.

use serde::Serialize;

/// A place in a file of the project that is imported, in lines and columns from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The path below the project's folder.
    pub path: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    pub(crate) fn new(path: &str, line: usize, column: usize) -> Self {
        Self { path: path.to_owned(), line: line.max(1), column: column.max(1) }
    }

    /// A place somewhere in a file.
    pub(crate) fn file(path: &str) -> Self {
        Self::new(path, 1, 1)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}
