//! Takes up changes of the project's files.
//!
//! **Invariant:** what is served changes in one step, and only to a project without errors.

use std::sync::Arc;

use super::state::{LastLoad, NotServed, Shared};
use crate::{
    cache::Fingerprint,
    diagnostics::Severity,
    engine::{self, Live, Loaded, Watching},
    project::Project,
    warehouse,
};

/// Loads the project anew whenever its files have changed.
pub(super) async fn follow(shared: Arc<Shared>, mut watching: Watching, root: std::path::PathBuf) {
    loop {
        watching.changed().await;
        let root = root.clone();
        // A bug that panics on some half-written file must not end the taking up of changes.
        let reading = tokio::task::spawn_blocking(move || engine::load_project(&root));
        match reading.await {
            Ok(loaded) => take_up(&shared, loaded).await,
            Err(error) => {
                tracing::error!(%error, "reading the project failed; the last good one stays");
                let loaded = shared.last_load().loaded.clone();
                read(&shared, loaded, Some(NotServed::Failed));
            }
        }
    }
}

/// Takes up that the data have changed: a warehouse's file that was replaced is opened, what is kept beside rows is read
/// again, and no answer of before is used again.
pub(super) async fn take_up_data(shared: Arc<Shared>) {
    // At once, since what follows may have to wait; and again once nothing of before can be read any more.
    shared.engine.data_changed();
    let renewing = tokio::spawn(renew_data(Arc::clone(&shared)));
    let opened = renewing.await;
    shared.data_changed();
    match opened {
        Ok(Ok(true)) => tracing::info!("the data have changed: the warehouse's file is another one, and is open"),
        Ok(Ok(false)) => tracing::info!("the data have changed: no answer of before is used again"),
        Ok(Err(error)) => tracing::error!(%error, "the data have changed, and the file in its place cannot be opened"),
        Err(error) => tracing::error!(%error, "the data have changed, and taking that up failed"),
    }
}

/// Opens a file that was replaced, and reads again what is kept beside rows; returns whether there was such a file.
async fn renew_data(shared: Arc<Shared>) -> Result<bool, warehouse::Error> {
    let _changing = shared.changing.lock().await;
    let opened = shared.engine.reopen_warehouse().await;
    let served = shared.serving.load_full();
    let project = shared.engine.with_state_of(Arc::clone(&served.live.project)).await;
    if !Arc::ptr_eq(&project, &served.live.project) {
        let stored = Fingerprint::of(&project.stored());
        let live = Live { project, stored, ..served.live.clone() };
        if let Some(renewed) = shared.made(live, served.files.clone()).await {
            shared.serving.store(Arc::new(renewed));
        }
    }
    opened
}

/// Says that policies hide things from every caller, since none can say who it is.
pub(super) fn warn_of_policies(project: &Project) {
    if project.policies.has_any() {
        tracing::warn!(
            "the project has policies, and the server is not told who asks: every caller is answered as nobody, from whom \
             they hide rows, metrics and dimensions"
        );
    }
}

/// Serves a project if it is good, once it is known how much its tables hold.
async fn take_up(shared: &Shared, loaded: Loaded) {
    let _changing = shared.changing.lock().await;
    let loaded = shared.engine.with_state(loaded).await;
    let Some(live) = Live::from_loaded(&loaded, shared.engine.now()) else {
        log_problems(&loaded);
        return read(shared, loaded, Some(NotServed::Broken));
    };
    if live.version == shared.serving.load().live.version {
        if shared.last_load().not_served.is_some() {
            read(shared, loaded, None);
        }
        return;
    }
    let Some(serving) = shared.made(live, loaded.files.clone()).await else {
        return read(shared, loaded, Some(NotServed::Failed));
    };
    let is_known = shared.engine.read_statistics(&serving.live).await;
    if !is_known {
        serving.live.statistics.take_over(&shared.serving.load().live.statistics);
    }
    tracing::info!(version = serving.live.short_version(), "the project has changed and is served");
    warn_of_policies(&serving.live.project);
    shared.serving.store(Arc::new(serving));
    // Told when it is served, so that its own tables are asked for.
    if !is_known {
        shared.statistics_outdated.notify_one();
    }
    read(shared, loaded, None);
}

/// Remembers and counts what became of the files that were read.
fn read(shared: &Shared, loaded: Loaded, not_served: Option<NotServed>) {
    match not_served {
        None => shared.telemetry.good_load(),
        Some(_) => shared.telemetry.broken_load(),
    }
    shared.set_last_load(LastLoad { at: shared.engine.now(), loaded, not_served });
}

fn log_problems(loaded: &Loaded) {
    let errors = loaded.diagnostics.iter().filter(|found| found.code.severity() == Severity::Error);
    let count = errors.clone().count();
    tracing::warn!(
        errors = count,
        "the project has changed and is not served, for its errors; the last good one stays"
    );
    for error in errors.take(20) {
        let (span, files) = (error.span(), &loaded.files);
        let position = files.position(span);
        let place = format!("{}:{}:{}", files.file(span.file).path, position.line, position.column);
        tracing::warn!(code = error.code.name(), place, "{}", error.message);
    }
}
