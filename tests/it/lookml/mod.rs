//! The LookML of whole projects: as committed, stable, and sound.

mod check;
mod dialects;
mod governed;
mod names;
mod outside;
mod plain;
mod sound;
mod stable;
#[cfg(all(feature = "duckdb", feature = "server"))]
mod twin;
mod worlds;

use std::{collections::BTreeMap, fs, path::Path};

use entente::lookml::{Changes, Overwrite, reconcile};
use worlds::{Dialects, emit, parcel, root};

#[test]
fn lookml_out_is_as_generated() {
    let emitted = emit(&parcel(), Dialects::Configured);
    let folder = root().join("lookml_out");
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        let old = read_folder(&folder);
        let changes = reconcile(&old, &emitted, Overwrite::Force).expect("force takes everything");
        apply(&folder, &changes);
        fs::write(folder.join("report.md"), emitted.report.to_markdown()).expect("the report can be written");
    }
    let changes =
        reconcile(&read_folder(&folder), &emitted, Overwrite::Refuse).expect("nobody edited a generated file");
    assert!(
        changes.is_empty(),
        "lookml_out is not as generated; run `UPDATE=1 cargo test`. To write: {:?}, to remove: {:?}",
        changes.write.keys(),
        changes.remove
    );
    let report = fs::read_to_string(folder.join("report.md")).unwrap_or_default();
    assert!(report == emitted.report.to_markdown(), "lookml_out/report.md is not as generated");
}

fn apply(folder: &Path, changes: &Changes) {
    for (path, text) in &changes.write {
        let place = folder.join(path);
        fs::create_dir_all(place.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(place, text).expect("the file can be written");
    }
    for path in &changes.remove {
        fs::remove_file(folder.join(path)).expect("the file can be removed");
    }
}

fn read_folder(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "lkml") {
                let name = path.strip_prefix(folder).expect("inside").to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    files
}
