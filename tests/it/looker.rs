//! Looker projects, imported by the command: the files that are written, the report, and what is refused.
//!
//! `tests/looker/acme` is a shop as a team keeps it by hand; what it becomes lies in `tests/looker/imported`, and
//! `tests/cases/import` asks it for numbers. `UPDATE=1 cargo test` writes it anew.

use std::{collections::BTreeMap, fs, path::Path};

use entente::{engine::load_project, files::SourceMap, lookml::check::check};
use tempfile::TempDir;

use crate::command::{Ran, entente};

const GOLDEN: &str = "tests/looker/imported";

fn run(arguments: &[&str], folder: &Path) -> Ran {
    let mut command = entente();
    command.args(["import", "lookml"]).args(arguments).arg("--into").arg(folder);
    command.output().expect("the command runs").into()
}

/// Returns a folder with the project file and the catalog of a project.
fn prepared(project: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    for name in ["entente.yml", "schema/catalog.json"] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().expect("it has a folder")).expect("it is made");
        fs::copy(Path::new(project).join(name), to).expect("the project has it");
    }
    folder
}

/// Reads all text files below a folder, by path.
fn texts(root: &Path, folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(texts(root, &name));
        } else {
            found.insert(name, fs::read_to_string(entry.path()).expect("it is text"));
        }
    }
    found
}

fn is_lookml(path: &str) -> bool {
    path.rsplit('.').next() == Some("lkml")
}

fn written(root: &Path) -> BTreeMap<String, String> {
    texts(root, "metrics").into_iter().chain(texts(root, "lookml_out")).collect()
}

#[test]
fn a_shop_becomes_what_is_committed() {
    let folder = prepared(GOLDEN);
    let report = run(&["tests/looker/acme", "--format", "json"], folder.path()).worked();
    let mut files = written(folder.path());
    files.insert("report.json".to_owned(), report);
    let golden = Path::new(GOLDEN);
    if std::env::var_os("UPDATE").is_some() {
        for old in ["metrics", "lookml_out"] {
            let _ = fs::remove_dir_all(golden.join(old));
        }
        for (name, text) in &files {
            let path = golden.join(name);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("it is made");
            fs::write(path, text).expect("it is written");
        }
    }
    let mut committed = written(golden);
    committed
        .insert("report.json".to_owned(), fs::read_to_string(golden.join("report.json")).expect("it is committed"));
    assert_eq!(files, committed, "UPDATE=1 writes it anew");
}

#[test]
fn the_result_checks_and_its_lookml_is_whole() {
    let folder = prepared(GOLDEN);
    run(&["tests/looker/acme"], folder.path()).worked();
    let loaded = load_project(folder.path());
    let errors: Vec<String> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.code.severity() == entente::diagnostics::Severity::Error)
        .map(|found| format!("{}: {}", found.code.name(), found.message))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut build = entente();
    let built: Ran = build.arg("--project").arg(folder.path()).arg("build").output().expect("the command runs").into();
    built.worked();
    let mut files = SourceMap::new();
    for (path, text) in texts(folder.path(), "lookml_out").iter().filter(|(path, _)| is_lookml(path)) {
        files.add(path.trim_start_matches("lookml_out/"), &**text);
    }
    let found: Vec<String> = check(&files)
        .diagnostics
        .iter()
        .filter(|found| found.code.severity() == entente::diagnostics::Severity::Error)
        .map(|found| format!("{}: {}", found.code.name(), found.message))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}
