//! The types that are the same in every project, read from `base.graphql`.

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{InputValueDefinition, TypeKind, TypeSystemDefinition},
    },
};
use indexmap::IndexMap;

use super::{Argument, Field, Kind, Types};

/// Adds the types of `base.graphql` and the scalars of GraphQL itself.
pub(super) fn add(types: &mut Types) {
    for name in ["Int", "Float", "String", "Boolean"] {
        types.insert(name, None, Kind::Scalar);
    }
    let document = parse_schema(include_str!("base.graphql")).expect("base.graphql is part of the program and tested");
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let kind = match definition.kind {
            TypeKind::Scalar => Kind::Scalar,
            TypeKind::Enum(of) => Kind::Enum(
                of.values
                    .into_iter()
                    .map(|value| (value.node.value.node.to_string(), text(value.node.description)))
                    .collect(),
            ),
            TypeKind::Object(of) => Kind::Object(
                of.fields
                    .into_iter()
                    .map(|field| {
                        let field = field.node;
                        let arguments = arguments(field.arguments);
                        let description = text(field.description);
                        (
                            field.name.node.to_string(),
                            Field { description, deprecated: None, ty: field.ty.node, arguments },
                        )
                    })
                    .collect(),
            ),
            TypeKind::InputObject(of) => Kind::Input {
                fields: arguments(of.fields),
                one_of: definition.directives.iter().any(|directive| directive.node.name.node == "oneOf"),
            },
            TypeKind::Interface(_) | TypeKind::Union(_) => continue,
        };
        types.insert(definition.name.node.as_str(), text(definition.description), kind);
    }
}

fn arguments(definitions: Vec<Positioned<InputValueDefinition>>) -> IndexMap<String, Argument> {
    definitions
        .into_iter()
        .map(|definition| {
            let definition = definition.node;
            let default = definition.default_value.map(|value| value.node);
            let argument = Argument { description: text(definition.description), ty: definition.ty.node, default };
            (definition.name.node.to_string(), argument)
        })
        .collect()
}

fn text(description: Option<Positioned<String>>) -> Option<String> {
    description.map(|text| text.node)
}
