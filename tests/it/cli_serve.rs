//! What a process that serves is told by signals.

use std::{
    fs,
    time::{Duration, Instant},
};

use entente::warehouse::duckdb::{Access, DuckDb};

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

#[test]
fn after_sighup_the_file_that_was_put_in_its_place_is_read() {
    let project = Project::parcel(Scale::Hundredth);
    let server = Server::start(&project);
    let question = "{ report(time: { between: { from: \"2025-01-01\", to: \"2026-01-01\" } }) { rows { claims } } }";
    let claims = || server.ask(question)["data"]["report"]["rows"][0]["claims"].clone();
    let before = claims();
    assert!(before.as_str().is_some_and(|claims| claims != "0"), "{before}");

    let (place, other) = (project.path("parcel.duckdb"), project.path("other.duckdb"));
    fs::copy(&place, &other).expect("the warehouse is copied");
    let database = DuckDb::open(&other, Access::ReadWrite).expect("the copy opens");
    database.execute_batch("DELETE FROM marts.fct_claims; CHECKPOINT").expect("the claims are deleted");
    drop(database);
    fs::rename(&other, &place).expect("it takes the place of the warehouse");
    assert_eq!(claims(), before, "nothing was said of a change");
    server.signal("HUP");
    let deadline = Instant::now() + Duration::from_secs(20);
    while claims() == before && Instant::now() < deadline {}
    assert_eq!(claims(), "0", "the other file is read");

    fs::remove_file(&place).expect("it is removed");
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.get("/readyz").contains("\"reachable\"") && Instant::now() < deadline {}
    let ready = server.get("/readyz");
    assert!(ready.contains("\"ready\":false") && ready.contains("unreachable"), "{ready}");
    server.signal("HUP");
    assert_eq!(claims(), "0", "what is open goes on");
}
