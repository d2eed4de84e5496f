//! Key tables → JSON Schema, for completion and checks in editors.
//!
//! A key `window` with a duration becomes a property with a pattern and the table's sentence as its description.
//!
//! **Invariant:** what `load` accepts, the schema accepts. The schema may know less, never more.

use serde_json::{Map, Value, json};

use super::{
    config::CONFIG,
    keys::{DIALECTS, Kind, Rule, Shape, UNITS},
    load::FILE,
};

/// The pattern of names that are made in definitions.
const NAME: &str = "^[a-z][a-z0-9_]*$";

/// Returns the JSON Schema of the files under `metrics/`, with a final newline.
pub fn json_schema() -> String {
    document(&FILE, "Metric definitions of entente")
}

/// Returns the JSON Schema of `entente.yml`, with a final newline.
pub fn config_json_schema() -> String {
    document(&CONFIG, "Project file of entente")
}

/// Returns the schemas that editors read, with the paths that the head of each file of a project names.
pub fn json_schemas() -> [(&'static str, String); 2] {
    [("schema/metrics.schema.json", json_schema()), ("schema/entente.schema.json", config_json_schema())]
}

fn document(kind: &'static Kind, title: &str) -> String {
    let mut kinds = Kinds::default();
    let root = object(kind, &mut kinds);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), title.into());
    schema.extend(root);
    schema.insert("$defs".to_owned(), kinds.finish());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    text
}

/// The kinds that the schema refers to, in the order in which they are met.
#[derive(Default)]
struct Kinds {
    met: Vec<&'static Kind>,
}

impl Kinds {
    fn reference(&mut self, kind: &'static Kind) -> Value {
        if !self.met.iter().any(|met| std::ptr::eq(*met, kind)) {
            self.met.push(kind);
        }
        json!({ "$ref": format!("#/$defs/{}", definition_name(kind)) })
    }

    fn finish(mut self) -> Value {
        let mut definitions = Map::new();
        let mut next = 0;
        while let Some(kind) = self.met.get(next).copied() {
            let before = definitions.insert(definition_name(kind), Value::Object(object(kind, &mut self)));
            assert!(before.is_none(), "two kinds are called {}", kind.name);
            next += 1;
        }
        Value::Object(definitions)
    }
}

fn definition_name(kind: &Kind) -> String {
    kind.name.replace(' ', "_").to_lowercase()
}

fn object(kind: &'static Kind, kinds: &mut Kinds) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("description".to_owned(), kind.doc.into());
    schema.insert("type".to_owned(), "object".into());
    let mut properties = Map::new();
    for key in kind.keys {
        let mut property = Map::new();
        property.insert("description".to_owned(), key.doc.into());
        if let Value::Object(rest) = value(key.shape, kinds) {
            property.extend(rest);
        }
        properties.insert(key.name.to_owned(), property.into());
    }
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("additionalProperties".to_owned(), false.into());
    let required: Vec<Value> = kind.keys.iter().filter(|key| key.required).map(|key| key.name.into()).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    let rules: Vec<Value> = kind.rules.iter().flat_map(rule).collect();
    if !rules.is_empty() {
        schema.insert("allOf".to_owned(), rules.into());
    }
    schema
}

