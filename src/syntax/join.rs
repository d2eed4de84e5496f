//! `joins:` of a model, from many to one.

use super::{ExpressionDef, Text};
use crate::files::{Span, Spanned};

/// A join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinDef {
    /// `to:` the model on the one side.
    pub to: Text,
    /// `key:` our columns, or pairs of theirs and ours.
    pub keys: Vec<JoinKeyDef>,
    /// `as:` the role; the model's name unless said.
    pub role: Option<Text>,
    /// `as_of:` the time at which a version is taken (not executed yet).
    pub as_of: Option<Text>,
    /// `fan_out:` (not executed yet)
    pub fan_out: Option<Spanned<String>>,
    /// The whole entry.
    pub span: Span,
}

/// One pair of a join's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinKeyDef {
    /// The other model's column; absent if only ours was written: then their primary key takes its place, or, for
    /// several columns, the column of the same name.
    pub theirs: Option<Text>,
    /// Our column or expression.
    pub ours: ExpressionDef,
}
