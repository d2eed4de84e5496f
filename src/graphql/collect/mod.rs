//! A document and its variables → the fields to answer, in the order of the response: specification 6.1.2 and 6.3.2.
//!
//! async-graphql 7.2 ignores the defaults of variables in `@skip` and `@include` and does not merge fields, so this is
//! ours: defaults are filled in first, then directives are read, then fields with one response key become one.
//!
//! **Invariant:** below a [`Selected`] tree there are no fragments, directives or variables, and every argument has the
//! type that the schema says.

mod input;
mod variables;

use std::collections::BTreeSet;

use async_graphql::{
    Pos, Positioned,
    parser::types::{BaseType, Directive, Field, Selection, SelectionSet, Type},
};
use async_graphql_value::{ConstValue, Value};
use indexmap::IndexMap;

use super::{GraphqlError, document::Document, types::Types};

/// Values of arguments, inputs or variables by name; what was not given and has no default is absent.
pub(super) type Values = IndexMap<String, ConstValue>;

/// A field to answer.
#[derive(Clone, Debug)]
pub(super) struct Selected {
    /// The key in the response.
    pub(super) key: String,
    /// The field.
    pub(super) name: String,
    /// Its arguments, with defaults.
    pub(super) arguments: Values,
    /// What is selected below it: nothing below a leaf, and where directives leave nothing.
    pub(super) below: Vec<Selected>,
    /// Whether the document selects nothing below it.
    pub(super) is_leaf: bool,
    /// Where it stands first.
    pub(super) position: Pos,
}

impl Selected {
    /// Returns an argument that was given or has a default, unless it is null.
    pub(super) fn argument(&self, name: &str) -> Option<&ConstValue> {
        self.arguments.get(name).filter(|value| !matches!(value, ConstValue::Null))
    }
}

/// Collects the fields of a document's operation.
pub(super) fn collect(
    types: &Types,
    document: &Document,
    variables: ConstValue,
) -> Result<Vec<Selected>, GraphqlError> {
    let variables = variables::coerce(types, document.operation(), variables)?;
    let collecting = Collecting { types, document, variables };
    collecting.fields("Query", &[&document.operation().selection_set.node])
}

struct Collecting<'a> {
    types: &'a Types,
    document: &'a Document,
    variables: Values,
}

type Groups<'a> = IndexMap<&'a str, Vec<&'a Positioned<Field>>>;

impl<'a> Collecting<'a> {
    fn fields(&self, object: &str, sets: &[&'a SelectionSet]) -> Result<Vec<Selected>, GraphqlError> {
        let mut groups = Groups::new();
        let mut visited = BTreeSet::new();
        for set in sets {
            self.group(set, &mut visited, &mut groups)?;
        }
        groups.into_iter().map(|(key, fields)| self.field(object, key, &fields)).collect()
    }

    fn group(
        &self,
        set: &'a SelectionSet,
        visited: &mut BTreeSet<&'a str>,
        groups: &mut Groups<'a>,
    ) -> Result<(), GraphqlError> {
        for selection in &set.items {
            if !self.included(selection.node.directives())? {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => groups.entry(&field.node.response_key().node).or_default().push(field),
                // Every type is an object, so a fragment that validation let pass applies.
                Selection::InlineFragment(fragment) => {
                    self.group(&fragment.node.selection_set.node, visited, groups)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if visited.insert(name)
                        && let Some(fragment) = self.document.document().fragments.get(name)
                    {
                        self.group(&fragment.node.selection_set.node, visited, groups)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn included(&self, directives: &[Positioned<Directive>]) -> Result<bool, GraphqlError> {
        for directive in directives {
            let wanted = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                _ => continue,
            };
            let condition = directive.node.get_argument("if");
            let condition = match condition {
                Some(value) => input::literal(self.types, &boolean(), &value.node, &self.variables)?,
                None => None,
            };
            let Some(ConstValue::Boolean(condition)) = condition else {
                let message = format!("`@{}` needs a boolean `if`", directive.node.name.node);
                return Err(GraphqlError::input(message).at(directive.pos));
            };
            if condition != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn field(&self, object: &str, key: &str, fields: &[&'a Positioned<Field>]) -> Result<Selected, GraphqlError> {
        let first = fields.first().expect("a group has a field");
        let name = first.node.name.node.as_str();
        let sets: Vec<&SelectionSet> = fields.iter().map(|field| &field.node.selection_set.node).collect();
        let selected = |arguments, below| Selected {
            key: key.to_owned(),
            name: name.to_owned(),
            arguments,
            below,
            is_leaf: first.node.selection_set.node.items.is_empty(),
            position: first.pos,
        };
        let Some(definition) = self.types.field(object, name) else {
            // `__typename`, or introspection, which async-graphql answers; its types take literals and strings only.
            let arguments = self.untyped_arguments(&first.node)?;
            return Ok(selected(arguments, self.fields("", &sets)?));
        };
        let mut arguments = Values::new();
        for (name, argument) in &definition.arguments {
            let given = match first.node.get_argument(name) {
                Some(value) => input::literal(self.types, &argument.ty, &value.node, &self.variables)
                    .map_err(|error| input::within(name, error).at(value.pos))?,
                None => None,
            };
            match given.or_else(|| argument.default.clone()) {
                Some(value) => _ = arguments.insert(name.clone(), value),
                None if argument.ty.nullable => {}
                None => return Err(GraphqlError::input(format!("argument `{name}` is missing")).at(first.pos)),
            }
        }
        Ok(selected(arguments, self.fields(named(&definition.ty), &sets)?))
    }

    fn untyped_arguments(&self, field: &Field) -> Result<Values, GraphqlError> {
        let mut arguments = Values::new();
        for (name, value) in &field.arguments {
            if matches!(&value.node, Value::Variable(variable) if !self.variables.contains_key(variable.as_str())) {
                continue;
            }
            let given = value.node.clone().into_const_with(|variable| {
                let known = self.variables.get(variable.as_str()).cloned();
                known.ok_or_else(|| GraphqlError::input(format!("variable `${variable}` is missing")).at(value.pos))
            })?;
            arguments.insert(name.node.to_string(), given);
        }
        Ok(arguments)
    }
}

/// Returns the name at the bottom of a type reference.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

fn boolean() -> Type {
    Type { base: BaseType::Named(async_graphql::Name::new("Boolean")), nullable: false }
}
