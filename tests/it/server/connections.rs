//! Slow callers, many callers, and the end.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use entente::server::{Drain, Limits, ServeError, Server};

use super::{
    client::{receive, send},
    fixture::{Fixture, eventually, options, project},
};

#[test]
fn a_head_that_never_ends_is_given_up() {
    let limits = Limits { head_timeout: Duration::from_millis(200), ..Limits::default() };
    let fixture = Fixture::with(|options| options.limits = limits);
    for beginning in ["", "P", "POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: "] {
        let mut stream = fixture.client().connect();
        stream.write_all(beginning.as_bytes()).expect("sent");
        let began = Instant::now();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(began.elapsed() < Duration::from_secs(5), "{beginning:?}");
    }
}

#[test]
fn a_body_that_never_comes_is_given_up() {
    let limits = Limits { body_timeout: Duration::from_millis(200), ..Limits::default() };
    let fixture = Fixture::with(|options| options.limits = limits);
    let mut stream = fixture.client().connect();
    let head =
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    stream.write_all(head.as_bytes()).expect("sent");
    let answer = receive(&mut stream).expect("an answer");
    assert_eq!((answer.status, answer.code().as_str()), (408, "TIMEOUT"));
}

#[test]
fn a_head_above_the_limit_is_refused() {
    let fixture = Fixture::new();
    let mut stream = fixture.client().connect();
    let cookie = "x".repeat(40_000);
    send(&mut stream, "GET", "/healthz", &[("cookie", &cookie)], b"");
    assert_eq!(receive(&mut stream).expect("an answer").status, 431);
}

#[test]
fn callers_beyond_the_limit_of_connections_wait_for_a_place() {
    let fixture = Fixture::with(|options| options.limits = Limits { connections: 1, ..Limits::default() });
    let mut first = fixture.client().connect();
    send(&mut first, "GET", "/healthz", &[], b"");
    assert_eq!(receive(&mut first).expect("an answer").status, 200);

    let mut second = fixture.client().connect();
    second.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    send(&mut second, "GET", "/healthz", &[], b"");
    assert!(receive(&mut second).is_err());

    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    assert_eq!(receive(&mut second).expect("an answer").status, 200);
}

#[test]
fn a_port_in_use_is_an_error_with_a_way_out() {
    let fixture = Fixture::new();
    let folder = project();
    let mut second = options(folder.path(), std::sync::Arc::clone(&fixture.fake));
    second.address = fixture.client().address;
    let error = fixture.runtime.block_on(Server::start(second)).expect_err("the port is taken");
    assert!(matches!(error, ServeError::PortInUse(address) if address == fixture.client().address));
    assert_eq!(error.to_string(), format!("port {} is in use on 127.0.0.1", fixture.client().address.port()));
    assert!(error.help().is_some_and(|help| help.contains("--port")));
}

#[test]
fn stopping_ends_idle_connections_and_refuses_fresh_ones() {
    let mut fixture = Fixture::new();
    let client = fixture.client();
    let mut idle = client.connect();
    send(&mut idle, "GET", "/healthz", &[], b"");
    assert_eq!(receive(&mut idle).expect("an answer").status, 200);
    let server = fixture.server.take().expect("it runs");
    fixture.runtime.block_on(server.stop(Duration::ZERO));
    assert_eq!(idle.read(&mut [0; 1]).expect("closed in order"), 0);
    eventually("the port is free", || std::net::TcpStream::connect(client.address).is_err());
}

#[test]
fn during_the_notice_it_says_not_ready_and_still_answers() {
    let mut fixture = Fixture::with(|options| options.drain = Drain { notice: Duration::ZERO, ..Drain::default() });
    let client = fixture.client();
    assert_eq!(client.get("/readyz").status, 200);
    let server = fixture.server.take().expect("it runs");
    let stopping = fixture.runtime.spawn(server.stop(Duration::from_millis(500)));
    eventually("it says not ready", || client.get("/readyz").status == 503);
    assert_eq!(client.get("/healthz").status, 200);
    assert_eq!(client.get("/healthz").header("connection"), "close");
    fixture.runtime.block_on(stopping).expect("it stops");
}
