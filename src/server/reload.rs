//! Takes up changes of the project's files.
//!
//! **Invariant:** what is served changes in one step, and only to a project without errors.

use std::sync::Arc;

use super::state::{LastLoad, NotServed, Serving, Shared};
use crate::{
    diagnostics::Severity,
    engine::{self, Live, Loaded, Watching},
    graphql::Api,
    project::Project,
};

/// Loads the project anew whenever its files have changed.
pub(super) async fn follow(shared: Arc<Shared>, mut watching: Watching, root: std::path::PathBuf) {
    loop {
        watching.changed().await;
        let root = root.clone();
        // A bug that panics on some half-written file must not end the taking up of changes.
        let reading = tokio::task::spawn_blocking(move || engine::load_project(&root));
        match reading.await {
            Ok(loaded) => {
                let loaded = shared.engine.with_state(loaded).await;
                take_up(&shared, loaded).await;
            }
            Err(_) => tracing::error!("reading the project panicked; the last good project stays"),
        }
    }
}

/// Takes up that the data have changed: a warehouse's file that was replaced is opened, what is kept beside rows is read
/// again, and no answer of before is used again.
pub(super) async fn take_up_data(shared: Arc<Shared>) {
    let opened = shared.engine.reopen_warehouse().await;
    loop {
        let served = shared.serving.load_full();
        let project = shared.engine.with_state_of(Arc::clone(&served.live.project)).await;
        if Arc::ptr_eq(&project, &served.live.project) {
            break;
        }
        let renewed = Serving {
            live: Live { project: Arc::clone(&project), ..served.live.clone() },
            api: Api::new(project),
            files: served.files.clone(),
        };
        // A change of the definitions may have been taken up meanwhile.
        let before = shared.serving.compare_and_swap(&served, Arc::new(renewed));
        if Arc::ptr_eq(&before, &served) {
            break;
        }
    }
    shared.data_changed();
    match opened {
        Ok(true) => tracing::info!("the data have changed: the warehouse's file is another one, and is open"),
        Ok(false) => tracing::info!("the data have changed: no answer of before is used again"),
        Err(error) => tracing::error!(%error, "the data have changed, and the file in its place cannot be opened"),
    }
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
    let now = shared.engine.now();
    let made = tokio::task::spawn_blocking(move || (Serving::new(&loaded, now), loaded)).await;
    let Ok((made, loaded)) = made else {
        tracing::error!("taking up the project panicked; the last good project stays");
        return;
    };
    let not_served = match made {
        Ok(serving) if serving.live.version == shared.serving.load().live.version => {
            let mended = shared.last_load().not_served.is_some();
            if !mended {
                return;
            }
            None
        }
        Ok(serving) => {
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
            None
        }
        Err(reason) => {
            log_problems(&loaded, &reason);
            Some(reason)
        }
    };
    match not_served {
        None => shared.telemetry.good_load(),
        Some(_) => shared.telemetry.broken_load(),
    }
    shared.set_last_load(LastLoad { at: now, loaded, not_served });
}

fn log_problems(loaded: &Loaded, reason: &NotServed) {
    let errors = loaded.diagnostics.iter().filter(|found| found.code.severity() == Severity::Error);
    let count = errors.clone().count();
    tracing::warn!(%reason, errors = count, "the project has changed and is not served; the last good one stays");
    for error in errors.take(20) {
        let (span, files) = (error.span(), &loaded.files);
        let position = files.position(span);
        let place = format!("{}:{}:{}", files.file(span.file).path, position.line, position.column);
        tracing::warn!(code = error.code.name(), place, "{}", error.message);
    }
}
