//! `rollups:`, stored tables with metrics that are already aggregated.

use super::{
    Text,
    keys::{Fields, GRANULARITIES, Kind, Shape, key, keys, required},
};
use crate::{
    files::{Span, Spanned},
    time::{Duration, Granularity},
};

/// A rollup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupDef {
    /// `name:`
    pub name: Text,
    /// `model:`
    pub model: Text,
    /// `metrics:`
    pub metrics: Vec<Text>,
    /// `dimensions:`
    pub dimensions: Vec<Text>,
    /// `time:` the dimension and its granularity.
    pub time: Option<(Text, Spanned<Granularity>)>,
    /// `table:`
    pub table: Option<Text>,
    /// `partition:`
    pub partition: Option<Spanned<Granularity>>,
    /// `refresh: { every: … }`
    pub every: Option<Spanned<Duration>>,
    /// `refresh: { lookback: … }`
    pub lookback: Option<Spanned<Duration>>,
    /// The whole entry.
    pub span: Span,
}

/// The keys of a rollup.
pub(super) static ROLLUP: Kind = Kind {
    name: "rollup",
    article: "a rollup",
    doc: "A stored table with metrics that are already aggregated.",
    keys: keys![
        required("name", Shape::Name, "The name of the rollup."),
        required("model", Shape::Reference, "The model that is aggregated."),
        required("metrics", Shape::Texts, "The metrics that are stored."),
        key("dimensions", Shape::Texts, "The dimensions that are kept, such as `customers.country`."),
        key("time", Shape::Mapping(&ROLLUP_TIME), "The time dimension that is kept, and its size of time."),
        key("table", Shape::Reference, "The table in which it is stored."),
        key("partition", Shape::Granularity(&GRANULARITIES), "How the stored table is partitioned."),
        key("refresh", Shape::Mapping(&REFRESH), "How often it is built anew, and how far back."),
        meta
    ],
    rules: &[],
};

static ROLLUP_TIME: Kind = Kind {
    name: "time",
    article: "a rollup's time",
    doc: "The time dimension that a rollup keeps.",
    keys: keys![
        required("dimension", Shape::Reference, "The time dimension."),
        required("granularity", Shape::Granularity(&GRANULARITIES), "The size of time to which it is cut."),
        meta
    ],
    rules: &[],
};

static REFRESH: Kind = Kind {
    name: "refresh",
    article: "a refresh",
    doc: "How often a rollup is built anew, and how far back.",
    keys: keys![
        key("every", Shape::Duration(1), "How often."),
        key("lookback", Shape::Duration(1), "How far back rows may still change."),
        meta
    ],
    rules: &[],
};

impl RollupDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        let mut refresh = fields.mapping("refresh");
        let time = fields.mapping("time").map(|mut time| {
            let granularity = time.granularity("granularity").expect("the table requires a granularity");
            (time.required_text("dimension"), granularity)
        });
        Self {
            name: fields.required_text("name"),
            model: fields.required_text("model"),
            metrics: fields.texts("metrics"),
            dimensions: fields.texts("dimensions"),
            time,
            table: fields.text("table"),
            partition: fields.granularity("partition"),
            every: refresh.as_mut().and_then(|refresh| refresh.duration("every")),
            lookback: refresh.as_mut().and_then(|refresh| refresh.duration("lookback")),
            span: fields.span,
        }
    }
}
