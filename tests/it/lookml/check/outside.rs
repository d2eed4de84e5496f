//! Our parser and the Python package lkml agree on what is LookML, and on what it says.

use std::{collections::BTreeMap, fs, process::Command};

use serde_json::{Map, Value, json};

use super::{
    super::{
        outside::is_fetched,
        plain::{Item, Node, NodeValue, parse},
        worlds::root,
    },
    clean::shop,
    grown::{self, Dice},
};

/// How many texts are grown.
const GROWN: usize = 4_000;

/// Files on whose reading two parsers could differ.
const ODD: [&str; 12] = [
    "",
    "# only a comment",
    "view: a { dimension: b { sql: ${TABLE}.b;; hidden:yes } }",
    "view: a {\r\n  label: \"x\ny\"\r\n  # c }\r\n}\r\n",
    "explore: a { join: b { sql_on: ${a.x} = ${b.y} ;; fields: [b.x, -b.y, ALL_FIELDS*, b.s*,] } }",
    "view: +a { measure: b { filters: [a.x: \"1, 2\", y: \"-\\\"z\\\"\"] type: count } }",
    "view: a { derived_table: { explore_source: e { bind_filters: { from_field: a.x to_field: e.x } sorts: [x: desc] } } }",
    "view: a { dimension: b { html: <b style=\"color: red; x\">{{ value }}</b> ;; case: { when: { sql: 1=1 ;; label: \"#1\" } } } }",
    "test: t { assert: a { expression: ${x.y} = 1 ;; } }\ninclude: \"//p/*.view\"",
    "explore: a { always_filter: { filters: { field: x value: \"1\" } filters: { field: y value: \"\" } } }",
    "view: größe { label: \"Größe\" }",
    "view: a { sql_table_name: `p.d.t` ;; parameter: p { type: unquoted allowed_value: { value: \"a\" } } }",
];

/// The script that tells what lkml reads: one JSON value for each file.
const SCRIPT: &str = "
import json, sys, lkml
def plain(value, key=''):
    if isinstance(value, dict): return {k: plain(v, k) for k, v in value.items() if not k.startswith('_')}
    if isinstance(value, list): return [plain(v) for v in value]
    return value
for path in sys.argv[1:]:
    with open(path, encoding='utf-8') as file:
        print(json.dumps(sorted(leaves for leaves in walk(plain(lkml.load(file.read()))))))
";

/// Returns the leaves of our tree: the words, texts and blocks, in the order of their texts.
fn leaves(nodes: &[Node], found: &mut Vec<String>) {
    for node in nodes {
        match &node.value {
            NodeValue::Word(text) | NodeValue::Text(text) | NodeValue::Block(text) => found.push(squeezed(text)),
            NodeValue::List(items) => found.extend(items.iter().flat_map(|item| match item {
                Item::Word(text) | Item::Text(text) => vec![squeezed(text)],
                Item::Pair(key, value) => vec![squeezed(key), squeezed(value)],
            })),
            NodeValue::Nodes { name, nodes } => {
                found.extend(name.clone());
                leaves(nodes, found);
            }
        }
    }
}

/// Leaves out blanks and escapes, which the two keep differently.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}

#[test]
fn lkml_reads_the_same_words() {
    let python = root().join(".tools/lkml/bin/python");
    if !is_fetched(".tools/lkml/version", ".ci/lkml") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut texts: BTreeMap<String, String> =
        shop().into_iter().enumerate().map(|(n, (_, text))| (format!("shop_{n}.lkml"), text)).collect();
    texts.extend(ODD.iter().enumerate().map(|(n, text)| (format!("odd_{n:02}.lkml"), (*text).to_owned())));
    let mut dice = Dice::new(7);
    texts.extend((0..GROWN).map(|n| (format!("grown_{n:04}.lkml"), grown::file(&mut dice))));
    let mut paths = Vec::new();
    for (name, text) in &texts {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the file can be written");
        paths.push(path);
    }
    let walk = "
def walk(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == 'name': yield from walk(inner)
            elif key in ('filters__all',): yield from pairs(inner)
            else: yield from walk(inner)
    elif isinstance(value, list):
        for inner in value: yield from pairs(inner)
    else: yield ''.join(str(value).replace('\\\\', '').split())
def pairs(value):
    if isinstance(value, dict) and len(value) == 1 and not isinstance(next(iter(value.values())), (dict, list)):
        for key, inner in value.items():
            if key not in PARAMETERS: yield key
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value: yield from pairs(inner)
    else: yield from walk(value)
PARAMETERS = {'name', 'field', 'value', 'label', 'sql', 'url', 'expression', 'filters'}
";
    let script = format!("{walk}{SCRIPT}");
    let output = Command::new(python).arg("-c").arg(script).args(&paths).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let mut wrong = Map::new();
    for ((name, text), line) in texts.iter().zip(said.lines()) {
        let theirs: Vec<String> = serde_json::from_str(line).expect("JSON");
        let mut ours = Vec::new();
        leaves(&parse(text).unwrap_or_else(|error| panic!("{name}: {error}")), &mut ours);
        ours.sort();
        if ours != theirs {
            wrong.insert(name.clone(), json!({ "ours": ours, "theirs": theirs }));
        }
    }
    assert_eq!(said.lines().count(), texts.len());
    assert!(wrong.is_empty(), "{:#}", Value::Object(wrong));
}
