//! The address of a server that is asked instead of the warehouse's own.
//!
//! **Invariant:** credentials go to no server without encryption.

use super::invalid;
use crate::{diagnostics::Diagnostics, syntax::Text};

/// Checks an address, and that credentials may go there.
pub(super) fn check(url: &Text, has_credentials: bool, diagnostics: &mut Diagnostics) {
    let is_plain = url.starts_with("http://");
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.starts_with('/') || url.contains([' ', '?', '#'])) {
        let message = format!("`{}` is not the address of a server", url.value);
        invalid(diagnostics, url.span, message, "Write it with its scheme, such as `http://localhost:9050`.");
    } else if is_plain && has_credentials {
        let message = "credentials would go to this server without encryption".to_owned();
        let help = "Write `https://`, or leave the credentials out for a server that asks for none.";
        invalid(diagnostics, url.span, message, help);
    }
}
