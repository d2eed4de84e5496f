//! Which media type an answer has, and which a request may have.
//!
//! See <https://graphql.github.io/graphql-over-http/draft/>.

use axum::http::{HeaderMap, HeaderValue, header};

/// A media type of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphqlResponse,
    /// `application/json`: the status is 200 whenever the request is one of GraphQL.
    Json,
}

impl Media {
    pub(super) fn header(self) -> HeaderValue {
        match self {
            Self::GraphqlResponse => HeaderValue::from_static("application/graphql-response+json; charset=utf-8"),
            Self::Json => HeaderValue::from_static("application/json; charset=utf-8"),
        }
    }
}

/// Chooses the media type that the caller likes best; none if it accepts neither.
///
/// `*/*` and no `Accept` at all mean JSON, for callers that know nothing of GraphQL's own type.
pub(super) fn choose(headers: &HeaderMap) -> Option<Media> {
    let mut best: Option<(u16, Media)> = None;
    let mut asked = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            if range.trim().is_empty() {
                continue;
            }
            asked = true;
            let (name, weight) = media_range(range);
            let media = match name {
                name if name.eq_ignore_ascii_case("application/graphql-response+json") => Media::GraphqlResponse,
                name if name.eq_ignore_ascii_case("application/json") => Media::Json,
                "*/*" | "application/*" => Media::Json,
                _ => continue,
            };
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, media));
            }
        }
    }
    if asked { best.map(|(_, media)| media) } else { Some(Media::Json) }
}

/// Returns whether the caller is a browser that opens the address as a page.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').next().is_some_and(|first| media_range(first).0.eq_ignore_ascii_case("text/html"))
}

/// Returns whether a body is JSON in UTF-8. Whatever a browser sends across origins without asking first (text,
/// forms, no type at all) is not.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else { return false };
    let Ok(content_type) = content_type.to_str() else { return false };
    let mut parts = content_type.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let charset_fits = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    name.eq_ignore_ascii_case("application/json") && charset_fits
}

/// `text/html;level=1;q=0.5` → `text/html` and 500.
fn media_range(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1000, |(_, weight)| thousandths(weight.trim()));
    (name, weight)
}

/// `0.75` → 750; what is no weight is the least one that still accepts.
fn thousandths(weight: &str) -> u16 {
    match weight.parse::<f32>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1000.0).round() as u16,
        Ok(_) | Err(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(accept: &str) -> Option<Media> {
        choose(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"))]))
    }

    #[test]
    fn the_best_liked_type_is_chosen() {
        assert_eq!(choose(&HeaderMap::new()), Some(Media::Json));
        for (accept, media) in [
            ("*/*", Some(Media::Json)),
            ("application/*;q=0.1", Some(Media::Json)),
            ("application/graphql-response+json", Some(Media::GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(Media::GraphqlResponse)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Media::Json)),
            ("Application/JSON; charset=utf-8", Some(Media::Json)),
            ("text/html, */*;q=0.8", Some(Media::Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("", Some(Media::Json)),
        ] {
            assert_eq!(accepting(accept), media, "{accept}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_a_body() {
        let body = |content_type: &str| {
            is_json(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_str(content_type).expect("a header"),
            )]))
        };
        assert!(
            body("application/json")
                && body("application/json; charset=UTF-8")
                && body("Application/Json;charset=\"utf-8\"")
        );
        assert!(
            !body("text/plain")
                && !body("application/json; charset=utf-16")
                && !body("application/x-www-form-urlencoded")
        );
        assert!(!is_json(&HeaderMap::new()));
    }
}
