//! Takes up what builds have stored of rollups while the server runs.
//!
//! What a request is planned with may be older than what is stored, and stays true: what was stored is final. Only a table
//! that was dropped must not be read any more.
//!
//! **Invariant:** no request waits for this.

use std::{sync::Arc, time::Duration};

use super::state::Shared;
use crate::engine::has_tables;

/// Looks at what is stored as often as is said, and whenever the data are said to have changed.
pub(super) async fn follow(shared: Arc<Shared>, every: Duration) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = shared.stored_outdated.notified() => {}
        }
        look(&shared).await;
    }
}

async fn look(shared: &Shared) {
    let _changing = shared.changing.lock().await;
    let served = shared.serving.load_full();
    if !has_tables(&served.live.project) {
        return;
    }
    let stored = shared.engine.stored(&served.live.project).await;
    let Some(live) = served.live.with_stored(stored) else { return };
    let Some(serving) = shared.made(live, served.files.clone()).await else { return };
    let rollups = serving.live.project.rollups.iter();
    let until: Vec<String> = rollups
        .filter_map(|rollup| Some(format!("{} before {}", rollup.name, rollup.stored.as_ref()?.until)))
        .collect();
    // Under budgets a table is not read before it is known how much it holds.
    let is_known = shared.engine.read_statistics(&serving.live).await;
    shared.serving.store(Arc::new(serving));
    tracing::info!(stored = until.join(", "), "other rows of rollups are stored, and are read");
    if !is_known {
        shared.statistics_outdated.notify_one();
    }
}
