//! Values of inputs: specification 3.10 and 5.6, strict for our own scalars.
//!
//! `in: "DE"` becomes a list of one; a missing field of an input takes its default; `first: "10"` is an error.

use async_graphql::{
    Name,
    parser::types::{BaseType, Type},
};
use async_graphql_value::{ConstValue, Value};
use indexmap::IndexMap;

use super::Values;
use crate::{
    diagnostics::nearest,
    graphql::{
        GraphqlError,
        scalars::{self, Written},
        types::{Argument, Kind, Types},
    },
    plan::PlanErrorCode,
};

/// The greatest number of values in a list.
const MAX_LIST: usize = 1_000;

/// Checks a value written in a document. A variable that has no value gives nothing.
pub(super) fn literal(
    types: &Types,
    ty: &Type,
    value: &Value,
    variables: &Values,
) -> Result<Option<ConstValue>, GraphqlError> {
    let value = match value {
        // It was checked against its own type, which validation compared with this place; null may still be wrong.
        Value::Variable(name) => match variables.get(name.as_str()) {
            Some(value) => return json(types, ty, value.clone()).map(Some),
            None => return Ok(None),
        },
        value => value,
    };
    Ok(Some(match (&ty.base, value) {
        (_, Value::Null) => null(ty)?,
        (BaseType::List(item), Value::List(values)) => {
            check_length(values.len())?;
            let values = values.iter().enumerate().map(|(index, value)| {
                let value =
                    literal(types, item, value, variables).map_err(|error| within(&index.to_string(), error))?;
                match value {
                    Some(value) => Ok(value),
                    None => null(item),
                }
            });
            ConstValue::List(values.collect::<Result<_, _>>()?)
        }
        (BaseType::List(item), value) => match literal(types, item, value, variables)? {
            Some(value) => ConstValue::List(vec![value]),
            None => return Ok(None),
        },
        (BaseType::Named(name), Value::Object(fields)) => match input_fields(types, name) {
            Some((definitions, one_of)) => {
                let given = fields.iter().map(|(name, value)| (name.as_str(), value));
                object(name, definitions, one_of, given, |ty, value| literal(types, ty, value, variables))?
            }
            None => return Err(scalars::wrong(name, "an object")),
        },
        (BaseType::Named(name), value) => {
            let constant = value.clone().into_const().ok_or_else(|| scalars::wrong(name, "a list"))?;
            leaf(types, name, constant, Written::InDocument)?
        }
    }))
}

/// Checks a value that came as JSON.
pub(super) fn json(types: &Types, ty: &Type, value: ConstValue) -> Result<ConstValue, GraphqlError> {
    Ok(match (&ty.base, value) {
        (_, ConstValue::Null) => null(ty)?,
        (BaseType::List(item), ConstValue::List(values)) => {
            check_length(values.len())?;
            let values = values.into_iter().enumerate();
            let values = values
                .map(|(index, value)| json(types, item, value).map_err(|error| within(&index.to_string(), error)));
            ConstValue::List(values.collect::<Result<_, _>>()?)
        }
        (BaseType::List(item), value) => ConstValue::List(vec![json(types, item, value)?]),
        (BaseType::Named(name), ConstValue::Object(fields)) => match input_fields(types, name) {
            Some((definitions, one_of)) => {
                let given = fields.iter().map(|(name, value)| (name.as_str(), value));
                object(name, definitions, one_of, given, |ty, value| json(types, ty, value.clone()).map(Some))?
            }
            None => leaf(types, name, ConstValue::Object(fields), Written::AsJson)?,
        },
        (BaseType::Named(name), value) => leaf(types, name, value, Written::AsJson)?,
    })
}

/// Puts a name in front of what an error is about: `where: customers: country: …`.
pub(super) fn within(name: &str, mut error: GraphqlError) -> GraphqlError {
    error.message = format!("{name}: {}", error.message);
    error
}

fn null(ty: &Type) -> Result<ConstValue, GraphqlError> {
    if ty.nullable { Ok(ConstValue::Null) } else { Err(GraphqlError::input(format!("null is no `{ty}`"))) }
}

fn check_length(length: usize) -> Result<(), GraphqlError> {
    if length <= MAX_LIST {
        return Ok(());
    }
    let message = format!("the list has {length} values and at most {MAX_LIST} are read");
    Err(GraphqlError::plan(PlanErrorCode::LimitExceeded, message))
}

fn input_fields<'a>(types: &'a Types, name: &str) -> Option<(&'a IndexMap<String, Argument>, bool)> {
    match &types.get(name)?.kind {
        Kind::Input { fields, one_of } => Some((fields, *one_of)),
        Kind::Scalar | Kind::Enum(_) | Kind::Object(_) => None,
    }
}

fn object<'v, V: 'v>(
    type_name: &str,
    definitions: &IndexMap<String, Argument>,
    one_of: bool,
    given: impl Iterator<Item = (&'v str, &'v V)>,
    mut coerce: impl FnMut(&Type, &V) -> Result<Option<ConstValue>, GraphqlError>,
) -> Result<ConstValue, GraphqlError> {
    let mut values: IndexMap<Name, ConstValue> = IndexMap::new();
    for (name, value) in given {
        let Some(definition) = definitions.get(name) else {
            let error = GraphqlError::input(format!("`{type_name}` has no field `{name}`"));
            let near = nearest(name, definitions.keys().map(String::as_str));
            return Err(match near {
                Some(near) => error.help(format!("Write `{near}`.")),
                None => error,
            });
        };
        if let Some(value) = coerce(&definition.ty, value).map_err(|error| within(name, error))? {
            values.insert(Name::new(name), value);
        }
    }
    if one_of && (values.len() != 1 || matches!(values[0], ConstValue::Null)) {
        let choices: Vec<String> = definitions.keys().map(|name| format!("`{name}`")).collect();
        let message = format!("`{type_name}` takes exactly one of {}", choices.join(", "));
        return Err(GraphqlError::input(message));
    }
    for (name, definition) in definitions {
        if values.contains_key(name.as_str()) {
            continue;
        }
        match &definition.default {
            Some(default) => _ = values.insert(Name::new(name), default.clone()),
            None if definition.ty.nullable => {}
            None => return Err(GraphqlError::input(format!("`{name}` of `{type_name}` is missing"))),
        }
    }
    Ok(ConstValue::Object(values))
}

fn leaf(types: &Types, name: &str, value: ConstValue, written: Written) -> Result<ConstValue, GraphqlError> {
    match types.get(name).map(|definition| &definition.kind) {
        Some(Kind::Enum(values)) => {
            let chosen = match (&value, written) {
                (ConstValue::Enum(chosen), _) => chosen.as_str(),
                (ConstValue::String(chosen), Written::AsJson) => chosen.as_str(),
                _ => return Err(scalars::wrong(name, &scalars::show(&value))),
            };
            if values.contains_key(chosen) {
                return Ok(ConstValue::Enum(Name::new(chosen)));
            }
            let error = GraphqlError::input(format!("`{name}` has no value `{chosen}`"));
            Err(match nearest(chosen, values.keys().map(String::as_str)) {
                Some(near) => error.help(format!("Write `{near}`.")),
                None => error,
            })
        }
        Some(Kind::Input { .. }) => Err(scalars::wrong(name, &scalars::show(&value))),
        Some(Kind::Scalar | Kind::Object(_)) | None => scalars::coerce(name, value),
    }
}
