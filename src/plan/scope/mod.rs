//! The tables of one SELECT: which are joined, under which alias, and what a reference is in them.
//!
//! `origin.region` of a parcel joins `marts.dim_depots AS origin` once, however often it is named.
//!
//! **Invariant:** only to-one joins are joined, LEFT unless every row is promised to have its match: no row of the base is
//! lost or multiplied.

mod joins;
mod kept;
mod metrics;
mod policies;
mod values;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::joins::check_moment;
use super::{
    JoinUse, PlanError,
    access::Access,
    calendar::{self, CalendarColumns},
    frame::Frame,
    known::{Known, Span},
    partition,
};
use crate::{
    ids::{CalendarId, MetricId, ModelId, PolicyId, TableId},
    project::{Project, Route, Source, TimeAxis},
    sql::{Expr, From, Join, JoinKind, SqlExpr, free_identifier},
    time::{DateRange, Tz},
};

/// The tables of one SELECT over a model.
#[derive(Debug)]
pub(super) struct Scope<'p> {
    frame: Frame<'p>,
    project: &'p Access<'p>,
    base: ModelId,
    base_alias: String,
    joined: Vec<(Route, String)>,
    joins: Vec<Join>,
    /// The aliases of joined selects of rows that are kept for more than their own columns, and those inside of them.
    kept: BTreeMap<String, String>,
    calendars: Vec<CalendarUse>,
    taken: BTreeSet<String>,
    uses: Vec<JoinUse>,
    tables: BTreeSet<TableId>,
    /// The metrics of rows that are joined, by route.
    metrics: Vec<(Route, MetricId, SqlExpr)>,
    known: Known,
    promises: Vec<(TableId, String)>,
    error: Option<PlanError>,
    /// The policies whose conditions are being built.
    asked: Vec<PolicyId>,
    /// Whether values are read to decide what is hidden.
    guarding: bool,
    /// Whether the conditions on the rows of the base were asked for.
    filtered: bool,
    /// The time of the rows at which joins take versions that take them at the metric's.
    moment: Option<TimeAxis>,
}

/// A calendar that is joined on a day.
#[derive(Debug)]
struct CalendarUse {
    calendar: CalendarId,
    day: SqlExpr,
    alias: String,
    columns: CalendarColumns,
}

/// What a scope came to.
#[derive(Debug)]
pub(super) struct Finished {
    /// The base.
    pub(super) from: From,
    /// The joins, in order.
    pub(super) joins: Vec<Join>,
    /// What the joins were.
    pub(super) uses: Vec<JoinUse>,
    /// The tables that are read.
    pub(super) tables: BTreeSet<TableId>,
    /// The promises that bounds on their partitions rest on.
    pub(super) promises: Vec<(TableId, String)>,
}

impl<'p> Scope<'p> {
    /// Opens a scope over the rows of a model.
    pub(super) fn new(frame: Frame<'p>, base: ModelId) -> Self {
        Self::within(frame, base, BTreeSet::new())
    }

    fn within(frame: Frame<'p>, base: ModelId, mut taken: BTreeSet<String>) -> Self {
        let project = frame.project;
        let base_alias = free_alias(&mut taken, project.columns_on_the_many_side(base), &project.models[base].name);
        Self {
            frame,
            project,
            base,
            base_alias,
            joined: Vec::new(),
            joins: Vec::new(),
            kept: BTreeMap::new(),
            calendars: Vec::new(),
            taken,
            uses: Vec::new(),
            tables: BTreeSet::new(),
            metrics: Vec::new(),
            known: Known::default(),
            promises: Vec::new(),
            error: None,
            asked: Vec::new(),
            guarding: false,
            filtered: false,
            moment: None,
        }
    }

    /// Says by which time the rows of the base count, for joins that take the versions of that time.
    pub(super) fn dated_by(&mut self, moment: Option<TimeAxis>) {
        self.moment = moment;
    }

    /// Ends the scope, whose rows have to be filtered by [`Scope::base_filter`].
    pub(super) fn finish(mut self) -> Result<Finished, PlanError> {
        assert!(self.filtered, "a scope is finished without its policies");
        self.tables.extend(table(self.project, self.base));
        for CalendarUse { calendar, day, alias, columns } in self.calendars {
            self.joins.push(calendar::join(self.project, calendar, &columns, &alias, day, JoinKind::Left));
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(Finished {
                from: from(self.project, self.base, self.base_alias),
                joins: self.joins,
                uses: self.uses,
                tables: self.tables,
                promises: self.promises,
            }),
        }
    }

