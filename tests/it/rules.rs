//! Every rule of `docs/semantics.md` is shown in figures, and linked to a case with an answer.

use std::{fs, path::Path};

/// The columns of a table of rules: question, rule, example, case.
const COLUMNS: usize = 4;

#[test]
fn every_rule_has_figures_and_a_case() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let text = fs::read_to_string(docs.join("semantics.md")).expect("the rules are there");
    let mut n_rules = 0;
    for line in text.lines().filter(|line| line.starts_with("| ") && line.contains("](../tests/cases/")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), COLUMNS, "{line}");
        n_rules += 1;
        assert!(shows_figures(cells[2]), "there is no figure in `{}`: {}", cells[2], cells[0]);
        for case in cells[3].split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(case, _)| case) {
            let case = fs::read_to_string(docs.join(case)).unwrap_or_else(|error| panic!("{case}: {error}"));
            let proves = ["```text answer", "```text error", "```json response", "```diagnostics"];
            assert!(proves.iter().any(|block| case.contains(block)), "a case without an answer: {}", cells[3]);
        }
    }
    assert!(n_rules > 100, "only {n_rules} rules were found");
}

/// Returns whether an example shows a number, null, or the code of a refusal.
fn shows_figures(example: &str) -> bool {
    let is_code = |word: &str| word.len() > 5 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    example.contains(|char: char| char.is_ascii_digit()) || example.contains("null") || example.split('`').any(is_code)
}
