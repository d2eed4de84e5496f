//! LookML tree → text, by templates.
//!
//! The templates lie in `templates/`; a team may give others of the same names, to keep the layout of its own house.
//! Whatever a template makes is read again and compared with the tree, so a template can move lines but not meaning.
//!
//! **Invariant:** a text is returned only if it reads back as the tree that it was made from.

use std::collections::BTreeMap;

use minijinja::{
    Environment, Value, context,
    syntax::SyntaxConfig,
    value::{Serde, ValueKind},
};
use thiserror::Error;

use super::{lexical, read, syntax, tree::Document};

/// The width up to which a list stays on one line.
const LIST_WIDTH: usize = 100;

/// The built-in templates, by name.
const BUILT_IN: [(&str, &str); 11] = [
    ("aggregate_table.lkml.j2", include_str!("templates/aggregate_table.lkml.j2")),
    ("datagroup.lkml.j2", include_str!("templates/datagroup.lkml.j2")),
    ("dimension.lkml.j2", include_str!("templates/dimension.lkml.j2")),
    ("dimension_group.lkml.j2", include_str!("templates/dimension_group.lkml.j2")),
    ("explore.lkml.j2", include_str!("templates/explore.lkml.j2")),
    ("manifest.lkml.j2", include_str!("templates/manifest.lkml.j2")),
    ("measure.lkml.j2", include_str!("templates/measure.lkml.j2")),
    ("model.lkml.j2", include_str!("templates/model.lkml.j2")),
    ("objects.lkml.j2", include_str!("templates/objects.lkml.j2")),
    ("test.lkml.j2", include_str!("templates/test.lkml.j2")),
    ("view.lkml.j2", include_str!("templates/view.lkml.j2")),
];

/// Why a tree could not be written.
#[derive(Debug, Error)]
pub enum PrintError {
    /// A template is not a template, or failed.
    #[error("template `{name}`: {source}")]
    Template {
        /// The template.
        name: String,
        /// What minijinja says.
        source: Box<minijinja::Error>,
    },
    /// There is no built-in template of that name.
    #[error("there is no template `{name}`; the templates are {known}")]
    UnknownTemplate {
        /// The name.
        name: String,
        /// The names of all templates.
        known: String,
    },
    /// The text of a template is no LookML.
    #[error("`{path}` as the templates write it is not LookML: {message}")]
    NotLookml {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The text of a template says something else than the tree.
    #[error("`{path}` as the templates write it means something else than it should")]
    OtherMeaning {
        /// The file.
        path: String,
    },
}

/// Templates that are ready to write.
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Compiles the built-in templates, with some replaced; keys are names such as `measure.lkml.j2`.
    pub fn new(replaced: &BTreeMap<String, String>) -> Result<Self, PrintError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // What is written is text nearly always, for which the machinery of formats is slow.
        environment.set_formatter(|out, _, value| {
            Ok(match value.as_str() {
                Some(text) => out.write_str(text),
                None => write!(out, "{value}"),
            }?)
        });
        environment.add_filter("quote", |text: &str| lexical::quote(text));
        environment.add_filter("block", |sql: &str, indent: usize| lexical::block(sql, indent));
        environment.add_filter("list", |items: Value, indent: usize| list(&items, indent));
        environment.add_filter("texts", |items: Value, indent: usize| texts(&items, indent));
        environment.add_filter("fill", |items: Value, indent: usize| fill(&items, indent));
        environment.add_filter("yesno", |flag: bool| if flag { "yes" } else { "no" });
        if let Some(name) = replaced.keys().find(|name| BUILT_IN.iter().all(|(built_in, _)| built_in != name)) {
            let known: Vec<String> = BUILT_IN.iter().map(|(name, _)| format!("`{name}`")).collect();
            return Err(PrintError::UnknownTemplate { name: name.clone(), known: known.join(", ") });
        }
        for (name, built_in) in BUILT_IN {
            let text = replaced.get(name).cloned().unwrap_or_else(|| with_parts(built_in, replaced));
            environment
                .add_template_owned(name, text)
                .map_err(|source| PrintError::Template { name: name.to_owned(), source: Box::new(source) })?;
        }
        Ok(Self { environment })
    }

    /// Writes a document, below its header, and proves that the text means the document.
    pub fn print(&self, path: &str, document: &Document) -> Result<String, PrintError> {
        let (name, context) = match document {
            Document::Manifest(manifest) => ("manifest.lkml.j2", context! { manifest => Serde(manifest) }),
            Document::Model(model) => ("model.lkml.j2", context! { model => Serde(model) }),
            Document::Objects(objects) => ("objects.lkml.j2", context! { file => Serde(objects) }),
        };
        let failed = |source| PrintError::Template { name: name.to_owned(), source: Box::new(source) };
        let template = self.environment.get_template(name).map_err(failed)?;
        let text = tidy(&template.render(context).map_err(failed)?);
        let not_lookml = |message: String| PrintError::NotLookml { path: path.to_owned(), message };
        let written = syntax::parse(&text);
        if let Some(error) = written.errors.first() {
            return Err(not_lookml(format!("line {}: {}", syntax::line_of(&text, error.start), error.message)));
        }
        let read = read::document(document, &written.nodes).map_err(not_lookml)?;
        if read == *document { Ok(text) } else { Err(PrintError::OtherMeaning { path: path.to_owned() }) }
    }
}

