//! Files that are generated are as the code makes them; `UPDATE=1 cargo test` writes them anew.

use std::{fs, path::Path};

use entente::syntax;

#[test]
fn the_schema_of_definitions_is_as_generated() {
    check("schema/metrics.schema.json", &syntax::json_schema());
}

#[test]
fn the_schema_of_the_project_file_is_as_generated() {
    check("schema/entente.schema.json", &syntax::config_json_schema());
}

#[test]
fn the_reference_of_keys_is_as_generated() {
    check("docs/reference/yaml.md", &syntax::reference());
}

#[test]
fn the_reference_of_expressions_is_as_generated() {
    check("docs/reference/expressions.md", &entente::sql::expression_reference());
}

#[cfg(feature = "server")]
#[test]
fn the_graphql_schema_of_the_worked_example_is_as_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = entente::engine::load_project(root).project.expect("the worked example has no error");
    check("schema/entente.graphql", &entente::graphql::sdl(&project));
}

/// Compares a file of the repository with its generated text, or writes it under `UPDATE=1`.
pub(crate) fn check(path: &str, generated: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(place.parent().expect("the path has a folder")).expect("the folder can be made");
        fs::write(&place, generated).expect("the file can be written");
    }
    let committed = fs::read_to_string(&place).unwrap_or_default();
    assert!(committed == generated, "{path} is not as generated; run `UPDATE=1 cargo test` and read the diff");
}
