//! Looker projects, imported by the command: the files that are written, the report, and what is refused.
//!
//! `tests/looker/acme` is a shop as a team keeps it by hand; what it becomes lies in `tests/looker/imported`, and
//! `tests/cases/import` asks it for numbers. `UPDATE=1 cargo test` writes it anew.

mod exact;
mod guards;
mod own;
mod small;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use entente::{
    engine::load_project,
    files::SourceMap,
    import::lookml::{Imported, Options, import},
    lookml::{self, check::check},
};
use tempfile::TempDir;

use crate::command::{Ran, entente};

const GOLDEN: &str = "tests/looker/imported";

fn run(arguments: &[&str], folder: &Path) -> Ran {
    let mut command = entente();
    command.args(["import", "lookml"]).args(arguments).arg("--into").arg(folder);
    command.output().expect("the command runs").into()
}

/// Returns a folder with the project file of a project, and with its catalog if it has one.
fn prepared(project: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    for name in ["entente.yml", "schema/catalog.json"].into_iter().filter(|name| Path::new(project).join(name).exists())
    {
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

/// Imports the LookML of some files, by path.
fn imported(texts: &BTreeMap<String, String>, project: &Path) -> Imported {
    let mut files = SourceMap::new();
    for (path, text) in texts.iter().filter(|(path, _)| is_lookml(path)) {
        files.add(path.trim_start_matches("lookml_out/"), &**text);
    }
    let loaded = load_project(project);
    let options = Options {
        config: loaded.config.clone(),
        catalog: loaded.catalog.clone().unwrap_or_default(),
        dialect: None,
        name: "again".to_owned(),
        model: None,
    };
    import(&files, &options).unwrap_or_else(|found| panic!("{}: {found:?}", project.display()))
}

/// Imports LookML into a folder of its own, builds there and returns all files.
fn built_from(texts_before: &BTreeMap<String, String>, project: &Path) -> (TempDir, Imported) {
    let imported = imported(texts_before, project);
    let folder = prepared(&project.to_string_lossy());
    for file in &imported.files {
        let path = folder.path().join(&file.path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it is made");
        fs::write(path, &file.text).expect("it is written");
    }
    let mut build = entente();
    let built: Ran = build.arg("--project").arg(folder.path()).arg("build").output().expect("the command runs").into();
    built.worked();
    (folder, imported)
}

/// Returns the definitions of an import as sorted lines, without the words that a report of LookML names.
fn definitions(imported: &Imported) -> BTreeMap<String, Vec<String>> {
    let files = imported.files.iter().filter(|file| file.path.starts_with("metrics/"));
    files
        .map(|file| {
            let mut lines: Vec<String> = file.text.lines().map(|line| line.trim().to_owned()).collect();
            // LookML has no word for it; the report of the build says so of each metric.
            lines.retain(|line| line != "when_empty: null" && !line.is_empty());
            lines.sort();
            (file.path.clone(), lines)
        })
        .collect()
}

#[test]
fn importing_what_was_emitted_gives_what_was_imported() {
    let project = Path::new(GOLDEN);
    let source = texts(Path::new("tests/looker"), "acme");
    let (first, one) = built_from(&source, project);
    let (second, two) = built_from(&texts(first.path(), "lookml_out"), project);
    let (before, after) = (definitions(&one), definitions(&two));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let other: Vec<String> = before
        .iter()
        .flat_map(|(path, lines)| {
            let gone =
                lines.iter().filter(|line| !after[path].contains(line)).map(move |line| format!("- {path}: {line}"));
            let new =
                after[path].iter().filter(|line| !lines.contains(line)).map(move |line| format!("+ {path}: {line}"));
            gone.chain(new)
        })
        .collect();
    assert!(other.is_empty(), "{}", other.join("\n"));
    let (_, three) = built_from(&texts(second.path(), "lookml_out"), project);
    let by_path = |imported: &Imported| -> BTreeMap<String, String> {
        imported.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
    };
    let (before, after) = (by_path(&two), by_path(&three));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, text) in before {
        assert_eq!(text, after[&path], "{path}");
    }
}

/// A small generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % bound.max(1)
    }
}

/// Damages a text: cuts it, moves lines, exchanges words or puts anything anywhere.
fn damaged(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let boundary = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match numbers.below(5) {
        0 => text[..boundary(numbers.below(text.len()))].to_owned(),
        1 => {
            for _ in 0..3 {
                let (a, b) = (numbers.below(lines.len()), numbers.below(lines.len()));
                lines.swap(a, b);
            }
            lines.join("\n")
        }
        2 => {
            let words = [
                "${",
                "}",
                ";;",
                "{",
                "\"",
                "${orders.count}",
                "NOT ${is_first}",
                "{% if %}",
                "größe",
                "::",
                "@{x}",
                "[",
                "- 1",
            ];
            let at = boundary(numbers.below(text.len()));
            format!("{}{}{}", &text[..at], words[numbers.below(words.len())], &text[at..])
        }
        3 => {
            let at = numbers.below(lines.len());
            let again = lines[at];
            lines.insert(numbers.below(lines.len()), again);
            lines.remove(numbers.below(lines.len()));
            lines.join("\n")
        }
        _ => {
            let names = [
                "id",
                "count",
                "status",
                "orders",
                "users",
                "created",
                "sum",
                "number",
                "yesno",
                "one_to_many",
                "sale_price",
            ];
            let (from, to) = (names[numbers.below(names.len())], names[numbers.below(names.len())]);
            text.replacen(from, to, 1 + numbers.below(4))
        }
    }
}

