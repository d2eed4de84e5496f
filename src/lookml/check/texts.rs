//! Checks the texts of a file: SQL with closed brackets and quotes, Liquid with its ends, constants that exist.

use std::collections::BTreeSet;

use super::{
    super::syntax::{Item, Node, Piece, Value},
    liquid, scan,
    source::Source,
    sql,
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::{FileId, Span},
};

/// Parameters whose SQL is an expression or a query, and no script.
const SQL: [&str; 15] = [
    "sql",
    "sql_always_having",
    "sql_always_where",
    "sql_distinct_key",
    "sql_end",
    "sql_foreign_key",
    "sql_latitude",
    "sql_longitude",
    "sql_on",
    "sql_start",
    "sql_table_name",
    "sql_trigger",
    "sql_trigger_value",
    "sql_where",
    "expression",
];

/// Parameters whose text Looker renders with Liquid.
const RENDERED: [&str; 4] = ["url", "icon_url", "form_url", "label"];

/// Checks a file; `constants` are those of its project, where they are all known.
pub(super) fn check(source: &Source<'_>, constants: Option<&BTreeSet<&str>>, found: &mut Diagnostics) {
    let mut texts = Texts { file: source.id, constants, found };
    texts.nodes(&source.file.nodes, "");
}

struct Texts<'f, 'c> {
    file: FileId,
    constants: Option<&'c BTreeSet<&'c str>>,
    found: &'f mut Diagnostics,
}

impl Texts<'_, '_> {
    fn nodes(&mut self, nodes: &[Node<'_>], within: &str) {
        for node in nodes {
            match &node.value {
                Value::Block(block) => self.block(node, *block, within),
                Value::Text(text) | Value::Word(text) => {
                    self.known_constants(*text);
                    if RENDERED.contains(&node.key.text) {
                        self.liquid(*text);
                    }
                }
                Value::List(items) => {
                    for item in items {
                        match item {
                            Item::Single(piece) | Item::Pair(_, piece) => self.known_constants(*piece),
                        }
                    }
                }
                Value::Nodes { nodes, .. } => self.nodes(nodes, node.key.text),
            }
        }
    }

    fn block(&mut self, node: &Node<'_>, block: Piece<'_>, within: &str) {
        self.known_constants(block);
        self.liquid(block);
        if !SQL.contains(&node.key.text) {
            return;
        }
        let text = block.text;
        if within == "derived_table" && text.trim_end().ends_with(';') {
            let at = block.start + text.trim_end().len() - 1;
            let help = "Take it out: Looker puts the query into another one.";
            self.say(Code::LookmlSemicolonInSql, at, at + 1, "the query ends in a `;`".to_owned(), help);
        }
        // A query stands alone in a trigger; in a derived table it has lines of its own.
        if within != "derived_table"
            && !node.key.text.starts_with("sql_trigger")
            && let Some(at) = sql::trailing_comment(text)
        {
            let message = "the comment swallows what Looker appends".to_owned();
            let end = block.start + text.trim_end().len();
            self.say(Code::LookmlTrailingComment, block.start + at, end, message, "Put `;;` on a line of its own.");
        }
        if text.to_ascii_lowercase().contains("language js") {
            return;
        }
        if let Some((at, message)) = sql::broken_reference(text) {
            let at = block.start + at;
            let help = "Write `${TABLE}.price` for a column, `${price}` for a field.";
            self.say(Code::LookmlUnbalancedSql, at, at + 1, message.to_owned(), help);
        }
        let (at, message) = match sql::fault(text) {
            None => return,
            Some(sql::Fault::Unclosed(at, bracket)) => (at, format!("a `{bracket}` is not closed")),
            Some(sql::Fault::Stray(at, bracket)) => (at, format!("a `{bracket}` closes nothing")),
            Some(sql::Fault::Quote(at, quote)) => (at, format!("a {quote} is not closed")),
        };
        let at = block.start + at;
        self.say(Code::LookmlUnbalancedSql, at, at + 1, message, "Close it, or take it out.");
    }

    fn liquid(&mut self, piece: Piece<'_>) {
        if let Some((at, message)) = liquid::fault(piece.text) {
            let at = piece.start + at;
            let help = "Looker cannot render the text. Close it, or correct the word.";
            self.say(Code::LookmlUnclosedLiquid, at, at + 2, message, help);
        }
    }

    fn known_constants(&mut self, piece: Piece<'_>) {
        let Some(constants) = self.constants else { return };
        if !piece.text.contains("@{") {
            return;
        }
        for name in scan::constants(piece).filter(|name| !constants.contains(name.text)) {
            let help = match nearest(name.text, constants.iter().copied()) {
                Some(near) => format!("Did you mean `@{{{near}}}`?"),
                None => format!("Declare it in `manifest.lkml`: `constant: {} {{ value: \"…\" }}`.", name.text),
            };
            let message = format!("there is no constant `{}`", name.text);
            self.say(Code::LookmlUnknownConstant, name.start, name.end(), message, &help);
        }
    }

    fn say(&mut self, code: Code, start: usize, end: usize, message: String, help: &str) {
        self.found.push(Diagnostic::new(code, Span::new(self.file, start, end), message).help(help));
    }
}
