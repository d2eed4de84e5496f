//! `tables:`, how the data lies.

use super::{
    Text,
    keys::{Fields, Kind, Rule, Shape, key, keys, required},
};
use crate::{
    files::{Span, Spanned},
    time::{Duration, Granularity},
};

/// A physical table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDef {
    /// `name:` as the warehouse knows it.
    pub name: Text,
    /// `partition:`
    pub partition: Option<PartitionDef>,
    /// `cluster_by:`
    pub cluster_by: Vec<Text>,
    /// `freshness:`
    pub freshness: Option<FreshnessDef>,
    /// `meta:` as JSON.
    pub meta: Option<Spanned<serde_json::Value>>,
    /// The whole entry.
    pub span: Span,
}

/// How a table is partitioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionDef {
    /// `column:`
    pub column: Text,
    /// `granularity:` hour, day, month or year; day unless said.
    pub granularity: Option<Spanned<Granularity>>,
    /// `time_zone:` where partitions are cut; UTC unless said.
    pub time_zone: Option<Text>,
    /// `required:` whether the warehouse refuses a scan without a bound.
    pub required: Option<Spanned<bool>>,
    /// `since:` the first day of which there are rows.
    pub since: Option<Text>,
    /// `holds:` the promises, one per time column.
    pub holds: Vec<HoldsDef>,
    /// `numbers:` of a table that is cut by whole numbers.
    pub numbers: Option<NumbersDef>,
    /// The whole mapping.
    pub span: Span,
}

/// `numbers: { from: 0, to: 1000000, every: 1000 }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumbersDef {
    /// `from:` the least number that has a partition.
    pub from: Text,
    /// `to:` the number after the greatest one.
    pub to: Text,
    /// `every:` how many numbers a partition holds.
    pub every: Spanned<u64>,
    /// The whole mapping.
    pub span: Span,
}

/// `column: { from: -1 hour, to: 3 days }`: rows of time t lie in partitions t+from … t+to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldsDef {
    /// The time column (or the time dimension of that name).
    pub column: Text,
    /// `from:` zero unless said.
    pub from: Option<Spanned<Duration>>,
    /// `to:` zero unless said.
    pub to: Option<Spanned<Duration>>,
}

/// `freshness: { column: received_at, warn_after: 6 hours, error_after: 1 day }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshnessDef {
    /// `column:` the time at which a row was loaded.
    pub column: Text,
    /// `warn_after:`
    pub warn_after: Option<Spanned<Duration>>,
    /// `error_after:`
    pub error_after: Option<Spanned<Duration>>,
    /// The whole mapping.
    pub span: Span,
}

/// The keys of a table.
pub(super) static TABLE: Kind = Kind {
    name: "table",
    article: "a table",
    doc: "How a table of the warehouse lies: partitions, clustering, freshness.",
    keys: keys![
        required("name", Shape::Reference, "The table, as the warehouse knows it."),
        key("partition", Shape::Mapping(&PARTITION), "How it is partitioned."),
        key("cluster_by", Shape::Texts, "The columns by which it is clustered."),
        key("freshness", Shape::Mapping(&FRESHNESS), "How old its newest rows may be."),
        meta
    ],
    rules: &[],
};

static PARTITION: Kind = Kind {
    name: "partition",
    article: "a partition",
    doc: "How a table is partitioned, and what a partition holds.",
    keys: keys![
        required("column", Shape::Reference, "The column by which it is partitioned."),
        key(
            "granularity",
            Shape::Granularity(&["hour", "day", "month", "year"]),
            "The size of one partition; day unless said."
        ),
        key("time_zone", Shape::Text, "Where partitions are cut; UTC unless said, never the project's zone."),
        key("required", Shape::Boolean, "Whether the warehouse refuses a query without a bound on the column."),
        key(
            "since",
            Shape::Text,
            "The first day of which there are rows, such as `2020-01-01`: where a metric looks back over all time."
        ),
        key(
            "holds",
            Shape::Named(&HOLDS),
            "A promise per time column: rows of time t lie in the partitions from t+from to t+to."
        ),
        key("numbers", Shape::Mapping(&NUMBERS), "How a table is cut whose partition column is a whole number."),
        meta
    ],
    rules: &[],
};

static NUMBERS: Kind = Kind {
    name: "partition of numbers",
    article: "a partition of numbers",
    doc: "How a table is cut by whole numbers, such as ids.",
    keys: keys![
        required("from", Shape::Text, "The least number that has a partition, such as `0`."),
        required("to", Shape::Text, "The number after the greatest one that has a partition, such as `1000000`."),
        required("every", Shape::Integer(1, u64::MAX), "How many numbers a partition holds, such as `1000`."),
        meta
    ],
    rules: &[],
};

static HOLDS: Kind = Kind {
    name: "promise",
    article: "a promise",
    doc: "How far the partition of a row may lie from its time.",
    keys: keys![
        key("from", Shape::Duration(-100_000), "The least distance, such as `-1 hour`; zero unless said."),
        key("to", Shape::Duration(-100_000), "The greatest distance, such as `3 days`; zero unless said."),
        meta
    ],
    rules: &[],
};

static FRESHNESS: Kind = Kind {
    name: "freshness",
    article: "a freshness",
    doc: "How old the newest rows of a table may be.",
    keys: keys![
        required("column", Shape::Reference, "The column with the time at which a row was loaded."),
        key("warn_after", Shape::Duration(1), "The age from which it is told."),
        key("error_after", Shape::Duration(1), "The age from which it is an error."),
        meta
    ],
    rules: &[Rule::AtLeastOne(&["warn_after", "error_after"], "Add `warn_after: 6 hours` or `error_after: 1 day`.")],
};

impl TableDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            partition: fields.mapping("partition").map(PartitionDef::from_fields),
            cluster_by: fields.texts("cluster_by"),
            freshness: fields.mapping("freshness").map(FreshnessDef::from_fields),
            meta: fields.json("meta"),
            span: fields.span,
        }
    }
}

impl PartitionDef {
    fn from_fields(mut fields: Fields) -> Self {
        let holds = fields.named("holds").into_iter().map(|(column, mut fields)| HoldsDef {
            column,
            from: fields.duration("from"),
            to: fields.duration("to"),
        });
        Self {
            holds: holds.collect(),
            column: fields.required_text("column"),
            granularity: fields.granularity("granularity"),
            time_zone: fields.text("time_zone"),
            required: fields.boolean("required"),
            since: fields.text("since"),
            numbers: fields.mapping("numbers").and_then(NumbersDef::from_fields),
            span: fields.span,
        }
    }
}

impl NumbersDef {
    fn from_fields(mut fields: Fields) -> Option<Self> {
        Some(Self {
            from: fields.required_text("from"),
            to: fields.required_text("to"),
            every: fields.integer("every")?,
            span: fields.span,
        })
    }
}

impl FreshnessDef {
    fn from_fields(mut fields: Fields) -> Self {
        Self {
            column: fields.required_text("column"),
            warn_after: fields.duration("warn_after"),
            error_after: fields.duration("error_after"),
            span: fields.span,
        }
    }
}
