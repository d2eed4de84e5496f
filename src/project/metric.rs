//! Metrics after resolving.

use std::collections::BTreeMap;

use super::{Docs, Ref, Route, Size};
use crate::{
    catalog::ColumnType,
    files::Span,
    ids::{DimensionId, GranularityId, MetricId, ModelId},
    sql::Expr,
    time::{Duration, Granularity, NaiveDate, Offset, Unit},
};

/// A named, owned business number.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name.
    pub name: String,
    /// What it says about itself.
    pub docs: Docs,
    /// How it is computed.
    pub kind: MetricKind,
    /// The type of its value.
    pub value_type: ColumnType,
    /// Where it stands in its life.
    pub status: Status,
    /// The unit, such as `EUR`.
    pub unit: Option<String>,
    /// How it is shown.
    pub format: Option<Format>,
    /// Which direction is good.
    pub good: Option<Good>,
    /// What it is where it has no rows.
    pub when_empty: Empty,
    /// Whether `when_empty` was written: null is then also what a formula is that would be something without rows.
    pub says_empty: bool,
    /// The hash of its meaning: changes exactly when a number could change. Hexadecimal.
    pub hash: String,
    /// Where it was written.
    pub span: Span,
}

impl Metric {
    /// Returns what it says that it is where it has no rows, if it says so itself.
    pub fn said_empty(&self) -> Option<Empty> {
        self.says_empty.then_some(self.when_empty)
    }
}

/// How a metric is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricKind {
    /// An aggregate of rows of one model.
    Simple(SimpleMetric),
    /// An expression over other metrics.
    Derived {
        /// The expression; its leaves are positions in `inputs`.
        expr: Expr<InputId>,
        /// The inputs, each used at least once.
        inputs: Vec<Input>,
    },
    /// A metric accumulated over time; a derived metric accumulates its inputs.
    Cumulative {
        /// What is accumulated.
        metric: MetricId,
        /// Over which time.
        cumulation: Cumulation,
        /// What stands for a period that is longer than a day.
        take: Take,
    },
    /// A metric of a metric: computed for each member, then aggregated over the members.
    Nested(NestedMetric),
    /// Events that follow one another.
    Funnel(Funnel),
}

/// An aggregate of rows of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct SimpleMetric {
    /// The model whose rows are aggregated.
    pub model: ModelId,
    /// The aggregate.
    pub aggregation: Aggregation,
    /// One row's worth; absent for a count of rows.
    pub expr: Option<Expr<Ref>>,
    /// The type of one row's worth.
    pub expr_type: ColumnType,
    /// Which rows count.
    pub filter: Option<Expr<Ref>>,
    /// The time axis; absent if the model has none.
    pub time: Option<TimeAxis>,
    /// How it is taken from a period, if it is a balance.
    pub balance: Option<Balance>,
}

/// How a balance is taken from a period: the rows of one moment count, chosen before filters and keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Balance {
    /// Whether the last or the first moment with data counts.
    pub take: Edge,
    /// Chooses the moment for each of these; empty chooses one for all.
    pub per: Vec<Member>,
    /// Whether the moment is chosen behind the filters.
    pub filtered: bool,
}

/// One end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edge {
    /// The first moment.
    First,
    /// The last moment.
    Last,
}

/// What a metric is computed for each of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// Each row of a model, by its primary key.
    Model {
        /// The name of the model, or of the role that leads to it.
        name: String,
        /// The model.
        model: ModelId,
    },
    /// Each value of a dimension, by its path as a query writes it.
    Dimension(Vec<String>),
    /// Each period of the metric's time.
    Time(Granularity),
}

/// A metric of a metric: computed per member **and** per key of the query, then aggregated over the members.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedMetric {
    /// The metric that is computed for each member.
    pub metric: MetricId,
    /// The members.
    pub per: Vec<Member>,
    /// How the members' values are aggregated.
    pub aggregation: Aggregation,
    /// Whether members without rows count, with the metric's empty value.
    pub include_all: bool,
}

/// Events of one key that follow one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Funnel {
    /// The steps; the first makes the bases.
    pub steps: Vec<FunnelStep>,
    /// Which number of the funnel it is.
    pub result: FunnelResult,
    /// Values of the first and of the last step that must agree.
    pub same: Vec<(Expr<Ref>, Expr<Ref>)>,
}

