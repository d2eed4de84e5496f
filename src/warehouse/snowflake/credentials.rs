//! Tokens for the SQL API: signed by a key of ours, or given by somebody else.
//!
//! `rsa_key.p8` of user `reader` → a token that is signed by the first query and again before it expires.
//!
//! **Invariant:** nothing is read before the first query, and no secret is shown.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::jwt::Signer;

/// Who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user, by a private key whose public half Snowflake has.
    Key {
        /// The user.
        user: String,
        /// The file of the key, in PEM.
        file: PathBuf,
    },
    /// An OAuth or programmatic access token.
    Token(String),
    /// A file with such a token, read again when the last one was refused.
    TokenFile(PathBuf),
    /// Nobody.
    None,
}

impl fmt::Debug for Credentials {
    /// Leaves the token out, so that it ends in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { user, file } => f.debug_struct("Key").field("user", user).field("file", file).finish(),
            Self::Token(_) => f.write_str("Token"),
            Self::TokenFile(file) => f.debug_tuple("TokenFile").field(file).finish(),
            Self::None => f.write_str("None"),
        }
    }
}

/// How long a signed token is used. Snowflake takes none that is older than an hour.
const USED: Duration = Duration::from_secs(50 * 60);

/// Gives tokens.
pub(super) struct Tokens {
    credentials: Credentials,
    account: String,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    signer: Option<Arc<Signer>>,
    token: Option<(String, Instant)>,
}

impl Tokens {
    pub(super) fn new(credentials: Credentials, account: &str) -> Self {
        Self { credentials, account: account.to_owned(), held: Mutex::default() }
    }

    /// Returns whether the tokens are signed by a key of ours.
    pub(super) fn are_signed(&self) -> bool {
        matches!(self.credentials, Credentials::Key { .. })
    }

    /// Returns a token, nothing if none is needed; `fresh` if the last one was refused. The error says why there is none.
    pub(super) async fn token(&self, fresh: bool) -> Result<Option<String>, String> {
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::Token(_) if fresh => Err("the token is not accepted, and there is no other".to_owned()),
            Credentials::Token(token) => Ok(Some(token.clone())),
            Credentials::TokenFile(file) => self.of_file(file, fresh).await.map(Some),
            Credentials::Key { user, file } => self.signed(user, file, fresh).await.map(Some),
        }
    }

    async fn of_file(&self, file: &Path, fresh: bool) -> Result<String, String> {
        let mut held = self.held.lock().await;
        if let Some((token, _)) = held.token.as_ref().filter(|_| !fresh) {
            return Ok(token.clone());
        }
        let read = fs::read_to_string(file);
        let token = read.map_err(|error| format!("the token `{}` cannot be read: {error}", file.display()))?;
        let token = token.trim().to_owned();
        if token.is_empty() || token.contains(char::is_whitespace) {
            return Err(format!("`{}` is no file of a token", file.display()));
        }
        held.token = Some((token.clone(), Instant::now()));
        Ok(token)
    }

    async fn signed(&self, user: &str, file: &Path, fresh: bool) -> Result<String, String> {
        let mut held = self.held.lock().await;
        if let Some((token, since)) = held.token.as_ref().filter(|_| !fresh)
            && since.elapsed() < USED
        {
            return Ok(token.clone());
        }
        let signer = match held.signer.as_ref().filter(|_| !fresh) {
            Some(signer) => Arc::clone(signer),
            // A key that is refused may have been replaced.
            None => Arc::new(Signer::of_file(&self.account, user, file)?),
        };
        let token = signer.token(chrono::Utc::now().timestamp())?;
        held.signer = Some(signer);
        held.token = Some((token.clone(), Instant::now()));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Tokens};

    #[test]
    fn a_token_is_shown_nowhere() {
        assert_eq!(format!("{:?}", Credentials::Token("hush".to_owned())), "Token");
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_its_token_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let tokens = Tokens::new(Credentials::TokenFile(file.path().to_owned()), "acme");
        assert!(tokens.token(false).await.is_err(), "it is empty");
        std::fs::write(file.path(), "first\n").expect("it is written");
        assert_eq!(tokens.token(false).await, Ok(Some("first".to_owned())));
        std::fs::write(file.path(), "second\n").expect("it is written");
        assert_eq!(tokens.token(false).await, Ok(Some("first".to_owned())));
        assert_eq!(tokens.token(true).await, Ok(Some("second".to_owned())));
        let fixed = Tokens::new(Credentials::Token("only".to_owned()), "acme");
        assert_eq!(fixed.token(false).await, Ok(Some("only".to_owned())));
        assert!(fixed.token(true).await.is_err(), "there is no other one");
    }
}
