//! Why a server does not start or stops.

use std::{io, net::SocketAddr};

use crate::engine::WatchError;

/// Why a server does not start or stops.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error("port {} is in use on {}", .0.port(), .0.ip())]
    PortInUse(SocketAddr),
    /// We may not listen there.
    #[error("listening on {0} is not allowed")]
    PortForbidden(SocketAddr),
    /// That is not an address of this machine, or the like.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The project has errors, so there is nothing to serve.
    #[error("the project has errors")]
    BrokenProject,
    /// The files cannot be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The system gives no threads or signals.
    #[error("the server cannot run: {0}")]
    Runtime(io::Error),
}

impl ServeError {
    /// Says what to do, as a full sentence.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::PortInUse(address) => Some(format!(
                "Stop the other program, or choose another port, such as `--port {}`.",
                address.port().saturating_add(1)
            )),
            Self::PortForbidden(_) => Some("Choose a port above 1023.".to_owned()),
            Self::BrokenProject => Some("Run `entente check` to see them.".to_owned()),
            Self::Watch(_) => {
                Some("Serve without taking up changes, or raise the system's limit of watches.".to_owned())
            }
            Self::Listen { .. } | Self::Runtime(_) => None,
        }
    }

    pub(super) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse(address),
            io::ErrorKind::PermissionDenied => Self::PortForbidden(address),
            _ => Self::Listen { address, source },
        }
    }
}
