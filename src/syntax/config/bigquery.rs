//! The connection to a BigQuery project.
//!
//! `{ type: bigquery, project: acme, maximum_bytes_billed: 50 GB }` → 50,000,000,000 bytes a query at most.
//!
//! **Invariant:** a token goes to no server without encryption.

use super::{address, invalid};
use crate::{diagnostics::Diagnostics, syntax::keys::Fields};

/// How to reach a BigQuery project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigQueryConnection {
    /// The Google Cloud project that pays.
    pub project: String,
    /// The dataset of tables without one.
    pub dataset: Option<String>,
    /// The location of the data.
    pub location: Option<String>,
    /// The most that one query may bill, in bytes.
    pub maximum_bytes_billed: Option<u64>,
    /// Who asks.
    pub credentials: BigQueryCredentials,
    /// Another server than Google's.
    pub base_url: Option<String>,
}

/// Who asks a BigQuery project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BigQueryCredentials {
    /// Application default credentials.
    Default,
    /// The identity of the machine or workload, from its metadata server.
    Metadata,
    /// A file of credentials, relative to the project file.
    KeyFile(String),
    /// Nobody: a server that asks for no credentials.
    None,
}

impl BigQueryConnection {
    pub(super) fn from_fields(mut fields: Fields, diagnostics: &mut Diagnostics) -> Self {
        let project = fields.required_text("project");
        if project.is_empty() || project.contains(['/', ' ', '`']) {
            let message = format!("`{}` is not the name of a project", project.value);
            invalid(diagnostics, project.span, message, "Write the project's id, such as `acme-analytics`.");
        }
        let maximum_bytes_billed = fields.text("maximum_bytes_billed").and_then(|text| {
            let bytes = bytes_of(&text);
            if bytes.is_none() {
                let message = format!("`{}` is not a number of bytes", text.value);
                let help = "Write a whole number and MB, GB or TB, such as `50 GB`.";
                invalid(diagnostics, text.span, message, help);
            }
            bytes
        });
        let base_url = fields.text("base_url");
        let word = fields.text("credentials");
        let key_file = fields.text("key_file");
        let credentials = match (key_file, word.as_deref().map(String::as_str)) {
            (Some(path), _) => BigQueryCredentials::KeyFile(path.value),
            (None, Some("metadata")) => BigQueryCredentials::Metadata,
            (None, Some("none")) => BigQueryCredentials::None,
            (None, None) if base_url.is_some() => BigQueryCredentials::None,
            _ => BigQueryCredentials::Default,
        };
        if let Some(url) = &base_url {
            address::check(url, credentials != BigQueryCredentials::None, diagnostics);
        }
        Self {
            project: project.value,
            dataset: fields.text("dataset").map(|dataset| dataset.value),
            location: fields.text("location").map(|location| location.value),
            maximum_bytes_billed,
            credentials,
            base_url: base_url.map(|url| url.value),
        }
    }
}

/// Reads a number of bytes, with units of a thousand each: `50 GB`.
pub(super) fn bytes_of(text: &str) -> Option<u64> {
    let (count, unit) = text.split_once(' ')?;
    let factor = match unit {
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    count.parse::<u64>().ok().filter(|count| *count > 0)?.checked_mul(factor)
}
