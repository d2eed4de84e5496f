//! The README and the guide are true: their blocks are run and compared; `UPDATE=1 cargo test` writes the outputs anew.
//!
//! A `yaml metrics/x.yml` block is put into the page's project, a `console` block is run in it, and a `graphql` block is
//! sent to a server of it, whose answer is the `json` block that follows.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    command::{NOW, Project, Scale},
    served::Server,
};

#[test]
fn the_readme_is_true() {
    check("README.md");
}

#[test]
fn the_guide_is_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the guide is there")
        .map(|entry| entry.expect("the guide is read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        check(&format!("docs/guide/{name}"));
    }
}

/// Runs the blocks of a page, and compares the page with what they give.
fn check(page: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(&place).expect("the page is there");
    let project = Project::parcel(Scale::Whole);
    let mut server = None;
    let mut answer = None;
    let mut written = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(written, "{line}");
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let body = match info.split_once(' ') {
            Some(("yaml", path)) => {
                project.write(path, body.join("\n") + "\n");
                body.join("\n")
            }
            None if info == "console" => console(&project, &body),
            None if info == "graphql" => {
                let server = server.get_or_insert_with(|| Server::start(&project));
                answer = Some(pretty(&server.ask(&body.join("\n"))));
                body.join("\n")
            }
            None if info == "json" => answer.take().expect("a `json` block follows a `graphql` block"),
            _ => body.join("\n"),
        };
        let _ = writeln!(written, "{body}{}```", if body.is_empty() { "" } else { "\n" });
    }
    if text == written {
        return;
    }
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&place, written).expect("the page is written");
        return;
    }
    let differs = text.lines().zip(written.lines()).enumerate().find(|(_, (old, new))| old != new);
    panic!("{page} is not what its blocks give; run `UPDATE=1 cargo test` and read the diff. First: {differs:#?}");
}

/// Runs the commands of a block and returns the block with what they say.
fn console(project: &Project, body: &[&str]) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_entente"));
    let folder = binary.parent().expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut said = Vec::new();
    for line in body {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(project.path(""))
            .env("PATH", format!("{}:{path}", folder.display()))
            .env("ENTENTE_NOW", NOW)
            .env("NO_COLOR", "1")
            .env_remove("ENTENTE_PROJECT")
            .env_remove("ENTENTE_CONNECTION")
            .output()
            .expect("a shell runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("panicked"), "{command}\n{text}");
        said.push(format!("{line}\n{text}").trim_end().to_owned());
    }
    said.join("\n\n")
}

/// Writes JSON with what fits on a line on one line; the ids of requests are different each time and left out.
fn pretty(value: &Value) -> String {
    let mut value = value.clone();
    for error in value["errors"].as_array_mut().into_iter().flatten() {
        if let Some(extensions) = error["extensions"].as_object_mut() {
            extensions.remove("requestId");
        }
    }
    if value["errors"].is_null() {
        value.as_object_mut().expect("an answer is an object").remove("errors");
    }
    let mut text = String::new();
    print(&value, 0, &mut text);
    text
}

fn print(value: &Value, depth: usize, text: &mut String) {
    let line = one_line(value);
    if line.chars().count() + 2 * depth <= 110 {
        text.push_str(&line);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let (open, close, items): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| (String::new(), item)).collect()),
        Value::Object(items) => ('{', '}', items.iter().map(|(key, item)| (format!("\"{key}\": "), item)).collect()),
        scalar => return text.push_str(&scalar.to_string()),
    };
    text.push(open);
    for (index, (key, item)) in items.into_iter().enumerate() {
        let _ = write!(text, "{}\n{indent}{key}", if index == 0 { "" } else { "," });
        print(item, depth + 1, text);
    }
    let _ = write!(text, "\n{}{close}", "  ".repeat(depth));
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(items) => {
            let items: Vec<String> = items.iter().map(|(key, item)| format!("\"{key}\": {}", one_line(item))).collect();
            if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
        }
        scalar => scalar.to_string(),
    }
}
