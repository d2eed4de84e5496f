//! What a request over HTTP has to look like.

use std::io::Write;

use entente::server::Limits;

use super::{
    client::{receive, send},
    fixture::Fixture,
};

#[test]
fn only_json_is_taken_so_that_no_foreign_page_can_ask_in_a_visitors_name() {
    let fixture = Fixture::new();
    let body = br#"{"query":"{ __typename }"}"#;
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "multipart/form-data; boundary=x")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/json; charset=latin1")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
    ] {
        let answer = fixture.client().request("POST", "/graphql", headers, body);
        assert_eq!((answer.status, answer.code().as_str()), (415, "BAD_REQUEST"), "{headers:?}");
    }
}

#[test]
fn a_foreign_page_cannot_ask_by_an_address() {
    let app = "https://app.example.com";
    let fixture = Fixture::with(|options| options.origins = vec![app.parse().expect("an origin")]);
    let picture = ("accept", "image/avif,image/webp,*/*;q=0.8");
    let own = "http://localhost";
    for (headers, status) in [
        (&[picture][..], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("sec-fetch-site", "same-origin"), ("origin", own)], 200),
        (&[("origin", own)], 200),
        (&[("sec-fetch-site", "cross-site"), ("origin", app)], 200),
        (&[("sec-fetch-site", "cross-site"), picture], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
    ] {
        let answer = fixture.client().request("GET", "/graphql?query=%7B__typename%7D", headers, b"");
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.body);
    }
}

#[test]
fn what_cannot_be_accepted_is_not_served() {
    let fixture = Fixture::new();
    let headers = [("content-type", "application/json"), ("accept", "text/csv")];
    let answer = fixture.client().request("POST", "/graphql", &headers, br#"{"query":"{ __typename }"}"#);
    assert_eq!(answer.status, 406);
}

#[test]
fn a_refusal_has_the_type_that_the_caller_accepts() {
    let fixture = Fixture::new();
    let headers = [("content-type", "application/json"), ("accept", "application/graphql-response+json")];
    let answer = fixture.client().request("POST", "/graphql", &headers, br#"{"query":5}"#);
    assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_REQUEST"));
    assert!(answer.header("content-type").starts_with("application/graphql-response+json"), "{:?}", answer.headers);
}

#[test]
fn malformed_requests_are_refused_with_400() {
    let fixture = Fixture::new();
    for (body, message) in [
        ("", "the body is empty"),
        ("{", "the body is not JSON"),
        ("[{\"query\":\"{ __typename }\"}]", "batches are not taken"),
        ("{}", "missing field `query`"),
        ("{\"query\":1}", "invalid type"),
        ("{\"query\":\"{ __typename }\",\"variables\":\"x\"}", "invalid type"),
        ("{\"query\":\"{ __typename }\",\"query\":\"{ __typename }\"}", "duplicate field"),
    ] {
        let answer = fixture.client().post(body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_REQUEST"), "{body}");
        let said = answer.json()["errors"][0]["message"].as_str().map(str::to_owned).unwrap_or_default();
        assert!(said.contains(message), "{body}: {said}");
    }
}

#[test]
fn a_deep_document_of_json_costs_no_stack() {
    let fixture = Fixture::new();
    let deep =
        format!("{{\"query\":\"{{ a }}\",\"variables\":{{\"a\":{}1{}}}}}", "[".repeat(20_000), "]".repeat(20_000));
    let answer = fixture.client().post(&deep);
    assert_eq!((answer.status, answer.code().as_str()), (400, "LIMIT_EXCEEDED"));
}

#[test]
fn a_request_above_the_limit_is_refused_whether_it_states_its_length_or_not() {
    let fixture = Fixture::with(|options| options.limits = Limits { body_bytes: 1000, ..Limits::default() });
    let body = format!("{{\"query\":\"{}\"}}", "x".repeat(2000));
    let answer = fixture.client().post(&body);
    assert_eq!((answer.status, answer.code().as_str()), (413, "LIMIT_EXCEEDED"));

    let mut stream = fixture.client().connect();
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunked = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    stream.write_all(chunked.as_bytes()).expect("sent");
    assert_eq!(receive(&mut stream).expect("an answer").status, 413);

    let answer = fixture.client().get(&format!("/graphql?query={}", "x".repeat(2000)));
    assert_eq!(answer.status, 413);
}

#[test]
fn every_answer_has_an_id_and_forbids_guessing_its_type() {
    let fixture = Fixture::new();
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/", "/graphql", "/healthz", "/nowhere"] {
        let answer = fixture.client().get(path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        ids.insert(answer.header("x-request-id").to_owned());
    }
    assert_eq!(ids.len(), 4);
}

#[test]
fn an_id_that_the_caller_gives_is_kept_if_it_is_harmless() {
    let fixture = Fixture::new();
    let given = |id: &str| {
        let answer = fixture.client().request("GET", "/graphql", &[("x-request-id", id)], b"");
        let header = answer.header("x-request-id").to_owned();
        assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], header.as_str());
        header
    };
    assert_eq!(given("abc-1"), "abc-1");
    assert_ne!(given("a b"), "a b");
    assert_ne!(given("a\"b"), "a\"b");
    let long = "x".repeat(65);
    assert_ne!(given(&long), long);
}

#[test]
fn other_methods_are_refused_and_say_which_are_allowed() {
    let fixture = Fixture::new();
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = fixture.client().request(method, "/graphql", &[], b"");
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "POST,GET,HEAD");
    }
}

