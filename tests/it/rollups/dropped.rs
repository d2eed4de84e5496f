//! Tables that no definition fills any more.

use crate::command::{Project, Scale};

const BUILD: [&str; 4] = ["rollups", "build", "--now", "2026-01-15T12:00:00Z"];

/// Returns the name of the table in which the rollup of the worked example is stored as it is defined.
fn table(project: &Project) -> String {
    let status = project.run(["rollups", "status", "--format", "json"]).worked();
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    status[0]["table"].as_str().expect("it is stored").to_owned()
}

#[test]
fn tables_of_earlier_definitions_are_shown_and_dropped_if_that_is_said() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(BUILD).worked();
    let first = table(&project);
    assert_eq!(project.run(["rollups", "drop"]).worked(), "no table of an earlier definition is stored\n");

    let definitions = project.read("metrics/rollups.yml");
    project.write("metrics/rollups.yml", definitions.replace("lookback: 3 days", "lookback: 5 days"));
    project.run(BUILD).worked();
    let second = table(&project);
    assert_ne!(first, second);

    let shown = project.run(["rollups", "drop"]);
    assert!(shown.err.contains("nothing is dropped: `--yes` drops 1 table"), "{}", shown.err);
    let shown = shown.worked();
    assert!(shown.starts_with(&format!("{first}: ")), "{shown}");
    assert!(shown.ends_with("of an earlier definition of `shipments_daily`\n"), "{shown}");
    assert!(!shown.contains(&second), "{shown}");
    project.run(["catalog", "pull"]).worked();
    assert!(
        !project.read("schema/catalog.json").contains("rollups."),
        "tables of rollups are no tables of definitions"
    );
    project
        .run(["rollups", "drop", "rollups.nothing", "--yes"])
        .failed(2, &["no rollup was stored in `rollups.nothing`"]);

    let dropped = project.run(["rollups", "drop", "--yes"]).worked();
    assert!(dropped.ends_with("; dropped\n"), "{dropped}");
    assert_eq!(project.run(["rollups", "drop"]).worked(), "no table of an earlier definition is stored\n");
    assert_eq!(table(&project), second);
    project.write("metrics/rollups.yml", definitions);
    let explained = project.run(["explain", "-m", "revenue", "-b", "time.month", "-t", "2025"]).worked();
    assert!(explained.contains("the warehouse does not hold it as it is defined"), "{explained}");
}

#[test]
fn tables_of_other_projects_stay_unless_they_are_named() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(BUILD).worked();
    let stored = table(&project);
    let definitions = project.read("metrics/rollups.yml");
    project
        .write("metrics/rollups.yml", definitions.replace("table: rollups.shipments_daily", "table: rollups.parcels"));
    let shown = project.run(["rollups", "drop", "--yes", "--format", "json"]).worked();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown[0]["table"], &shown[0]["dropped"]), (&stored.as_str().into(), &false.into()));
    assert!(shown[0]["rollup"].is_null(), "{shown}");
    let dropped = project.run(["rollups", "drop", &stored, "--yes"]).worked();
    assert!(dropped.ends_with("of no rollup of this project; dropped\n"), "{dropped}");
}
