//! `tables:`, how the data lies.

use super::Text;
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
    /// `holds:` the promises, one per time column.
    pub holds: Vec<HoldsDef>,
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
