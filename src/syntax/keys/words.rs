//! Shapes in words, for messages and for the reference.

use super::Shape;

impl Shape {
    /// Says what may stand there: "takes …".
    pub(crate) fn expects(self) -> String {
        match self {
            Self::Text | Self::Literal => "text".to_owned(),
            Self::Name => "a name in `snake_case`".to_owned(),
            Self::Reference => "a name".to_owned(),
            Self::Condition => "a condition".to_owned(),
            Self::Expression => "an expression".to_owned(),
            Self::OneOf(words) => listed(words),
            Self::Word(words, _) => format!("a word such as {}", listed(words)),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer(least, 0xffff_ffff..) => format!("a whole number from {least} on"),
            Self::Integer(least, greatest) => format!("a whole number from {least} to {greatest}"),
            Self::Duration(_) | Self::Offset => "a number and a unit of time".to_owned(),
            Self::Granularity(names) => listed(names),
            Self::Texts => "a list of text".to_owned(),
            Self::OneOrMore => "a name or a list of names".to_owned(),
            Self::Lists => "a list of lists of names".to_owned(),
            Self::Numbers => "a list of numbers".to_owned(),
            Self::Pair => "a list of two numbers".to_owned(),
            Self::Anything => "anything".to_owned(),
            Self::Mapping(kind) => format!("the keys of {}", kind.article),
            Self::List(kind) => format!("a list, each entry {}", kind.article),
            Self::Named(kind) => format!("names, each with the keys of {}", kind.article),
            Self::Names => "names with names".to_owned(),
            Self::WordOrMapping(words, kind) => format!("{} or the keys of {}", listed(words), kind.article),
            Self::JoinKey => "a column, a list of columns, or pairs of theirs and ours".to_owned(),
            Self::NamedTagged(_) => "names, each with a `type`".to_owned(),
        }
    }

    /// Shows how the key is written, in backquotes.
    pub(crate) fn example(self, key: &str) -> String {
        let value = match self {
            Self::Text | Self::Literal => "some text".to_owned(),
            Self::Name | Self::Reference => "some_name".to_owned(),
            Self::Condition => "service = 'express'".to_owned(),
            Self::Expression => "price * quantity".to_owned(),
            Self::OneOf(words) | Self::Granularity(words) | Self::Word(words, _) | Self::WordOrMapping(words, _) => {
                words.first().copied().unwrap_or_default().to_owned()
            }
            Self::Boolean => "true".to_owned(),
            Self::Integer(least, _) => least.max(10).to_string(),
            Self::Duration(_) | Self::Offset => "28 days".to_owned(),
            Self::Texts => "[first, second]".to_owned(),
            Self::OneOrMore => "[first_name, second_name]".to_owned(),
            Self::Lists => "[[first_column, second_column]]".to_owned(),
            Self::Numbers => "[1, 5, 20]".to_owned(),
            Self::Pair => "[0, 1]".to_owned(),
            Self::Anything => "{ any: thing }".to_owned(),
            Self::Mapping(kind) => {
                format!("{{ {} }}", kind.keys.first().map_or_else(String::new, |key| format!("{}: …", key.name)))
            }
            Self::List(kind) => {
                format!("[{{ {} }}]", kind.keys.first().map_or_else(String::new, |key| format!("{}: …", key.name)))
            }
            Self::Named(_) | Self::NamedTagged(_) => "{ some_name: { … } }".to_owned(),
            Self::Names => "{ first_name: second_name }".to_owned(),
            Self::JoinKey => "customer_id".to_owned(),
        };
        format!("`{key}: {value}`")
    }
}

/// Lists words: `a`, `b` or `c`.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
