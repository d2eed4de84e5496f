//! Keeps it known how much the tables hold.
//!
//! It is read when a project begins to be served, every hour, when the data are declared to have changed, and soon again where
//! the warehouse did not tell.
//!
//! **Invariant:** under budgets no query is refused for an hour because the warehouse could not be reached once.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::state::Shared;

/// How long it holds how much the tables hold.
const HOLDS: Duration = Duration::from_secs(60 * 60);

/// The wait after a first failure; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait after failures.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Reads it again and again; `is_known` tells whether it was read at the start.
pub(super) async fn keep(shared: Arc<Shared>, mut is_known: bool) {
    let mut wait = FIRST_WAIT;
    loop {
        tokio::select! {
            () = sleep(if is_known { HOLDS } else { wait }) => wait = (wait * 2).min(LONGEST_WAIT),
            () = shared.statistics_outdated.notified() => wait = FIRST_WAIT,
        }
        let live = shared.serving.load().live.clone();
        is_known = shared.engine.read_statistics(&live).await;
        if is_known {
            wait = FIRST_WAIT;
        }
    }
}
