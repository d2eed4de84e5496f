//! A module imports only from lower layers; modules of one layer do not import one another.
//!
//! The layers are those of the doc comment in `src/lib.rs`.

use std::{collections::BTreeMap, fs};

use super::tidy::{is_test_file, product_lines, rust_files};

/// Reads lines such as "0 `ids files time` · 1 `diagnostics catalog`".
fn layers() -> BTreeMap<String, usize> {
    let text = fs::read_to_string("src/lib.rs").expect("the library has a root");
    let doc: String = text.lines().filter_map(|line| line.strip_prefix("//!")).collect::<Vec<_>>().join(" ");
    let (_, list) = doc.split_once("Layers, lowest first").expect("src/lib.rs lists the layers");
    let mut layers = BTreeMap::new();
    let words: Vec<&str> = list.split('`').collect();
    for pair in words.windows(2) {
        let number = pair[0].trim().trim_start_matches(['·', ':']).split_whitespace().last();
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            layers.extend(pair[1].split_whitespace().map(|module| (module.to_owned(), number)));
        }
    }
    layers
}

/// Returns the modules that a text names behind `crate::`, also those in braces.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        // `$crate::` is a macro's; comments and doc links may speak of anything.
        if text[line_start..].trim_start().starts_with("//") || text[..at].ends_with('$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.push(first_word(rest)),
            Some(list) => {
                let (mut depth, mut begin) = (0, 0);
                for (position, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            found.push(first_word(&list[begin..]));
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.push(first_word(&list[begin..]));
                            begin = position + 1;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found.retain(|module| !module.is_empty());
    found
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}

#[test]
fn modules_import_only_from_lower_layers() {
    let layers = layers();
    assert!(layers.len() > 15, "src/lib.rs lists the layers: {layers:?}");
    let mut wrong = Vec::new();
    for path in rust_files("src") {
        let Some(module) = path.strip_prefix("src/").and_then(|path| path.split_once('/')).map(|(module, _)| module)
        else {
            continue;
        };
        let Some(layer) = layers.get(module) else {
            wrong.push(format!("src/lib.rs gives module `{module}` no layer"));
            continue;
        };
        for import in imports(&fs::read_to_string(&path).expect("the file was listed")) {
            if import != module && layers.get(&import).is_some_and(|other| other >= layer) {
                wrong.push(format!("{path} (layer {layer}) imports `{import}` (layer {})", layers[&import]));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_in_paths_and_in_braces() {
    let text = "use crate::{plan::{self, Plan}, sql};\nlet x = crate::time::now();\n// crate::lookml\n";
    assert_eq!(imports(text), ["plan", "sql", "time"]);
}

/// What reaches out of the process: files, the environment, the network, clocks and chance.
const EFFECTS: [&str; 11] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "tokio::",
    "reqwest",
    "getrandom",
    "SystemTime",
    "Utc::now(",
    "Local::now(",
    "Instant::now(",
];

/// Modules below the engine that may: drivers, and the answers that are waited for.
const EDGES: [&str; 2] = ["cache", "warehouse"];

#[test]
fn the_core_reaches_out_for_nothing() {
    let layers = layers();
    let mut wrong = Vec::new();
    let mut read = 0;
    for path in rust_files("src").into_iter().filter(|path| !is_test_file(path)) {
        let Some((module, _)) = path.strip_prefix("src/").and_then(|path| path.split_once('/')) else { continue };
        if layers.get(module).is_none_or(|layer| *layer >= layers["engine"]) || EDGES.contains(&module) {
            continue;
        }
        read += 1;
        let text = fs::read_to_string(&path).expect("the file was listed");
        for (number, line) in product_lines(&text) {
            wrong.extend(
                EFFECTS
                    .iter()
                    .filter(|effect| line.contains(**effect))
                    .map(|effect| format!("{path}:{number}: `{effect}`")),
            );
        }
    }
    assert!(read > 300, "{read} files of the core were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
