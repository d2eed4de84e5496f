//! Formatting keeps comments, order and meaning.

use super::load_text;
use crate::{files::SourceMap, syntax};

fn format(path: &str, text: &str) -> Result<String, Vec<String>> {
    let mut files = SourceMap::new();
    let file = files.add(path, text);
    syntax::format(&files, file)
        .map_err(|told| told.into_iter().map(|told| format!("{} {}", told.code.name(), told.message)).collect())
}

/// Formats a file in `metrics/` twice and leaves the first line out.
fn body(text: &str) -> String {
    let once = format("metrics/x.yml", text).expect("it is YAML");
    assert_eq!(format("metrics/x.yml", &once).expect("it is YAML"), once, "formatting again changes something");
    once.strip_prefix("# yaml-language-server: $schema=../schema/metrics.schema.json\n")
        .expect("the first line")
        .to_owned()
}

#[test]
fn the_schema_is_named_at_the_head_by_depth() {
    let first = |path: &str| format(path, "meta: 1\n").expect("it is YAML").lines().next().map(str::to_owned);
    let line = |rest: &str| Some(format!("# yaml-language-server: $schema={rest}"));
    assert_eq!(first("metrics/x.yml"), line("../schema/metrics.schema.json"));
    assert_eq!(first("metrics/a/b/x.yml"), line("../../../schema/metrics.schema.json"));
    assert_eq!(first("entente.yml"), line("schema/entente.schema.json"));
    let own = "# A comment.\n# yaml-language-server: $schema=https://example.com/s.json\nmeta: 1\n";
    assert_eq!(format("metrics/x.yml", own).expect("it is YAML"), own);
}

#[test]
fn cut_expressions_are_quoted() {
    assert_eq!(
        body("metrics:\n  - { name: x, model: m, agg: sum, expr: coalesce(a, b), where: s in ('a', 'b') } # why\n"),
        "metrics:\n  - { name: x, model: m, agg: sum, expr: \"coalesce(a, b)\", where: \"s in ('a', 'b')\" } # why\n"
    );
    assert_eq!(
        body("metrics:\n  - name: x\n    where: k = 'a: b' and j = 'c #1'\n  - name: y\n    where: k = 'd: e'\n"),
        "metrics:\n  - name: x\n    where: \"k = 'a: b' and j = 'c #1'\"\n  - name: y\n    where: \"k = 'd: e'\"\n"
    );
}

#[test]
fn lists_and_mappings_are_indented_by_two_spaces() {
    let text = "# head
metrics:
# about x
-   name: x   
    # its label
    label: >-
        two
        words
    meta:
          a:
          - 1
          -   - 2
              - 3
          b: [1,
            2]
    # after b
# about y
-
    name: y
    label:
        long plain
        text

models: []


";
    let expected = "# head
metrics:
  # about x
  - name: x
    # its label
    label: >-
        two
        words
    meta:
      a:
        - 1
        - - 2
          - 3
      b: [1,
        2]
    # after b
  # about y
  -
    name: y
    label:
        long plain
        text

models: []
";
    assert_eq!(body(text), expected);
}

#[test]
fn text_in_blocks_is_not_touched() {
    let text = "models:\n- name: x\n  sql: |\n    select 1  \n      as a\n\n\n  label: \"a  \n    b\"\n";
    let expected =
        "models:\n  - name: x\n    sql: |\n      select 1  \n        as a\n\n\n    label: \"a  \n      b\"\n";
    assert_eq!(body(text), expected);
    let kept = "models:\n  - name: x\n    sql: |+\n      select 1\n\n\n";
    assert_eq!(body(kept), kept);
}

#[test]
fn windows_line_ends_become_plain_ones() {
    assert_eq!(
        body("\u{feff}metrics:\r\n  - name: x\r\n    label: |\r\n      a\r\n"),
        "metrics:\n  - name: x\n    label: |\n      a\n"
    );
}

#[test]
fn what_is_not_yaml_is_told_and_left_alone() {
    assert_eq!(format("metrics/x.yml", "metrics: [\n"), Err(vec!["invalid-yaml brackets are not closed".to_owned()]));
    assert_eq!(
        format("metrics/x.yml", "metrics: *a\n"),
        Err(vec!["yaml-feature a YAML alias is not part of the definitions language".to_owned()])
    );
}

#[test]
fn formatting_changes_no_definition() {
    let original = include_str!("language.yml");
    let (_, before, _) = load_text(original);
    let formatted = body(original);
    let (_, after, told) = load_text(&formatted);
    assert_eq!(told, []);
    let names = |definitions: &syntax::Definitions| {
        definitions
            .metrics
            .iter()
            .map(|metric| (metric.name.value.clone(), format!("{:?}", metric.agg.as_deref())))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&after));
    assert_eq!(original.matches('#').count() + 1, formatted.matches('#').count() + 1, "a comment is lost");
}
