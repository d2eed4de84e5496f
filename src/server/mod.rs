//! Serves a project over HTTP: GraphQL for apps, pages for people, health and counts for operators.
//!
//! ```text
//! POST /graphql ─► limits ─► graphql ─► engine ─► bytes        GET / · /metrics/revenue · /graphiql · /healthz · /readyz
//! ```
//!
//! [`serve`] is the command: it ends on SIGTERM or Ctrl-C. [`Server::start`] is the same without signals, for tests.
//!
//! **Invariant:** one request fails alone; what is served changes in one step; nothing a caller sends is written to
//! the log, and nothing of a driver or of another caller is sent to a caller.

mod assets;
mod body;
mod cors;
mod error;
mod graphql_http;
mod health;
mod hosts;
mod listen;
mod negotiate;
mod options;
mod pages;
mod query_log;
mod reload;
mod rollups;
mod router;
mod source;
mod state;
mod statistics;
mod telemetry;

pub use cors::Origin;
pub use error::ServeError;
pub use hosts::HostName;
pub use options::{Drain, Limits, LogFormat, Options, Pages, Reload};

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::engine::{self, Engine, Live};
use hosts::Hosts;
use query_log::QueryLog;
use router::{Audience, Counts};
use state::{LastLoad, Serving, Shared};

/// The stack of each thread: expressions are walked over by calls that lie as deep as they are, and a stack that overflows
/// ends the process. Memory is taken for what is used of it only.
const STACK_BYTES: usize = 16 << 20;

/// Serves until the process is told to stop.
pub fn serve(options: Options) -> Result<(), ServeError> {
    telemetry::start_log(options.log);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().thread_stack_size(STACK_BYTES).build().map_err(ServeError::Runtime)?;
    let drain = options.drain;
    let outcome = runtime.block_on(async {
        let mut signals = Signals::new().map_err(ServeError::Runtime)?;
        let server = Server::start(options).await?;
        let notice = loop {
            match signals.next().await {
                // Not waited for: the next signal may be the one to stop.
                Signal::DataChanged => drop(tokio::spawn(reload::take_up_data(Arc::clone(&server.shared)))),
                Signal::Terminate => break drain.notice,
                Signal::Interrupt => break Duration::ZERO,
            }
        };
        tracing::info!("stopping");
        tokio::select! {
            () = server.stop(notice) => tracing::info!("stopped"),
            _ = signals.next() => tracing::warn!("stopped at once"),
        }
        Ok(())
    });
    // A query that the warehouse does not let go of must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    /// What goes on in the background, for as long as the server runs.
    _background: JoinSet<()>,
}

impl Server {
    /// Starts to serve.
    pub async fn start(options: Options) -> Result<Self, ServeError> {
        let listener = listen::bind(options.address).await?;
        let admin_listener = match options.admin_address {
            Some(address) => Some(listen::bind(address).await?),
            None => None,
        };
        let engine = Engine::new(Arc::clone(&options.warehouse), Arc::clone(&options.clock), options.engine);
        let now = engine.now();
        let loaded = engine.with_state(options.loaded.clone()).await;
        let live = Live::from_loaded(&loaded, now).ok_or(ServeError::BrokenProject)?;
        let serving = Serving::of(live, loaded.files.clone(), options.cursor_key.clone());
        let is_known = engine.read_statistics(&serving.live).await;
        let watching = match options.reload {
            Reload::OnChange => Some(engine::watch(options.root())?),
            Reload::Never => None,
        };
        let root = options.root().clone();
        let last_load = LastLoad { at: now, loaded, not_served: None };
        let shared = Arc::new(Shared::new(engine, serving, last_load, &options));
        shared.telemetry.good_load();

        let mut background = JoinSet::new();
        if let Some(watching) = watching {
            background.spawn(reload::follow(Arc::clone(&shared), watching, root));
        }
        background.spawn(upkeep(Arc::clone(&shared)));
        background.spawn(statistics::keep(Arc::clone(&shared), is_known));
        background.spawn(rollups::follow(Arc::clone(&shared), options.stored_for));

        let (stop, stopped) = watch::channel(false);
        let mut server = Self {
            address: local_address(&listener, options.address),
            admin_address: admin_listener
                .as_ref()
                .zip(options.admin_address)
                .map(|(l, address)| local_address(l, address)),
            shared,
            stop,
            listeners: Vec::new(),
            _background: background,
        };
        let counts =
            if admin_listener.is_none() && server.address.ip().is_loopback() { Counts::Served } else { Counts::Hidden };
        server.listen(listener, Audience::Callers(counts), &options, stopped.clone());
        if let Some(listener) = admin_listener {
            server.listen(listener, Audience::Operators, &options, stopped);
        }
        let serving = server.shared.serving.load();
        tracing::info!(
            project = serving.live.project.name,
            version = serving.live.short_version(),
            "serving on http://{}",
            server.address
        );
        reload::warn_of_policies(&serving.live.project);
        drop(serving);
        Ok(server)
    }

    fn listen(&mut self, listener: TcpListener, audience: Audience, options: &Options, stopped: watch::Receiver<bool>) {
        let router = router::router(&self.shared, audience);
        let shared = Arc::clone(&self.shared);
        let hosts = Arc::new(Hosts::new(&options.hosts, local_address(&listener, options.address).ip()));
        let handle = move |request| router::handle(Arc::clone(&shared), Arc::clone(&hosts), router.clone(), request);
        let served = listen::serve(listener, options.limits, handle, stopped, options.drain.grace);
        self.listeners.push(tokio::spawn(served));
    }

    /// Returns where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns where the server listens for operators, if apart.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Stops: says "not ready" for the time of the notice, then takes no more connections, then ends what has begun.
    pub async fn stop(mut self, notice: Duration) {
        self.shared.drain();
        tokio::time::sleep(notice).await;
        self.stop.send_replace(true);
        for listener in std::mem::take(&mut self.listeners) {
            let _ = listener.await;
        }
        self.shared.query_log.iter().for_each(QueryLog::write);
    }
}

fn local_address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

/// How long what is asked is counted until it is written.
const COUNTED_FOR: Duration = Duration::from_secs(60);

async fn upkeep(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    let mut queries_written = tokio::time::Instant::now();
    loop {
        tick.tick().await;
        shared.telemetry.upkeep();
        if shared.query_log.is_some() && queries_written.elapsed() >= COUNTED_FOR {
            queries_written = tokio::time::Instant::now();
            let shared = Arc::clone(&shared);
            let written = tokio::task::spawn_blocking(move || shared.query_log.iter().for_each(QueryLog::write));
            let _ = written.await;
        }
    }
}

/// What a process is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// SIGTERM: a supervisor wants the process to end.
    Terminate,
    /// Ctrl-C: a person does.
    Interrupt,
    /// SIGHUP: the data have changed, so what is kept is not used again.
    DataChanged,
}

/// The signals that a process is told by.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.hang_up.recv() => Signal::DataChanged,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
