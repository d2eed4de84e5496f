//! What is BigQuery's own in its REST protocol: tokens, the documents of errors, and which of them pass.
//!
//! `403 rateLimitExceeded` passes, `403 quotaExceeded` does not.

use serde::Deserialize;

use super::credentials::Tokens;
use crate::warehouse::rest::{Protocol, Refused, status_passes};

/// The address of Google's own server.
pub(super) const GOOGLE: &str = "https://bigquery.googleapis.com/bigquery/v2";

/// How BigQuery is spoken to.
pub(super) struct Google {
    pub(super) tokens: Tokens,
}

/// The document of an error. See <https://cloud.google.com/bigquery/docs/error-messages>.
#[derive(Deserialize)]
struct ErrorDocument {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
}

/// A reason with its message, as errors and jobs have it.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) message: String,
}

impl Protocol for Google {
    const NAME: &'static str = "BigQuery";

    async fn token(&self, fresh: bool) -> Result<Option<String>, String> {
        self.tokens.token(fresh).await
    }

    fn reason(body: &[u8]) -> Option<(String, String)> {
        let ErrorDocument { mut error } = serde_json::from_slice(body).ok()?;
        let first = (!error.errors.is_empty()).then(|| error.errors.swap_remove(0));
        let reason = first.as_ref().map(|first| first.reason.clone()).unwrap_or_default();
        let message = if error.message.is_empty() { first.map(|first| first.message) } else { None };
        Some((reason, message.unwrap_or(error.message)))
    }

    /// A quota (`quotaExceeded`) is used up for the day.
    /// See <https://cloud.google.com/bigquery/docs/error-messages#errortable>.
    fn passes(refused: &Refused) -> bool {
        match refused.reason.as_str() {
            "rateLimitExceeded" | "backendError" | "internalError" | "badGateway" => true,
            "" => status_passes(refused.status),
            _ => false,
        }
    }
}
