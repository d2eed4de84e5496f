//! The project that is served.

use std::sync::Arc;

use super::{Held, Loaded};
use crate::{
    cache::Fingerprint,
    project::{Project, Stored},
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
    /// The hash of what the warehouse holds of its rollups.
    pub stored: Fingerprint,
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
        let version = version_of(loaded);
        let spending = loaded.config.as_ref().map(|config| config.spending.clone()).unwrap_or_default();
        let spending = Arc::new(spending);
        loaded.project.clone().map(|project| {
            let stored = Fingerprint::of(&project.stored());
            Self { project, version, stored, loaded_at, spending, statistics: Arc::default() }
        })
    }

    /// Returns the same project with what the warehouse holds of its rollups; nothing if that is known.
    pub fn with_stored(&self, stored: Vec<Option<Stored>>) -> Option<Self> {
        if self.project.stored() == stored {
            return None;
        }
        let mut project = Project::clone(&self.project);
        let version_of_stored = Fingerprint::of(&stored);
        project.set_stored(stored);
        Some(Self { project: Arc::new(project), stored: version_of_stored, ..self.clone() })
    }

    /// Returns the start of the version, enough to tell projects apart at a glance.
    pub fn short_version(&self) -> String {
        self.version.to_string()[..12].to_owned()
    }
}

/// Returns the hash of the files that a project was made of.
pub fn version_of(loaded: &Loaded) -> Fingerprint {
    let files: Vec<_> = loaded.files.iter().map(|(_, file)| (&file.path, &file.text)).collect();
    Fingerprint::of(&files)
}
