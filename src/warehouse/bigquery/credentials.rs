//! Tokens for Google's API, by the authenticators of gcp-bigquery-client.
//!
//! `GOOGLE_APPLICATION_CREDENTIALS=key.json` → a token that is fetched once and kept until it expires.
//!
//! **Invariant:** nothing is read and nobody is asked before the first query.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use gcp_bigquery_client::yup_oauth2::{
    ApplicationDefaultCredentialsAuthenticator, ApplicationDefaultCredentialsFlowOpts, AuthorizedUserAuthenticator,
    ExternalAccountAuthenticator, ServiceAccountAuthenticator,
    authenticator::{ApplicationDefaultCredentialsTypes, DefaultAuthenticator},
};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::OnceCell;

use crate::warehouse::causes::with_causes;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Application default credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, that of `gcloud auth
    /// application-default login`, else the identity of the machine.
    ApplicationDefault,
    /// The identity of the machine or workload, from its metadata server.
    Metadata,
    /// A file: the key of a service account, a configuration of workload identity federation, or a user's.
    KeyFile(PathBuf),
    /// Nobody.
    None,
}

/// Running queries is what the scope without `.readonly` is for: only with it may a job be cancelled.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// The time in which a token has to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives tokens.
pub(super) struct Tokens {
    credentials: Credentials,
    authenticator: OnceCell<DefaultAuthenticator>,
}

/// What the files of credentials have in common.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

impl Tokens {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, authenticator: OnceCell::new() }
    }

    /// Returns a token, nothing if none is needed; `fresh` if the last one was refused. The error says why there is none.
    pub(super) async fn token(&self, fresh: bool) -> Result<Option<String>, String> {
        if self.credentials == Credentials::None {
            return Ok(None);
        }
        let asked = async {
            let authenticator = self.authenticator.get_or_try_init(|| authenticator(&self.credentials)).await?;
            let token = if fresh {
                authenticator.force_refreshed_token(&[SCOPE]).await
            } else {
                authenticator.token(&[SCOPE]).await
            };
            let token = token.map_err(|error| {
                let refused = format!("Google gives no token: {}", with_causes(&error));
                if self.credentials == Credentials::ApplicationDefault && default_file().is_none() {
                    let login =
                        "log in with `gcloud auth application-default login`, or name a `key_file` in `entente.yml`";
                    format!("{refused}; {login}")
                } else {
                    refused
                }
            })?;
            token.token().map(str::to_owned).ok_or_else(|| "Google gives no token".to_owned())
        };
        let token = tokio::time::timeout(PATIENCE, asked).await;
        token.unwrap_or_else(|_| Err("no token came in ten seconds".to_owned())).map(Some)
    }
}

async fn authenticator(credentials: &Credentials) -> Result<DefaultAuthenticator, String> {
    match credentials {
        Credentials::KeyFile(path) => of_file(path).await,
        Credentials::ApplicationDefault => match default_file() {
            Some(path) => of_file(&path).await,
            None => of_metadata().await,
        },
        Credentials::Metadata | Credentials::None => of_metadata().await,
    }
}

/// Returns the file of application default credentials, if there is one.
/// See <https://cloud.google.com/docs/authentication/application-default-credentials>.
fn default_file() -> Option<PathBuf> {
    if let Some(path) = env::var_os("GOOGLE_APPLICATION_CREDENTIALS").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let folder = match env::var_os("CLOUDSDK_CONFIG").filter(|path| !path.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME")?).join(".config/gcloud"),
    };
    Some(folder.join("application_default_credentials.json")).filter(|path| path.exists())
}

async fn of_file(path: &Path) -> Result<DefaultAuthenticator, String> {
    let named = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("credentials `{named}` cannot be read: {error}"))?;
    let Kind { kind } = read(path, &text)?;
    let built = match kind.as_str() {
        "service_account" => {
            ServiceAccountAuthenticator::builder(read(path, &text)?).with_timeout(PATIENCE).build().await
        }
        "external_account" => {
            ExternalAccountAuthenticator::builder(read(path, &text)?).with_timeout(PATIENCE).build().await
        }
        "authorized_user" => {
            AuthorizedUserAuthenticator::builder(read(path, &text)?).with_timeout(PATIENCE).build().await
        }
        other => return Err(format!("credentials `{named}` are of the type `{other}`, which is not known")),
    };
    built.map_err(|error| format!("credentials `{named}` cannot be used: {error}"))
}

fn read<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, String> {
    // What serde says names a key and a place, and no value.
    serde_json::from_str(text).map_err(|error| format!("`{}` is no file of credentials: {error}", path.display()))
}

/// Asks the server that tells a machine who it is; `GCE_METADATA_HOST` names another one, as for Google's own clients.
async fn of_metadata() -> Result<DefaultAuthenticator, String> {
    let metadata_url = env::var("GCE_METADATA_HOST")
        .ok()
        .filter(|host| !host.is_empty())
        .map(|host| format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token"));
    let options = ApplicationDefaultCredentialsFlowOpts { metadata_url };
    let built = match ApplicationDefaultCredentialsAuthenticator::builder(options).await {
        ApplicationDefaultCredentialsTypes::InstanceMetadata(builder) => builder.with_timeout(PATIENCE).build().await,
        ApplicationDefaultCredentialsTypes::ServiceAccount(_) => {
            return Err("`GOOGLE_APPLICATION_CREDENTIALS` names a file, and the identity of the machine is asked for"
                .to_owned());
        }
    };
    built.map_err(|error| format!("the machine's metadata server cannot be asked: {error}"))
}
