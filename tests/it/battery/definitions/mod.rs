//! Random metrics, as data for the oracle and as YAML for the planner.

mod funnel;
mod make;
mod yaml;

use super::query::{Back, Dimension, Key, Moved, Predicate, Size};

pub(super) use funnel::{Funnel, FunnelResult, Step, Tie, Within};
pub(super) use make::{SPANS, accumulates, make};
pub(super) use yaml::{of_metric, yaml};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Parcels,
    Claims,
    /// Versions of parcels.
    Statuses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    BookedAt,
    DoneOn,
    FiledAt,
    /// The booking of the claimed parcel.
    BookedAtOfParcel,
    /// None: what is valid at a moment counts there.
    Validity,
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
    Load,
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
    /// Minutes that pass, whatever the clock shows.
    Minutes(i64),
    HourToDate,
    DayToDate,
    MonthToDate,
    YearToDate,
    RetailMonthToDate,
    RetailYearToDate,
    Ever,
}

impl Span {
    /// Whether it begins with a period of the calendar in a table.
    pub(super) fn is_retail(self) -> bool {
        matches!(self, Self::RetailMonthToDate | Self::RetailYearToDate)
    }

    /// Whether it begins within a day, also where it is told by the day.
    pub(super) fn is_within_a_day(self) -> bool {
        matches!(self, Self::Minutes(_) | Self::HourToDate)
    }
}

/// What a longer period shows of what is accumulated day by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    Last,
    First,
    /// The mean of the days.
    Avg,
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
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    pub(super) metric: usize,
    pub(super) filter: Option<Predicate>,
    pub(super) back: Option<Back>,
    /// Whether each row is taken back on its own, where that is by months.
    pub(super) by_rows: bool,
    /// The unit to the first period of which it is taken back.
    pub(super) start_of: Option<Size>,
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
        take: Take,
    },
    /// Computed for each member, then aggregated.
    Nested {
        metric: usize,
        per: Member,
        aggregate: Aggregate,
    },
    Funnel(Funnel),
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
    pub(super) moved: Moved,
    /// Whether the months are taken back row by row.
    pub(super) by_rows: bool,
    /// The unit to the first period of which it is taken back.
    pub(super) start_of: Option<Size>,
    /// The time over which it accumulates.
    pub(super) span: Option<Span>,
    /// The members that it is computed for.
    pub(super) per: Option<Member>,
    /// Whether keys are dropped from its grouping.
    pub(super) ignores: bool,
    /// Whether it is the base of a funnel.
    pub(super) is_base: bool,
}

/// The simple metrics below a metric.
pub(super) fn uses(metrics: &[Metric], metric: usize) -> Vec<Use> {
    match &metrics[metric].kind {
        Kind::Simple(_) => {
            vec![Use {
                simple: metric,
                moved: Moved::default(),
                by_rows: false,
                start_of: None,
                span: None,
                per: None,
                ignores: false,
                is_base: false,
            }]
        }
        Kind::Accumulated { metric, span, .. } => {
            let below = uses(metrics, *metric).into_iter();
            below.map(|below| Use { span: Some(*span), ..below }).collect()
        }
        Kind::Funnel(funnel) => {
            let base = uses(metrics, funnel.base).into_iter();
            base.map(|base| Use { is_base: true, ..base }).collect()
        }
        Kind::Nested { metric, per, .. } => {
            let below = uses(metrics, *metric).into_iter();
            below.map(|below| Use { per: Some(*per), ..below }).collect()
        }
        Kind::Derived { inputs, .. } => inputs
            .iter()
            .flat_map(|input| {
                uses(metrics, input.metric).into_iter().map(move |below| Use {
                    moved: Moved::by(input.back).and(below.moved),
                    by_rows: below.by_rows || input.by_rows,
                    start_of: below.start_of.or(input.start_of),
                    span: below.span.or(input.span),
                    ignores: below.ignores || input.ignore.is_some() || input.start_of.is_some(),
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
        Kind::Funnel(funnel) => {
            std::iter::once(funnel.base).chain(funnel.steps.iter().map(|step| step.metric)).collect()
        }
    }
}

/// Returns the simple metric at a position that holds one.
pub(super) fn simple(metrics: &[Metric], metric: usize) -> &Simple {
    match &metrics[metric].kind {
        Kind::Simple(simple) => simple,
        Kind::Derived { .. } | Kind::Accumulated { .. } | Kind::Nested { .. } | Kind::Funnel(_) => {
            panic!("a use is of a simple metric")
        }
    }
}
