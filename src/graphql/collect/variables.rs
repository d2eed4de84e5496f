//! Values of variables: specification 6.1.2.

use async_graphql::parser::types::OperationDefinition;
use async_graphql_value::ConstValue;

use super::{Values, input};
use crate::graphql::{GraphqlError, types::Types};

/// Checks the values that came with a request against the declared types and fills in the defaults.
///
/// Values of variables that the operation does not declare are left out, as the specification says.
pub(super) fn coerce(
    types: &Types,
    operation: &OperationDefinition,
    variables: ConstValue,
) -> Result<Values, GraphqlError> {
    let ConstValue::Object(mut given) = variables else { return Err(GraphqlError::input("variables are an object")) };
    let mut values = Values::new();
    for definition in &operation.variable_definitions {
        let (name, ty) = (definition.node.name.node.as_str(), &definition.node.var_type.node);
        let value = match given.swap_remove(name) {
            Some(value) => Some(
                input::json(types, ty, value)
                    .map_err(|error| input::within(&format!("${name}"), error).at(definition.pos))?,
            ),
            None => match &definition.node.default_value {
                Some(default) => Some(
                    input::literal(types, ty, &default.node.clone().into_value(), &Values::new())?
                        .expect("a constant has no variables that could be missing"),
                ),
                None => None,
            },
        };
        match value {
            Some(value) => _ = values.insert(name.to_owned(), value),
            None if ty.nullable => {}
            None => {
                return Err(
                    GraphqlError::input(format!("variable `${name}` of type `{ty}` is missing")).at(definition.pos)
                );
            }
        }
    }
    Ok(values)
}
