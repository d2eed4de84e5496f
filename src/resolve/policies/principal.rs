//! The file of a principal → [`Principal`].
//!
//! **Invariant:** a claim that cannot be compared with a value is refused here, not left out.

use serde_json::Value;

use crate::{
    diagnostics::{Code, Diagnostic},
    files::{FileId, SourceMap, Span},
    project::{Claim, Principal},
    sql::Literal,
    syntax::load_principal,
};

/// Reads who asks from YAML or JSON: `{ id: ann, roles: [finance], claims: { country: DE } }`.
pub fn principal(files: &SourceMap, file: FileId) -> Result<Principal, Vec<Diagnostic>> {
    let def = load_principal(files, file)?;
    let mut wrong = Vec::new();
    let mut principal = Principal {
        id: def.id.map(|id| id.value).unwrap_or_default(),
        roles: def.roles.into_iter().map(|role| role.value).collect(),
        ..Principal::default()
    };
    match def.claims.map(|claims| (claims.value, claims.span)) {
        None => {}
        Some((Value::Object(claims), span)) => {
            for (name, value) in claims {
                match claim(&value) {
                    Ok(Some(claim)) => _ = principal.claims.insert(name, claim),
                    // Null is no value: the claim is missing.
                    Ok(None) => {}
                    Err(what) => wrong.push(refused(span, &format!("claim `{name}` holds {what}"))),
                }
            }
        }
        Some((_, span)) => wrong.push(refused(span, "`claims` are no names with values")),
    }
    if wrong.is_empty() { Ok(principal) } else { Err(wrong) }
}

fn refused(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, message)
        .help("A claim is a text, a number, true or false, or a list of those: `{ country: DE, regions: [NW, SE] }`.")
}

fn claim(value: &Value) -> Result<Option<Claim>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) => {
            let items = items.iter().map(|item| scalar(item)?.ok_or("a list with a null"));
            Ok(Some(Claim::Many(items.collect::<Result<_, _>>()?)))
        }
        scalar_value => Ok(scalar(scalar_value)?.map(Claim::One)),
    }
}

fn scalar(value: &Value) -> Result<Option<Literal>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(Literal::Boolean(*truth))),
        Value::String(text) => Ok(Some(Literal::String(text.clone()))),
        Value::Number(number) => Ok(Some(match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Literal::Integer(integer),
            (None, Some(float)) if number.to_string().contains(['e', 'E']) => Literal::Float(float.to_bits()),
            (None, _) => Literal::Decimal(number.to_string()),
        })),
        Value::Array(_) => Err("a list inside of a list"),
        Value::Object(_) => Err("names with values"),
    }
}
