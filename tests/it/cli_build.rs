//! `entente build`: what it writes, what it keeps, and that it is never half done.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::command::{Project, Scale};

/// Reads the generated folders.
fn output(project: &Project) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in ["lookml_out", "schema"] {
        read(&project.path(folder), folder, &mut files);
    }
    files
}

fn read(folder: &Path, name: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a folder is read").path();
        let name = format!("{name}/{}", path.file_name().expect("it has a name").to_string_lossy());
        if path.is_dir() {
            read(&path, &name, files);
        } else {
            files.insert(name, fs::read_to_string(&path).expect("a file is read"));
        }
    }
}

/// A project without output.
fn fresh() -> Project {
    let project = Project::parcel(Scale::Hundredth);
    fs::remove_dir_all(project.path("lookml_out")).ok();
    project
}

#[test]
fn a_build_writes_once_and_changes_nothing_afterwards() {
    let project = fresh();
    let out = project.run(["build"]).worked();
    assert!(out.contains("+ lookml_out/manifest.lkml"), "{out}");
    let first = output(&project);
    for file in ["schema/entente.graphql", "schema/metrics.schema.json", "schema/catalog.json", "lookml_out/report.md"]
    {
        assert!(first.contains_key(file), "there is no {file}");
    }
    assert_eq!(project.run(["build"]).worked(), "", "the second build has something to do");
    assert_eq!(output(&project), first);
    project.run(["build", "--check"]).worked();
    assert!(!project.path(".entente-build").exists(), "the stage is left behind");
}

#[test]
fn a_build_does_not_depend_on_the_order_of_files_or_on_the_folder() {
    let one = fresh();
    one.run(["build"]).worked();
    let two = fresh();
    for name in ["claims", "shipments", "finance"] {
        fs::rename(two.path(format!("metrics/{name}.yml")), two.path(format!("metrics/{name}.yaml"))).expect("renamed");
        fs::rename(two.path(format!("metrics/{name}.yaml")), two.path(format!("metrics/{name}.yml"))).expect("renamed");
    }
    two.run(["build"]).worked();
    assert_eq!(output(&one), output(&two));
}

#[test]
fn a_change_of_a_definition_is_noticed_by_the_check() {
    let project = fresh();
    project.run(["build"]).worked();
    let text = project.read("metrics/shipments.yml").replace("label: Parcels booked", "label: Parcels ordered");
    project.write("metrics/shipments.yml", text);
    let before = output(&project);
    let ran = project.run(["build", "--check"]);
    assert!(ran.out.contains("~ lookml_out/views/"), "{}", ran.out);
    ran.failed(1, &["out of date", "entente build"]);
    assert_eq!(output(&project), before, "a check writes nothing");
    project.run(["build"]).worked();
    project.run(["build", "--check"]).worked();
}

#[test]
fn what_people_wrote_is_kept_and_what_is_stale_goes() {
    let project = fresh();
    project.run(["build"]).worked();
    let refined = "include: \"/views/generated/shipments.view.lkml\"\nview: +shipments { label: \"Ours\" }\n";
    project.write("lookml_out/views/refined/shipments.view.lkml", refined);
    let orphan = "include: \"/views/generated/page_views.view.lkml\"\nview: +page_views { label: \"Ours\" }\n";
    project.write("lookml_out/views/refined/page_views.view.lkml", orphan);
    project.write("lookml_out/dashboards/ours.dashboard.lookml", "- dashboard: ours\n");
    let generated = project.path("lookml_out/views/generated/page_views.view.lkml");
    assert!(generated.exists());
    // Without the model, its view goes.
    let text = project.read("metrics/customers.yml");
    let (before, rest) = text.split_once("  - name: page_views").expect("the model is there");
    let (_, metrics) = rest.split_once("\nmetrics:").expect("metrics follow");
    let metrics: Vec<&str> =
        metrics.split("\n  - name: ").filter(|metric| !metric.contains("model: page_views")).collect();
    let tables = project.read("metrics/tables.yml").replace("      holds: { viewed_at: { to: 1 day } }\n", "");
    project.write("metrics/tables.yml", tables);
    project.write("metrics/customers.yml", format!("{before}\nmetrics:{}", metrics.join("\n  - name: ")));
    let built = project.run(["build"]);
    let told = "`lookml_out/views/refined/page_views.view.lkml` refines view `page_views`, which is gone";
    assert!(built.err.contains(told), "{}", built.err);
    built.worked();
    assert_eq!(project.read("lookml_out/views/refined/page_views.view.lkml"), orphan);
    assert!(!generated.exists(), "the view of a removed model is still there");
    assert_eq!(project.read("lookml_out/views/refined/shipments.view.lkml"), refined);
    assert!(project.path("lookml_out/dashboards/ours.dashboard.lookml").exists());
}

const ORDERS: &str = "\
models:
  - name: orders
    description: Orders.
    table: orders
    primary_key: id
metrics:
  - { name: placed, description: Orders that were placed., model: orders, agg: count }
";

