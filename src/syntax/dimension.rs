//! `dimensions:` of a model.

use super::{
    DocsDef, ExpressionDef, Text,
    keys::{Fields, GRANULARITIES, Kind, Rule, Shape, key, keys, required},
};
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

/// The keys of a dimension.
pub(super) static DIMENSION: Kind = Kind {
    name: "dimension",
    article: "a dimension",
    doc: "Something to group or filter by; of the rows of its model.",
    keys: keys![
        required("name", Shape::Name, "The name, unique in its model."),
        key("type", Shape::OneOf(&["string", "number", "boolean", "time"]), "What its values are."),
        key("expr", Shape::Expression, "Its value in one row; the column of the same name unless said."),
        docs,
        key("granularity", Shape::Granularity(&GRANULARITIES), "The finest size of time that a time dimension has."),
        key(
            "nullable",
            Shape::Boolean,
            "Whether null is a third value of a boolean dimension; otherwise it reads as false."
        ),
        key("buckets", Shape::Numbers, "Ascending bounds that put a number into classes, such as `[1, 5, 20]`."),
        key("values", Shape::Texts, "The known values."),
        key("format", Shape::Word(FORMATS, FORMAT_PATTERN), "How numbers are shown."),
        key("unit", Shape::Text, "The unit, such as `kg`."),
        key("pii", Shape::Text, "The class of personal data, such as `email`."),
        key("mask", Shape::Text, "How it is masked for those who may not see it, such as `sha256`."),
        key("suggest", Shape::Boolean, "Whether values are suggested in filters; true unless said."),
        key("same_as", Shape::Reference, "A path that means the same thing elsewhere, such as `origin.region`."),
        key("metric", Shape::Reference, "A metric as a dimension, over all time."),
        meta
    ],
    rules: &[
        Rule::Excludes("metric", &["expr"], "Keep `expr` for a value of the row, or `metric` for a metric of it."),
        Rule::Excludes("same_as", &["metric"], "Keep one of the two."),
    ],
};

/// The usual formats.
pub(super) const FORMATS: &[&str] = &["percent", "currency", "decimal_0", "decimal_2", "percent_1", "id"];
/// All formats.
pub(super) const FORMAT_PATTERN: &str = "^(decimal|percent|currency)_[0-9]$";

impl DimensionDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            docs: fields.docs(),
            kind: fields.text("type"),
            expr: fields.expression("expr"),
            granularity: fields.granularity("granularity"),
            nullable: fields.boolean("nullable"),
            buckets: fields.texts("buckets"),
            values: fields.texts("values"),
            format: fields.text("format"),
            unit: fields.text("unit"),
            pii: fields.text("pii"),
            mask: fields.text("mask"),
            suggest: fields.boolean("suggest"),
            same_as: fields.text("same_as"),
            metric: fields.text("metric"),
            span: fields.span,
        }
    }
}