#[test]
fn damaged_lookml_is_imported_or_refused_but_never_a_panic() {
    let source = texts(Path::new("tests/looker"), "acme");
    let mut numbers = Numbers(0x5eed_1234_abcd_0001);
    let (mut done, mut refused) = (0, 0);
    for _ in 0..150 {
        let mut files = SourceMap::new();
        let hurt = numbers.below(source.len());
        for (at, (path, text)) in source.iter().enumerate().filter(|(_, (path, _))| is_lookml(path)) {
            let text = if at == hurt { damaged(text, &mut numbers) } else { text.clone() };
            files.add(path.trim_start_matches("acme/"), text);
        }
        match import(&files, &Options::default()) {
            Ok(imported) => {
                done += 1;
                assert!(imported.report.constructs.iter().all(|entry| entry.place.line > 0 && !entry.kind.is_empty()));
            }
            Err(found) => {
                refused += 1;
                assert!(found.iter().all(|found| found.code.name().starts_with("lookml-")));
            }
        }
    }
    assert!(done > 20 && refused > 20, "{done} imported, {refused} refused");
}

#[test]
fn long_chains_of_fields_end() {
    let mut view = String::from(
        "view: a {\n  dimension: d0 { type: yesno sql: ${TABLE}.x IS NULL ;; }\n  measure: m0 { type: count }\n",
    );
    for at in 1..3_000 {
        let before = at - 1;
        view += &format!("  dimension: d{at} {{ type: yesno sql: NOT ${{d{before}}} AND NOT ${{d{before}}} ;; }}\n");
        view += &format!("  measure: m{at} {{ type: number sql: ${{m{before}}} + ${{m{before}}} ;; }}\n");
    }
    let mut files = SourceMap::new();
    files.add("a.view.lkml", view + "}\n");
    let imported = import(&files, &Options::default()).expect("it can be read");
    assert_eq!(imported.report.counts().iter().sum::<usize>(), imported.report.constructs.len());
}

#[test]
fn every_declaration_is_in_the_report() {
    let source = texts(Path::new("tests/looker"), "acme");
    let report = imported_report(&source);
    let declared = source.iter().filter(|(path, _)| is_lookml(path)).flat_map(|(path, text)| {
        let file = lookml::syntax::parse(text);
        let mut found = Vec::new();
        for node in &file.nodes {
            found.push((path.trim_start_matches("acme/").to_owned(), lookml::syntax::line_of(text, node.key.start)));
            for inner in node.nodes().iter().filter(|inner| inner.name().is_some()) {
                found.push((
                    path.trim_start_matches("acme/").to_owned(),
                    lookml::syntax::line_of(text, inner.key.start),
                ));
            }
        }
        found
    });
    let told: BTreeSet<(String, usize)> =
        report.constructs.iter().map(|entry| (entry.place.path.clone(), entry.place.line)).collect();
    let missing: Vec<(String, usize)> = declared.filter(|place| !told.contains(place)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn imported_report(source: &BTreeMap<String, String>) -> entente::import::lookml::Report {
    let mut files = SourceMap::new();
    for (path, text) in source.iter().filter(|(path, _)| is_lookml(path)) {
        files.add(path.trim_start_matches("acme/"), &**text);
    }
    import(&files, &Options::default()).expect("it can be read").report
}

#[test]
fn broken_lookml_is_refused_with_its_places() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let broken = folder.path().join("looker");
    fs::create_dir_all(&broken).expect("it is made");
    fs::write(broken.join("a.view.lkml"), "view: a {\n  dimension: x { sql: ${TABLE}.x\n").expect("it is written");
    let into = folder.path().join("into");
    run(&[&broken.to_string_lossy()], &into).failed(1, &["lookml-", "a.view.lkml:", "is not imported"]);
    assert!(!into.join("metrics").exists());
    run(&["tests/none"], &into).failed(2, &["is not a folder"]);
    run(&["tests/looker/acme", "--dialect", "oracle"], &into).failed(2, &["there is no dialect `oracle`", "snowflake"]);
}

#[test]
fn what_is_there_is_replaced_only_by_force() {
    let folder = prepared(GOLDEN);
    run(&["tests/looker/acme"], folder.path()).worked();
    run(&["tests/looker/acme"], folder.path()).worked();
    let path = folder.path().join("metrics/users.yml");
    fs::write(&path, "metrics: []\n").expect("it is written");
    run(&["tests/looker/acme"], folder.path()).failed(1, &["users.yml` is there already", "--force"]);
    run(&["tests/looker/acme", "--dry-run", "--format", "markdown"], folder.path()).worked();
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "metrics: []\n");
    run(&["tests/looker/acme", "--force"], folder.path()).worked();
}
