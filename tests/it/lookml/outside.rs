//! Everything that is emitted is LookML to others as well: `.ci/lkml` reads it with the Python package lkml, `.ci/lookml`
//! assembles it with the npm package lookml-parser and looks at it by the rules of the linter LAMS.
//!
//! `.ci/test` fetches the packages; where one is not there, its test fails, unless `ENTENTE_WITHOUT_TOOLS` is `1`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use entente::sql::Dialect;

use super::worlds::{Dialects, emit, flights, governed, parcel, root, written};

#[test]
fn lookml_parser_assembles_every_emitted_project_and_the_rules_of_lams_hold() {
    if !is_fetched(".tools/lookml/installed-lock.json", ".ci/lookml") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let projects = write_all(folder.path());
    let output = Command::new(root().join(".ci/lookml")).args(projects).output().expect("the script runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn lkml_reads_every_emitted_file_and_writes_it_the_same() {
    if !is_fetched(".tools/lkml/version", ".ci/lkml") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_all(folder.path());
    let output = Command::new(root().join(".ci/lkml")).arg(folder.path()).output().expect("the script runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Whether a package is there, by a file of it; fails where it has to be.
pub(super) fn is_fetched(file: &str, script: &str) -> bool {
    let is_there = root().join(file).is_file();
    let may_lack = std::env::var_os("ENTENTE_WITHOUT_TOOLS").is_some_and(|value| value == "1");
    assert!(is_there || may_lack, "run {script} to fetch a package, or set ENTENTE_WITHOUT_TOOLS=1 to leave it out");
    is_there
}

/// Writes every golden project in every dialect, each into a folder of its own.
fn write_all(folder: &Path) -> Vec<PathBuf> {
    let (hostile, unsayable) = (written(include_str!("hostile.yml")), written(include_str!("unsayable.yml")));
    let worlds = [
        ("parcel", parcel()),
        ("flights", flights()),
        ("governed", governed()),
        ("hostile", hostile),
        ("unsayable", unsayable),
    ];
    let mut projects = Vec::new();
    for (name, world) in worlds {
        for dialect in Dialect::ALL {
            let project = folder.join(name).join(dialect.name());
            for (path, text) in emit(&world, Dialects::Only(dialect)).files {
                let place = project.join(path);
                fs::create_dir_all(place.parent().expect("a file has a folder")).expect("the folder can be made");
                fs::write(place, text).expect("the file can be written");
            }
            projects.push(project);
        }
    }
    projects
}
