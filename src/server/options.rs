//! How a server is set up.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use super::{HostName, Origin};
use crate::{
    engine::{self, Clock, Loaded},
    graphql::CursorKey,
    time::Utc,
    warehouse::Warehouse,
};

/// How a server is set up. [`Options::new`] gives what suits a laptop; the fields are there to be changed.
#[derive(Clone)]
pub struct Options {
    /// The project as it was loaded; it must have no error.
    pub loaded: Loaded,
    /// What answers its SQL.
    pub warehouse: Arc<dyn Warehouse>,
    /// Where it listens. Port 0 takes a free one.
    pub address: SocketAddr,
    /// Where `/metrics`, `/healthz` and `/readyz` are served for operators; without it, on `address` too, and then
    /// `/metrics` only if that is a loopback address.
    pub admin_address: Option<SocketAddr>,
    /// Whether changes of the project's files are taken up.
    pub reload: Reload,
    /// Whether people are served pages.
    pub pages: Pages,
    /// The origins whose pages may read answers.
    pub origins: Vec<Origin>,
    /// The names under which it answers besides those of this machine; on an address that others reach, any unless one is
    /// given.
    pub hosts: Vec<HostName>,
    /// What cursors are signed with: of one key, servers understand one another's.
    pub cursor_key: CursorKey,
    /// How the log is written.
    pub log: LogFormat,
    /// How much work is taken on by the engine.
    pub engine: engine::Limits,
    /// How much is read from a connection.
    pub limits: Limits,
    /// How it stops.
    pub drain: Drain,
    /// The file to which shapes of requests are written; nothing is written unless it is named.
    pub query_log: Option<PathBuf>,
    /// How long it holds what the warehouse stores of rollups: so late a build is seen.
    pub stored_for: Duration,
    /// The present moment.
    pub clock: Clock,
}

/// How much is read from a connection, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The greatest GraphQL request: document and variables.
    pub body_bytes: usize,
    /// The greatest head of a request.
    pub head_bytes: usize,
    /// The time in which a head has to arrive; an idle connection is closed after it.
    pub head_timeout: Duration,
    /// The time in which a body has to arrive.
    pub body_timeout: Duration,
    /// The connections that are open at the same time; further ones wait.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 10,
            head_bytes: 16 << 10,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            connections: 10_000,
        }
    }
}

/// How a server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How long it says "not ready" and serves on, so that load balancers look elsewhere. Not waited for on Ctrl-C.
    pub notice: Duration,
    /// How long requests that have begun may take; then they are cut off.
    pub grace: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self { notice: Duration::from_secs(5), grace: Duration::from_secs(25) }
    }
}

/// Whether changes of the project's files are taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// A project that loads replaces the one that is served.
    OnChange,
    /// The project stays as it was at the start.
    Never,
}

/// Whether people are served pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// The catalogue and GraphiQL.
    Served,
    /// Only the API.
    Off,
}

/// How the log is written to standard error. `RUST_LOG` chooses what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
    /// Left to the caller.
    Off,
}

impl Options {
    /// The port that is listened on unless said.
    pub const DEFAULT_PORT: u16 = 4000;

    /// Makes the options of a server on this machine only.
    pub fn new(loaded: Loaded, warehouse: Arc<dyn Warehouse>) -> Self {
        Self {
            loaded,
            warehouse,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, Self::DEFAULT_PORT)),
            admin_address: None,
            reload: Reload::OnChange,
            pages: Pages::Served,
            origins: Vec::new(),
            hosts: Vec::new(),
            cursor_key: CursorKey::of_process(),
            log: LogFormat::Text,
            engine: engine::Limits::default(),
            limits: Limits::default(),
            drain: Drain::default(),
            query_log: None,
            stored_for: Duration::from_secs(60),
            clock: Arc::new(Utc::now),
        }
    }

    /// Returns the project's folder.
    pub(super) fn root(&self) -> &PathBuf {
        &self.loaded.root
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("address", &self.address).finish_non_exhaustive()
    }
}
