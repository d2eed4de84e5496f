//! Whether and how a connection to Postgres is encrypted.
//!
//! | | encrypted | server checked |
//! |---|---|---|
//! | `Off` | no | no |
//! | `Prefer` | if the server can | if encrypted |
//! | `Require` | yes | yes |
//!
//! **Invariant:** a server that shows a certificate has to show a valid one of its own name.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::warehouse::Error;

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Never.
    Off,
    /// Where the server can.
    #[default]
    Prefer,
    /// Always.
    Require,
}

impl Encryption {
    pub(super) fn mode(self) -> SslMode {
        match self {
            Self::Off => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require => SslMode::Require,
        }
    }
}

pub(super) type Tls = MakeRustlsConnect;

/// Makes what encrypts connections; the authorities are those of a file, else of the system.
pub(super) fn connector(encryption: Encryption, authority: Option<&Path>) -> Result<Tls, Error> {
    let mut roots = RootCertStore::empty();
    match (encryption, authority) {
        (Encryption::Off, _) => {}
        (_, Some(path)) => {
            let none = || Error::Unavailable(format!("`{}` holds no certificates in PEM", path.display()));
            let unreadable = |_| none();
            for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                roots.add(certificate.map_err(unreadable)?).map_err(|_| {
                    Error::Unavailable(format!("`{}` holds a certificate of no authority", path.display()))
                })?;
            }
            if roots.is_empty() {
                return Err(none());
            }
        }
        // A certificate of the system that cannot be read is left out, as every other client does.
        (_, None) => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unavailable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
