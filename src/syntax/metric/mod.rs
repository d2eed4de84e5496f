//! `metrics:`. The kind of a metric follows from the keys that are there.

mod keys;
mod lower;

pub(super) use keys::METRIC;

use super::{DocsDef, ExpressionDef, Text};
use crate::{
    files::{Span, Spanned},
    time::Duration,
};

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricDef {
    /// `name:`
    pub name: Text,
    /// Label, description, owner and so on.
    pub docs: DocsDef,
    /// `model:`
    pub model: Option<Text>,
    /// `agg:` sum, count, p90 and so on.
    pub agg: Option<Text>,
    /// `expr:` of rows with `agg`, of metrics without.
    pub expr: Option<ExpressionDef>,
    /// `where:`
    pub filter: Option<Text>,
    /// `time:` its own time axis.
    pub time: Option<Text>,
    /// `inputs:` by name.
    pub inputs: Vec<InputDef>,
    /// `metric:` the metric that a window, an offset or `per` is applied to.
    pub metric: Option<Text>,
    /// `window:` trailing time.
    pub window: Option<Spanned<Duration>>,
    /// `to_date:` since the start of the period.
    pub to_date: Option<Text>,
    /// `all_time:`
    pub all_time: Option<Spanned<bool>>,
    /// `take:` last, first or avg at a coarser granularity (not executed yet, save `last`).
    pub take: Option<Text>,
    /// `offset:` on a metric with `metric:`.
    pub offset: Option<Spanned<OffsetDef>>,
    /// `when_empty:` null or 0.
    pub when_empty: Option<Text>,
    /// `discrete:` a percentile that is one of the values.
    pub discrete: Option<Spanned<bool>>,
    /// `approximate:`
    pub approximate: Option<Spanned<bool>>,
    /// `balance:` (not executed yet)
    pub balance: Option<BalanceDef>,
    /// `funnel:` (not executed yet)
    pub funnel: Option<FunnelDef>,
    /// `per:` a metric of a metric (not executed yet).
    pub per: Vec<Text>,
    /// `include:` (not executed yet)
    pub include: Option<Text>,
    /// `ignore:` keys that are dropped from the grouping (not executed yet).
    pub ignore: Vec<Text>,
    /// `status:` draft, proposed or deprecated.
    pub status: Option<Text>,
    /// `replaced_by:` of a deprecated metric.
    pub replaced_by: Option<Text>,
    /// `sunset:` the day after which a deprecated metric is gone.
    pub sunset: Option<Text>,
    /// `revision:` (other than 1: not executed yet)
    pub revision: Option<Spanned<u32>>,
    /// `unit:`
    pub unit: Option<Text>,
    /// `format:` percent, currency, `decimal_2` and so on.
    pub format: Option<Text>,
    /// `good:` up or down.
    pub good: Option<Text>,
    /// The whole entry.
    pub span: Span,
}

/// One of the `inputs:` of a derived metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputDef {
    /// Its name in the expression.
    pub name: Text,
    /// `metric:`
    pub metric: Text,
    /// `where:` AND to the metric's own.
    pub filter: Option<Text>,
    /// `offset:` how far back.
    pub offset: Option<Spanned<OffsetDef>>,
    /// `offset_to: start of year` (not executed yet)
    pub offset_to: Option<Text>,
    /// `shift:` rows or periods.
    pub shift: Option<Text>,
    /// `ignore:` (not executed yet)
    pub ignore: Vec<Text>,
    /// `window:` the input accumulated over trailing time.
    pub window: Option<Spanned<Duration>>,
    /// `to_date:` the input accumulated since the start of the period.
    pub to_date: Option<Text>,
    /// `all_time:`
    pub all_time: Option<Spanned<bool>>,
    /// `when_empty:` null or 0.
    pub when_empty: Option<Text>,
    /// The whole entry.
    pub span: Span,
}

/// `balance: last` or `balance: { take: last, per: [depots], point: filtered }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceDef {
    /// `take:` last or first.
    pub take: Text,
    /// `per:`
    pub per: Vec<Text>,
    /// `point:`
    pub point: Option<Text>,
    /// The whole value.
    pub span: Span,
}

/// `funnel:` with `result:` and `same:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelDef {
    /// The steps, in order.
    pub steps: Vec<FunnelStepDef>,
    /// `result:`
    pub result: Option<Text>,
    /// `same:` pairs of names that must agree.
    pub same: Vec<(Text, Text)>,
    /// The list of steps.
    pub span: Span,
}

/// A step of a funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelStepDef {
    /// `metric:`
    pub metric: Text,
    /// `by:` the key.
    pub by: Text,
    /// `within:` of the step before.
    pub within: Option<Spanned<Duration>>,
    /// The whole entry.
    pub span: Span,
}

/// How far back a metric is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OffsetDef {
    /// By a span of time.
    Time(Duration),
    /// By periods of a calendar.
    Periods {
        /// How many.
        count: i64,
        /// The granularity, by its name.
        of: String,
    },
}
