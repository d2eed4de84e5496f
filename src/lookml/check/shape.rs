//! Checks every node of a file against the tables of parameters: is it known here, is its value of the right kind, is it
//! there once, are names names.
//!
//! `hidden: true` is `lookml-wrong-value`, `relashionship: …` is `lookml-unknown-parameter`.

use std::collections::HashMap;

use super::{
    super::syntax::{Item, Node, Piece, Value},
    parameters::{Context, INTERVALS, Shape, is_timeframe},
    source::Source,
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::{FileId, Span},
};

/// Checks a whole file.
pub(super) fn check(source: &Source<'_>, found: &mut Diagnostics) {
    let context = if source.is_manifest() { Context::Manifest } else { Context::File };
    let mut walk = Walk { file: source.id, found };
    walk.nodes(&source.file.nodes, context, None);
}

struct Walk<'f> {
    file: FileId,
    found: &'f mut Diagnostics,
}

impl Walk<'_> {
    fn span(&self, piece: Piece<'_>) -> Span {
        Span::new(self.file, piece.start, piece.end())
    }

    fn nodes(&mut self, nodes: &[Node<'_>], context: Context, name: Option<Piece<'_>>) {
        if context.parameters().is_none() {
            return;
        }
        for (index, node) in nodes.iter().enumerate() {
            if node.key.text.is_empty() {
                continue;
            }
            let Some(parameter) = context.parameter(node.key.text) else {
                self.unknown(node, context, name);
                continue;
            };
            if !parameter.repeats
                && let Some(first) = nodes[..index].iter().find(|other| other.key.text == node.key.text)
            {
                let message = format!("{} has `{}` twice", said(context, name), node.key.text);
                let diagnostic = Diagnostic::new(Code::LookmlDuplicateParameter, self.span(node.key), message)
                    .also(self.span(first.key), "the first one")
                    .help("Looker takes the last one. Keep one of the two.");
                self.found.push(diagnostic);
            }
            self.value(node, parameter.shape, context);
        }
        if matches!(context, Context::View | Context::Explore | Context::File) {
            self.names(nodes, context, name);
        }
    }

    fn unknown(&mut self, node: &Node<'_>, context: Context, name: Option<Piece<'_>>) {
        let key = node.key.text;
        let place = said(context, name);
        let message = format!("{place} has no parameter `{key}`");
        let known = context.parameters().into_iter().flatten().flat_map(|table| table.iter().map(|p| p.name));
        let elsewhere: Vec<String> = Context::ALL
            .into_iter()
            .filter(|other| other.parameter(key).is_some())
            .map(|other| format!("`{}`", other.word()))
            .collect();
        let mut diagnostic = Diagnostic::new(Code::LookmlUnknownParameter, self.span(node.key), message);
        if let Some(near) = nearest(key, known) {
            diagnostic = diagnostic.help(format!("Did you mean `{near}`?"));
        } else if !elsewhere.is_empty() {
            diagnostic = diagnostic.help(format!("`{key}` belongs in: {}.", elsewhere.join(", ")));
        }
        self.found.push(diagnostic);
    }

    fn value(&mut self, node: &Node<'_>, shape: Shape, context: Context) {
        // A value that is missing was reported by the parser.
        if matches!(&node.value, Value::Word(word) if word.text.is_empty()) {
            return;
        }
        match (shape, &node.value) {
            (Shape::YesNo, Value::Word(word)) if matches!(word.text, "yes" | "no") => {}
            (Shape::OneOf(words), Value::Word(word)) if one_of(words, word.text) => {}
            (Shape::OneOf(words), Value::Word(word)) => self.wrong_word(node, *word, words),
            // A constant or Liquid stands for anything.
            (_, Value::Text(text)) if text.text.contains("@{") || text.text.contains("{{") => {}
            // Looker takes a word in quotes, too: `value_format_name: "usd"`.
            (Shape::OneOf(words), Value::Text(text)) if words.contains(&text.text) => {}
            (Shape::Word | Shape::TextOrWord | Shape::ListOrWord, Value::Word(_))
            | (Shape::Word | Shape::Text | Shape::TextOrWord | Shape::ListOrText, Value::Text(_))
            | (Shape::Any, _) => {}
            (Shape::Block, Value::Block(block)) => self.swallowed(node, *block, context),
            (Shape::Number, Value::Word(text) | Value::Text(text)) if text.text.parse::<f64>().is_ok() => {}
            (Shape::List | Shape::ListOrWord | Shape::ListOrText, Value::List(items)) => self.list(node, items),
            (Shape::Pairs | Shape::Filters, Value::List(items)) => self.pairs(node, items),
            (Shape::Filters, Value::Nodes { name: None, nodes }) => self.nodes(nodes, Context::OldFilter, None),
            (Shape::Braces(inner) | Shape::MaybeNamed(inner), Value::Nodes { name: None, nodes }) => {
                self.nodes(nodes, inner, None);
            }
            (Shape::Named(inner) | Shape::MaybeNamed(inner), Value::Nodes { name: Some(name), nodes }) => {
                self.name(*name, inner, context);
                self.nodes(nodes, inner, Some(*name));
            }
            _ => self.wrong(node, &wanted(shape)),
        }
    }

    /// Reports a block that holds the parameters after it, because its `;;` is missing.
    fn swallowed(&mut self, node: &Node<'_>, block: Piece<'_>, context: Context) {
        for (at, _) in block.text.match_indices('\n') {
            let line = block.text[at + 1..].lines().next().unwrap_or_default();
            let before = block.text[..at].trim_end();
            let Some((key, value)) = line.split_once(':') else { continue };
            let Some(parameter) = context.parameter(key.trim()) else { continue };
            // A line of an object in JavaScript or JSON looks alike.
            if before.ends_with([',', '{', '[', '(']) || !reads_as(parameter.shape, value.trim()) {
                continue;
            }
            let start = block.start + at + 1 + (line.len() - line.trim_start().len());
            let span = Span::new(self.file, start, start + key.trim().len());
            let message = format!("`{}` swallows `{}`", node.key.text, key.trim());
            let diagnostic = Diagnostic::new(Code::LookmlMissingTerminator, span, message)
                .also(self.span(node.key), "not closed before")
                .help("End SQL, HTML and expressions with `;;`.");
            self.found.push(diagnostic);
            return;
        }
    }

    fn list(&mut self, node: &Node<'_>, items: &[Item<'_>]) {
        for item in items {
            if let Item::Pair(key, _) = item {
                let message = format!("`{}` holds names, not pairs", node.key.text);
                let diagnostic = Diagnostic::new(Code::LookmlWrongValue, self.span(*key), message);
                self.found.push(diagnostic.help("Write a list such as `[a, b]`."));
                return;
            }
        }
        match node.key.text {
            "timeframes" => self.words(items, is_timeframe, "timeframe"),
            "intervals" => self.words(items, |word| INTERVALS.contains(&word), "interval"),
            _ => {}
        }
    }

    fn words(&mut self, items: &[Item<'_>], known: impl Fn(&str) -> bool, what: &str) {
        for item in items {
            let word = item.first();
            if known(word.text) || word.text.contains("EXTENDED") || word.text.contains("@{") {
                continue;
            }
            let message = format!("`{}` is no {what}", word.text);
            let help = if what == "interval" {
                format!("The intervals are {}.", quoted(INTERVALS))
            } else {
                "Timeframes are words such as `raw`, `time`, `date`, `week`, `month`, `quarter`, `year`.".to_owned()
            };
            self.found.push(Diagnostic::new(Code::LookmlInvalidTimeframe, self.span(word), message).help(help));
        }
    }

    fn pairs(&mut self, node: &Node<'_>, items: &[Item<'_>]) {
        for item in items {
            if let Item::Single(piece) = item {
                let message = format!("`{}` holds pairs, and `{}` has no value", node.key.text, piece.text);
                let diagnostic = Diagnostic::new(Code::LookmlWrongValue, self.span(*piece), message);
                self.found.push(diagnostic.help(format!("Write `{}: [field: \"value\"]`.", node.key.text)));
            }
        }
    }

    fn wrong_word(&mut self, node: &Node<'_>, word: Piece<'_>, words: &[&str]) {
        let message = format!("`{}` cannot be `{}`", node.key.text, word.text);
        let help = match nearest(word.text, words.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`? The values are {}.", quoted(words)),
            None => format!("The values are {}.", quoted(words)),
        };
        self.found.push(Diagnostic::new(Code::LookmlWrongValue, self.span(word), message).help(help));
    }

    fn wrong(&mut self, node: &Node<'_>, wanted: &str) {
        let span = match &node.value {
            Value::Word(piece) | Value::Text(piece) => self.span(*piece),
            Value::Block(_) | Value::List(_) | Value::Nodes { .. } => self.span(node.key),
        };
        let message = format!("`{}` is not {wanted}", node.key.text);
        let mut diagnostic = Diagnostic::new(Code::LookmlWrongValue, span, message);
        if let Value::Word(word) = &node.value {
            let instead = match word.text {
                "true" | "True" | "TRUE" => Some("yes"),
                "false" | "False" | "FALSE" => Some("no"),
                _ => None,
            };
            diagnostic = diagnostic.help(match instead {
                Some(instead) => format!("Write `{}: {instead}`.", node.key.text),
                None => format!("Write {wanted}."),
            });
        }
        self.found.push(diagnostic);
    }

    /// Checks the name of a block.
    fn name(&mut self, name: Piece<'_>, inner: Context, context: Context) {
        if inner == Context::Any || name.text.contains("@{") {
            return;
        }
        let refines = matches!(inner, Context::View | Context::Explore) && context == Context::File;
        let bare = if refines { name.text.strip_prefix('+').unwrap_or(name.text) } else { name.text };
        let good = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // Columns and override blocks may be called as in the warehouse.
        if good || matches!(inner, Context::Column | Context::DerivedColumn) {
            return;
        }
        let message = format!("`{}` is no name for a {}", name.text, inner.word());
        let help = "A name has letters, digits and underscores.";
        self.found.push(Diagnostic::new(Code::LookmlInvalidName, self.span(name), message).help(help));
    }

    /// Checks that fields of a view, joins of an explore, and sets have names of their own.
    fn names(&mut self, nodes: &[Node<'_>], context: Context, owner: Option<Piece<'_>>) {
        let mut seen: HashMap<(&str, &str), Piece<'_>> = HashMap::new();
        for node in nodes {
            let Some(name) = node.name() else { continue };
            let space = match (context, node.key.text) {
                (Context::View, "dimension" | "measure" | "filter" | "parameter") => "field",
                (Context::View, "dimension_group") => "group",
                (Context::View, "set") => "set",
                (Context::Explore, "join") => "join",
                (Context::Explore, "aggregate_table") => "aggregate_table",
                (Context::File, "datagroup" | "access_grant" | "named_value_format" | "map_layer" | "test") => {
                    node.key.text
                }
                _ => continue,
            };
            match seen.get(&(space, name.text)) {
                None => {
                    seen.insert((space, name.text), name);
                }
                Some(first) => {
                    let message = format!("{} has two {space}s `{}`", said(context, owner), name.text);
                    let diagnostic = Diagnostic::new(Code::LookmlDuplicateName, self.span(name), message)
                        .also(self.span(*first), "the first one")
                        .help("Rename or remove one of the two.");
                    self.found.push(diagnostic);
                }
            }
        }
    }
}

fn one_of(words: &[&str], word: &str) -> bool {
    let time = |rest: &str| is_timeframe(rest) || rest == "date";
    words.contains(&word)
        // Types of dimensions and measures have families.
        || (words.contains(&"yesno") && word.strip_prefix("date_").is_some_and(time))
        || (words.contains(&"tier") && word.strip_prefix("duration_").is_some_and(|unit| INTERVALS.contains(&unit)))
}

/// Returns whether a text is the whole value of a parameter of a shape.
fn reads_as(shape: Shape, value: &str) -> bool {
    match shape {
        Shape::YesNo => matches!(value, "yes" | "no"),
        Shape::OneOf(words) => one_of(words, value),
        Shape::Text => value.len() > 1 && value.starts_with('"') && value.ends_with('"'),
        Shape::List => value.starts_with('[') && value.ends_with(']'),
        _ => false,
    }
}

/// Names a block: "view `orders`".
fn said(context: Context, name: Option<Piece<'_>>) -> String {
    match name {
        Some(name) => format!("{} `{}`", context.word(), name.text),
        None if context == Context::File => "a file".to_owned(),
        None => format!("`{}`", context.word()),
    }
}

fn wanted(shape: Shape) -> String {
    match shape {
        Shape::YesNo => "`yes` or `no`".to_owned(),
        Shape::Word => "a word".to_owned(),
        Shape::OneOf(words) => format!("one of {}", quoted(words)),
        Shape::Text => "a text between quotes".to_owned(),
        Shape::TextOrWord => "a text or a word".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Block => "a text up to `;;`".to_owned(),
        Shape::List | Shape::ListOrWord => "a list such as `[a, b]`".to_owned(),
        Shape::ListOrText => "a text or a list such as `[\"a\", \"b\"]`".to_owned(),
        Shape::Pairs | Shape::Filters => "a list of pairs such as `[field: \"value\"]`".to_owned(),
        Shape::Braces(_) => "a block in braces without a name".to_owned(),
        Shape::Named(_) => "a name and a block in braces".to_owned(),
        Shape::MaybeNamed(_) => "a block in braces".to_owned(),
        Shape::Any => "a value".to_owned(),
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
