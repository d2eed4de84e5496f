//! YAML and JSON of dbt → nodes that know their line and column.
//!
//! dbt reads YAML with anchors, merge keys and several documents, which the definitions language refuses; so it has a
//! reader of its own. `{ <<: *defaults, name: orders }` gives the keys of both, the written ones first.
//!
//! **Invariant:** no text makes more than [`MAXIMUM_NODES`] nodes, however its aliases are nested.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, StrInput};

use super::report::{Place, Problem};

/// The most nodes of a file, aliases counted as often as they are used.
const MAXIMUM_NODES: usize = 2_000_000;
/// How deep lists and mappings may lie in one another.
const MAXIMUM_DEPTH: usize = 100;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Where it was written.
    pub(super) place: Place,
    /// What was written.
    pub(super) value: Value,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing, or null.
    Null,
    /// A scalar; whether it stood in quotes, so that `"true"` is text.
    Text(String, bool),
    /// A list.
    List(Vec<Node>),
    /// Keys and values in the order in which they were written, each key once.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Returns the value of a key of a mapping, unless it is null.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, node)| name == key && node.value != Value::Null).map(|(_, node)| node)
    }

    /// Returns the value at the end of a path of keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the entries of a mapping; none if it is not one.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Null | Value::Text(..) | Value::List(_) => &[],
        }
    }

    /// Returns the items of a list; a scalar or a mapping is a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            Value::Text(..) | Value::Map(_) => std::slice::from_ref(self),
        }
    }

    /// Returns the text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text, _) => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Returns whether a scalar is true or false.
    pub(super) fn boolean(&self) -> Option<bool> {
        boolean_of(self.text()?)
    }

    /// Returns the text of a key's value.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Returns the node of a JSON value, whose place is that of the file.
    pub(super) fn from_json(value: &serde_json::Value, place: &Place) -> Self {
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Text(flag.to_string(), false),
            serde_json::Value::Number(number) => Value::Text(number.to_string(), false),
            serde_json::Value::String(text) => Value::Text(text.clone(), true),
            serde_json::Value::Array(items) => {
                Value::List(items.iter().map(|item| Self::from_json(item, place)).collect())
            }
            serde_json::Value::Object(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.clone(), Self::from_json(value, place))).collect())
            }
        };
        Self { place: place.clone(), value }
    }
}

/// Returns whether a text is true or false.
pub(super) fn boolean_of(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Reads the documents of a file.
pub(super) fn read(path: &str, text: &str) -> Result<Vec<Node>, Problem> {
    let options = granit_parser::options! {
        emit_anchor_events: false,
        emit_unresolved_aliases: true,
        emit_comments: false,
        flow_nesting_limit: MAXIMUM_DEPTH,
        block_nesting_limit: MAXIMUM_DEPTH,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { path, text, events, anchors: HashMap::new(), n_nodes: 0 };
    let mut documents = Vec::new();
    while let Some((event, place)) = reader.next()? {
        match event {
            Event::StreamEnd => break,
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                documents.push(reader.node(event, place)?);
            }
            _ => {}
        }
    }
    documents.retain(|document| document.value != Value::Null);
    Ok(documents)
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, (Node, usize)>,
    n_nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, granit_parser::Span)>, Problem> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(error)) => {
                let place = Place::new(self.path, error.marker().line(), error.marker().col() + 1);
                Err(Problem::new(place, format!("this is not YAML: {}", error.info()))
                    .help("Mend the file; dbt cannot read it either."))
            }
        }
    }

    fn within(&mut self) -> Result<(Event<'a>, granit_parser::Span), Problem> {
        let end = Place::new(self.path, self.text.lines().count(), 1);
        self.next()?.ok_or_else(|| Problem::new(end, "the file ends within a list or a mapping"))
    }

    fn place(&self, span: &granit_parser::Span) -> Place {
        Place::new(self.path, span.start.line(), span.start.col() + 1)
    }

    fn node(&mut self, event: Event<'a>, span: granit_parser::Span) -> Result<Node, Problem> {
        let place = self.place(&span);
        let before = self.n_nodes;
        self.count(1, &place)?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != ScalarStyle::Plain;
                let null = !quoted && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                (if null { Value::Null } else { Value::Text(text.into_owned(), quoted) }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list()?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping()?, anchor),
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Problem::new(place, "this alias stands for nothing that was written before"));
                };
                self.count(size, &place)?;
                return Ok(Node { place, value: node.value });
            }
            _ => (Value::Null, 0),
        };
        let node = Node { place, value };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.n_nodes - before));
        }
        Ok(node)
    }

    fn count(&mut self, nodes: usize, place: &Place) -> Result<(), Problem> {
        self.n_nodes = self.n_nodes.saturating_add(nodes);
        if self.n_nodes > MAXIMUM_NODES {
            return Err(Problem::new(place.clone(), "the file is too large, with its aliases written out"));
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.within()?;
            if event == Event::SequenceEnd {
                return Ok(Value::List(items));
            }
            items.push(self.node(event, span)?);
        }
    }

    fn mapping(&mut self) -> Result<Value, Problem> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        let mut merged: Vec<(String, Node)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        loop {
            let (event, span) = self.within()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, span)?;
            let (event, span) = self.within()?;
            let value = self.node(event, span)?;
            let name = match &key.value {
                Value::Text(text, _) => text.clone(),
                Value::Null => "null".to_owned(),
                Value::List(_) | Value::Map(_) => {
                    return Err(Problem::new(key.place, "a key is a list or a mapping, which dbt has no use for"));
                }
            };
            if name == "<<" {
                for source in value.items() {
                    merged.extend(source.entries().iter().cloned());
                }
                continue;
            }
            if places.contains_key(&name) {
                return Err(Problem::new(key.place, format!("key `{name}` is given twice"))
                    .help("Keep one of the two; dbt takes the second and forgets the first."));
            }
            places.insert(name.clone(), entries.len());
            entries.push((name, value));
        }
        for (name, value) in merged {
            if !places.contains_key(&name) {
                places.insert(name.clone(), entries.len());
                entries.push((name, value));
            }
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        read("a.yml", text).expect("it is YAML").remove(0)
    }

    #[test]
    fn merge_keys_give_what_is_not_written() {
        let node = one("base: &b { type: simple, agg: sum }\nx: { <<: *b, agg: max }\n");
        let x = node.get("x").expect("it is there");
        assert_eq!((x.text_of("agg"), x.text_of("type")), (Some("max"), Some("simple")));
    }

    #[test]
    fn a_place_is_a_line_and_a_column() {
        let node = one("models:\n  - name: orders\n");
        let name = node.get("models").and_then(|models| models.items()[0].get("name")).expect("it is there");
        assert_eq!((name.place.line, name.place.column), (2, 11));
    }

    #[test]
    fn aliases_of_aliases_are_refused_before_they_fill_the_memory() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..30 {
            let before = format!("*a{}", n - 1);
            text += &format!("a{n}: &a{n} [{}]\n", vec![before; 10].join(", "));
        }
        let problem = read("a.yml", &text).expect_err("it is too large");
        assert!(problem.message.contains("too large"), "{}", problem.message);
    }

    #[test]
    fn what_is_not_yaml_is_told_with_its_place() {
        let problem = read("a.yml", "models:\n  - name: [a\n").expect_err("it is not YAML");
        assert_eq!(problem.place.path, "a.yml");
        assert!(problem.place.line >= 2, "{:?}", problem.place);
    }
}
