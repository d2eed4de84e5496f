//! Nodes → JSON, for the keys that hold anything.

use serde_json::{Map, Number, Value as Json};

use crate::{
    diagnostics::Code,
    syntax::yaml::{Node, Scalar, Style, Value},
};

use super::Checker;

/// Turns a node into JSON; plain `null`, `true`, `false` and numbers are what they look like.
pub(super) fn to_json(checker: &mut Checker<'_>, node: Node) -> Option<Json> {
    Some(match node.value {
        Value::Refused => return None,
        Value::Absent => Json::Null,
        Value::Sequence(items) => Json::Array(items.into_iter().filter_map(|item| to_json(checker, item)).collect()),
        Value::Mapping(mapping) => Json::Object(
            mapping
                .entries
                .into_iter()
                .filter_map(|entry| Some((entry.key.value, to_json(checker, entry.value)?)))
                .collect::<Map<_, _>>(),
        ),
        Value::Scalar(Scalar { text, style: Style::Quoted | Style::Block, .. }) => Json::String(text),
        Value::Scalar(Scalar { text, style: Style::Plain, .. }) => match text.as_str() {
            "null" | "~" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            number if looks_like_a_number(number) => {
                let value = exact_number(number);
                if value.is_none() {
                    let message = format!("`{}` cannot be kept exactly as a number", super::check::shortened(number));
                    checker.report(
                        Code::WrongValue,
                        node.span,
                        message,
                        "Put it in quotes to keep it as text.".to_owned(),
                    );
                }
                Json::Number(value?)
            }
            _ => Json::String(text),
        },
    })
}

/// Returns whether JSON would call the text a number.
fn looks_like_a_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && serde_json::from_str::<Number>(text).is_ok()
}

fn exact_number(text: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(text).ok()?;
    let whole = !text.contains(['.', 'e', 'E']);
    (!whole || number.is_i64() || number.is_u64()).then_some(number)
}
