//! What is Snowflake's own in its SQL API: addresses, headers, the documents of errors, and which of them pass.
//!
//! Account `acme-eu` is asked at `https://acme-eu.snowflakecomputing.com`; 429 passes, 422 does not.

use reqwest::RequestBuilder;
use serde::Deserialize;

use super::credentials::Tokens;
use crate::warehouse::rest::{Protocol, Refused, status_passes};

/// How Snowflake is spoken to.
pub(super) struct SqlApi {
    pub(super) tokens: Tokens,
}

/// Returns the address of an account. Names of machines have no `_`.
/// See <https://docs.snowflake.com/en/user-guide/organizations-connect>.
pub(super) fn address(account: &str) -> String {
    format!("https://{}.snowflakecomputing.com", account.to_ascii_lowercase().replace('_', "-"))
}

/// The document of an error. See <https://docs.snowflake.com/en/developer-guide/sql-api/reference#queryfailurestatus>.
#[derive(Deserialize)]
struct ErrorDocument {
    code: String,
    #[serde(default)]
    message: String,
}

impl Protocol for SqlApi {
    const NAME: &'static str = "Snowflake";

    async fn token(&self, fresh: bool) -> Result<Option<String>, String> {
        self.tokens.token(fresh).await
    }

    /// Of other tokens the server sees itself what they are.
    fn prepare(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("accept", "application/json");
        if self.tokens.are_signed() {
            request.header("X-Snowflake-Authorization-Token-Type", "KEYPAIR_JWT")
        } else {
            request
        }
    }

    fn reason(body: &[u8]) -> Option<(String, String)> {
        let ErrorDocument { code, message } = serde_json::from_slice(body).ok()?;
        Some((code, message))
    }

    /// What the statement itself did wrong is told with 422, and that its time is over with 408.
    fn passes(refused: &Refused) -> bool {
        refused.status != 408 && status_passes(refused.status)
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn accounts_have_addresses() {
        assert_eq!(address("acme-eu"), "https://acme-eu.snowflakecomputing.com");
        assert_eq!(address("ACME-eu_west"), "https://acme-eu-west.snowflakecomputing.com");
        assert_eq!(address("xy12345.us-east-1"), "https://xy12345.us-east-1.snowflakecomputing.com");
    }
}
