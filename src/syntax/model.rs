//! `models:`, tables with a declared grain.

use super::{DimensionDef, DocsDef, JoinDef, Text};
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
    /// `versions:` (not executed yet)
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
