//! `joins:` of a model, from many to one.

use super::{
    ExpressionDef, Spanned, Text,
    keys::{Fields, Kind, Shape, key, keys, required},
};
use crate::files::Span;

/// A join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinDef {
    /// `to:` the model on the one side.
    pub to: Text,
    /// `key:` our columns, or pairs of theirs and ours.
    pub keys: Vec<JoinKeyDef>,
    /// `as:` the role; the model's name unless said.
    pub role: Option<Text>,
    /// `as_of:` the time at which a version is taken.
    pub as_of: Option<Text>,
    /// `complete:` whether every row is promised to have its match.
    pub complete: Option<Spanned<bool>>,
    /// `fan_out:`
    pub fan_out: Option<FanOutDef>,
    /// The whole entry.
    pub span: Span,
}

/// `fan_out: dedupe` or `fan_out: { weight: share }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FanOutDef {
    /// `weight:`; without it each row counts once per group.
    pub weight: Option<ExpressionDef>,
    /// The whole value.
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

/// The keys of a join.
pub(super) static JOIN: Kind = Kind {
    name: "join",
    article: "a join",
    doc: "Another model of which each row of this one has at most one.",
    keys: keys![
        required("to", Shape::Reference, "The model on the one side."),
        required(
            "key",
            Shape::JoinKey,
            "Our column, a list of our columns, or pairs of their column and our column or expression."
        ),
        key("as", Shape::Name, "The role, if a model is joined more than once; the model's name unless said."),
        key(
            "as_of",
            Shape::Reference,
            "The time at which the version of a versioned model is taken; `time` is the metric's."
        ),
        key(
            "complete",
            Shape::Boolean,
            "Promises that every row of this model has its match in the other; `entente verify` tests it."
        ),
        key(
            "fan_out",
            Shape::WordOrMapping(&["dedupe"], &FAN_OUT),
            "Allows dimensions of the many side: `dedupe` counts each row once per group, a weight splits it."
        ),
        meta
    ],
    rules: &[],
};

static FAN_OUT: Kind = Kind {
    name: "fan_out",
    article: "a fan-out",
    doc: "How a row counts that many rows of this model point to.",
    keys: keys![
        required(
            "weight",
            Shape::Expression,
            "The part of the row that each of our rows takes: our column or expression. Sums and counts are multiplied by it."
        ),
        meta
    ],
    rules: &[],
};

impl JoinDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            to: fields.required_text("to"),
            keys: fields.join_key("key"),
            role: fields.text("as"),
            as_of: fields.text("as_of"),
            complete: fields.boolean("complete"),
            fan_out: fields.word_or_mapping("fan_out").map(FanOutDef::from_fields),
            span: fields.span,
        }
    }
}

impl FanOutDef {
    fn from_fields(written: Result<Text, Fields>) -> Self {
        match written {
            Ok(word) => Self { weight: None, span: word.span },
            Err(mut fields) => Self { weight: fields.expression("weight"), span: fields.span },
        }
    }
}
