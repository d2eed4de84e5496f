//! What operators see.

use std::net::{Ipv4Addr, SocketAddr};

use entente::{engine::load_project, warehouse::Error};

use super::fixture::{Fixture, METRICS};

#[test]
fn health_names_the_project_and_its_version() {
    let fixture = Fixture::new();
    let answer = fixture.client().get("/healthz");
    let health = answer.json();
    assert_eq!((answer.status, &health["status"]), (200, &"ok".into()));
    assert_eq!(health["project"]["name"], "parcel");
    assert_eq!(health["project"]["version"].as_str().map(str::len), Some(12));
    let found = health["lastLoad"]["diagnostics"].as_array().expect("a list");
    let codes: Vec<&str> = found.iter().filter_map(|found| found["code"].as_str()).collect();
    assert_eq!(codes, ["missing-catalog"]);
}

#[test]
fn what_is_wrong_in_the_files_is_told_to_operators_and_to_nobody_from_whom_policies_hide() {
    let hidden = "policies: [{ name: finance, metrics: [revenue], visible_to: [finance] }]";
    let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let fixture = Fixture::with(|options| options.admin_address = Some(admin));
    assert!(fixture.client().get("/healthz").json().get("lastLoad").is_none());
    assert!(fixture.admin().get("/healthz").json().get("lastLoad").is_some());
    let fixture = Fixture::with(|options| {
        let root = options.loaded.root.clone();
        std::fs::write(root.join("metrics/parcel.yml"), format!("{METRICS}{hidden}\n")).expect("written");
        options.loaded = load_project(&root);
    });
    let health = fixture.client().get("/healthz");
    assert_eq!((&health.json()["status"], health.json().get("lastLoad")), (&"ok".into(), None), "{}", health.body);
}

#[test]
fn it_is_ready_exactly_while_the_warehouse_answers() {
    let fixture = Fixture::new();
    assert_eq!(fixture.client().get("/readyz").json()["warehouse"], "reachable");
    fixture.fake.fail_with(Some(|| Error::Unavailable("postgres://user:secret@host".to_owned())));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let answer = fixture.client().get("/readyz");
    assert_eq!((answer.status, &answer.json()["warehouse"]), (503, &"unreachable".into()));
    assert!(!answer.body.contains("secret"));
}

#[test]
fn requests_are_counted_by_route_and_status() {
    let fixture = Fixture::new();
    fixture.client().get("/healthz");
    fixture.client().get("/metrics/nothing");
    fixture.client().post("{");
    let counts = fixture.client().get("/metrics").body;
    for line in [
        "entente_requests_total{route=\"pages\",status=\"4xx\"} 1",
        "entente_requests_total{route=\"operations\",status=\"2xx\"} 1",
        "entente_requests_total{route=\"graphql\",status=\"4xx\"} 1",
        "entente_request_seconds_count{route=\"pages\"} 1",
        "entente_project_ok 1",
        "entente_project_loads_total{outcome=\"ok\"} 1",
    ] {
        assert!(counts.contains(line), "{line} is not in:\n{counts}");
    }
}

#[test]
fn with_a_listener_of_their_own_counts_are_hidden_from_callers() {
    let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let fixture = Fixture::with(|options| options.admin_address = Some(admin));
    assert_eq!(fixture.client().get("/metrics").status, 404);
    assert_eq!(fixture.admin().get("/metrics").status, 200);
    assert_eq!(fixture.admin().get("/readyz").status, 200);
    assert_eq!(fixture.admin().get("/graphql").status, 404);
}
