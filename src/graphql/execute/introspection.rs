//! `__schema` and `__type`, answered by async-graphql.

use std::collections::BTreeMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};
use async_graphql_value::ConstValue;

use crate::graphql::{Api, collect::Selected, types::Introspection};

/// Returns the answers of the introspection among the fields, by response key.
///
/// async-graphql is given what was collected, so that it meets neither fragments nor directives nor variables.
pub(super) async fn answer(api: &Api, selected: &[Selected]) -> BTreeMap<String, Vec<u8>> {
    let asked: Vec<&Selected> =
        selected.iter().filter(|field| matches!(field.name.as_str(), "__schema" | "__type")).collect();
    let Some(first) = asked.first() else { return BTreeMap::new() };
    let operation = OperationDefinition {
        ty: OperationType::Query,
        variable_definitions: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(set(asked.iter().copied()), first.position),
    };
    let document = ExecutableDocument {
        operations: DocumentOperations::Single(Positioned::new(operation, first.position)),
        fragments: std::collections::HashMap::new(),
    };
    let mut request = async_graphql::Request::new("").data(Introspection);
    request.set_parsed_query(document);
    match api.schema.execute(request).await.data {
        ConstValue::Object(data) => {
            let written = |value: &ConstValue| serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
            let cleared = data.into_iter().map(|(key, value)| (key, without_placeholders(value)));
            cleared.map(|(key, value)| (key.to_string(), written(&value))).collect()
        }
        _ => asked.iter().map(|field| (field.key.clone(), b"null".to_vec())).collect(),
    }
}

/// The key of what is asked below an object of which directives leave nothing, where async-graphql needs something; no
/// document can write it.
const PLACEHOLDER: &str = "";

fn without_placeholders(value: ConstValue) -> ConstValue {
    match value {
        ConstValue::Object(fields) => {
            let kept = fields.into_iter().filter(|(key, _)| key != PLACEHOLDER);
            ConstValue::Object(kept.map(|(key, value)| (key, without_placeholders(value))).collect())
        }
        ConstValue::List(items) => ConstValue::List(items.into_iter().map(without_placeholders).collect()),
        leaf => leaf,
    }
}

fn set<'a>(fields: impl Iterator<Item = &'a Selected>) -> SelectionSet {
    let items = fields.map(|selected| {
        let at = |name: &str| Positioned::new(Name::new(name), selected.position);
        let arguments = selected
            .arguments
            .iter()
            .map(|(name, value)| (at(name), Positioned::new(value.clone().into_value(), selected.position)));
        let mut below = set(selected.below.iter());
        if below.items.is_empty() && !selected.is_leaf {
            let placeholder = Field {
                alias: Some(at(PLACEHOLDER)),
                name: at("__typename"),
                arguments: Vec::new(),
                directives: Vec::new(),
                selection_set: Positioned::new(SelectionSet::default(), selected.position),
            };
            below.items.push(Positioned::new(
                Selection::Field(Positioned::new(placeholder, selected.position)),
                selected.position,
            ));
        }
        let field = Field {
            alias: (selected.key != selected.name).then(|| at(&selected.key)),
            name: at(&selected.name),
            arguments: arguments.collect(),
            directives: Vec::new(),
            selection_set: Positioned::new(below, selected.position),
        };
        Positioned::new(Selection::Field(Positioned::new(field, selected.position)), selected.position)
    });
    SelectionSet { items: items.collect() }
}
