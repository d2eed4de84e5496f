//! Normalizes the layout of a file and keeps its comments, its order and its meaning: `entente fmt` without files.
//!
//! `{ expr: coalesce(a, b) }` becomes `{ expr: "coalesce(a, b)" }`; lists and mappings are indented by two spaces.
//!
//! **Invariant:** text is spliced, never printed from a tree; every step is undone if the file would read otherwise.

mod indent;
mod place;

use place::Places;

use super::{
    load,
    yaml::{self, Node, Value},
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{FileId, SourceMap},
};

/// How the line begins that names the schema of a file to editors.
const MODELINE: &str = "# yaml-language-server:";

/// Formats a file; what is not YAML comes back as diagnostics.
pub fn format(files: &SourceMap, file: FileId) -> Result<String, Vec<Diagnostic>> {
    let path = &files.file(file).path;
    let text = files.file(file).text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let text = quote_cut_expressions(path, text);
    let (text, tree) = match read(path, &text) {
        Ok(tree) => (text, tree),
        // The places have to be those of the file as it is.
        Err(diagnostics) => return Err(read(path, &files.file(file).text).err().unwrap_or(diagnostics)),
    };
    let mut text = text;
    for step in [indent::indent, trim_lines, end_with_one_line_break] {
        let places = Places::of(&text, tree_of(path, &text).as_ref());
        if let Some(changed) = step(&text, &places)
            && same_meaning(tree.as_ref(), tree_of(path, &changed).as_ref())
        {
            text = changed;
        }
    }
    Ok(with_modeline(path, text))
}

/// Returns the line that names the schema of a file to editors.
fn modeline(path: &str) -> String {
    let up = "../".repeat(path.matches('/').count());
    let schema = if path == "entente.yml" || path == "entente.yaml" { "entente" } else { "metrics" };
    format!("{MODELINE} $schema={up}schema/{schema}.schema.json\n")
}

fn with_modeline(path: &str, text: String) -> String {
    let head = text.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
    if head.into_iter().any(|line| line.starts_with(MODELINE)) { text } else { modeline(path) + &text }
}

/// Puts every expression in quotes that YAML would cut.
fn quote_cut_expressions(path: &str, mut text: String) -> String {
    // One round mends all that can be seen at once; an error of the parser hides what comes behind it.
    while let Some(changed) = quote_once(path, &text) {
        text = changed;
    }
    text
}

fn quote_once(path: &str, text: &str) -> Option<String> {
    let mut files = SourceMap::new();
    let file = files.add(path, text);
    let mut diagnostics = Diagnostics::new();
    load(&files, file, &mut diagnostics);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for diagnostic in diagnostics.sorted().iter().filter(|diagnostic| diagnostic.code == Code::ExpressionCutByYaml) {
        let (start, end) = (diagnostic.span().start as usize, diagnostic.span().end as usize);
        if start < done {
            continue;
        }
        changed.push_str(&text[done..start]);
        changed.push_str(&yaml::quoted(&text[start..end].split('\n').map(str::trim).collect::<Vec<_>>().join(" ")));
        done = end;
    }
    changed.push_str(&text[done..]);
    (done > 0 && changed != text).then_some(changed)
}

fn read(path: &str, text: &str) -> Result<Option<Node>, Vec<Diagnostic>> {
    let mut files = SourceMap::new();
    let file = files.add(path, text);
    let mut diagnostics = Diagnostics::new();
    let tree = yaml::read(&files, file, &mut diagnostics).root;
    if diagnostics.is_empty() { Ok(tree) } else { Err(diagnostics.sorted()) }
}

fn tree_of(path: &str, text: &str) -> Option<Node> {
    read(path, text).ok().flatten()
}

/// Removes spaces at the ends of lines, outside of text over several lines.
#[allow(clippy::unnecessary_wraps, reason = "one of several steps of the same form")]
fn trim_lines(text: &str, places: &Places) -> Option<String> {
    let mut changed = String::with_capacity(text.len());
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let trimmed = content.trim_end_matches([' ', '\t']);
        let keep = places.in_text_over_lines(offset + trimmed.len());
        changed.push_str(if keep { content } else { trimmed });
        if line.len() > content.len() {
            changed.push('\n');
        }
        offset += line.len();
    }
    Some(changed)
}

#[allow(clippy::unnecessary_wraps, reason = "one of several steps of the same form")]
fn end_with_one_line_break(text: &str, _: &Places) -> Option<String> {
    let trimmed = text.trim_end();
    Some(if trimmed.is_empty() { String::new() } else { format!("{trimmed}\n") })
}

fn same_meaning(a: Option<&Node>, b: Option<&Node>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => same(a, b),
        _ => false,
    }
}

fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Absent, Value::Absent) => true,
        (Value::Scalar(a), Value::Scalar(b)) => a.text == b.text && a.style == b.style,
        (Value::Sequence(a), Value::Sequence(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Mapping(a), Value::Mapping(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries.iter().zip(&b.entries).all(|(a, b)| a.key.value == b.key.value && same(&a.value, &b.value))
        }
        _ => false,
    }
}
