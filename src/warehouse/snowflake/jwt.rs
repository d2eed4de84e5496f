//! JSON web tokens that a private key signs, as Snowflake wants them for key-pair authentication.
//!
//! Account `acme-eu`, user `reader` → `{"iss": "ACME-EU.READER.SHA256:Qk3…", "sub": "ACME-EU.READER", …}`, signed by RS256.
//! See <https://docs.snowflake.com/en/developer-guide/sql-api/authenticating#using-key-pair-authentication>.
//!
//! **Invariant:** no error tells what is in a key's file.

use std::{fs, path::Path, sync::Arc};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::{
    SignatureAlgorithm, SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
    sign::SigningKey,
};
use serde_json::json;
use sha2::{Digest, Sha256};

/// How long a token is good for, in seconds; Snowflake takes at most an hour.
const LASTS: i64 = 59 * 60;

/// A user's key.
pub(super) struct Signer {
    key: Arc<dyn SigningKey>,
    /// `ACME-EU.READER`.
    subject: String,
    /// The digest of the public key, as `DESCRIBE USER` shows it.
    fingerprint: String,
}

impl Signer {
    /// Reads a key; the error says what is wrong with its file.
    pub(super) fn of_file(account: &str, user: &str, file: &Path) -> Result<Self, String> {
        let named = file.display();
        let pem = fs::read(file).map_err(|error| format!("the key `{named}` cannot be read: {error}"))?;
        if pem.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
            return Err(format!("the key `{named}` is encrypted; write it without a passphrase, by `openssl pkcs8`"));
        }
        let der = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| format!("`{named}` is no private key in PEM"))?;
        let key =
            any_supported_type(&der).map_err(|_| format!("the key `{named}` is no RSA key of 2048 bits or more"))?;
        let public = key.public_key().filter(|_| key.algorithm() == SignatureAlgorithm::RSA);
        let public = public.ok_or_else(|| format!("the key `{named}` is no RSA key"))?;
        let fingerprint = format!("SHA256:{}", STANDARD.encode(Sha256::digest(public.as_ref())));
        Ok(Self { key, subject: subject(account, user), fingerprint })
    }

    /// Signs a token that is good from this second on.
    pub(super) fn token(&self, now: i64) -> Result<String, String> {
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let Self { subject, fingerprint, .. } = self;
        let claims =
            json!({ "iss": format!("{subject}.{fingerprint}"), "sub": subject, "iat": now, "exp": now + LASTS });
        let part = |document: &serde_json::Value| URL_SAFE_NO_PAD.encode(document.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
        let signature = signer.and_then(|signer| signer.sign(signed.as_bytes()).ok());
        let signature = signature.ok_or_else(|| "the key signs nothing".to_owned())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The first line of a key with a passphrase, or the third of an older one.
const ENCRYPTED: &[u8] = b"ENCRYPTED";

/// Returns the account without its region and the user, in capitals as Snowflake has them.
fn subject(account: &str, user: &str) -> String {
    let account = account.split('.').next().unwrap_or(account);
    format!("{account}.{user}").to_uppercase()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Signer, subject};

    fn key(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)
    }

    #[test]
    fn a_token_is_that_of_openssl() {
        let signer = Signer::of_file("acme-eu", "reader", &key("rsa.p8")).expect("a key");
        // openssl rsa -in rsa.p8 -pubout -outform DER | openssl dgst -sha256 -binary | base64
        assert_eq!(signer.fingerprint, "SHA256:EXBMdm+67gU86HjXfyZvVSlqyk5dj8kxwkFmQKAgggA=");
        let expected = include_str!("../../../tests/keys/token.jwt").trim();
        assert_eq!(signer.token(1_700_000_000).as_deref(), Ok(expected));
    }

    #[test]
    fn files_that_are_no_key_say_what_they_are() {
        let wrong = |name: &str| match Signer::of_file("acme", "reader", &key(name)) {
            Ok(_) => panic!("{name} is no key"),
            Err(error) => error,
        };
        assert!(
            wrong("encrypted.p8").contains("is encrypted; write it without a passphrase"),
            "{}",
            wrong("encrypted.p8")
        );
        assert!(wrong("elliptic.p8").contains("is no RSA key"), "{}", wrong("elliptic.p8"));
        assert!(wrong("token.jwt").contains("is no private key in PEM"), "{}", wrong("token.jwt"));
        assert!(wrong("missing.p8").contains("cannot be read"), "{}", wrong("missing.p8"));
    }

    #[test]
    fn the_region_is_no_part_of_the_account() {
        assert_eq!(subject("acme-eu", "reader"), "ACME-EU.READER");
        assert_eq!(subject("xy12345.us-east-1.aws", "jo.doe@acme.com"), "XY12345.JO.DOE@ACME.COM");
    }
}
