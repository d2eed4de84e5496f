//! The rows of a model as queries see them, for those who select from them on their own: `entente verify`, and the
//! derived tables of LookML.
//!
//! The rows of `shipments` are those of its table that its `where` keeps, within the partitions of some days, with
//! whatever its expressions join.
//!
//! **Invariant:** an expression means here exactly what it means in a query: both are read by one scope.

use std::collections::BTreeSet;

use super::{
    Context, Frame, PlanError, access::WholeData, calendar::CalendarColumn, known::Span, partition, scope::Scope, time,
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, GranularityId, MetricId, ModelId, TableId},
    project::{Partition, Project, Ref, Route, TimeAxis},
    sql::{Expr, Function, Select, SelectItem, SqlExpr},
    time::{DateRange, Granularity, Tz},
};

/// The rows of a model, to be selected from.
#[derive(Debug)]
pub(crate) struct ModelRows<'p> {
    project: &'p Project,
    model: ModelId,
    scope: Scope<'p>,
    conditions: Vec<SqlExpr>,
}

impl<'p> ModelRows<'p> {
    /// Opens the rows of a model that lie in the partitions of some days; without days, in all partitions.
    ///
    /// A table whose partition is required is then read with a bound that every partition fulfils.
    pub(crate) fn open(data: &'p WholeData<'p>, context: Context, model: ModelId, days: DateRange) -> Self {
        let project = data.access();
        let mut scope = Scope::new(Frame { project, context, from_rollups: false }, model);
        let mut conditions = Vec::new();
        if let Some((_, partition)) = partition::partitioned(project, model) {
            let column = SqlExpr::column(scope.base_alias(), partition.column.clone());
            conditions.extend(partition_condition(partition, &column, days));
        }
        conditions.extend(scope.base_filter());
        Self { project, model, scope, conditions }
    }

    /// Opens all rows of a model; a bound that its table asks for is put by whoever selects from them.
    pub(crate) fn open_unbounded(data: &'p WholeData<'p>, context: Context, model: ModelId) -> Self {
        let project = data.access();
        let mut scope = Scope::new(Frame { project, context, from_rollups: false }, model);
        let conditions = scope.base_filter().into_iter().collect();
        Self { project, model, scope, conditions }
    }

    /// Says by which time the rows count, for joins that take the versions of that time.
    pub(crate) fn dated_by(&mut self, axis: Option<&TimeAxis>) {
        self.scope.dated_by(axis.cloned());
    }

    /// Returns the project whose rows they are.
    pub(super) fn project(&self) -> &'p Project {
        self.project
    }

    /// Returns what reads expressions of the model.
    pub(super) fn scope(&mut self) -> &mut Scope<'p> {
        &mut self.scope
    }

    /// Returns a column of the model's own table.
    pub(crate) fn column(&self, name: &str) -> SqlExpr {
        SqlExpr::column(self.scope.base_alias(), name)
    }

    /// Returns an expression of the model.
    pub(crate) fn value(&mut self, expr: &Expr<Ref>) -> SqlExpr {
        self.value_at(&Route::here(), expr)
    }

    /// Returns an expression of the model at the end of a route.
    pub(crate) fn value_at(&mut self, route: &Route, expr: &Expr<Ref>) -> SqlExpr {
        self.scope.value(route, expr)
    }

    /// Returns the value of a dimension of the model, as a query shows it.
    pub(crate) fn dimension(&mut self, dimension: DimensionId) -> SqlExpr {
        self.dimension_at(&Route::here(), dimension)
    }

    /// Returns the value of a dimension of the model at the end of a route, as a query shows it.
    pub(crate) fn dimension_at(&mut self, route: &Route, dimension: DimensionId) -> SqlExpr {
        self.scope.dimension(route, dimension)
    }

    /// Returns a metric of each row, over all time.
    pub(crate) fn metric(&mut self, metric: MetricId) -> SqlExpr {
        self.scope.metric(&Route::here(), self.model, metric)
    }

    /// Returns the tables that are read beside the model's own.
    pub(crate) fn joined_tables(&self) -> &BTreeSet<TableId> {
        self.scope.tables()
    }

    /// Returns the start of the period of a local time: a date, or for hours a wall-clock time.
    pub(crate) fn period(&self, local: SqlExpr, granularity: Granularity) -> SqlExpr {
        let local = match granularity {
            within if within.is_within_a_day() => local,
            _ => Expr::call(Function::DateOf, vec![local]),
        };
        time::truncate(local, granularity, self.project.calendar)
    }

    /// Returns the period of a local time in a calendar from a table.
    pub(crate) fn period_of_calendar(&mut self, local: SqlExpr, granularity: GranularityId) -> SqlExpr {
        let day = Expr::call(Function::DateOf, vec![local]);
        self.scope.calendar(granularity, CalendarColumn::Value, day)
    }

    /// Selects from the rows that fulfil a condition, grouped by the first `n_keys` items.
    pub(crate) fn select(
        self,
        items: Vec<SelectItem>,
        condition: Option<SqlExpr>,
        n_keys: usize,
    ) -> Result<Select, PlanError> {
        let rows = self.scope.finish()?;
        Ok(Select {
            items,
            from: Some(rows.from),
            joins: rows.joins,
            filter: Expr::all(self.conditions.into_iter().chain(condition)),
            group_by: (0..n_keys).collect(),
            ..Select::default()
        })
    }
}

/// Returns a time as the clock of a zone shows it; dates and wall-clock times are taken as they are.
pub(crate) fn local_time(time: SqlExpr, column_type: ColumnType, zone: Tz) -> SqlExpr {
    match column_type {
        ColumnType::Timestamp => Expr::call(Function::LocalTime(zone), vec![time]),
        _ => time,
    }
}

/// Returns the conditions on a partition column that keep the partitions of some days.
pub(crate) fn partition_condition(partition: &Partition, column: &SqlExpr, days: DateRange) -> Option<SqlExpr> {
    let (from, to) = partition::of_days(partition, days);
    Expr::all(Span { from, to }.bounds(column))
}
