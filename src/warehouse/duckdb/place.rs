//! Whether the file that is open is the one that lies in its place.
//!
//! A load writes `shop.duckdb.new` and renames it: the old file is gone from the folder and stays open, with old rows.
//!
//! **Invariant:** a query runs on one file from its beginning to its end.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use super::{Access, DuckDb, Shared, folder, lock};
use crate::warehouse::Error;

/// What tells a file from another one of the same name, and from itself after it was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileIdentity {
    /// The device and the number of the file on it.
    #[cfg(unix)]
    inode: (u64, u64),
    bytes: u64,
    written: Option<SystemTime>,
}

/// What tells a database from another one in its place: its file, or the files of its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity(Vec<(PathBuf, FileIdentity)>);

impl Identity {
    /// Looks at what lies at a path.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let files = if path.is_dir() {
            folder::sources(path)?.into_iter().flat_map(|source| source.files).collect()
        } else {
            vec![path.to_owned()]
        };
        let gone = |error: io::Error| Error::Unavailable(format!("`{}` cannot be read ({error})", path.display()));
        let identity = |file: PathBuf| Ok((file.clone(), FileIdentity::from(&fs::metadata(&file).map_err(gone)?)));
        files.into_iter().map(identity).collect::<Result<_, _>>().map(Self)
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(metadata: &Metadata) -> Self {
        Self {
            #[cfg(unix)]
            inode: (std::os::unix::fs::MetadataExt::dev(metadata), std::os::unix::fs::MetadataExt::ino(metadata)),
            bytes: metadata.len(),
            written: metadata.modified().ok(),
        }
    }
}

impl DuckDb {
    /// Opens the file in its place if it is another one than is open, for the queries that begin from here on.
    pub fn reopen_blocking(&self) -> Result<bool, Error> {
        let Some(place) = &self.place else { return Ok(false) };
        self.look()?;
        if Identity::of(place).ok() == self.shared().identity {
            return Ok(false);
        }
        let opened = Arc::new(Shared::open(place, Access::ReadOnly)?);
        *lock(&self.open) = opened;
        Ok(true)
    }

    /// Fails if there is no file in its place.
    pub(super) fn look(&self) -> Result<(), Error> {
        match &self.place {
            Some(place) if !place.exists() => {
                Err(Error::Unavailable(format!("there is no file `{}`", place.display())))
            }
            Some(_) | None => Ok(()),
        }
    }
}
