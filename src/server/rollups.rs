//! Takes up what builds have stored of rollups while the server runs.
//!
//! What a request is planned with may be older than what is stored, and stays true: what was stored is final. Only a table
//! that was dropped must not be read any more.
//!
//! **Invariant:** no request waits for this, and a project that was changed meanwhile is not replaced.

use std::{sync::Arc, time::Duration};

use super::state::{Serving, Shared};
use crate::{engine::has_tables, graphql::Api};

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
    let served = shared.serving.load_full();
    if !has_tables(&served.live.project) {
        return;
    }
    let stored = shared.engine.stored(&served.live.project).await;
    let Some(live) = served.live.with_stored(stored) else { return };
    let files = served.files.clone();
    let made = tokio::task::spawn_blocking(move || Serving { api: Api::new(Arc::clone(&live.project)), live, files });
    let Ok(serving) = made.await else {
        tracing::error!("taking up what is stored of rollups panicked; what was known before stays");
        return;
    };
    let rollups = serving.live.project.rollups.iter();
    let until: Vec<String> = rollups
        .filter_map(|rollup| Some(format!("{} before {}", rollup.name, rollup.stored.as_ref()?.until)))
        .collect();
    // Under budgets a table is not read before it is known how much it holds.
    let is_known = shared.engine.read_statistics(&serving.live).await;
    // Whoever has changed the project meanwhile has read what is stored as well.
    let before = shared.serving.compare_and_swap(&served, Arc::new(serving));
    if Arc::ptr_eq(&before, &served) {
        tracing::info!(stored = until.join(", "), "other rows of rollups are stored, and are read");
    }
    if !is_known {
        shared.statistics_outdated.notify_one();
    }
}
