//! Which handler answers which path, and what every answer has in common: an id, a count, headers that forbid guessing.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, Request, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use hyper::body::Incoming;
use tower::ServiceExt;

use super::{
    Pages, cors, graphql_http,
    health::{self, Problems},
    hosts::Hosts,
    pages,
    state::Shared,
    telemetry::Route,
};

/// Whom a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Apps and people; with counts if they are not served elsewhere.
    Callers(Counts),
    /// Operators only.
    Operators,
}

/// Whether a listener for callers serves `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// It does.
    Served,
    /// It does not.
    Hidden,
}

/// The id of a request, in its extensions.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) Arc<str>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// Makes the router of a listener.
pub(super) fn router(shared: &Arc<Shared>, audience: Audience) -> Router {
    let problems = match audience {
        Audience::Operators => Problems::Told,
        Audience::Callers(Counts::Served) => Problems::ToldUnlessHidden,
        Audience::Callers(Counts::Hidden) => Problems::Kept,
    };
    let mut router = Router::new()
        .route("/healthz", get(async move |State(shared): State<Arc<Shared>>| health::health(&shared, problems)))
        .route("/readyz", get(health::ready));
    match audience {
        Audience::Operators => router = router.route("/metrics", get(health::counts)),
        Audience::Callers(counts) => {
            router = router.route("/graphql", post(graphql_http::post).get(graphql_http::get));
            if counts == Counts::Served {
                router = router.route("/metrics", get(health::counts));
            }
            if shared.pages == Pages::Served {
                router = router
                    .route("/", get(pages::index))
                    .route("/metrics/{name}", get(pages::metric))
                    .route("/models/{name}", get(pages::model))
                    .route("/graphiql", get(pages::graphiql))
                    .route("/assets/{*path}", get(pages::asset))
                    .fallback(pages::not_found);
            }
        }
    }
    router.with_state(Arc::clone(shared))
}

/// Answers one request.
pub(super) async fn handle(
    shared: Arc<Shared>,
    hosts: Arc<Hosts>,
    router: Router,
    mut request: Request<Incoming>,
) -> Response {
    let began = Instant::now();
    let path = request.uri().path().to_owned();
    let route = route_of(&path);
    let origin = cors::allowed(&shared.origins, request.headers());
    let id = shared.request_id(request.headers());
    let at_once = if hosts.has(request.uri(), request.headers()) {
        cors::preflight(&shared.origins, request.method(), &path, request.headers())
    } else {
        Some(misdirected(&id))
    };
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let mut response = match at_once {
        Some(response) => response,
        None => answer_or_apologize(router.oneshot(request.map(Body::new)), &id).await,
    };
    let headers = response.headers_mut();
    cors::name_origin(&shared.origins, origin, &path, headers);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, NO_REFERRER);
    if shared.is_draining() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let (status, took) = (response.status(), began.elapsed());
    shared.telemetry.request(route, status, took);
    if status.is_server_error() {
        tracing::warn!(id = %id, status = status.as_u16(), ?took, ?route, "request failed");
    } else {
        tracing::debug!(id = %id, status = status.as_u16(), ?took, ?route, "request");
    }
    response
}

/// Says that a request is for somebody else.
fn misdirected(id: &str) -> Response {
    let message = "this server does not answer under that name";
    let help = "Ask `localhost`, or start the server with `--allow-host` and the name.";
    graphql_http::refusal(StatusCode::MISDIRECTED_REQUEST, "HOST_REFUSED", message, Some(help), id)
}

/// A panic costs the request in which it happens, and no other.
async fn answer_or_apologize<F, E>(answer: F, id: &str) -> Response
where
    F: Future<Output = Result<Response, E>>,
{
    let mut answer = pin!(answer);
    let outcome = poll_fn(|ctx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(ctx))) {
        Ok(poll) => poll.map(Result::ok),
        Err(_) => std::task::Poll::Ready(None),
    });
    if let Some(response) = outcome.await {
        return response;
    }
    tracing::error!(id, "a request panicked");
    graphql_http::refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "something went wrong", None, id)
}

fn route_of(path: &str) -> Route {
    match path {
        "/graphql" => Route::Graphql,
        "/healthz" | "/readyz" | "/metrics" => Route::Operations,
        _ => Route::Pages,
    }
}
