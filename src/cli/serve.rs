//! `entente serve`: GraphQL for apps, pages for people.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use clap::ValueEnum;

use super::{connect, context::Context, failure::Failure};
use crate::graphql::CursorKey;
use crate::server::{self, HostName, LogFormat, Options, Origin, Pages, Reload, ServeError};

/// Answer GraphQL requests
///
/// Serves `POST /graphql`, and pages to look at: the catalogue of metrics at `/`, GraphiQL at `/graphiql`. Changes of the
/// definitions are taken up at once; a project with an error is reported and the last good one goes on. Ctrl-C and
/// SIGTERM let requests that have begun finish. What is logged is chosen by `RUST_LOG`.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente serve                                      on http://127.0.0.1:4000
  entente serve --host 0.0.0.0 --port 8080           for other machines
  entente serve --admin-port 9090 --log-format json --pages off --reload off
  curl -s localhost:4000/graphql -H 'content-type: application/json' \\
       -d '{\"query\": \"{ report { rows { by { time(granularity: MONTH) } revenue } } }\"}'")]
pub(crate) struct Arguments {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), env = "ENTENTE_HOST", hide_env_values = true)]
    host: IpAddr,
    /// The port to listen on; 0 takes a free one
    #[arg(long, short, value_name = "PORT", default_value_t = Options::DEFAULT_PORT, env = "ENTENTE_PORT", hide_env_values = true)]
    port: u16,
    /// Another port for operators: `/metrics`, `/healthz`, `/readyz`
    #[arg(long, value_name = "PORT")]
    admin_port: Option<u16>,
    /// Whether changes of the definitions are taken up
    #[arg(long, value_name = "WHEN", default_value = "on")]
    reload: Switch,
    /// Whether the catalogue and GraphiQL are served
    #[arg(long, value_name = "WHEN", default_value = "on")]
    pages: Switch,
    /// An origin whose pages may read answers, such as `https://app.example.com`; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<Origin>,
    /// A name under which requests are answered, such as `metrics.example.com`; may be given several times. On a loopback address
    /// no other name than `localhost` is answered unless it is given; elsewhere any is until one is given
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<HostName>,
    /// A secret that cursors of pages are signed with, of 16 characters or more: servers with one secret read one another's, and
    /// those of before a restart. Without it a cursor is of one process. Set the variable, since arguments are seen by others
    #[arg(long, value_name = "SECRET", env = "ENTENTE_CURSOR_SECRET", hide_env_values = true)]
    cursor_secret: Option<String>,
    /// How long answers are kept, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    cache_ttl: u64,
    /// How the log is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: Log,
    /// How long it says "not ready" after SIGTERM, in seconds, so that load balancers look elsewhere
    #[arg(long, value_name = "SECONDS")]
    drain: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
enum Log {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    if arguments.port != 0 && arguments.admin_port == Some(arguments.port) {
        return Err(Failure::usage(format!(
            "port {} is named twice: by `--port` and by `--admin-port`",
            arguments.port
        ))
        .help("Give operators a port of their own, or leave `--admin-port` out."));
    }
    let cursor_key = arguments.cursor_secret.as_deref().map(cursor_key).transpose()?;
    let (loaded, _) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let warehouse = connect::open(config, &loaded.root)?;
    let query_log = config.query_log.as_ref().map(|path| loaded.root.join(path));
    let mut options = Options::new(loaded, warehouse.into_shared());
    options.query_log = query_log;
    options.cursor_key = cursor_key.unwrap_or(options.cursor_key);
    options.address = SocketAddr::new(arguments.host, arguments.port);
    options.admin_address = arguments.admin_port.map(|port| SocketAddr::new(arguments.host, port));
    options.reload = match arguments.reload {
        Switch::On => Reload::OnChange,
        Switch::Off => Reload::Never,
    };
    options.pages = match arguments.pages {
        Switch::On => Pages::Served,
        Switch::Off => Pages::Off,
    };
    options.origins.clone_from(&arguments.allow_origin);
    options.hosts.clone_from(&arguments.allow_host);
    options.engine.cache.time_to_live = Duration::from_secs(arguments.cache_ttl);
    options.log = match arguments.log_format {
        Log::Text => LogFormat::Text,
        Log::Json => LogFormat::Json,
    };
    if let Some(seconds) = arguments.drain {
        options.drain.notice = Duration::from_secs(seconds);
    }
    Ok(server::serve(options)?)
}

/// Makes a key of a secret that nobody guesses.
fn cursor_key(secret: &str) -> Result<CursorKey, Failure> {
    if secret.chars().count() >= 16 {
        return Ok(CursorKey::from_secret(secret));
    }
    Err(Failure::usage("the secret of cursors has fewer than 16 characters".to_owned())
        .help("Draw one, such as by `openssl rand -base64 32`, and set `ENTENTE_CURSOR_SECRET` to it on every server."))
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let failure = Self::world(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
