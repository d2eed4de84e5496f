//! Whether the file that is open is the one that lies in its place.
//!
//! A load writes `shop.duckdb.new` and renames it: the old file is gone from the folder and stays open, with old rows.
//!
//! **Invariant:** a query runs on one file from its beginning to its end.

use std::{
    fs::{self, Metadata},
    io,
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use super::{Access, DuckDb, Shared, lock};
use crate::warehouse::Error;

/// What tells a file from another one of the same name, and from itself after it was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity {
    /// The device and the number of the file on it.
    #[cfg(unix)]
    inode: (u64, u64),
    bytes: u64,
    written: Option<SystemTime>,
}

impl FileIdentity {
    /// Looks at the file at a path.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::from(&metadata))
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
        if FileIdentity::of(place).ok() == self.shared().file {
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
