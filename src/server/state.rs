//! What the handlers of a server share.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use tokio::sync::{Mutex as AsyncMutex, Notify};

use super::{Limits, Options, Origin, Pages, query_log::QueryLog, telemetry::Telemetry};
use crate::{
    engine::{Engine, Failure, Live, Loaded},
    files::SourceMap,
    graphql::{Api, CursorKey},
    plan::Principal,
    time::{DateTime, Utc},
};

/// A project and all that is made of it once. Swapped whole, so a request never sees two versions.
pub(super) struct Serving {
    pub(super) live: Live,
    /// Its GraphQL schema, and what is kept beside it.
    pub(super) api: Api,
    /// The files it was made of, for the pages.
    pub(super) files: SourceMap,
}

impl Serving {
    /// Makes what is served of a project; a large one keeps a processor busy.
    pub(super) fn of(live: Live, files: SourceMap, cursor_key: CursorKey) -> Self {
        let api = Api::new(Arc::clone(&live.project)).with_cursor_key(cursor_key);
        Self { live, api, files }
    }
}

/// Why the files are not served as they were last read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotServed {
    /// The project has errors.
    #[error("the project has errors")]
    Broken,
    /// A mistake of ours.
    #[error("something went wrong inside entente")]
    Failed,
}

/// What became of the files when they were last read.
pub(super) struct LastLoad {
    pub(super) at: DateTime<Utc>,
    pub(super) loaded: Loaded,
    /// Why they are not served, if so.
    pub(super) not_served: Option<NotServed>,
}

/// What the handlers of a server share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) serving: ArcSwap<Serving>,
    /// Held by who changes what is served, from what is read for it to the change: else the later of two could undo what the
    /// other has taken up.
    pub(super) changing: AsyncMutex<()>,
    cursor_key: CursorKey,
    pub(super) last_load: Mutex<Arc<LastLoad>>,
    pub(super) telemetry: Telemetry,
    pub(super) query_log: Option<QueryLog>,
    pub(super) limits: Limits,
    pub(super) pages: Pages,
    pub(super) origins: Vec<Origin>,
    /// Who asks, until callers say who they are.
    pub(super) anyone: Principal,
    pub(super) started: Instant,
    /// Told when it is to be read how much the tables hold.
    pub(super) statistics_outdated: Notify,
    /// Told when it is to be read what is stored of rollups.
    pub(super) stored_outdated: Notify,
    draining: AtomicBool,
    reached: AsyncMutex<Option<(Instant, Result<(), Failure>)>>,
    ids: RequestIds,
}

/// How long an answer to "can the warehouse be reached" holds, so that asking us does not load it.
const REACHED_FOR: Duration = Duration::from_secs(1);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(engine: Engine, serving: Serving, last_load: LastLoad, options: &Options) -> Self {
        Self {
            engine,
            serving: ArcSwap::from_pointee(serving),
            changing: AsyncMutex::default(),
            cursor_key: options.cursor_key.clone(),
            last_load: Mutex::new(Arc::new(last_load)),
            telemetry: Telemetry::new(),
            query_log: options.query_log.clone().map(QueryLog::new),
            limits: options.limits,
            pages: options.pages,
            origins: options.origins.clone(),
            anyone: Principal::default(),
            started: Instant::now(),
            statistics_outdated: Notify::new(),
            stored_outdated: Notify::new(),
            draining: AtomicBool::new(false),
            reached: AsyncMutex::default(),
            ids: RequestIds::new(),
        }
    }

    /// Makes what is served of a project, away from the threads that serve; nothing if that fails.
    pub(super) async fn made(&self, live: Live, files: SourceMap) -> Option<Serving> {
        let cursor_key = self.cursor_key.clone();
        let made = tokio::task::spawn_blocking(move || Serving::of(live, files, cursor_key)).await;
        made.inspect_err(|error| tracing::error!(%error, "what is served could not be made; the last one stays")).ok()
    }

    /// Declares that the data have changed: no row that is kept is used again, and tables may hold more.
    pub(super) fn data_changed(&self) {
        self.engine.data_changed();
        self.statistics_outdated.notify_one();
        self.stored_outdated.notify_one();
    }

    /// From here on the server says that it is not ready.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Returns whether the warehouse answers, as of at most a second ago.
    pub(super) async fn warehouse_reached(&self) -> Result<(), Failure> {
        let mut reached = self.reached.lock().await;
        match &*reached {
            Some((at, outcome)) if at.elapsed() < REACHED_FOR => outcome.clone(),
            _ => {
                let outcome = self.engine.reach_warehouse().await;
                *reached = Some((Instant::now(), outcome.clone()));
                outcome
            }
        }
    }

    pub(super) fn last_load(&self) -> Arc<LastLoad> {
        Arc::clone(&self.last_load.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_last_load(&self, last_load: LastLoad) {
        *self.last_load.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(last_load);
    }

    /// Returns the id that the caller gave the request, or a fresh one.
    pub(super) fn request_id(&self, headers: &HeaderMap) -> Arc<str> {
        let given = headers.get("x-request-id").and_then(|id| id.to_str().ok()).filter(|id| is_request_id(id));
        given.map_or_else(|| self.ids.next(), Arc::from)
    }
}

/// Makes ids of requests: one half tells processes apart, the other counts.
struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl RequestIds {
    fn new() -> Self {
        let mut process = [0; 4];
        // Without randomness the ids of two processes may look alike, which hurts nobody.
        let _ = getrandom::fill(&mut process);
        Self { process: u32::from_le_bytes(process), next: AtomicU64::new(1) }
    }

    fn next(&self) -> Arc<str> {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}{count:08x}", self.process).into()
    }
}

/// Returns whether a caller's id may stand in a log and in a header.
fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
