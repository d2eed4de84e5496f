//! The connection to a Snowflake account.
//!
//! `{ type: snowflake, account: acme-eu, user: reader, key_file: rsa_key.p8 }` → a user who logs in by a key.
//!
//! **Invariant:** a token is shown nowhere.

use std::fmt;

use super::{address, invalid};
use crate::{diagnostics::Diagnostics, syntax::keys::Fields};

/// How to reach a Snowflake account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnowflakeConnection {
    /// The identifier of the account, such as `acme-eu`.
    pub account: String,
    /// The virtual warehouse that computes.
    pub warehouse: Option<String>,
    /// The database of tables without one.
    pub database: Option<String>,
    /// The schema of tables without one.
    pub schema: Option<String>,
    /// The role that reads.
    pub role: Option<String>,
    /// Who asks; nothing where only SQL is written.
    pub credentials: Option<SnowflakeCredentials>,
    /// Another server than Snowflake's.
    pub base_url: Option<String>,
}

/// Who asks a Snowflake account.
#[derive(Clone, PartialEq, Eq)]
pub enum SnowflakeCredentials {
    /// A user, by a private key.
    Key {
        /// The user.
        user: String,
        /// The file of the key, relative to the project file.
        file: String,
    },
    /// An OAuth or programmatic access token.
    Token(String),
    /// A file with such a token, relative to the project file.
    TokenFile(String),
}

impl fmt::Debug for SnowflakeCredentials {
    /// Leaves the token out, so that it ends in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { user, file } => f.debug_struct("Key").field("user", user).field("file", file).finish(),
            Self::Token(_) => f.write_str("Token"),
            Self::TokenFile(file) => f.debug_tuple("TokenFile").field(file).finish(),
        }
    }
}

impl SnowflakeConnection {
    pub(super) fn from_fields(mut fields: Fields, diagnostics: &mut Diagnostics) -> Self {
        let account = fields.required_text("account");
        if account.is_empty() || !account.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        {
            let message = format!("`{}` is not the identifier of an account", account.value);
            let help =
                "Write what stands before `.snowflakecomputing.com` in the account's address, such as `acme-eu`.";
            invalid(diagnostics, account.span, message, help);
        }
        let user = fields.text("user");
        let (key_file, token, token_file) = (fields.text("key_file"), fields.text("token"), fields.text("token_file"));
        let credentials = if let Some(file) = key_file {
            if user.is_none() {
                let message = "a key needs the user whose key it is".to_owned();
                invalid(diagnostics, file.span, message, "Add `user:`, the user to whom the public key was given.");
            }
            let user = user.map(|user| user.value).unwrap_or_default();
            Some(SnowflakeCredentials::Key { user, file: file.value })
        } else if let Some(token) = token {
            if token.is_empty() || token.contains(char::is_whitespace) {
                let message = "this is no token".to_owned();
                invalid(diagnostics, token.span, message, "Write `${NAME}` for an environment variable that holds it.");
            }
            Some(SnowflakeCredentials::Token(token.value))
        } else {
            token_file.map(|file| SnowflakeCredentials::TokenFile(file.value))
        };
        let base_url = fields.text("base_url");
        if let Some(url) = &base_url {
            address::check(url, credentials.is_some(), diagnostics);
        }
        let mut optional = |key: &str| fields.text(key).map(|text| text.value);
        Self {
            account: account.value,
            warehouse: optional("warehouse"),
            database: optional("database"),
            schema: optional("schema"),
            role: optional("role"),
            credentials,
            base_url: base_url.map(|url| url.value),
        }
    }
}
