//! A *valid* project: models, metrics and joins with typed ids. Made by `resolve`, immutable afterwards.
//!
//! **Invariant:** a [`Project`] exists only if there is no error in its definitions; nothing is looked up by name
//! below the edges; the order of everything is the order of names, so files may be shuffled.

mod as_of;
mod calendar;
mod form;
mod index;
mod join_graph;
mod kept_rows;
mod lineage;
mod meaning;
mod metric;
mod model;
mod money;
mod policy;
mod principal;
mod reads;
mod rollup;
mod visible;

pub use calendar::{CalendarGranularity, CalendarTable, Period, Size};
pub use index::LazyIndex;
pub use join_graph::{Reach, ends_in, routes_ending_in, routes_to, routes_where, to_one_routes, undirected_way};
pub use metric::{
    Aggregation, Back, Balance, Cumulation, Edge, Empty, Format, Funnel, FunnelResult, FunnelStep, Good, Ignore, Input,
    InputId, Leaves, Member, Metric, MetricKind, NestedMetric, SimpleMetric, Status, Take, TimeAxis,
};
pub use model::{
    AsOf, Bucket, Dimension, DimensionKind, Docs, FanOut, Freshness, Join, JoinKey, Model, NumberPartition, Partition,
    Promise, Ref, Relationship, Route, Source, Table, Versions,
};
pub use money::decimals_of;
pub use policy::{Mask, Policies, Restriction, RowPolicy, RowsSeen, TooManyRoutes};
pub use principal::{Claim, Principal};
pub use reads::{Reader, Reads};
pub use rollup::{Combine, Home, Rollup, RollupPart, RollupTime, Stored};
pub use visible::Visible;

use std::collections::BTreeMap;

use crate::{
    files::Span,
    ids::{Arena, CalendarId, DimensionId, GranularityId, JoinId, MetricId, ModelId, TableId},
    sql::{Expr, Name},
    time::{Calendar, TimeRange, Tz},
};

/// All definitions, resolved and checked.
#[derive(Clone, Debug)]
pub struct Project {
    /// The name in `entente.yml`.
    pub name: String,
    /// The zone in which days, weeks and months begin.
    pub time_zone: Tz,
    /// Where weeks and fiscal years begin.
    pub calendar: Calendar,
    /// The currency of metrics with `format: currency`, such as `EUR`.
    pub currency: Option<String>,
    /// Where the warehouse looks for tables that are named in part.
    pub home: Home,
    /// Physical tables.
    pub tables: Arena<TableId, Table>,
    /// Models, by name.
    pub models: Arena<ModelId, Model>,
    /// Dimensions, by model and source order.
    pub dimensions: Arena<DimensionId, Dimension>,
    /// Joins, by model and source order.
    pub joins: Arena<JoinId, Join>,
    /// Calendars from tables, in source order.
    pub calendars: Arena<CalendarId, CalendarTable>,
    /// The granularities of all calendars, in source order.
    pub granularities: Arena<GranularityId, CalendarGranularity>,
    /// Metrics, by name.
    pub metrics: Arena<MetricId, Metric>,
    /// Who may see what.
    pub policies: Policies,
    /// Rollups, by name.
    pub rollups: Vec<Rollup>,
    /// Saved queries, by name.
    pub saved_queries: Vec<SavedQuery>,
    /// Tests, by name.
    pub tests: Vec<MetricTest>,
    /// Models by name.
    pub model_ids: BTreeMap<String, ModelId>,
    /// Metrics by name.
    pub metric_ids: BTreeMap<String, MetricId>,
    /// What leads to what, the other way round.
    pub index: LazyIndex,
}

impl Project {
    /// Finds a model by name.
    pub fn model_named(&self, name: &str) -> Option<ModelId> {
        self.model_ids.get(name).copied()
    }

    /// Finds a metric by name.
    pub fn metric_named(&self, name: &str) -> Option<MetricId> {
        self.metric_ids.get(name).copied()
    }

    /// Returns the column that a dimension is, if its expression is one column of its own model.
    pub fn plain_column(&self, dimension: DimensionId) -> Option<&str> {
        match &self.dimensions[dimension].expr {
            _ if self.dimensions[dimension].metric.is_some() => None,
            Expr::Leaf(Ref::Column { route, column, .. }) if *route == Route::here() => Some(column),
            Expr::Leaf(Ref::Dimension { route, dimension }) if *route == Route::here() => self.plain_column(*dimension),
            _ => None,
        }
    }

    /// Returns a table's promise for a time dimension: that of its column, or of its name where it is an expression.
    ///
    /// A promise for the column `done` says nothing of a dimension `done` that shows another column.
    pub fn promise<'p>(&self, partition: &'p Partition, dimension: DimensionId) -> Option<&'p Promise> {
        let column = self.plain_column(dimension).unwrap_or(&self.dimensions[dimension].name);
        partition.holds.iter().find(|promise| promise.column == column)
    }

    /// Finds a dimension of a model by name.
    pub fn dimension_named(&self, model: ModelId, name: &str) -> Option<DimensionId> {
        self.models[model].dimensions.iter().copied().find(|id| self.dimensions[*id].name == name)
    }

    /// Finds a join by the role under which it is known at a model.
    pub fn join_named(&self, model: ModelId, reach: Reach, role: &str) -> Option<JoinId> {
        self.joins_at(model, reach).find(|id| self.joins[*id].role == role)
    }

    /// Returns the model in which a route that starts at `from` ends.
    pub fn route_end(&self, from: ModelId, route: &Route) -> ModelId {
        route.0.last().map_or(from, |join| self.joins[*join].to)
    }

    /// Returns a dimension as it is written in a query from its model's point of view: `customers.country`.
    pub fn dimension_path(&self, model: ModelId, route: &Route, dimension: DimensionId) -> String {
        let mut words: Vec<&str> = route.0.iter().map(|join| self.joins[*join].role.as_str()).collect();
        if words.is_empty() {
            words.push(&self.models[model].name);
        }
        words.push(&self.dimensions[dimension].name);
        words.join(".")
    }
}

/// A query that was given a name.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedQuery {
    /// The name.
    pub name: String,
    /// What it answers.
    pub description: Option<String>,
    /// The metrics.
    pub metrics: Vec<MetricId>,
    /// The keys, as paths.
    pub by: Vec<Vec<String>>,
    /// The filter, over names of the query.
    pub filter: Option<Expr<Name>>,
    /// The condition on metrics.
    pub having: Option<Expr<Name>>,
    /// The time range.
    pub time: Option<TimeRange>,
    /// The order: expression over keys and metrics, and whether it descends.
    pub order: Vec<(Expr<Name>, bool)>,
    /// The greatest number of rows.
    pub limit: Option<u64>,
    /// Where it was written.
    pub span: Span,
}

/// A number that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricTest {
    /// The name.
    pub name: String,
    /// The metric.
    pub metric: MetricId,
    /// The time range.
    pub time: Option<TimeRange>,
    /// The filter.
    pub filter: Option<Expr<Name>>,
    /// The keys in each group of which the value must hold.
    pub by: Vec<Vec<String>>,
    /// What must hold.
    pub expectation: Expectation,
    /// Where it was written.
    pub span: Span,
}

/// What a test expects, in decimal digits as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Exactly this.
    Equals(String),
    /// At least the first and at most the second.
    Between(String, String),
}
