//! Tells when the files of a project have changed.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::PROJECT_FILE;

/// How long the files have to rest: an editor or `git checkout` writes several in a row.
const REST: Duration = Duration::from_millis(150);

/// How long a change may wait while files go on changing.
const PATIENCE: Duration = Duration::from_secs(2);

/// The folder cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("the folder `{}` cannot be watched: {source}", .folder.display())]
pub struct WatchError {
    folder: PathBuf,
    source: notify::Error,
}

/// Changes of a project's folder, for as long as it is held.
#[derive(Debug)]
pub struct Watching {
    root: PathBuf,
    changes: mpsc::Receiver<()>,
    watcher: RecommendedWatcher,
}

/// Watches `entente.yml`, `metrics/` and `schema/` of a project.
pub fn watch(root: &Path) -> Result<Watching, WatchError> {
    let failed = |source| WatchError { folder: root.to_owned(), source };
    // One place is enough: all that is said is that something changed.
    let (sender, changes) = mpsc::channel(1);
    let real_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let below = real_root.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| concerns(&event, &below)) {
            // A full channel already says it.
            let _ = sender.try_send(());
        }
    })
    .map_err(failed)?;
    let mut watching = Watching { root: real_root, changes, watcher };
    watching.watch_folders().map_err(failed)?;
    Ok(watching)
}

impl Watching {
    /// Watches the folders that are there, one by one: a warehouse file and its log may lie beside them and change all
    /// the time.
    fn watch_folders(&mut self) -> notify::Result<()> {
        self.watcher.watch(&self.root, RecursiveMode::NonRecursive)?;
        for folder in ["metrics", "schema"].map(|name| self.root.join(name)) {
            if folder.is_dir() {
                self.watcher.watch(&folder, RecursiveMode::Recursive)?;
            }
        }
        Ok(())
    }

    /// Waits until files have changed and come to rest.
    pub async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        let settle = async {
            while tokio::time::timeout(REST, self.changes.recv()).await.is_ok_and(|change| change.is_some()) {}
        };
        // Files that never rest are read all the same.
        let _ = tokio::time::timeout(PATIENCE, settle).await;
        // `git checkout` may have removed a folder and made it again, which ends its watch.
        if let Err(error) = self.watch_folders() {
            tracing::warn!(%error, "a folder of the project is no longer watched");
        }
    }
}

fn concerns(event: &Event, root: &Path) -> bool {
    let written = !matches!(event.kind, EventKind::Access(_));
    let ours = |path: &PathBuf| {
        path.strip_prefix(root).is_ok_and(|path| {
            path == Path::new(PROJECT_FILE)
                || path.starts_with("metrics")
                || path == Path::new("schema")
                || path == Path::new("schema/catalog.json")
        })
    };
    written && event.paths.iter().any(ours)
}
