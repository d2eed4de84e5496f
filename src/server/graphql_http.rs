//! GraphQL over HTTP: a request's parameters in, the answer's status, media type and bytes out.
//!
//! See <https://graphql.github.io/graphql-over-http/draft/>. Refused before anything is executed: bodies that are not
//! JSON (which a foreign page could send without asking), addresses that a foreign page asks, batches, compressed bodies,
//! bodies above the limit.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Pages,
    body::{self, Pieces, Unread},
    cors,
    negotiate::{self, Media},
    router::RequestId,
    source::Asked,
    state::Shared,
};
use crate::graphql::{self, Outcome};

/// Answers belong to whoever asked.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The parameters of a GraphQL request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    /// Accepted, as the specification wants, and not used.
    #[serde(default, rename = "extensions")]
    _extensions: Option<Map<String, Value>>,
}

/// The same in an address: everything is text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TextParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Answers `POST /graphql`.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let id = id_of(&head.extensions);
    let Some(media) = negotiate::choose(&head.headers) else { return not_acceptable(&id) };
    in_media(media, answer_post(&shared, &head.headers, body, media, &id).await)
}

async fn answer_post(shared: &Shared, headers: &HeaderMap, body: Body, media: Media, id: &str) -> Response {
    if !negotiate::is_json(headers) {
        return refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "BAD_REQUEST",
            "the body has to be JSON",
            Some("Send the header `content-type: application/json`."),
            id,
        );
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        let help = Some("Send the body as it is.");
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", "compressed bodies are not read", help, id);
    }
    let bytes = match body::read(body, shared.limits).await {
        Ok(bytes) => bytes,
        Err(unread) => return not_read(unread, shared.limits.body_bytes, id),
    };
    match parse(&bytes) {
        Ok(parameters) => execute(shared, parameters, media, id).await,
        Err(unread) => unread.answer(id),
    }
}

/// Answers `GET /graphql?query=…`; a browser that opens the bare address is sent to GraphiQL.
pub(super) async fn get(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let id = id_of(request.extensions());
    let asked = request.uri().query().is_some_and(|query| !query.is_empty());
    if !asked && shared.pages == Pages::Served && negotiate::wants_page(request.headers()) {
        return Redirect::to("/graphiql").into_response();
    }
    let Some(media) = negotiate::choose(request.headers()) else { return not_acceptable(&id) };
    let (head, _) = request.into_parts();
    in_media(media, answer_get(&shared, &head, media, &id).await)
}

async fn answer_get(shared: &Shared, head: &Parts, media: Media, id: &str) -> Response {
    // A picture on somebody's page would make the warehouse work.
    if cors::is_foreign(&shared.origins, &head.headers) {
        let message = "a page of another origin asks by an address";
        let help = Some("Name its origin with `--allow-origin`, or send the query as the body of a POST.");
        return refusal(StatusCode::FORBIDDEN, "ORIGIN_REFUSED", message, help, id);
    }
    if head.uri.query().is_some_and(|query| query.len() > shared.limits.body_bytes) {
        return not_read(Unread::TooLarge, shared.limits.body_bytes, id);
    }
    match parse_address(&head.uri) {
        Ok(parameters) => execute(shared, parameters, media, id).await,
        Err(unread) => unread.answer(id),
    }
}

/// Sends a refusal, too, in the media type that the caller likes best.
fn in_media(media: Media, mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_TYPE, media.header());
    response
}

/// Why no parameters could be read.
enum NoParameters {
    Wrong(Cow<'static, str>),
    TooDeep,
}

impl NoParameters {
    fn of_json(what: &str, error: &serde_json::Error) -> Self {
        // serde_json tells this by its message only.
        if error.to_string().starts_with("recursion limit exceeded") {
            return Self::TooDeep;
        }
        Self::Wrong(format!("{what}: {error}").into())
    }

    fn answer(&self, id: &str) -> Response {
        match self {
            Self::Wrong(message) => bad_request(message, id),
            Self::TooDeep => {
                let help = Some("Write conditions side by side, under one `and` or `or`.");
                let message = "lists and objects lie more than 127 deep in one another";
                refusal(StatusCode::BAD_REQUEST, "LIMIT_EXCEEDED", message, help, id)
            }
        }
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for NoParameters {
    fn from(message: T) -> Self {
        Self::Wrong(message.into())
    }
}

async fn execute(shared: &Shared, parameters: Parameters, media: Media, id: &str) -> Response {
    let serving = shared.serving.load_full();
    let source = Asked::new(shared, &serving.live);
    let request = graphql::Request {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables: parameters.variables.unwrap_or_default(),
        request_id: Some(id.to_owned()),
    };
    let reply = serving.api.execute(&source, request, &shared.anyone).await;
    let status = match (media, reply.outcome) {
        // The caller knows GraphQL's media type, and so may be told by the status.
        (Media::GraphqlResponse, Outcome::Refused) => StatusCode::BAD_REQUEST,
        (Media::GraphqlResponse | Media::Json, Outcome::Executed) | (Media::Json, Outcome::Refused) => StatusCode::OK,
    };
    let mut response = Response::new(Body::new(Pieces::new(reply.body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// Reads the parameters of a body.
fn parse(bytes: &[u8]) -> Result<Parameters, NoParameters> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err("the body is empty".into()),
        Some(b'[') => return Err("batches are not taken: send one request at a time".into()),
        Some(_) => {}
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let kind = if error.is_data() { "the parameters are wrong" } else { "the body is not JSON" };
        NoParameters::of_json(kind, &error)
    })
}

/// Reads the parameters of an address.
fn parse_address(uri: &Uri) -> Result<Parameters, NoParameters> {
    let Query(TextParameters { query, operation_name, variables, extensions }) =
        Query::try_from_uri(uri).map_err(|error| format!("the parameters are wrong: {}", error.body_text()))?;
    let map = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| NoParameters::of_json(&format!("`{name}` is not a JSON object"), &error)),
    };
    Ok(Parameters {
        query: query.ok_or("the parameter `query` is missing")?,
        operation_name: operation_name.filter(|name| !name.is_empty()),
        variables: map("variables", variables)?,
        _extensions: map("extensions", extensions)?,
    })
}

fn id_of(extensions: &axum::http::Extensions) -> Arc<str> {
    extensions.get::<RequestId>().map_or_else(|| Arc::from(""), |id| Arc::clone(&id.0))
}

fn bad_request(message: &str, id: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, "BAD_REQUEST", message, None, id)
}

fn not_acceptable(id: &str) -> Response {
    let help = Some("Accept `application/graphql-response+json` or `application/json`.");
    refusal(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", "no accepted media type can be served", help, id)
}

fn not_read(unread: Unread, limit: usize, id: &str) -> Response {
    match unread {
        Unread::TooLarge => {
            let message = format!("the request is larger than {limit} bytes");
            let help = Some("Send values as variables, and ask for less at a time.");
            refusal(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", &message, help, id)
        }
        Unread::TooSlow => refusal(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body did not arrive in time", None, id),
        Unread::Broken => bad_request("the body ended early", id),
    }
}

/// An answer to a request that is not executed.
pub(super) fn refusal(status: StatusCode, code: &str, message: &str, help: Option<&str>, id: &str) -> Response {
    let mut extensions = json!({ "code": code, "requestId": id });
    if let Some(help) = help {
        extensions["help"] = help.into();
    }
    let body = json!({ "errors": [{ "message": message, "extensions": extensions }] });
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, Media::Json.header());
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    response
}