#[test]
fn a_browser_that_opens_the_api_finds_graphiql() {
    let fixture = Fixture::new();
    let accept = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let answer = fixture.client().request("GET", "/graphql", &[accept], b"");
    assert_eq!((answer.status, answer.header("location")), (303, "/graphiql"));
}

#[test]
fn requests_on_one_connection_are_answered_one_after_the_other() {
    let fixture = Fixture::new();
    let mut stream = fixture.client().connect();
    for _ in 0..3 {
        send(&mut stream, "GET", "/healthz", &[], b"");
        assert_eq!(receive(&mut stream).expect("an answer").status, 200);
    }
}

#[test]
fn only_pages_of_named_origins_may_read_answers() {
    let origin = "https://app.example.com";
    let fixture = Fixture::with(|options| options.origins = vec![origin.parse().expect("an origin")]);
    let asked = |method: &str, origin: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ];
        fixture.client().request(method, "/graphql", &headers, br#"{"query":"{ __typename }"}"#)
    };
    let preflight = asked("OPTIONS", origin);
    assert_eq!((preflight.status, preflight.body.as_str()), (204, ""));
    assert_eq!(preflight.header("access-control-allow-origin"), origin);
    assert!(preflight.header("access-control-allow-headers").contains("content-type"));
    assert!(preflight.header("access-control-allow-methods").contains("POST"));
    let answer = asked("POST", origin);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, origin));
    assert_eq!(answer.header("vary"), "origin");

    for foreign in
        ["https://app.example.com.evil.org", "http://app.example.com", "https://app.example.com:8443", "null"]
    {
        assert_eq!(asked("OPTIONS", foreign).header("access-control-allow-origin"), "", "{foreign}");
        assert_eq!(asked("POST", foreign).header("access-control-allow-origin"), "", "{foreign}");
    }
    let health = fixture.client().request("GET", "/healthz", &[("origin", origin)], b"");
    assert_eq!(health.header("access-control-allow-origin"), "", "only answers are for other origins");
}

#[test]
fn a_page_whose_name_leads_here_is_not_answered() {
    let fixture = Fixture::with(|options| options.hosts = vec!["metrics.example.com".parse().expect("a name")]);
    let asked = |path: &str, host: &str| {
        let mut stream = fixture.client().connect();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("it is sent");
        receive(&mut stream).expect("an answer")
    };
    for path in ["/", "/healthz", "/metrics", "/graphql?query=%7B__typename%7D"] {
        let answer = asked(path, "evil.example:4000");
        assert_eq!((answer.status, answer.code().as_str()), (421, "HOST_REFUSED"), "{path}");
        for own in ["localhost:4000", "127.0.0.1", "[::1]:80", "metrics.example.com"] {
            assert_ne!(asked(path, own).status, 421, "{own}{path}");
        }
    }
}
