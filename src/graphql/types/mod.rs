//! A project as GraphQL types: what can be selected, what arguments take, and what each name stands for.
//!
//! The metric `on_time_rate` becomes the field `onTimeRate: Float` of `Row` and `Metrics`, the model `depots` the types
//! `DepotsKeys` and `DepotsFilter`, its role `origin` a field of `Keys`. What does not depend on the project is written
//! down in `base.graphql`.
//!
//! **Invariant:** every type that a field or argument names is there, so looking it up cannot fail.

mod base;
mod members;
mod project;
mod registry;
mod sdl;

pub(super) use members::{ClockUnit, Member, Vocabulary, scalar_type};
pub(super) use project::types;
pub(super) use registry::{Introspection, registry};
pub(super) use sdl::sdl;

use std::collections::BTreeMap;

use async_graphql::parser::types::Type;
use async_graphql_value::ConstValue;
use indexmap::IndexMap;

/// The types of one schema, by name.
#[derive(Debug, Default)]
pub(super) struct Types(BTreeMap<String, Definition>);

/// A type.
#[derive(Debug)]
pub(super) struct Definition {
    /// What it is, for people.
    pub(super) description: Option<String>,
    /// What kind of type it is.
    pub(super) kind: Kind,
}

/// What kind of type it is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A leaf.
    Scalar,
    /// A leaf with a list of values, each with a description.
    Enum(IndexMap<String, Option<String>>),
    /// Something that is selected from.
    Object(IndexMap<String, Field>),
    /// Something that an argument takes.
    Input {
        /// Its fields.
        fields: IndexMap<String, Argument>,
        /// Whether exactly one field is given.
        one_of: bool,
    },
}

/// A field of an object.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// What it is, for people.
    pub(super) description: Option<String>,
    /// Why it should not be used any more.
    pub(super) deprecated: Option<String>,
    /// The type of its value.
    pub(super) ty: Type,
    /// What it takes.
    pub(super) arguments: IndexMap<String, Argument>,
}

/// An argument of a field, or a field of an input.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// What it is, for people.
    pub(super) description: Option<String>,
    /// Its type.
    pub(super) ty: Type,
    /// What it is if it is not given.
    pub(super) default: Option<ConstValue>,
}

impl Types {
    /// Adds a type and returns whether its name was free.
    fn insert(&mut self, name: impl Into<String>, description: Option<String>, kind: Kind) -> bool {
        let name = name.into();
        if self.0.contains_key(&name) {
            return false;
        }
        self.0.insert(name, Definition { description, kind });
        true
    }

    /// Returns whether there is a type of that name.
    fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Finds a type.
    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.0.get(name)
    }

    /// Returns whether a type is one that is selected from.
    pub(super) fn is_object(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|definition| matches!(definition.kind, Kind::Object(_)))
    }

    /// Finds a field of an object.
    pub(super) fn field(&self, object: &str, field: &str) -> Option<&Field> {
        match &self.0.get(object)?.kind {
            Kind::Object(fields) => fields.get(field),
            Kind::Scalar | Kind::Enum(_) | Kind::Input { .. } => None,
        }
    }
}

/// Makes a type reference of its text, such as `[Row!]!`.
fn type_ref(text: &str) -> Type {
    Type::new(text).expect("the text is written here or made of a type's name")
}

impl Field {
    fn new(ty: &str, description: Option<String>) -> Self {
        Self { description, deprecated: None, ty: type_ref(ty), arguments: IndexMap::new() }
    }

    fn argument(mut self, name: &str, ty: &str, default: Option<ConstValue>, description: &str) -> Self {
        let argument = Argument { description: Some(description.to_owned()), ty: type_ref(ty), default };
        self.arguments.insert(name.to_owned(), argument);
        self
    }
}

impl Argument {
    fn new(ty: &str, description: Option<String>) -> Self {
        Self { description, ty: type_ref(ty), default: None }
    }
}
