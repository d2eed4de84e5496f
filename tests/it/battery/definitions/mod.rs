//! Random metrics, as data for the oracle and as YAML for the planner.

mod make;
mod yaml;

use super::query::{Back, Dimension, Key, Predicate};

pub(super) use make::{SPANS, accumulates, make};
pub(super) use yaml::{random_ones, yaml};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Parcels,
    Claims,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    BookedAt,
    DoneOn,
    FiledAt,
    /// The booking of the claimed parcel.
    BookedAtOfParcel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    CountDistinct,
    /// In hundredths.
    Percentile(u8),
    /// One of the values, in hundredths.
    Discrete(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Price,
    Weight,
    Customer,
    /// The price at the rate of its currency on the day of the booking.
    Converted,
    Amount,
}

/// What a metric is where it is empty, if it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenEmpty {
    Zero,
    Null,
}

/// The time over which a metric accumulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Days(i64),
    MonthToDate,
    YearToDate,
    Ever,
}

/// A balance: the rows of one moment of each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Balance {
    /// The last moment, or the first.
    pub(super) is_last: bool,
    /// Chooses the moment for each kind.
    pub(super) per_kind: bool,
}

/// Whom a metric of a metric is computed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Customer,
    Kind,
    Day,
}

/// What an input drops from its grouping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ignore {
    All,
    Time,
    Dimensions(Vec<Dimension>),
}

impl Ignore {
    pub(super) fn drops(&self, key: Key) -> bool {
        match (self, key) {
            (Self::All, _) => true,
            (Self::Time, Key::Time(_) | Key::Part(_)) => true,
            (Self::Dimensions(dimensions), Key::Dimension(dimension)) => dimensions.contains(&dimension),
            _ => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Simple {
    pub(super) base: Base,
    pub(super) aggregate: Aggregate,
    pub(super) value: Value,
    pub(super) filter: Option<Predicate>,
    pub(super) axis: Axis,
    pub(super) balance: Option<Balance>,
}

/// An input of a metric of metrics.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) metric: usize,
    pub(super) filter: Option<Predicate>,
    pub(super) back: Option<Back>,
    pub(super) span: Option<Span>,
    pub(super) when_empty: Option<WhenEmpty>,
    pub(super) ignore: Option<Ignore>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// An expression over inputs.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Input(usize),
    Constant(i64),
    Binary(Operator, Box<Self>, Box<Self>),
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Simple(Simple),
    Derived {
        formula: Formula,
        inputs: Vec<Input>,
    },
    Accumulated {
        metric: usize,
        span: Span,
    },
    /// Computed for each member, then aggregated.
    Nested {
        metric: usize,
        per: Member,
        aggregate: Aggregate,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) kind: Kind,
    pub(super) when_empty: Option<WhenEmpty>,
}

/// One use of a simple metric below another, by what makes requests possible or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) simple: usize,
    pub(super) months: u32,
    pub(super) days: i64,
    pub(super) is_accumulated: bool,
    /// The members that it is computed for.
    pub(super) per: Option<Member>,
    /// Whether keys are dropped from its grouping.
    pub(super) ignores: bool,
}

/// The simple metrics below a metric.
pub(super) fn uses(metrics: &[Metric], metric: usize) -> Vec<Use> {
    match &metrics[metric].kind {
        Kind::Simple(_) => {
            vec![Use { simple: metric, months: 0, days: 0, is_accumulated: false, per: None, ignores: false }]
        }
        Kind::Accumulated { metric, .. } => {
            let below = uses(metrics, *metric).into_iter();
            below.map(|below| Use { is_accumulated: true, ..below }).collect()
        }
        Kind::Nested { metric, per, .. } => {
            let below = uses(metrics, *metric).into_iter();
            below.map(|below| Use { per: Some(*per), ..below }).collect()
        }
        Kind::Derived { inputs, .. } => inputs
            .iter()
            .flat_map(|input| {
                let (months, days) = Back::parts(input.back);
                uses(metrics, input.metric).into_iter().map(move |below| Use {
                    months: below.months + months,
                    days: below.days + days,
                    is_accumulated: below.is_accumulated || input.span.is_some(),
                    ignores: below.ignores || input.ignore.is_some(),
                    ..below
                })
            })
            .collect(),
    }
}

/// The metrics that a metric is made of.
pub(super) fn parts(metric: &Metric) -> Vec<usize> {
    match &metric.kind {
        Kind::Simple(_) => Vec::new(),
        Kind::Accumulated { metric, .. } | Kind::Nested { metric, .. } => vec![*metric],
        Kind::Derived { inputs, .. } => inputs.iter().map(|input| input.metric).collect(),
    }
}

/// Returns the simple metric at a position that holds one.
pub(super) fn simple(metrics: &[Metric], metric: usize) -> &Simple {
    match &metrics[metric].kind {
        Kind::Simple(simple) => simple,
        Kind::Derived { .. } | Kind::Accumulated { .. } | Kind::Nested { .. } => panic!("a use is of a simple metric"),
    }
}
