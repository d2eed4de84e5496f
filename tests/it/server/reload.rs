//! Changes of the files while the server runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use entente::server::Reload;

use super::fixture::{Fixture, METRICS, eventually};

fn fixture() -> Fixture {
    Fixture::with(|options| options.reload = Reload::OnChange)
}

#[test]
fn a_change_is_taken_up() {
    let fixture = fixture();
    assert_eq!(fixture.client().get("/metrics/weight").status, 404);
    fixture.write_metrics(&format!("{METRICS}  - {{ name: weight, model: shipments, agg: sum, expr: weight_kg }}\n"));
    eventually("the metric has a page", || fixture.client().get("/metrics/weight").status == 200);
    assert_eq!(fixture.client().get("/healthz").json()["status"], "ok");
}

#[test]
fn a_broken_project_leaves_the_last_good_one_and_is_reported() {
    let fixture = fixture();
    let version = fixture.client().get("/healthz").json()["project"]["version"].clone();
    fixture.write_metrics(&METRICS.replace("model: shipments", "model: shipmets"));
    eventually("the break is noticed", || fixture.client().get("/healthz").json()["status"] == "degraded");
    let health = fixture.client().get("/healthz").json();
    assert_eq!(health["project"]["version"], version);
    let first = &health["lastLoad"]["diagnostics"][0];
    assert_eq!((&first["code"], &first["path"]), (&"unknown-model".into(), &"metrics/parcel.yml".into()));
    assert_eq!(fixture.client().get("/metrics/revenue").status, 200);
    let counts = fixture.client().get("/metrics").body;
    assert!(
        counts.contains("entente_project_ok 0") && counts.contains("loads_total{outcome=\"broken\"} 1"),
        "{counts}"
    );

    fixture.write_metrics(METRICS);
    eventually("the mend is noticed", || fixture.client().get("/healthz").json()["status"] == "ok");
    assert_eq!(fixture.client().get("/healthz").json()["project"]["version"], version);
}

#[test]
fn a_folder_that_is_made_again_is_still_watched() {
    let fixture = fixture();
    let folder = fixture.folder.path().join("metrics");
    std::fs::remove_dir_all(&folder).expect("removed");
    eventually("the loss is noticed", || fixture.client().get("/healthz").json()["status"] == "degraded");
    std::fs::create_dir(&folder).expect("made");
    fixture.write_metrics(METRICS);
    eventually("the mend is noticed", || fixture.client().get("/healthz").json()["status"] == "ok");
    fixture.write_metrics(&format!("{METRICS}  - {{ name: weight, model: shipments, agg: sum, expr: weight_kg }}\n"));
    eventually("the metric has a page", || fixture.client().get("/metrics/weight").status == 200);
}

#[test]
fn good_and_broken_projects_in_turn_never_disturb_a_request() {
    let fixture = fixture();
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (client, stop) = (fixture.client(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut asked = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.graphql("{ report { rows { parcelsBooked } } }");
                    assert_eq!(answer.json()["data"]["report"]["rows"][0]["parcelsBooked"], "42", "{}", answer.body);
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for round in 0..4 {
        fixture.write_metrics(&METRICS.replace("model: shipments", "model: shipmets"));
        eventually("the break is noticed", || fixture.client().get("/healthz").json()["status"] == "degraded");
        fixture.write_metrics(&format!("{METRICS}# round {round}\n"));
        eventually("the mend is noticed", || fixture.client().get("/healthz").json()["status"] == "ok");
    }
    stop.store(true, Ordering::Relaxed);
    let asked: usize = callers.into_iter().map(|caller| caller.join().expect("every answer is right")).sum();
    assert!(asked >= 4, "{asked}");
}
