//! What a command has made so far, and takes away again if it fails.
//!
//! **Invariant:** only what was made is taken away; what was there before stays as it was.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files and folders that were made, in order; they are removed when this is dropped, unless they are kept.
#[derive(Default)]
pub(crate) struct Made {
    paths: Vec<PathBuf>,
}

impl Made {
    /// Makes a folder, and those above it.
    pub(crate) fn folder(&mut self, path: &Path) -> io::Result<()> {
        let mut missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
        missing.retain(|folder| !folder.as_os_str().is_empty());
        fs::create_dir_all(path)?;
        self.paths.extend(missing.into_iter().rev().map(Path::to_owned));
        Ok(())
    }

    /// Writes a file that is not there yet, with the folders above it.
    pub(crate) fn file(&mut self, path: &Path, text: &str) -> io::Result<()> {
        self.folder(path.parent().expect("a file lies in a folder"))?;
        self.note(path);
        fs::write(path, text)
    }

    /// Says that a file is being made by others.
    pub(crate) fn note(&mut self, path: &Path) {
        self.paths.push(path.to_owned());
    }

    /// Keeps everything.
    pub(crate) fn keep(mut self) {
        self.paths.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.paths.iter().rev() {
            // A folder in which others have put something stays.
            let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        }
    }
}
