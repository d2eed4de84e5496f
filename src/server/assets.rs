//! Style sheets, scripts and GraphiQL, inside the binary.
//!
//! Our own lie in `src/server/assets/`. GraphiQL and React are fetched by `.ci/assets` into `.assets/graphiql/`; a
//! binary built without them says so on the page.

use std::{borrow::Cow, fmt::Write};

use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "src/server/assets/"]
struct Own;

#[derive(Embed)]
#[folder = ".assets/graphiql/"]
#[allow_missing = true]
struct Graphiql;

/// The files that GraphiQL needs, in the order in which a page loads them.
pub(super) const GRAPHIQL_FILES: [&str; 4] =
    ["react.production.min.js", "react-dom.production.min.js", "graphiql.min.js", "graphiql.min.css"];

/// Returns whether GraphiQL is inside this binary.
pub(super) fn has_graphiql() -> bool {
    GRAPHIQL_FILES.iter().all(|file| Graphiql::get(file).is_some())
}

/// Returns the bytes of a file, its media type and its entity tag.
pub(super) fn find_tagged(path: &str) -> Option<(Cow<'static, [u8]>, &'static str, String)> {
    let file = file(path)?;
    let media_type = match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..8] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    Some((file.data, media_type, tag))
}

/// Returns the bytes of a file.
pub(super) fn find(path: &str) -> Option<Cow<'static, [u8]>> {
    file(path).map(|file| file.data)
}

fn file(path: &str) -> Option<EmbeddedFile> {
    match path.strip_prefix("graphiql/") {
        Some(path) => Graphiql::get(path),
        None => Own::get(path),
    }
}