/// A step of a funnel.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelStep {
    /// The simple metric whose rows are the events.
    pub metric: MetricId,
    /// The key that ties the steps together, seen from the metric's model.
    pub by: Expr<Ref>,
    /// The time after the step before; absent for any time after.
    pub within: Option<Duration>,
}

/// Which number of a funnel a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunnelResult {
    /// Bases with at least one conversion, divided by bases.
    Rate,
    /// The number of conversions.
    Conversions,
    /// Conversions divided by bases.
    ConversionsPerBase,
    /// A continuous percentile of the time from base to conversion, in millionths and the unit that it is told in.
    TimeBetween {
        /// The percentile, in millionths.
        percentile: u32,
        /// Minutes, hours or days.
        unit: Unit,
    },
}

/// What stands for a period of a cumulative metric that is longer than a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Take {
    /// The value at its last day.
    #[default]
    Last,
    /// The value at its first day.
    First,
    /// The mean of the values of its days.
    Avg,
}

/// A time dimension as an axis, seen from the metric's model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeAxis {
    /// How to get to the dimension's model.
    pub route: Route,
    /// The time dimension.
    pub dimension: DimensionId,
}

/// An aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// The number of rows, or of rows with a value.
    Count,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
    /// The number of different values.
    CountDistinct,
    /// An estimate of the number of different values.
    ApproxCountDistinct,
    /// The exact continuous percentile, in millionths: the median is 500 000.
    Percentile(u32),
    /// The exact percentile that is one of the values, in millionths.
    DiscretePercentile(u32),
    /// The warehouse's own estimate of a percentile, in millionths.
    ApproxPercentile(u32),
}

/// The position of an input in its derived metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub usize);

/// An input of a derived metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name in the expression.
    pub name: String,
    /// The metric.
    pub metric: MetricId,
    /// A further filter, for each model at the bottom of the metric; empty if there is none.
    pub filter: BTreeMap<ModelId, Expr<Ref>>,
    /// How far back the metric is taken.
    pub offset: Option<Back>,
    /// Whether months and years shift each row rather than the period.
    pub shift_rows: bool,
    /// The size of time to whose first period it is taken back: the January of each month's year.
    pub offset_to: Option<Granularity>,
    /// The keys that are dropped from its grouping.
    pub ignore: Option<Ignore>,
    /// The time over which the metric is accumulated.
    pub cumulation: Option<Cumulation>,
    /// What stands for a longer period of what is accumulated.
    pub take: Take,
    /// What it is where it has no rows, if said.
    pub when_empty: Option<Empty>,
}

/// How far back a metric is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Back {
    /// By a span of time.
    Time(Offset),
    /// By periods of a calendar.
    Periods {
        /// How many.
        count: i64,
        /// Of which size.
        of: GranularityId,
    },
}

impl Back {
    /// Returns the span of time, if it is one.
    pub fn time(self) -> Option<Offset> {
        match self {
            Self::Time(offset) => Some(offset),
            Self::Periods { .. } => None,
        }
    }
}

/// Keys of a query that an input drops from its grouping; filters stay.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ignore {
    /// All keys.
    All,
    /// These, as paths; `time` stands for every time key.
    Keys(Vec<Vec<String>>),
}

impl Ignore {
    /// Returns the keys that either of two drops.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Keys(these), Self::Keys(those)) => Self::Keys([these.as_slice(), those].concat()),
        }
    }
}

/// The time over which a metric is accumulated, up to the end of each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cumulation {
    /// The trailing time: `28 days` is the last day and the 27 before.
    Window(Duration),
    /// Since the period of this size began.
    ToDate(Size),
    /// Since ever.
    AllTime,
}

/// What a metric is where it has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Empty {
    /// Nothing.
    Null,
    /// Zero.
    Zero,
}

/// Where a metric stands in its life.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// In use, with no word on its state.
    #[default]
    Active,
    /// Being worked out.
    Draft,
    /// Up for agreement.
    Proposed,
    /// On its way out.
    Deprecated {
        /// The metric to use instead.
        replaced_by: MetricId,
        /// The day after which it is gone.
        sunset: Option<NaiveDate>,
    },
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// With so many decimals.
    Decimal(u8),
    /// As a percentage with so many decimals; the value is a fraction.
    Percent(u8),
    /// As money of the metric's unit or the project's currency, with so many decimals.
    Currency(u8),
    /// As an identifier, without separators.
    Id,
}

/// Which direction is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

/// The simple metrics at the bottom of a metric, each once, in the order in which they are met.
pub type Leaves = Vec<MetricId>;
