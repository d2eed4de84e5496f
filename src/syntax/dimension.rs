//! `dimensions:` of a model.

use super::{DocsDef, ExpressionDef, Text};
use crate::{
    files::{Span, Spanned},
    time::Granularity,
};

/// A dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionDef {
    /// `name:`
    pub name: Text,
    /// Label, description, group and so on.
    pub docs: DocsDef,
    /// `type:` string, number, boolean or time.
    pub kind: Option<Text>,
    /// `expr:` the column of the same name unless said.
    pub expr: Option<ExpressionDef>,
    /// `granularity:` the finest granularity of a time dimension.
    pub granularity: Option<Spanned<Granularity>>,
    /// `nullable:` a boolean that keeps three values.
    pub nullable: Option<Spanned<bool>>,
    /// `buckets:` ascending bounds, as written.
    pub buckets: Vec<Text>,
    /// `values:` the known values.
    pub values: Vec<Text>,
    /// `format:`
    pub format: Option<Text>,
    /// `unit:`
    pub unit: Option<Text>,
    /// `pii:` a class of personal data.
    pub pii: Option<Text>,
    /// `mask:` how it is masked.
    pub mask: Option<Text>,
    /// `suggest:` whether values are suggested.
    pub suggest: Option<Spanned<bool>>,
    /// `same_as:` a path that means the same thing elsewhere.
    pub same_as: Option<Text>,
    /// `metric:` a metric as a dimension (not executed yet).
    pub metric: Option<Text>,
    /// The whole entry.
    pub span: Span,
}
