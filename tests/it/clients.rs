//! What graphql-codegen makes of the worked example's schema for an app, and that TypeScript takes it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::generated::check;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tools() -> PathBuf {
    let tools = root().join(".tools/clients/node_modules");
    assert!(tools.is_dir(), "graphql-codegen is not there; run .ci/codegen, or .ci/test for everything");
    tools
}

fn run(folder: &Path, tool: &str, arguments: &[&str]) {
    let output = Command::new(tools().join(".bin").join(tool)).args(arguments).current_dir(folder).output();
    let output = output.expect("Node is there");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{tool}: {text}");
}

#[test]
fn an_app_gets_the_types_that_it_expects() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("tests/clients")).expect("a folder");
    fs::create_dir(folder.path().join("schema")).expect("a folder");
    let files = ["schema/entente.graphql", "operations.graphql", "codegen.json", "tsconfig.json", "app.ts"];
    for file in files {
        let path = if file.contains('/') { file.to_owned() } else { format!("tests/clients/{file}") };
        fs::copy(root().join(&path), folder.path().join(&path)).expect("a copy");
    }
    std::os::unix::fs::symlink(tools(), folder.path().join("node_modules")).expect("a link");
    run(folder.path(), "graphql-codegen", &["--config", "tests/clients/codegen.json"]);
    let types = fs::read_to_string(folder.path().join("tests/clients/operations.ts")).expect("it was generated");
    check("tests/clients/operations.ts", &types);
    run(folder.path(), "tsc", &["--project", "tests/clients"]);
}
