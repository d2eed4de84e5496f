//! Tables, models, joins and dimensions after resolving.

use std::collections::BTreeMap;

use super::{metric::Format, policy::Mask};
use crate::{
    catalog::{ColumnType, Form},
    files::Span,
    ids::{DimensionId, GranularityId, JoinId, MetricId, ModelId, TableId},
    sql::{Dialect, Expr, PartitionRule},
    time::{Duration, Granularity, NaiveDate, Tz},
};

/// What a definition says about itself to people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Docs {
    /// The name shown to people, if given.
    pub label: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// The team or person that answers for it.
    pub owner: Option<String>,
    /// The heading under which it is listed.
    pub group: Option<String>,
    /// Not shown in lists.
    pub hidden: bool,
    /// Other names people search for.
    pub synonyms: Vec<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Anything; never part of a meaning.
    pub meta: Option<serde_json::Value>,
    /// Parameters passed through to LookML.
    pub lookml: Option<serde_json::Value>,
}

/// A physical table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name as written in YAML.
    pub name: String,
    /// How it is partitioned by time.
    pub partition: Option<Partition>,
    /// How it is partitioned by whole numbers; never beside `partition`.
    pub numbers: Option<NumberPartition>,
    /// The clustering columns.
    pub cluster_by: Vec<String>,
    /// How fresh it has to be.
    pub freshness: Option<Freshness>,
    /// Where it was declared or first named.
    pub span: Span,
}

/// How a table is partitioned.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// The column.
    pub column: String,
    /// Its type: a date, a wall-clock time or an instant.
    pub column_type: ColumnType,
    /// The size of a partition.
    pub granularity: Granularity,
    /// Where partitions are cut.
    pub time_zone: Tz,
    /// Whether the warehouse refuses a scan without a bound.
    pub required: bool,
    /// The first day of which there are rows, in the partition's zone.
    pub since: Option<NaiveDate>,
    /// The promises by time column (or time dimension).
    pub holds: Vec<Promise>,
}

/// How a table is partitioned by whole numbers, such as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPartition {
    /// The column.
    pub column: String,
    /// The least number that has a partition of its own.
    pub from: i64,
    /// The number after the greatest one.
    pub to: i64,
    /// How many numbers a partition holds, at least one.
    pub every: i64,
    /// Whether the warehouse refuses a scan without a bound.
    pub required: bool,
}

impl Table {
    /// Returns what a bound has to be proved of.
    pub fn partition_rule(&self) -> Option<PartitionRule> {
        let (column, required) = match (&self.partition, &self.numbers) {
            (Some(partition), _) => (&partition.column, partition.required),
            (None, Some(numbers)) => (&numbers.column, numbers.required),
            (None, None) => return None,
        };
        Some(PartitionRule { table: self.name.clone(), column: column.clone(), required })
    }
}

/// Rows of time t lie in the partitions of t+from … t+to, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The time column, or the name of a time dimension that is more than a column.
    pub column: String,
    /// The earliest, zero or negative.
    pub from: Duration,
    /// The latest, zero or positive.
    pub to: Duration,
}

/// How fresh a table has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The time at which a row was loaded.
    pub column: String,
    /// The age that is worth a warning.
    pub warn_after: Option<Duration>,
    /// The age that is an error.
    pub error_after: Option<Duration>,
}

/// A model: what one row stands for, and how it is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The name.
    pub name: String,
    /// What it says about itself.
    pub docs: Docs,
    /// Where its rows come from.
    pub source: Source,
    /// The columns whose values are unique together; empty if none was declared.
    pub primary_key: Vec<String>,
    /// Further keys.
    pub unique: Vec<Vec<String>>,
    /// The columns of which the warehouse makes something else than their type says.
    pub forms: BTreeMap<String, Form>,
    /// The default time axis of its metrics.
    pub time: Option<DimensionId>,
    /// The permanent filter.
    pub filter: Option<Expr<Ref>>,
    /// The joins that it declares, in source order.
    pub joins: Vec<JoinId>,
    /// The joins of other models that lead here and may be walked the other way; each is a join of its own.
    pub back_joins: Vec<JoinId>,
    /// How long each row is valid, if rows are versions.
    pub versions: Option<Versions>,
    /// Its dimensions, in source order.
    pub dimensions: Vec<DimensionId>,
    /// Where it was written.
    pub span: Span,
}

