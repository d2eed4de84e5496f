//! Whether variables stand where their types allow them: specification 5.8.5.
//!
//! async-graphql 7.2 lets a `String` stand for an `Int`, and refuses `[String!]!` for `[String!]`, so this rule is ours.
//!
//! **Invariant:** a variable that passes has a type whose values its place takes.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{
    Pos, Positioned,
    parser::types::{BaseType, Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet, Type},
};
use async_graphql_value::{ConstValue, Value};

use crate::graphql::{
    Code, GraphqlError,
    collect::named,
    types::{Kind, Types},
};

/// What a variable is declared as: its type, and whether it has a default that is not null.
struct Declared<'a> {
    ty: &'a Type,
    default: bool,
}

/// Returns the variables whose type is not there, in any operation: async-graphql 7.2 panics on their defaults.
pub(super) fn untyped(types: &Types, document: &ExecutableDocument) -> Vec<GraphqlError> {
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    let mut errors: Vec<GraphqlError> = definitions
        .filter(|definition| types.get(named(&definition.node.var_type.node)).is_none())
        .map(|definition| {
            let (name, ty) = (&definition.node.name.node, named(&definition.node.var_type.node));
            GraphqlError::new(Code::ValidationFailed, format!("the type `{ty}` of variable `${name}` is not there"))
                .at(definition.pos)
        })
        .collect();
    // Operations come in no order.
    errors.sort_by_key(|error| error.locations.first().map(|at| (at.line, at.column)));
    errors
}

/// Returns the variables that stand where they may not.
pub(super) fn misplaced(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Vec<GraphqlError> {
    let declared = operation.variable_definitions.iter().map(|definition| {
        let default = definition.node.default_value.as_ref();
        let default = default.is_some_and(|default| default.node != ConstValue::Null);
        (definition.node.name.node.as_str(), Declared { ty: &definition.node.var_type.node, default })
    });
    let mut looking =
        Looking { types, document, declared: declared.collect(), visited: BTreeSet::new(), errors: Vec::new() };
    looking.selections("Query", &operation.selection_set.node);
    looking.errors
}

struct Looking<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    declared: BTreeMap<&'a str, Declared<'a>>,
    visited: BTreeSet<&'a str>,
    errors: Vec<GraphqlError>,
}

impl<'a> Looking<'a> {
    fn selections(&mut self, object: &str, set: &'a SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    let types = self.types;
                    let Some(definition) = types.field(object, &field.node.name.node) else { continue };
                    for (name, value) in &field.node.arguments {
                        if let Some(argument) = definition.arguments.get(name.node.as_str()) {
                            self.value(&argument.ty, argument.default.is_some(), &value.node, value.pos);
                        }
                    }
                    self.selections(named(&definition.ty), &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.selections(object, &fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.visited.insert(name)
                    {
                        self.selections(&fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        let boolean = Type::new("Boolean!").expect("a type");
        for directive in directives {
            if let Some(condition) = directive.node.get_argument("if") {
                self.value(&boolean, false, &condition.node, condition.pos);
            }
        }
    }

    fn value(&mut self, place: &Type, place_has_default: bool, value: &Value, position: Pos) {
        match (value, &place.base) {
            (Value::Variable(name), _) => self.variable(name, place, place_has_default, position),
            (Value::List(items), BaseType::List(item)) => {
                for value in items {
                    self.value(item, false, value, position);
                }
            }
            (Value::Object(given), BaseType::Named(name)) => {
                let types = self.types;
                let Some(Kind::Input { fields, one_of }) = types.get(name).map(|definition| &definition.kind) else {
                    return;
                };
                for (name, value) in given {
                    let Some(field) = fields.get(name.as_str()) else { continue };
                    // Exactly one field is given, so it cannot be null.
                    let place = Type { nullable: field.ty.nullable && !one_of, ..field.ty.clone() };
                    self.value(&place, field.default.is_some(), value, position);
                }
            }
            (value, BaseType::List(item)) => self.value(item, false, value, position),
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, place: &Type, place_has_default: bool, position: Pos) {
        let Some(declared) = self.declared.get(name) else { return };
        let filled = declared.ty.nullable && !place.nullable && (declared.default || place_has_default);
        let place = Type { nullable: place.nullable || filled, ..place.clone() };
        if !fits(declared.ty, &place) {
            let message = format!("variable `${name}` of type `{}` stands where `{place}` is wanted", declared.ty);
            self.errors.push(GraphqlError::new(Code::ValidationFailed, message).at(position));
        }
    }
}

/// Returns whether every value of one type is one of another.
fn fits(declared: &Type, place: &Type) -> bool {
    let base = match (&declared.base, &place.base) {
        (BaseType::Named(declared), BaseType::Named(place)) => declared == place,
        (BaseType::List(declared), BaseType::List(place)) => fits(declared, place),
        (BaseType::Named(_), BaseType::List(_)) | (BaseType::List(_), BaseType::Named(_)) => false,
    };
    base && (place.nullable || !declared.nullable)
}
