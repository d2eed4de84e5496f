//! `${NAME}` and `${NAME:-default}` → values of environment variables.
//!
//! The values are put in after the text was read as YAML, so a value can never become a key.

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    syntax::yaml::{Node, Value},
};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Puts the values of variables into every scalar; those of connections that are not in use may be missing.
pub(super) fn fill(root: &mut Node, variable: Lookup<'_>, diagnostics: &mut Diagnostics) {
    let Value::Mapping(mapping) = &mut root.value else { return };
    let mut in_use = None;
    for entry in mapping.entries.iter_mut().filter(|entry| entry.key.value != "connections") {
        fill_node(&mut entry.value, variable, Some(diagnostics));
        if entry.key.value == "connection"
            && let Value::Scalar(scalar) = &entry.value.value
        {
            in_use = Some(scalar.text.clone());
        }
    }
    for entry in mapping.entries.iter_mut().filter(|entry| entry.key.value == "connections") {
        let Value::Mapping(connections) = &mut entry.value.value else { continue };
        for connection in &mut connections.entries {
            let needed = in_use.as_ref() == Some(&connection.key.value);
            fill_node(&mut connection.value, variable, needed.then_some(&mut *diagnostics));
        }
    }
}

fn fill_node(node: &mut Node, variable: Lookup<'_>, mut diagnostics: Option<&mut Diagnostics>) {
    match &mut node.value {
        Value::Absent | Value::Refused => {}
        Value::Scalar(scalar) => match filled(&scalar.text, node.span, variable) {
            Ok(text) => scalar.text = text,
            Err(diagnostic) => {
                if let Some(diagnostics) = diagnostics {
                    diagnostics.push(diagnostic);
                }
            }
        },
        Value::Sequence(items) => {
            for item in items {
                fill_node(item, variable, diagnostics.as_deref_mut());
            }
        }
        Value::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                fill_node(&mut entry.value, variable, diagnostics.as_deref_mut());
            }
        }
    }
}

fn filled(text: &str, span: Span, variable: Lookup<'_>) -> Result<String, Diagnostic> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else {
            return Err(Diagnostic::new(Code::InvalidConfiguration, span, "`${` is not closed")
                .help("Write `${NAME}` or `${NAME:-default}`."));
        };
        let (name, default) = inside.split_once(":-").map_or((inside, None), |(name, value)| (name, Some(value)));
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        if !is_name {
            let message = format!("`{name}` is not the name of an environment variable");
            return Err(Diagnostic::new(Code::InvalidConfiguration, span, message)
                .help("Write letters, digits and `_`, such as `${WAREHOUSE}`."));
        }
        // As in a shell, an empty variable takes the default too.
        let value = variable(name).filter(|value| default.is_none() || !value.is_empty());
        let Some(value) = value.or_else(|| default.map(str::to_owned)) else {
            let message = format!("environment variable `{name}` is not set");
            return Err(Diagnostic::new(Code::InvalidConfiguration, span, message)
                .help(format!("Set it, or write `${{{name}:-…}}` with a default.")));
        };
        filled.push_str(&value);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}