/// Rows that are versions of a thing, each valid in `[from, to)`; a null `to` is still valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The columns that name the thing.
    pub of: Vec<String>,
    /// The column with the first moment of validity; a row where it is null is never valid.
    pub from: String,
    /// The column with the first moment after.
    pub to: String,
    /// The type of both: a date, a wall-clock time or an instant.
    pub column_type: ColumnType,
}

/// Where a model's rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A table.
    Table(TableId),
    /// One SELECT, as it was written.
    Select(String),
}

/// A join from many to one: each row of `from` has at most one row of `to`.
///
/// A join in [`Model::back_joins`] is another one walked the other way. Its keys are those of the join that it
/// reverses; without `fan_out` that one is one to one, so that this one is to-one as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The name by which paths go through it: the role, or the other model's name.
    pub role: String,
    /// The model on the many side.
    pub from: ModelId,
    /// The model on the one side.
    pub to: ModelId,
    /// The pairs that must be equal.
    pub keys: Vec<JoinKey>,
    /// Whether many rows or at most one of `from` share a row of `to`.
    pub relationship: Relationship,
    /// The time at which the version of `to` is taken; only where `to` has versions.
    pub as_of: Option<AsOf>,
    /// Whether every row of `from` is promised to meet one of `to`; never of a join that is walked the other way.
    pub complete: bool,
    /// The join that this one walks the other way.
    pub reverse_of: Option<JoinId>,
    /// How a row of the one side counts that has many rows of the other; only where the join is walked that way.
    pub fan_out: Option<FanOut>,
    /// Where it was written.
    pub span: Span,
}

impl Join {
    /// Returns the time of `from` at which the version of `to` is taken, if it is one of its own.
    pub fn own_as_of(&self) -> Option<&Expr<Ref>> {
        match &self.as_of {
            Some(AsOf::Own(time)) => Some(time),
            Some(AsOf::Metric(_)) | None => None,
        }
    }

    /// Returns whether the version is taken at the time of the metric that is asked for.
    pub fn is_by_metric(&self) -> bool {
        matches!(self.as_of, Some(AsOf::Metric(_)))
    }
}

/// The time at which a version is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum AsOf {
    /// A time of the model that declares the join, in the type of the versions.
    Own(Expr<Ref>),
    /// The time axis of the metric that is asked for, however far its rows are from here; cast to a type, if one is said.
    Metric(Option<ColumnType>),
}

/// How a row counts that a to-many join multiplies.
#[derive(Clone, Debug, PartialEq)]
pub enum FanOut {
    /// Once in each group that it is in, so groups overlap.
    Dedupe,
    /// By the weight of each row that it meets, so parts add up to the whole.
    Weight {
        /// The weight, seen from the model on the many side.
        weight: Expr<Ref>,
        /// Its type.
        column_type: ColumnType,
    },
}

/// A pair that must be equal.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinKey {
    /// The column of the one side.
    pub theirs: String,
    /// The type of that column.
    pub theirs_type: ColumnType,
    /// The expression of the many side.
    pub ours: Expr<Ref>,
}

/// How many rows of the declaring model share one row of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relationship {
    /// Any number.
    ManyToOne,
    /// At most one: the join's own side is a key as well.
    OneToOne,
}

/// The joins to walk from a model, in order; none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Route(pub Vec<JoinId>);

impl Route {
    /// Returns the route that stays.
    pub fn here() -> Self {
        Self::default()
    }

    /// Returns this route followed by another.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self(self.0.iter().chain(&next.0).copied().collect())
    }

    /// Returns how this route goes on behind another one; nothing if it goes another way.
    pub fn behind(&self, first: &Self) -> Option<Self> {
        self.0.strip_prefix(first.0.as_slice()).map(|rest| Self(rest.to_vec()))
    }
}

