//! `entente lookml check`: its exit codes, formats and options.

use std::fs;

use tempfile::TempDir;

use super::clean::shop;
use crate::command::{Ran, entente};

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in shop() {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().expect("inside")).expect("the folder can be made");
        fs::write(place, text).expect("the file can be written");
    }
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Ran {
    let output = entente().args(["lookml", "check"]).arg(folder.path()).args(arguments).output().expect("it runs");
    Ran::from(output)
}

#[test]
fn a_clean_project_says_what_was_checked() {
    let ran = run(&folder(), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "10 files with 1 model, 6 views and 2 explores checked\n");
}

#[test]
fn errors_fail_and_warnings_fail_where_they_are_denied() {
    let folder = folder();
    let path = folder.path().join("views/orders.view.lkml");
    let text = fs::read_to_string(&path).expect("the view");
    fs::write(&path, text.replace("is_test: \"no\"", "is_test: \"never\"")).expect("it can be written");
    let ran = run(&folder, &["--format", "concise"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("warning[lookml-filter-value]"), "{}", ran.out);
    assert_eq!(run(&folder, &["--deny", "warning"]).code, 1);
    assert_eq!(run(&folder, &["--deny", "warning", "--allow", "lookml-filter-value"]).code, 0);
    fs::write(&path, text.replace("${price} ;;", "${prise} ;;")).expect("it can be written");
    let ran = run(&folder, &["--format", "github"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("::error file=views/orders.view.lkml,line="), "{}", ran.out);
    let found: serde_json::Value = serde_json::from_str(&run(&folder, &["--format", "json"]).out).expect("JSON");
    assert_eq!(found[0]["code"], "lookml-unknown-field");
}

#[test]
fn bad_arguments_are_met() {
    let folder = folder();
    run(&folder, &["--allow", "lookml-filter-valeu"])
        .failed(2, &["there is no code", "Did you mean `lookml-filter-value`?"]);
    let empty = tempfile::tempdir().expect("a folder");
    run(&empty, &[]).failed(2, &["there is no LookML in"]);
    let output = entente().args(["lookml", "check", "/nowhere/at/all"]).output().expect("it runs");
    Ran::from(output).failed(2, &["cannot be read", "there is no such file or folder"]);
}

#[test]
fn a_file_that_is_no_text_and_a_dashboard_are_told() {
    let folder = folder();
    fs::write(folder.path().join("views/odd.view.lkml"), b"view: odd { label: \"\xff\" }").expect("it can be written");
    fs::write(folder.path().join("sales.dashboard.lookml"), "- dashboard: sales\n").expect("it can be written");
    let ran = run(&folder, &["--format", "concise"]).failed(1, &["1 dashboard not read"]);
    assert!(ran.out.contains("views/odd.view.lkml:1:21: error[not-utf8]"), "{}", ran.out);
}