/// Puts built-in templates where a built-in one includes them, which is faster than an include of each field. Those of a
/// house stay on their own, so that messages name them and their lines.
fn with_parts(built_in: &str, replaced: &BTreeMap<String, String>) -> String {
    // A view, which has parts of its own, is the last template.
    let parts = BUILT_IN.iter().rev().filter(|(name, _)| !replaced.contains_key(*name));
    parts.fold(built_in.to_owned(), |text, (name, part)| text.replace(&format!("{{% include \"{name}\" %}}\n"), part))
}

/// Takes away blank lines at both ends, and more than one between lines.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines() {
        if line.is_empty() {
            blank = true;
            continue;
        }
        // A blank line never stands behind an opening brace or before a closing one.
        if blank && !tidy.is_empty() && !tidy.ends_with("{\n") && line.trim_start() != "}" {
            tidy.push('\n');
        }
        tidy.push_str(line);
        tidy.push('\n');
        blank = false;
    }
    tidy
}

/// Writes a list on as few lines as hold it, for lists that never change.
fn fill(items: &Value, indent: usize) -> Result<String, minijinja::Error> {
    let texts: Vec<String> = items.try_iter()?.map(|item| plain(&item)).collect();
    let line = format!("[{}]", texts.join(", "));
    if line.len() + indent <= LIST_WIDTH {
        return Ok(line);
    }
    let pad = " ".repeat(indent + 2);
    let (mut lines, mut line) = (Vec::new(), pad.clone());
    for (at, text) in texts.iter().enumerate() {
        if line.len() + text.len() > LIST_WIDTH {
            lines.push(std::mem::replace(&mut line, pad.clone()).trim_end().to_owned());
        }
        line.push_str(text);
        line.push_str(if at + 1 < texts.len() { ", " } else { "" });
    }
    lines.push(line);
    Ok(format!("[\n{}\n{}]", lines.join("\n"), " ".repeat(indent)))
}

/// Writes a list; mappings become `key: "value"`.
fn list(items: &Value, indent: usize) -> Result<String, minijinja::Error> {
    let mut texts = Vec::new();
    for item in items.try_iter()? {
        texts.push(match item.kind() {
            ValueKind::Map => {
                let part = |name| item.get_attr(name).map(|value| plain(&value));
                format!("{}: {}", part("field")?, lexical::quote(&part("value")?))
            }
            _ => plain(&item),
        });
    }
    Ok(brackets(&texts, indent))
}

/// Writes a list of texts in quotes.
fn texts(items: &Value, indent: usize) -> Result<String, minijinja::Error> {
    let quoted = |item: Value| lexical::quote(&plain(&item));
    Ok(brackets(&items.try_iter()?.map(quoted).collect::<Vec<_>>(), indent))
}

