//! The project that is served.

use std::sync::Arc;

use super::{Held, Loaded};
use crate::{
    cache::Fingerprint,
    project::Project,
    syntax::Spending,
    time::{DateTime, Utc},
};

/// A project that loaded, and which one it is.
#[derive(Clone, Debug)]
pub struct Live {
    /// The project.
    pub project: Arc<Project>,
    /// The hash of the files it was made of.
    pub version: Fingerprint,
    /// The moment it was loaded.
    pub loaded_at: DateTime<Utc>,
    /// What reading costs, and how much may be read.
    pub spending: Arc<Spending>,
    /// How much its tables hold.
    pub statistics: Arc<Held>,
}

impl Live {
    /// Takes the project of a folder, if it has no error.
    pub fn from_loaded(loaded: &Loaded, loaded_at: DateTime<Utc>) -> Option<Self> {
        let files: Vec<_> = loaded.files.iter().map(|(_, file)| (&file.path, &file.text)).collect();
        let version = Fingerprint::of(&files);
        let spending = loaded.config.as_ref().map(|config| config.spending.clone()).unwrap_or_default();
        let spending = Arc::new(spending);
        loaded.project.clone().map(|project| Self { project, version, loaded_at, spending, statistics: Arc::default() })
    }

    /// Returns the start of the version, enough to tell projects apart at a glance.
    pub fn short_version(&self) -> String {
        self.version.to_string()[..12].to_owned()
    }
}
