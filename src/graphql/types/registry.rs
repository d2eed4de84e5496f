//! Our types as a schema of async-graphql, which prints them, validates documents, and answers introspection.

use std::sync::Arc;

use async_graphql::{
    Response, Value, async_trait,
    dynamic::{
        Enum, EnumItem, Field as DynamicField, FieldFuture, InputObject, InputValue, Object, Scalar, Schema,
        SchemaError, TypeRef,
    },
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
    parser::types::{BaseType, Type},
};

use super::{Argument, Field, Kind, Types};

/// Put beside a request, lets it be executed; without it a request is only validated.
pub(in crate::graphql) struct Introspection;

/// Ends the work of async-graphql after validation, unless the request is for introspection.
struct OnlyValidate;

impl ExtensionFactory for OnlyValidate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for OnlyValidate {
    async fn execute(&self, ctx: &ExtensionContext<'_>, name: Option<&str>, next: NextExecute<'_>) -> Response {
        match ctx.data_opt::<Introspection>() {
            Some(_) => next.run(ctx, name).await,
            None => Response::new(Value::Null),
        }
    }
}

/// Returns the schema. Its fields are never resolved, except those of introspection.
pub(in crate::graphql) fn registry(types: &Types) -> Result<Schema, SchemaError> {
    let mut schema = Schema::build("Query", None, None).extension(OnlyValidate);
    for (name, definition) in &types.0 {
        let about = &definition.description;
        schema = match &definition.kind {
            Kind::Scalar if matches!(name.as_str(), "Int" | "Float" | "String" | "Boolean") => schema,
            Kind::Scalar => {
                let scalar = Scalar::new(name);
                schema.register(if let Some(about) = about { scalar.description(about) } else { scalar })
            }
            Kind::Enum(values) => {
                let items = values.iter().map(|(value, about)| {
                    let item = EnumItem::new(value);
                    if let Some(about) = about { item.description(about) } else { item }
                });
                let list = Enum::new(name).items(items);
                schema.register(if let Some(about) = about { list.description(about) } else { list })
            }
            Kind::Object(fields) => {
                let object =
                    fields.iter().fold(Object::new(name), |object, (name, field)| object.field(dynamic(name, field)));
                schema.register(if let Some(about) = about { object.description(about) } else { object })
            }
            Kind::Input { fields, one_of } => {
                let empty = if *one_of { InputObject::new(name).oneof() } else { InputObject::new(name) };
                let input = fields.iter().fold(empty, |input, (name, field)| input.field(value(name, field)));
                schema.register(if let Some(about) = about { input.description(about) } else { input })
            }
        };
    }
    schema.finish()
}

fn dynamic(name: &str, field: &Field) -> DynamicField {
    let mut dynamic = DynamicField::new(name, reference(&field.ty), |_| FieldFuture::from_value(None::<Value>));
    if let Some(about) = &field.description {
        dynamic = dynamic.description(about);
    }
    if let Some(reason) = &field.deprecated {
        dynamic = dynamic.deprecation(Some(reason));
    }
    field.arguments.iter().fold(dynamic, |dynamic, (name, argument)| dynamic.argument(value(name, argument)))
}

fn value(name: &str, argument: &Argument) -> InputValue {
    let mut value = InputValue::new(name, reference(&argument.ty));
    if let Some(about) = &argument.description {
        value = value.description(about);
    }
    if let Some(default) = &argument.default {
        value = value.default_value(default.clone());
    }
    value
}

fn reference(ty: &Type) -> TypeRef {
    let inner = match &ty.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(item) => TypeRef::List(Box::new(reference(item))),
    };
    if ty.nullable { inner } else { TypeRef::NonNull(Box::new(inner)) }
}
