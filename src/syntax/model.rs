//! `models:`, tables with a declared grain.

use super::{
    DimensionDef, DocsDef, JoinDef, Text,
    dimension::DIMENSION,
    join::JOIN,
    keys::{Fields, Kind, Rule, Shape, key, keys, required},
};
use crate::files::Span;

/// A model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDef {
    /// `name:`
    pub name: Text,
    /// Label, description, owner and so on.
    pub docs: DocsDef,
    /// `table:` one of `table` and `sql` is there.
    pub table: Option<Text>,
    /// `sql:` one SELECT.
    pub sql: Option<Text>,
    /// `primary_key:` one column or a list.
    pub primary_key: Vec<Text>,
    /// `unique:` further keys, each a list of columns.
    pub unique: Vec<Vec<Text>>,
    /// `time:` the default time axis of its metrics.
    pub time: Option<Text>,
    /// `where:` the permanent filter.
    pub filter: Option<Text>,
    /// `joins:`
    pub joins: Vec<JoinDef>,
    /// `dimensions:`
    pub dimensions: Vec<DimensionDef>,
    /// `versions:`
    pub versions: Option<VersionsDef>,
    /// The whole entry.
    pub span: Span,
}

/// `versions: { of: [tariff_code], from: valid_from, to: valid_to }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionsDef {
    /// `of:` the key that is versioned.
    pub of: Vec<Text>,
    /// `from:` the first moment of validity.
    pub from: Text,
    /// `to:` the first moment after; null is still valid.
    pub to: Text,
    /// The whole mapping.
    pub span: Span,
}

/// The keys of a model.
pub(super) static MODEL: Kind = Kind {
    name: "model",
    article: "a model",
    doc: "A table, or one SELECT, whose rows stand for one kind of thing.",
    keys: keys![
        required("name", Shape::Name, "The name, unique among models."),
        key("table", Shape::Reference, "The table, as the warehouse knows it."),
        key("sql", Shape::Text, "One SELECT in place of a table."),
        key(
            "primary_key",
            Shape::OneOrMore,
            "What one row stands for: the column, or the columns, that tell rows apart."
        ),
        key("unique", Shape::Lists, "Further keys, each a list of columns."),
        docs,
        key("time", Shape::Reference, "The time dimension by which its metrics are dated unless they say otherwise."),
        key("where", Shape::Condition, "A permanent filter: rows that do not fulfil it do not exist."),
        key("joins", Shape::List(&JOIN), "Models on the one side, declared once, from many to one."),
        key("dimensions", Shape::List(&DIMENSION), "What its rows can be grouped and filtered by."),
        key("versions", Shape::Mapping(&VERSIONS), "That rows are versions, each valid for a while."),
        meta
    ],
    rules: &[
        Rule::AtMostOne(&["table", "sql"], "Keep `table` for a table of the warehouse, or `sql` for a SELECT."),
        Rule::AtLeastOne(&["table", "sql"], "Add `table: schema.table`, or `sql: |` with one SELECT."),
    ],
};

static VERSIONS: Kind = Kind {
    name: "versions",
    article: "versions",
    doc: "Rows that are versions of a thing, each valid from a moment up to another.",
    keys: keys![
        required("of", Shape::OneOrMore, "The columns that name the thing."),
        required("from", Shape::Reference, "The column with the first moment of validity."),
        required("to", Shape::Reference, "The column with the first moment after; null is still valid."),
        meta
    ],
    rules: &[],
};

impl ModelDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            docs: fields.docs(),
            table: fields.text("table"),
            sql: fields.text("sql"),
            primary_key: fields.texts("primary_key"),
            unique: fields.lists("unique"),
            time: fields.text("time"),
            filter: fields.text("where"),
            joins: fields.list("joins", JoinDef::from_fields),
            dimensions: fields.list("dimensions", DimensionDef::from_fields),
            versions: fields.mapping("versions").map(VersionsDef::from_fields),
            span: fields.span,
        }
    }
}

impl VersionsDef {
    fn from_fields(mut fields: Fields) -> Self {
        Self {
            of: fields.texts("of"),
            from: fields.required_text("from"),
            to: fields.required_text("to"),
            span: fields.span,
        }
    }
}
