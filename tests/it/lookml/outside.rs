//! Everything that is emitted is LookML to others as well: `.ci/lkml` reads it with the Python package lkml.
//!
//! `.ci/test` fetches the package; where it is not there, the test says so and passes.

use std::{fs, process::Command};

use entente::sql::Dialect;

use super::worlds::{Dialects, emit, flights, governed, parcel, root, written};

#[test]
fn lkml_reads_every_emitted_file_and_writes_it_the_same() {
    if !root().join(".tools/lkml/version").is_file() {
        eprintln!("run .ci/lkml to fetch the package lkml; nothing is checked without it");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = written(include_str!("hostile.yml"));
    let unsayable = written(include_str!("unsayable.yml"));
    let governed = ("governed", governed());
    let own = [("parcel", parcel()), ("flights", flights()), governed];
    for (name, world) in own.into_iter().chain([("hostile", hostile), ("unsayable", unsayable)]) {
        for dialect in Dialect::ALL {
            for (path, text) in emit(&world, Dialects::Only(dialect)).files {
                let place = folder.path().join(name).join(dialect.name()).join(path);
                fs::create_dir_all(place.parent().expect("a file has a folder")).expect("the folder can be made");
                fs::write(place, text).expect("the file can be written");
            }
        }
    }
    let output = Command::new(root().join(".ci/lkml")).arg(folder.path()).output().expect("the script runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
