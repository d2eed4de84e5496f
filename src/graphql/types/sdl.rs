//! The schema as SDL, for `schema/entente.graphql` and code generation.

use std::fmt::Write;

use indexmap::IndexMap;

use super::{Argument, Kind, Types};

/// Writes the types in the order of their names, `Query` first.
pub(in crate::graphql) fn sdl(types: &Types) -> String {
    let mut out = String::new();
    let query = types.0.get_key_value("Query");
    let others = types.0.iter().filter(|(name, _)| name.as_str() != "Query");
    for (name, definition) in query.into_iter().chain(others) {
        if matches!(name.as_str(), "Int" | "Float" | "String" | "Boolean") {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        describe(&mut out, "", definition.description.as_deref());
        match &definition.kind {
            Kind::Scalar => line(&mut out, &format!("scalar {name}")),
            Kind::Enum(values) => {
                line(&mut out, &format!("enum {name} {{"));
                for (value, about) in values {
                    describe(&mut out, "  ", about.as_deref());
                    line(&mut out, &format!("  {value}"));
                }
                line(&mut out, "}");
            }
            Kind::Object(fields) => {
                line(&mut out, &format!("type {name} {{"));
                for (name, field) in fields {
                    describe(&mut out, "  ", field.description.as_deref());
                    let deprecated = match &field.deprecated {
                        Some(reason) => format!(" @deprecated(reason: {})", quoted(reason)),
                        None => String::new(),
                    };
                    let arguments = arguments(&field.arguments);
                    line(&mut out, &format!("  {name}{arguments}: {}{deprecated}", field.ty));
                }
                line(&mut out, "}");
            }
            Kind::Input { fields, one_of } => {
                line(&mut out, &format!("input {name}{} {{", if *one_of { " @oneOf" } else { "" }));
                for (name, field) in fields {
                    describe(&mut out, "  ", field.description.as_deref());
                    line(&mut out, &format!("  {}", argument(name, field)));
                }
                line(&mut out, "}");
            }
        }
    }
    out
}

/// Writes arguments on one line, or one a line if they are described.
fn arguments(arguments: &IndexMap<String, Argument>) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    if arguments.values().all(|argument| argument.description.is_none()) {
        let list: Vec<String> = arguments.iter().map(|(name, of)| argument(name, of)).collect();
        return format!("({})", list.join(", "));
    }
    let mut out = "(\n".to_owned();
    for (name, of) in arguments {
        describe(&mut out, "    ", of.description.as_deref());
        line(&mut out, &format!("    {}", argument(name, of)));
    }
    out.push_str("  )");
    out
}

fn argument(name: &str, argument: &Argument) -> String {
    match &argument.default {
        Some(default) => format!("{name}: {} = {default}", argument.ty),
        None => format!("{name}: {}", argument.ty),
    }
}

fn describe(out: &mut String, indent: &str, text: Option<&str>) {
    if let Some(text) = text {
        line(out, &format!("{indent}{}", quoted(text)));
    }
}

/// Writes a string of GraphQL, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes every text");
}