    /// Returns what has to hold for every row of the base: the model's permanent filter, and the policies.
    #[must_use = "rows that are not filtered so are not those that may be seen"]
    pub(super) fn base_filter(&mut self) -> Option<SqlExpr> {
        let project = self.project;
        self.filtered = true;
        let filter = project.models[self.base].filter.as_ref().map(|filter| self.value(&Route::here(), filter));
        let policies = self.row_policies(&Route::here(), self.base);
        Expr::all(filter.into_iter().chain(policies))
    }

    /// Remembers that a column lies in a span in every row that counts.
    pub(super) fn know(&mut self, route: &Route, column: &str, span: Span) {
        self.known.add(route, column, span);
    }

    /// Remembers promises that a select inside the scope rests on.
    pub(super) fn rests_on(&mut self, promises: Vec<(TableId, String)>) {
        self.promises.extend(promises);
    }

    /// Returns the conditions on the partition column of the base that hold for every row in a range of its own axis.
    pub(super) fn base_partitions(&mut self, axis: Option<&TimeAxis>, range: DateRange, zone: Tz) -> Vec<SqlExpr> {
        let project = self.project;
        let Some(axis) = axis.filter(|axis| axis.route.0.is_empty()).map(|axis| axis.dimension) else {
            return Vec::new();
        };
        let Some((_, partition)) = partition::partitioned(project, self.base) else { return Vec::new() };
        if project.plain_column(axis) == Some(partition.column.as_str()) {
            // The range itself is on the partition column.
            return Vec::new();
        }
        let Some(promise) = project.promise(partition, axis) else { return Vec::new() };
        let days = partition::span_of_days(project.dimensions[axis].column_type, range, zone);
        let Some(span) = partition::promised(partition, promise, &days) else { return Vec::new() };
        self.known.add(&Route::here(), &partition.column, span.clone());
        self.promises.extend(table(project, self.base).map(|table| (table, partition::spoken(promise))));
        span.bounds(&SqlExpr::column(&self.base_alias, partition.column.clone())).collect()
    }

    /// Returns the conditions on the partitions of a model at the end of a route that follow from what is known.
    fn partitions(&mut self, route: &Route, model: ModelId, alias: &str) -> Vec<SqlExpr> {
        let project = self.project;
        let Some((span, promise)) = self.known.partitions(project, route, model) else { return Vec::new() };
        let Some((_, partition)) = partition::partitioned(project, model) else { return Vec::new() };
        self.promises.extend(table(project, model).zip(promise));
        span.bounds(&SqlExpr::column(alias, partition.column.clone())).collect()
    }

    /// Returns the alias of the base.
    pub(super) fn base_alias(&self) -> &str {
        &self.base_alias
    }

    /// Returns a name that no table of the scope has, and takes it.
    pub(super) fn free_name(&mut self, wanted: &str) -> String {
        free_alias(&mut self.taken, &BTreeSet::new(), wanted)
    }

    /// Remembers tables that a select inside the scope reads.
    pub(super) fn reads(&mut self, tables: &BTreeSet<TableId>) {
        self.tables.extend(tables);
    }

    /// Returns the tables that are read so far, beside the base's own.
    pub(super) fn tables(&self) -> &BTreeSet<TableId> {
        &self.tables
    }
}

/// Returns an alias that is not taken, and that is no column of a model that joins to the aliased one.
///
/// With a column `buyer` in the inner table of `EXISTS`, BigQuery takes `buyer.id` for a field of it, not for a column
/// outside. See <https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#name_hiding>.
fn free_alias(taken: &mut BTreeSet<String>, hidden: &BTreeSet<String>, wanted: &str) -> String {
    free_identifier(wanted, |alias| !hidden.contains(alias) && taken.insert(alias.to_owned()))
}

fn table(project: &Project, model: ModelId) -> Option<TableId> {
    match &project.models[model].source {
        Source::Table(table) => Some(*table),
        Source::Select(_) => None,
    }
}

fn from(project: &Project, model: ModelId, alias: String) -> From {
    match &project.models[model].source {
        Source::Table(table) => From::Table { name: project.tables[*table].name.clone(), alias },
        Source::Select(text) => From::Verbatim { text: text.clone(), alias },
    }
}
