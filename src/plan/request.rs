//! What is asked, with names as they were written. GraphQL, the command line, saved queries and tests all end here.

use std::fmt;

use crate::{
    project::{Cumulation, Size},
    sql::{Expr, Literal, Name},
    time::{Offset, TimePart, TimeRange, Tz},
};

/// A metric query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Request {
    /// What is computed, in the order of the answer.
    pub metrics: Vec<MetricRequest>,
    /// What it is grouped by, in the order of the answer.
    pub keys: Vec<Key>,
    /// Which rows count: an expression over dimensions. Values that came with the request are
    /// [`Expr::Parameter`]; names are paths such as `customers.country` or `time.day_of_week`.
    pub filter: Option<Expr<Name>>,
    /// Which rows of the answer are shown: an expression over metrics.
    pub having: Option<Expr<Name>>,
    /// The range on the metrics' time axes.
    pub time: Option<TimeRange>,
    /// The zone in which periods are cut; the project's unless said.
    pub time_zone: Option<Tz>,
    /// The order; the default (time keys, then the first metric down, then all keys) is put behind it.
    pub order: Vec<Order>,
    /// The greatest number of rows.
    pub limit: Option<u64>,
    /// The values of the order's columns in the last row of the page before; see `Plan::order`.
    pub after: Option<Vec<CursorValue>>,
    /// The best members of one key.
    pub top: Option<Top>,
    /// Which missing rows are made.
    pub fill: Fill,
    /// Whether the row over all groups is wanted as well, before them, if one pass over the rows gives both; then the
    /// last column of the answer says which row it is. See `ColumnRole::IsTotal`.
    pub total: bool,
}

/// One metric of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct MetricRequest {
    /// The column's name in the answer.
    pub name: String,
    /// The metric's name in the project.
    pub metric: String,
    /// How far back it is taken, one after the other; the rows are those of the present.
    pub previous: Vec<Past>,
    /// The time over which it is accumulated.
    pub over: Option<Over>,
    /// What of it is shown.
    pub show: Show,
}

impl MetricRequest {
    /// Asks for a metric as it is, under a name.
    pub fn plain(name: &str, metric: &str) -> Self {
        Self { name: name.to_owned(), metric: metric.to_owned(), ..Self::default() }
    }

    /// Returns whether the metric is asked for as it is.
    pub fn is_plain(&self) -> bool {
        self.previous.is_empty() && self.over.is_none() && self.show == Show::Value
    }
}

/// How far back a metric is taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Past {
    /// By a span of time.
    Time(Offset),
    /// By periods of a calendar, as it was written: `1 retail_month`.
    Periods {
        /// How many.
        count: i64,
        /// The name of the granularity, in the singular or the plural.
        of: String,
    },
}

impl fmt::Display for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(offset) => write!(f, "{offset}"),
            Self::Periods { count, of } => write!(f, "{count} {of}"),
        }
    }
}

/// The time over which a metric is accumulated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// A window, since a period began, or since ever.
    Time(Cumulation),
    /// Since a period of a calendar began, by the name of its granularity as it was written.
    ToDate(String),
}

/// What of a metric is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Show {
    /// Its value.
    #[default]
    Value,
    /// Its share of the same metric by fewer keys: of the whole, or of what shares the keys named here.
    Share {
        /// The keys that are kept, as paths; `time` stands for every time key.
        within: Vec<Vec<String>>,
    },
    /// Its place among the rows, the greatest first, from one; equal values share a place.
    Rank {
        /// The keys within which rows are ranked, as paths; `time` stands for every time key.
        within: Vec<Vec<String>>,
    },
    /// What it changed by since an earlier time, relative to then.
    Change(Past),
}

/// One key of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The column's name in the answer.
    pub name: String,
    /// What it is.
    pub kind: KeyKind,
}

/// What a key is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Each metric's own time axis, at a granularity.
    Time(Size),
    /// A part of each metric's own time axis.
    TimePart(TimePart),
    /// A dimension by its path, such as `customers.country`; a time dimension with a granularity (day unless said). The
    /// granularity of a calendar may stand as the last word of the path, also behind `time`.
    Dimension {
        /// The words of the path.
        path: Vec<String>,
        /// The granularity of a time dimension.
        granularity: Option<Size>,
        /// The part of a time dimension, instead of a granularity.
        part: Option<TimePart>,
    },
}

impl KeyKind {
    /// Returns the size of the periods of a key that is the metrics' time axis.
    pub(super) fn size_of_time(&self) -> Option<Size> {
        match self {
            Self::Time(size) => Some(*size),
            Self::TimePart(_) | Self::Dimension { .. } => None,
        }
    }

    /// Returns whether the key is the metrics' time axis, or a part of it.
    pub(super) fn is_time(&self) -> bool {
        match self {
            Self::Time(_) | Self::TimePart(_) => true,
            Self::Dimension { .. } => false,
        }
    }
}

/// One term of the order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// What is ordered by.
    pub by: OrderBy,
    /// Whether greater values come first.
    pub descending: bool,
    /// Whether nulls come first; they come last unless said.
    pub nulls_first: bool,
}

/// What is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrderBy {
    /// A key or metric of the query, by its name in the answer.
    Column(String),
    /// A metric that was not selected, by its name in the project.
    Metric(String),
}

/// The members of one key that are best by a metric; the rest is left out or gathered in one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Top {
    /// How many members.
    pub count: u64,
    /// The key, by its name in the answer or by its path.
    pub of: String,
    /// The metric, by its name in the project; greater is better.
    pub by: String,
    /// Whether the rest is gathered in rows that say `isOther`.
    pub other: bool,
}

/// Which missing rows are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Fill {
    /// None.
    #[default]
    None,
    /// Every period of the range, for each combination of the other keys that is there.
    Time,
}

/// A value in a cursor; floats travel as bits so that they compare equal.
pub type CursorValue = Literal;