/// Returns the text of a value, which is text nearly always.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Puts items between brackets: on one line, or one item a line where that is too long.
fn brackets(items: &[String], indent: usize) -> String {
    let line = items.join(", ");
    if line.len() + indent <= LIST_WIDTH {
        return format!("[{line}]");
    }
    let pad = " ".repeat(indent + 2);
    format!("[\n{pad}{}\n{}]", items.join(&format!(",\n{pad}")), " ".repeat(indent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookml::tree::{Constant, Datagroup, Export, Manifest, Objects, View};

    fn manifest() -> Document {
        let constant =
            Constant { name: "dataset".to_owned(), value: "ma\"rts".to_owned(), export: Export::OverrideOptional };
        Document::Manifest(Manifest { project_name: "parcel".to_owned(), constants: vec![constant] })
    }

    fn print(template: &str) -> Result<String, PrintError> {
        let replaced = [("manifest.lkml.j2".to_owned(), template.to_owned())].into();
        Templates::new(&replaced)?.print("manifest.lkml", &manifest())
    }

    const CONSTANT: &str = "{% for c in manifest.constants %}constant: {{ c.name }} {\n  export: {{ c.export }}\n  value: {{ c.value | quote }}\n}\n{% endfor %}";

    #[test]
    fn a_template_may_move_lines_and_add_comments() {
        let text = print(&format!("# ours\n{CONSTANT}project_name: {{{{ manifest.project_name | quote }}}}"));
        let text = text.expect("the same tree");
        assert!(text.starts_with("# ours\nconstant: dataset {\n  export:"), "{text}");
    }

    #[test]
    fn a_template_may_not_move_meaning() {
        let loses = print("project_name: {{ manifest.project_name | quote }}");
        assert!(matches!(loses, Err(PrintError::OtherMeaning { .. })), "{loses:?}");
        let adds = print(&format!("{CONSTANT}project_name: \"parcel\"\nnew_lookml_runtime: yes"));
        assert!(matches!(adds, Err(PrintError::NotLookml { .. })), "{adds:?}");
        let breaks = print(&format!("{CONSTANT}project_name: {{{{ manifest.project_name }}}}\""));
        assert!(matches!(breaks, Err(PrintError::NotLookml { .. })), "{breaks:?}");
        let fails = print("{{ manifest.project_name | shout }}");
        assert!(matches!(fails, Err(PrintError::Template { .. })), "{fails:?}");
    }

    #[test]
    fn a_part_of_a_file_may_be_replaced_alone() {
        let words = |text: &str| text.to_owned();
        let datagroup = Datagroup {
            name: words("daily"),
            label: words("Daily"),
            description: words("Once a day."),
            sql_trigger: words("SELECT 1"),
            max_cache_age: words("24 hours"),
        };
        let view = View { name: words("orders"), ..View::default() };
        let file = Document::Objects(Objects { datagroups: vec![datagroup], views: vec![view], ..Objects::default() });
        let print =
            |own: String| Templates::new(&[(words("datagroup.lkml.j2"), own)].into())?.print("orders.view.lkml", &file);
        let text = print(format!("# ours\n{}", include_str!("templates/datagroup.lkml.j2"))).expect("the same tree");
        assert!(text.starts_with("# ours\ndatagroup: daily {\n"), "{text}");
        assert!(text.ends_with("}\n\nview: orders {\n}\n"), "{text}");
        let error = print(words("{{ datagroup.name | shout }}")).expect_err("there is no such filter");
        assert!(error.to_string().contains("datagroup.lkml.j2"), "{error}");
    }

    #[test]
    fn a_template_of_another_name_is_refused() {
        let replaced = [("mesure.lkml.j2".to_owned(), String::new())].into();
        let Err(error) = Templates::new(&replaced) else { panic!("refused") };
        assert!(
            error.to_string().starts_with("there is no template `mesure.lkml.j2`; the templates are `aggregate_table")
        );
    }
}
