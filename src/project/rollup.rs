//! Rollups: stored tables with metrics that are already aggregated.
//!
//! `shipments_daily` with `revenue` by day, service and country stores one row for each of these, from which months and
//! totals can be put together.
//!
//! **Invariant:** every part of a rollup can be put together from finer rows to coarser ones; what cannot, such as a
//! median, is in none.

use std::collections::BTreeMap;

use super::{Aggregation, Project, Ref, Route, SimpleMetric, TimeAxis};
use crate::{
    files::Span,
    ids::{DimensionId, MetricId, ModelId},
    sql::{Dialect, Expr},
    time::{Duration, Granularity, NaiveDate, Tz},
};

/// A stored table with metrics that are already aggregated.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollup {
    /// The name.
    pub name: String,
    /// The model whose rows are aggregated.
    pub model: ModelId,
    /// The metrics that it answers, in the order in which they were written.
    pub metrics: Vec<MetricId>,
    /// What has to be stored for them, each once.
    pub parts: Vec<RollupPart>,
    /// The dimensions that are kept, with the way there.
    pub dimensions: Vec<(Route, DimensionId)>,
    /// The time that is kept; without one, it holds one row for all times.
    pub time: Option<RollupTime>,
    /// Where it is stored.
    pub table: Option<String>,
    /// The size of the partitions of the stored table.
    pub partition: Option<Granularity>,
    /// How often it is built anew.
    pub every: Option<Duration>,
    /// How far back rows may still change.
    pub lookback: Option<Duration>,
    /// What the warehouse holds of it; nothing as long as nobody has looked.
    pub stored: Option<Stored>,
    /// Where it was written.
    pub span: Span,
}

/// What the warehouse holds of a rollup: all rows before a day, which do not change any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    /// The table, whose name tells one definition from another.
    pub table: String,
    /// The first day, in the rollup's zone, of which nothing is stored.
    pub until: NaiveDate,
    /// How many rows there are.
    pub rows: u64,
}

/// Where a warehouse looks for tables that are named in part, as far as the connection says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The database, or project, of tables that are named without one.
    pub database: Option<String>,
    /// The schema, or dataset, of tables that are named without one.
    pub schema: Option<String>,
}

impl Project {
    /// Returns what the warehouse holds of each rollup, as far as is known.
    pub fn stored(&self) -> Vec<Option<Stored>> {
        self.rollups.iter().map(|rollup| rollup.stored.clone()).collect()
    }

    /// Says why a rollup has nothing for a part that it declares: an estimate, in a warehouse without sketches of its values.
    ///
    /// Where the values are kept themselves, with what the part asks of them, no sketch is needed.
    pub fn lacks_sketch(&self, rollup: &Rollup, part: &RollupPart, dialect: Dialect) -> Option<String> {
        let simple = self.simple(part.metric).filter(|_| part.combine == Combine::Sketch)?;
        let SimpleMetric { expr, expr_type, filter, .. } = simple;
        let reason = dialect.sketch_of(*expr_type).err()?;
        let mut asked = expr.iter().chain(filter).chain(part.filter.get(&rollup.model));
        (!asked.all(|expr| self.keeps(rollup, expr))).then_some(reason)
    }

    /// Returns whether an expression is one over kept dimensions.
    fn keeps(&self, rollup: &Rollup, expr: &Expr<Ref>) -> bool {
        let mut is_kept = true;
        expr.for_each_leaf(&mut |leaf| {
            is_kept &= rollup.dimensions.iter().any(|(way, kept)| {
                let dimension = &self.dimensions[*kept];
                let is_same = match leaf {
                    Ref::Dimension { route, dimension } => (route, dimension) == (way, kept),
                    Ref::Column { route, column, column_type } => {
                        let own = self.plain_column(*kept).zip(Some(dimension.column_type));
                        route == way && own == Some((column, *column_type))
                    }
                    _ => false,
                };
                is_same && dimension.buckets.is_empty()
            });
        });
        is_kept
    }

    /// Takes what the warehouse holds of each rollup.
    pub fn set_stored(&mut self, stored: Vec<Option<Stored>>) {
        for (rollup, stored) in self.rollups.iter_mut().zip(stored) {
            rollup.stored = stored;
        }
    }
}

/// The time that a rollup keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupTime {
    /// The time axis that all its metrics share.
    pub axis: TimeAxis,
    /// The size of time to which it is cut.
    pub granularity: Granularity,
    /// The zone in which it is cut.
    pub time_zone: Tz,
}

/// A simple metric as it is stored, for itself or for a formula over it.
#[derive(Clone, Debug, PartialEq)]
pub struct RollupPart {
    /// The metric.
    pub metric: MetricId,
    /// The further filter under which a formula uses it, for each model; empty if there is none.
    pub filter: BTreeMap<ModelId, Expr<Ref>>,
    /// How its rows are put together.
    pub combine: Combine,
}

/// How stored values are put together to coarser ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// By their sum.
    Sum,
    /// By the least.
    Least,
    /// By the greatest.
    Greatest,
    /// By the sum of values and the number of values, which are stored apart.
    Mean,
    /// By sketches of the warehouse, if it has some; the metric is an estimate anyway.
    Sketch,
}

impl Combine {
    /// Returns how values of an aggregate are put together; nothing if they cannot be.
    pub fn of(aggregation: Aggregation) -> Option<Self> {
        match aggregation {
            Aggregation::Count | Aggregation::Sum => Some(Self::Sum),
            Aggregation::Min => Some(Self::Least),
            Aggregation::Max => Some(Self::Greatest),
            Aggregation::Avg => Some(Self::Mean),
            Aggregation::ApproxCountDistinct => Some(Self::Sketch),
            Aggregation::CountDistinct
            | Aggregation::Percentile(_)
            | Aggregation::DiscretePercentile(_)
            | Aggregation::ApproxPercentile(_) => None,
        }
    }
}
