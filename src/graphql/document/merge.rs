//! Whether fields with one response key can be merged: specification 5.3.2.
//!
//! Every type of ours that is selected from is an object, so two fields under one response key have the same parent:
//! they must be the same field with the same arguments, and so must whatever is selected below both. Arguments are
//! compared as they are written, as the specification says: `time` and `time(granularity: DAY)` differ.
//!
//! **Invariant:** what passes is collected to one field for each response key without losing anything.

use std::collections::BTreeSet;

use async_graphql::{
    Positioned,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;
use indexmap::IndexMap;

use crate::graphql::{Code, GraphqlError};

type Fields<'a> = IndexMap<&'a str, Vec<&'a Positioned<Field>>>;

/// Returns what cannot be merged; one error for each response key.
pub(super) fn conflicts(document: &ExecutableDocument, operation: &OperationDefinition) -> Vec<GraphqlError> {
    let mut errors = Vec::new();
    check(document, &[&operation.selection_set.node], &mut errors);
    errors
}

fn check(document: &ExecutableDocument, sets: &[&SelectionSet], errors: &mut Vec<GraphqlError>) {
    let mut fields = Fields::new();
    let mut visited = BTreeSet::new();
    for set in sets {
        gather(document, set, &mut visited, &mut fields);
    }
    for (key, fields) in fields {
        let (first, others) = fields.split_first().expect("a response key comes with its first field");
        // Being the same field is transitive, so comparing with the first compares all pairs.
        let conflict = others.iter().find_map(|other| Some((other, difference(&first.node, &other.node)?)));
        if let Some((other, difference)) = conflict {
            let message = format!("fields `{key}` cannot be merged because {difference}");
            errors.push(GraphqlError {
                locations: vec![first.pos, other.pos],
                ..GraphqlError::new(Code::ValidationFailed, message).help("Give one of them an alias.")
            });
            continue;
        }
        let below: Vec<&SelectionSet> = fields.iter().map(|field| &field.node.selection_set.node).collect();
        if below.iter().any(|set| !set.items.is_empty()) {
            check(document, &below, errors);
        }
    }
}

fn gather<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    visited: &mut BTreeSet<&'a str>,
    fields: &mut Fields<'a>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => fields.entry(field.node.response_key().node.as_str()).or_default().push(field),
            Selection::InlineFragment(fragment) => gather(document, &fragment.node.selection_set.node, visited, fields),
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                if let Some(fragment) = document.fragments.get(name)
                    && visited.insert(name)
                {
                    gather(document, &fragment.node.selection_set.node, visited, fields);
                }
            }
        }
    }
}

fn difference(one: &Field, other: &Field) -> Option<String> {
    if one.name.node != other.name.node {
        return Some(format!("`{}` and `{}` are different fields", one.name.node, other.name.node));
    }
    let same = one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| {
            other.get_argument(&name.node).is_some_and(|theirs| same_value(&value.node, &theirs.node))
        });
    (!same).then(|| "their arguments differ".to_owned())
}

/// Objects are equal in any order of their fields.
fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|theirs| same_value(value, theirs)))
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        _ => one == other,
    }
}
