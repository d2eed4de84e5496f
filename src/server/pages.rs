//! Pages for people: the catalogue and GraphiQL.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{assets, state::Shared};
use crate::{
    project::{Principal, Visible},
    site::Site,
};

/// What our pages may load: their own files, nothing else, and nobody may frame them.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// GraphiQL sets styles from its script, and its style sheet holds its fonts and pictures.
const GRAPHIQL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; font-src 'self' \
     data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `GET /`
pub(super) async fn index(State(shared): State<Arc<Shared>>) -> Response {
    page(&shared, |site| Some(site.index())).await
}

/// `GET /metrics/<name>`
pub(super) async fn metric(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    page(&shared, move |site| site.metric(&name)).await
}

/// `GET /models/<name>`
pub(super) async fn model(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    page(&shared, move |site| site.model(&name)).await
}

/// Whatever else is asked for.
pub(super) async fn not_found(State(shared): State<Arc<Shared>>) -> Response {
    page(&shared, |_| None).await
}

/// `GET /graphiql`
pub(super) async fn graphiql() -> Response {
    let file = if assets::has_graphiql() { "graphiql.html" } else { "graphiql-missing.html" };
    let bytes = assets::find(file).expect("our own assets are in every build");
    let mut response = Html(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, GRAPHIQL_POLICY);
    response
}

/// `GET /assets/<path>`
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some((bytes, media_type, tag)) = assets::find_tagged(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cached = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, "public, no-cache")];
    if is_known(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    (cached, [(header::CONTENT_TYPE, media_type)], bytes).into_response()
}

/// Returns whether the caller has a file of this tag already; a cache in between may have called it weak.
///
/// See <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2>.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    let mut known = known.flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Renders a page of the project that is served; 404 if there is none. Rendering plans an example, so it does not run
/// among the requests of apps.
async fn page(shared: &Arc<Shared>, render: impl FnOnce(&Site<'_>) -> Option<String> + Send + 'static) -> Response {
    let shared = Arc::clone(shared);
    let rendered = tokio::task::spawn_blocking(move || {
        let serving = shared.serving.load_full();
        let version = serving.live.short_version();
        let visible = Visible::to(&serving.live.project, &Principal::default());
        let site = Site {
            project: &visible,
            files: &serving.files,
            version: &version,
            dialect: shared.engine.dialect(),
            now: shared.engine.now(),
            field_name: crate::graphql::names::field_name,
        };
        render(&site).map_or_else(|| (StatusCode::NOT_FOUND, site.not_found()), |page| (StatusCode::OK, page))
    });
    match rendered.await {
        Ok((status, page)) => {
            let mut response = (status, Html(page)).into_response();
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong inside entente").into_response(),
    }
}