#[test]
fn a_diff_tells_what_a_build_would_change_and_writes_nothing() {
    let project = Project::with(ORDERS);
    project.run(["build"]).worked();
    let before = output(&project);
    project.write("metrics/small.yml", ORDERS.replace("Orders that were placed.", "Placed orders."));
    let out = project.run(["build", "--diff"]).worked();
    assert!(out.contains("~ lookml_out/views/generated/orders.view.lkml (+2 -2)\n"), "{out}");
    assert!(out.contains("--- a/lookml_out/views/generated/orders.view.lkml\n+++ b/"), "{out}");
    assert!(
        out.contains("\n-    description: \"Orders that were placed.\"\n+    description: \"Placed orders.\"\n"),
        "{out}"
    );
    assert_eq!(output(&project), before, "a diff writes nothing");
    project.run(["build", "--diff", "--check"]).failed(1, &["out of date"]);
}

#[test]
fn ci_may_deny_what_lookml_cannot_say() {
    let project = Project::with(ORDERS);
    project.run(["build", "--deny", "approximated"]).worked();
    let before = output(&project);
    let more = "\
models:
  - name: visits
    description: Visits.
    table: visits
    primary_key: id
    time: visited_on
    dimensions:
      - { name: visited_on, type: time, description: The day. }
metrics:
  - { name: visits, description: Visits., model: visits, agg: count }
  - { name: lately, description: Visits of four weeks., metric: visits, window: 28 days, take: avg }
";
    project.write("metrics/more.yml", more);
    project.run(["build", "--deny", "left-out"]).failed(1, &["1 definition left out of LookML", "lately", "--deny"]);
    assert_eq!(output(&project), before, "what is denied is not written");
    let json = project.run(["build", "--check", "--format", "json"]).failed(1, &["out of date"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["metrics"]["left_out"], 1);
    assert!(json["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{json}");
    let report = project.run(["build", "--report"]).worked();
    assert!(report.contains("\nleft out\n  lately  "), "{report}");
}

#[test]
fn an_edited_generated_file_stops_the_build() {
    let project = fresh();
    project.run(["build"]).worked();
    let view = "lookml_out/views/generated/shipments.view.lkml";
    let edited = project.read(view).replacen("dimension", "dimension # edited\n", 1);
    project.write(view, &edited);
    project.run(["build"]).failed(1, &["edited by hand", view, "--force"]);
    assert_eq!(project.read(view), edited, "the edit is still there");
    project.run(["build", "--force"]).worked();
    assert!(!project.read(view).contains("# edited"));
}

#[test]
fn a_broken_project_leaves_the_output_alone() {
    let project = fresh();
    project.run(["build"]).worked();
    let before = output(&project);
    project.write("metrics/wrong.yml", "metrics: [ { name: wrong } ]\n");
    project.run(["build"]).failed(1, &["error["]);
    assert_eq!(output(&project), before);
}

#[test]
fn a_build_killed_at_any_moment_leaves_the_old_or_the_new_output() {
    let project = fresh();
    project.run(["build"]).worked();
    let old_text = project.read("metrics/shipments.yml");
    let new_text = old_text.replace("label: Parcels booked", "label: Parcels ordered");
    let old = output(&project);
    project.write("metrics/shipments.yml", &new_text);
    let begun = Instant::now();
    project.run(["build"]).worked();
    let whole = begun.elapsed();
    let new = output(&project);
    assert_ne!(old, new);

    let (mut olds, mut news, mut between) = (0, 0, 0);
    // Each kill is aimed at the moment of writing: later after an old output, earlier after a new one, so that the
    // moments crowd around it on a machine of any speed.
    let mut wait = whole;
    for step in 0..60_u32 {
        project.write("metrics/shipments.yml", &old_text);
        project.run(["build"]).worked();
        assert_eq!(output(&project), old, "a build after a kill is not whole");
        project.write("metrics/shipments.yml", &new_text);
        let mut child =
            project.command(["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        thread::sleep(wait + Duration::from_micros(u64::from(step) * 37));
        child.kill().ok();
        child.wait().expect("it ends");
        let found = output(&project);
        if found == old {
            olds += 1;
            wait += wait / 8;
        } else if found == new {
            news += 1;
            wait -= wait / 8;
        } else {
            // Two folders are two renames, microseconds apart (decision 9): each is whole, and the seal makes the next
            // build finish both.
            for folder in ["lookml_out/", "schema/"] {
                let of = |output: &BTreeMap<String, String>| -> BTreeMap<String, String> {
                    output.clone().into_iter().filter(|(path, _)| path.starts_with(folder)).collect()
                };
                assert!(of(&found) == of(&old) || of(&found) == of(&new), "{folder} is a mixture after {step} kills");
            }
            assert!(project.path(".entente-build/ready").exists(), "nothing finishes it after {step} kills");
            between += 1;
        }
    }
    assert!(between < 5, "{between} kills of 60 fell between the folders");
    assert!(olds > 0 && news > 0, "the kills were all too early or too late: {olds} old, {news} new");
    project.run(["build"]).worked();
    assert_eq!(output(&project), new);
    assert!(!project.path(".entente-build").exists(), "the stage is left behind");
}