/// What a name in an expression stands for, seen from the model that the expression belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ref {
    /// A column of the table at the end of a route.
    Column {
        /// How to get to the model.
        route: Route,
        /// The column.
        column: String,
        /// Its type.
        column_type: ColumnType,
    },
    /// A dimension of the model at the end of a route.
    Dimension {
        /// How to get to the model.
        route: Route,
        /// The dimension.
        dimension: DimensionId,
    },
    /// Whether a row of another model, which joins to the model at the end of the route, fulfils a condition.
    Exists {
        /// How to get to the model on the one side.
        route: Route,
        /// The join, declared by the model on the many side.
        join: JoinId,
        /// The condition, seen from the model on the many side.
        filter: Option<Box<Expr<Ref>>>,
    },
    /// The period of a calendar in which a day lies.
    Calendar {
        /// The granularity.
        granularity: GranularityId,
        /// The day, seen from the same model.
        day: Box<Expr<Ref>>,
    },
    /// A claim of who asks, in the condition of a policy only.
    Claim {
        /// Its name.
        name: String,
        /// The type of what it is compared with.
        column_type: ColumnType,
    },
    /// SQL of the project's own, by dialect; `${TABLE}` stands for the alias of the model's table.
    Verbatim(BTreeMap<Dialect, String>),
}

impl Expr<Ref> {
    /// Rebuilds an expression from its leaves up, and what stands inside of its `exists` and periods before them.
    #[must_use]
    pub(crate) fn rebuild_within(self, change: &mut dyn FnMut(Self) -> Self) -> Self {
        self.rebuild(&mut |expr| {
            let expr = match expr {
                Self::Leaf(Ref::Exists { route, join, filter }) => {
                    let filter = filter.map(|filter| Box::new(filter.rebuild_within(change)));
                    Self::Leaf(Ref::Exists { route, join, filter })
                }
                Self::Leaf(Ref::Calendar { granularity, day }) => {
                    Self::Leaf(Ref::Calendar { granularity, day: Box::new(day.rebuild_within(change)) })
                }
                other => other,
            };
            change(expr)
        })
    }
}

/// An attribute to group or filter by.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// The name, unique in its model.
    pub name: String,
    /// The model.
    pub model: ModelId,
    /// What it says about itself.
    pub docs: Docs,
    /// What kind of attribute it is.
    pub kind: DimensionKind,
    /// The type of its values: of buckets and of strings a string.
    pub column_type: ColumnType,
    /// Its value in one row, before buckets; a boolean is two-valued only after the planner's `IS TRUE`.
    pub expr: Expr<Ref>,
    /// The metric of one row of the model, over all time, in place of an expression.
    pub metric: Option<MetricId>,
    /// The bounds of its buckets, ascending; empty if it has none.
    pub buckets: Vec<Bucket>,
    /// The known values.
    pub values: Vec<String>,
    /// The class of personal data.
    pub pii: Option<String>,
    /// How it is masked for those who may not see it.
    pub mask: Option<Mask>,
    /// Whether values may be suggested.
    pub suggest: bool,
    /// A path that means the same thing, by role names.
    pub same_as: Option<Vec<String>>,
    /// How it is shown.
    pub format: Option<Format>,
    /// The unit.
    pub unit: Option<String>,
    /// Where it was written.
    pub span: Span,
}

impl Dimension {
    /// Returns the labels of the buckets where a text is none of them: "`<1`, `1–5`, `5+`".
    pub fn labels_instead_of(&self, text: &str) -> Option<String> {
        if self.buckets.is_empty() || self.buckets.iter().any(|bucket| bucket.label == text) {
            return None;
        }
        let labels: Vec<String> = self.buckets.iter().map(|bucket| format!("`{}`", bucket.label)).collect();
        Some(labels.join(", "))
    }
}

/// What kind of attribute a dimension is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DimensionKind {
    /// Text.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean {
        /// Whether null is a third value; otherwise null is false.
        nullable: bool,
    },
    /// A date or time; its `column_type` says whether a date, a wall-clock time or an instant.
    Time {
        /// The finest granularity that its values have.
        finest: Granularity,
    },
}

/// One bucket of a number: `low <= x < high`; the first has no low, the last no high.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The least value inside, in decimal digits.
    pub low: Option<String>,
    /// The least value above, in decimal digits.
    pub high: Option<String>,
    /// The name shown: `<1`, `1–5`, `20+`.
    pub label: String,
}
