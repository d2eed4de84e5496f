//! Habits of the house that no compiler keeps: lengths, heads, forbidden words, pages and cases for every code.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use entente::diagnostics::Code;

/// The longest a file may be.
const MAX_LINES: usize = 1_000;

/// Words with a better one in docs/glossary.md, as they would stand in prose or in a name.
const FORBIDDEN_WORDS: [(&str, &str); 9] = [
    ("kpi", "metric"),
    ("viewer", "principal"),
    ("user context", "principal"),
    ("pre-agg", "rollup"),
    ("preagg", "rollup"),
    ("rollup-able", "additive"),
    ("workspace", "project"),
    ("materialization", "rollup"),
    ("row explosion", "fan-out"),
];

/// Modules that would say nothing.
const FORBIDDEN_MODULES: [&str; 4] = ["utils", "helpers", "common", "manager"];

/// Keywords of SQL that are not words of English in capitals.
const SQL_KEYWORDS: [&str; 6] = ["SELECT ", "GROUP BY", "ORDER BY", "LEFT JOIN", " FROM ", "WHERE "];

/// Returns the paths of all Rust files below a folder, with `/` between folders.
pub(crate) fn rust_files(folder: &str) -> Vec<String> {
    files(folder, "rs")
}

fn files(folder: &str, extension: &str) -> Vec<String> {
    let mut open = vec![PathBuf::from(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry of a folder").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the lines of product code with their numbers: without tests at the end of a file, without comments.
pub(crate) fn product_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let next = text.lines().skip(1).chain([""]);
    text.lines()
        .zip(next)
        .enumerate()
        .map(|(number, (line, next))| (number + 1, line, next))
        .take_while(|(_, line, next)| *line != "#[cfg(test)]" || !next.starts_with("mod tests"))
        .map(|(number, line, _)| (number, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

pub(crate) fn is_test_file(path: &str) -> bool {
    path.starts_with("src/") && (path.ends_with("/tests.rs") || path.contains("/tests/"))
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rust_file_has_a_head_and_a_bearable_length() {
    let mut wrong = Vec::new();
    for path in rust_files("src").into_iter().chain(rust_files("tests")) {
        let text = read(&path);
        let length = text.lines().count();
        if length > MAX_LINES {
            wrong.push(format!("{path} has {length} lines, more than {MAX_LINES}"));
        }
        if !text.starts_with("//!") && !is_test_file(&path) {
            wrong.push(format!("{path} does not begin with `//!`: what it turns into what"));
        }
        let name = Path::new(&path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if FORBIDDEN_MODULES.contains(&name.as_str()) {
            wrong.push(format!("{path} has a name that says nothing"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn product_code_neither_unwraps_nor_leaves_things_to_do() {
    let mut wrong = Vec::new();
    for path in rust_files("src").into_iter().filter(|path| !is_test_file(path)) {
        for (number, line) in product_lines(&read(&path)) {
            for forbidden in [".unwrap()", "todo!(", "unimplemented!(", "dbg!("] {
                if line.contains(forbidden) {
                    wrong.push(format!("{path}:{number}: `{forbidden}`"));
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn texts_have_no_trailing_space_and_end_with_a_newline() {
    let mut wrong = Vec::new();
    let folders = [("src", "rs"), ("tests", "rs"), ("docs", "md"), ("tests/cases", "md"), ("metrics", "yml")];
    let paths = folders.iter().flat_map(|(folder, extension)| files(folder, extension));
    for path in paths.filter(|path| !is_test_file(path)) {
        let text = read(&path);
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t'])) {
            wrong.push(format!("{path}:{}: trailing space after `{}`", number + 1, line.trim()));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            wrong.push(format!("{path} does not end with a newline"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn forbidden_words_are_not_used() {
    let mut wrong = Vec::new();
    let paths = rust_files("src").into_iter().chain(files("docs", "md"));
    for path in paths.filter(|path| !path.ends_with("glossary.md") && !path.contains("/decisions/")) {
        let text = read(&path).to_lowercase();
        for (number, line) in text.lines().enumerate() {
            // The keys of LookML and the variables of GitHub are what they are.
            let is_key = |word: &str| {
                path.contains("lookml") && word == "materialization"
                    || line.contains("github_workspace") && word == "workspace"
            };
            let found = FORBIDDEN_WORDS.iter().filter(|(word, _)| has_word(line, word) && !is_key(word));
            for (word, better) in found {
                wrong.push(format!("{path}:{}: say `{better}`, not `{word}`", number + 1));
            }
        }
    }
    assert_none(&wrong);
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !letter(line[..at].chars().next_back()) && !letter(line[at + word.len()..].chars().next())
    })
}

#[test]
fn no_sql_is_pasted_outside_of_the_sql_module() {
    let mut wrong = Vec::new();
    let apart = |path: &String| {
        !["src/sql/", "src/sample/", "src/warehouse/", "src/lookml/"].iter().any(|folder| path.starts_with(folder))
            && !is_test_file(path)
    };
    for path in rust_files("src").into_iter().filter(apart) {
        for (number, line) in product_lines(&read(&path)) {
            let formats = ["format!(", "write!(", "push_str("].iter().any(|call| line.contains(call));
            // One keyword may stand in a sentence, two make a statement.
            if formats && SQL_KEYWORDS.iter().filter(|keyword| line.contains(**keyword)).count() > 1 {
                wrong.push(format!("{path}:{number}: SQL is built as a tree, not pasted"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn sqlparser_is_named_in_the_sql_module_only() {
    let others = rust_files("src").into_iter().filter(|path| !path.starts_with("src/sql/"));
    let wrong: Vec<String> = others
        .filter(|path| product_lines(&read(path)).any(|(_, line)| line.contains("sqlparser::")))
        .map(|path| format!("{path} names sqlparser"))
        .collect();
    assert_none(&wrong);
}

/// The page of a code raises it (`tests/runner/page.rs`), so a page is a case as well.
#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.name().to_owned()).collect();
    let pages: BTreeSet<String> = files("docs/diagnostics", "md")
        .iter()
        .filter_map(|path| Some(Path::new(path).file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| name != "README")
        .collect();
    let missing = codes.difference(&pages).map(|code| format!("docs/diagnostics/{code}.md is missing"));
    let useless = pages.difference(&codes).map(|page| format!("docs/diagnostics/{page}.md belongs to no code"));
    assert_none(&missing.chain(useless).collect::<Vec<_>>());
}

#[test]
fn every_code_is_used_by_the_product() {
    let product: String =
        rust_files("src").iter().filter(|path| !path.ends_with("diagnostics/code.rs")).map(|path| read(path)).collect();
    let unused: Vec<String> = Code::ALL
        .iter()
        .filter(|code| !product.contains(&format!("Code::{code:?}")))
        .map(|code| format!("nothing raises `{}`", code.name()))
        .collect();
    assert_none(&unused);
}

#[test]
fn every_file_of_the_cases_is_a_case() {
    let strays: Vec<String> = ["md", "yml", "yaml", "sql", "txt"]
        .iter()
        .flat_map(|extension| files("tests/cases", extension))
        .filter(|path| {
            Path::new(path).extension().is_none_or(|extension| extension != "md") || !read(path).starts_with("# ")
        })
        .map(|path| format!("{path} is no case: a case is a Markdown file that begins with a title"))
        .collect();
    assert_none(&strays);
}

#[test]
fn every_decision_has_a_number_of_its_own() {
    let mut wrong = Vec::new();
    for (index, path) in files("docs/decisions", "md").into_iter().enumerate() {
        let number = index + 1;
        let named = path.starts_with(&format!("docs/decisions/{number:04}-"));
        if !named || !read(&path).starts_with(&format!("# {number}. ")) {
            wrong.push(format!("{path} should be decision {number}, in its name and in its title"));
        }
    }
    assert_none(&wrong);
}
