//! Which pages of other origins may read answers: those that are named, and no other.
//!
//! See <https://fetch.spec.whatwg.org/#http-cors-protocol>. A browser asks before it sends JSON (a preflight), and shows an
//! answer to a page only if the answer names the page's origin.
//!
//! **Invariant:** an origin is named back only if it is one of the list, letter by letter.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};

/// What is answered across origins.
const PATH: &str = "/graphql";

/// How long a browser may remember what a preflight allowed: two hours, the most that browsers take.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const HEADERS: HeaderValue = HeaderValue::from_static("accept, content-type, x-request-id");
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const REQUESTED_METHOD: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// An origin that may read answers, such as `https://app.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl std::str::FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "write an origin as browsers send it: `https://app.example.com`, with the port if it has one".to_owned();
        let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
        let (is_web, is_host) = (matches!(scheme, "http" | "https"), !host.is_empty() && host.bytes().all(plain));
        let value = HeaderValue::from_str(text).ok().filter(|_| is_web && is_host);
        value.map(Self).ok_or_else(wrong)
    }
}

/// Answers the question of a browser whether a page may ask; nothing if the request is none.
pub(super) fn preflight(origins: &[Origin], method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    if path != PATH || method != Method::OPTIONS || !headers.contains_key(REQUESTED_METHOD) {
        return None;
    }
    let origin = allowed(origins, headers)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    Some(response)
}

/// Returns the origin of a request, if it is one of the list.
pub(super) fn allowed(origins: &[Origin], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    origins.iter().find(|known| known.0 == *origin).map(|known| known.0.clone())
}

/// Returns whether a page of another origin asks, as far as browsers tell, which is none of the list. They tell it wherever a
/// page is one of this machine or encrypted.
///
/// See <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>.
pub(super) fn is_foreign(origins: &[Origin], headers: &HeaderMap) -> bool {
    if allowed(origins, headers).is_some() {
        return false;
    }
    match (headers.get(SITE), headers.get(header::ORIGIN)) {
        (Some(site), _) => matches!(site.as_bytes(), b"cross-site" | b"same-site"),
        (None, Some(origin)) => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let of_origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            of_origin.map(|(_, host)| host) != host
        }
        (None, None) => false,
    }
}

/// Says on an answer which page may read it.
pub(super) fn name_origin(origins: &[Origin], origin: Option<HeaderValue>, path: &str, answer: &mut HeaderMap) {
    if origins.is_empty() || path != PATH {
        return;
    }
    // A cache in between must not give one page what names another.
    answer.append(header::VARY, BY_ORIGIN);
    if let Some(origin) = origin {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for right in ["https://app.example.com", "http://localhost:5173", "http://[::1]:3000"] {
            assert!(right.parse::<Origin>().is_ok(), "{right}");
        }
        for wrong in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "ftp://a",
            "https://",
        ] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }
}
