//! What a process that serves is told by signals.

use std::time::{Duration, Instant};

use crate::{
    command::{Project, Scale},
    served::Server,
};

/// How often the warehouse was asked, as `/metrics` tells.
fn misses(server: &Server) -> u64 {
    let counts = server.get("/metrics");
    let line = counts.lines().find(|line| line.starts_with("entente_answers_total{cache=\"miss\"}"));
    let line = line.unwrap_or_else(|| panic!("misses are not counted:\n{counts}"));
    line.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a count")
}

#[test]
fn after_sighup_nothing_that_was_kept_is_answered() {
    let server = Server::start(&Project::parcel(Scale::Hundredth));
    let question = "{ report(time: { between: { from: \"2025-01-01\", to: \"2026-01-01\" } }) { rows { claims } } }";
    let answer = server.ask(question);
    assert!(answer["data"]["report"]["rows"][0]["claims"].is_string(), "{answer}");
    assert_eq!(server.ask(question), answer);
    assert_eq!(misses(&server), 1, "the second answer was kept");
    server.signal("HUP");
    // The signal is taken up by another thread.
    let deadline = Instant::now() + Duration::from_secs(20);
    while misses(&server) == 1 && Instant::now() < deadline {
        assert_eq!(server.ask(question), answer);
    }
    assert_eq!(misses(&server), 2, "the warehouse is asked once more, and the process goes on");
}