/// Returns the schema of a value.
fn value(shape: Shape, kinds: &mut Kinds) -> Value {
    match shape {
        Shape::Text | Shape::Reference | Shape::Condition => scalar(),
        Shape::Literal => json!({ "type": ["string", "number", "boolean", "null"] }),
        Shape::Name => json!({
            "type": "string",
            "pattern": NAME,
            "patternErrorMessage": "Write lower-case letters, digits and underscores, beginning with a letter.",
        }),
        Shape::Expression => json!({ "anyOf": [scalar(), per_dialect()] }),
        Shape::OneOf(words) | Shape::Granularity(words) => json!({ "enum": words_as_written(words) }),
        Shape::Word(words, pattern) => {
            json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": pattern }] })
        }
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Integer(least, greatest) => json!({ "type": "integer", "minimum": least, "maximum": greatest }),
        Shape::Duration(least) => json!({
            "type": "string",
            "pattern": format!("^{}[0-9]+ ({})s?$", if least < 0 { "-?" } else { "" }, UNITS.join("|")),
            "patternErrorMessage": "Write a number and a unit, such as `28 days`.",
        }),
        Shape::Offset => json!({
            "type": "string",
            "pattern": "^[0-9]+ [a-z][a-z0-9_]*$",
            "patternErrorMessage": "Write a number and a unit, such as `52 weeks`.",
        }),
        Shape::Texts => json!({ "type": "array", "items": scalar() }),
        Shape::OneOrMore => one_or_more(),
        Shape::Lists => json!({ "type": "array", "items": { "type": "array", "items": scalar() } }),
        Shape::Numbers => json!({ "type": "array", "items": number() }),
        Shape::Pair => json!({ "type": "array", "items": number(), "minItems": 2, "maxItems": 2 }),
        Shape::Anything => json!({}),
        Shape::Mapping(kind) => kinds.reference(kind),
        Shape::List(kind) => json!({ "type": ["array", "null"], "items": kinds.reference(kind) }),
        Shape::Named(kind) => json!({ "type": "object", "additionalProperties": kinds.reference(kind) }),
        Shape::Names => json!({ "type": "object", "additionalProperties": scalar() }),
        Shape::WordOrMapping(words, kind) => json!({ "anyOf": [{ "enum": words }, kinds.reference(kind)] }),
        Shape::JoinKey => json!({
            "anyOf": [
                scalar(),
                { "type": "array", "items": scalar() },
                { "type": "object", "additionalProperties": { "anyOf": [scalar(), per_dialect()] } },
            ],
        }),
        Shape::NamedTagged(tagged) => {
            let each: Vec<Value> = tagged.iter().map(|(_, kind)| kinds.reference(kind)).collect();
            json!({ "type": "object", "additionalProperties": { "anyOf": each } })
        }
    }
}

/// A scalar: what a plain scalar means is decided by its key, so numbers and booleans are text too.
fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn one_or_more() -> Value {
    json!({ "anyOf": [scalar(), { "type": "array", "items": scalar() }] })
}

fn number() -> Value {
    json!({ "anyOf": [{ "type": "number" }, { "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$" }] })
}

fn per_dialect() -> Value {
    let properties: Map<String, Value> = DIALECTS.iter().map(|dialect| ((*dialect).to_owned(), scalar())).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// Returns words as a YAML reader sees them: `null` and `0` are no strings to it.
fn words_as_written(words: &[&str]) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for word in words {
        match *word {
            "null" => values.extend([Value::Null, "null".into()]),
            "0" => values.extend([0.into(), "0".into()]),
            word => values.push(word.into()),
        }
    }
    values
}

fn rule(rule: &Rule) -> Vec<Value> {
    let not_both = |a: &str, b: &str, advice: &str| json!({ "not": { "required": [a, b] }, "errorMessage": advice });
    let any = |keys: &[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>();
    match rule {
        Rule::AtMostOne(keys, advice) => keys
            .iter()
            .enumerate()
            .flat_map(|(index, a)| keys[index + 1..].iter().map(|b| not_both(a, b, advice)).collect::<Vec<_>>())
            .collect(),
        Rule::Excludes(key, others, advice) => others.iter().map(|other| not_both(key, other, advice)).collect(),
        Rule::AtLeastOne(keys, advice) => vec![json!({ "anyOf": any(keys), "errorMessage": advice })],
        Rule::Needs(key, others, advice) => {
            vec![json!({ "if": { "required": [key] }, "then": { "anyOf": any(others), "errorMessage": advice } })]
        }
    }
}
