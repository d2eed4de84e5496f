//! Reads the periods of calendars from the warehouse, for the catalog and for a project that is about to be asked.
//!
//! ```sql
//! SELECT retail_week, retail_month, MIN(calendar_date), MAX(calendar_date) FROM marts.dim_retail_calendar GROUP BY 1, 2 ORDER BY 3
//! ```
//!
//! **Invariant:** what is read is what the planner joins: one row per period, by the same column.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{Catalog, CatalogPeriod, ColumnType},
    ids::GranularityId,
    project::{CalendarGranularity, CalendarTable, Project},
    sql::{AggregateFunction, Expr, From, Function, OrderTerm, Select, SelectItem, SqlExpr},
    time::{Granularity, NaiveDate, add_periods},
    warehouse::{ColumnData, Rows},
};

/// The query for the periods of granularities of one calendar.
#[derive(Clone, Debug)]
pub struct PeriodsQuery {
    /// The granularities, each with a column of that place.
    granularities: Vec<GranularityId>,
    /// The query: the values of the granularities on some days, and the first and the last of these days.
    pub select: Select,
}

/// Returns the queries for the periods of some granularities, one for each calendar.
pub fn periods_queries(project: &Project, of: &BTreeSet<GranularityId>) -> Vec<PeriodsQuery> {
    let queries = project.calendars.values().filter_map(|calendar| {
        let wanted: Vec<GranularityId> = calendar.granularities.iter().copied().filter(|id| of.contains(id)).collect();
        (!wanted.is_empty()).then(|| periods_query(project, calendar, wanted))
    });
    queries.collect()
}

fn periods_query(project: &Project, calendar: &CalendarTable, granularities: Vec<GranularityId>) -> PeriodsQuery {
    let column = |name: &str| SqlExpr::column("calendar", name);
    let values: Vec<SqlExpr> = granularities.iter().map(|id| column(&project.granularities[*id].column)).collect();
    let day = match calendar.date_type {
        ColumnType::Date => column(&calendar.date),
        _ => Expr::call(Function::DateOf, vec![column(&calendar.date)]),
    };
    let edge = |function| SqlExpr::aggregate(function, Some(day.clone()));
    let alias = |at: usize| if at == 0 { "period".to_owned() } else { format!("period_{}", at + 1) };
    let mut items: Vec<SelectItem> =
        values.iter().enumerate().map(|(at, value)| value.clone().named(alias(at))).collect();
    items.push(edge(AggregateFunction::Min).named("first_day"));
    items.push(edge(AggregateFunction::Max).named("last_day"));
    let has_period = Expr::any(values.iter().map(|value| value.clone().is_null(true)));
    let select = Select {
        items,
        from: Some(From::Table { name: project.tables[calendar.table].name.clone(), alias: "calendar".to_owned() }),
        filter: Expr::all(has_period.into_iter().chain([day.clone().is_null(true)])),
        group_by: (0..granularities.len()).collect(),
        order_by: vec![OrderTerm { expr: SqlExpr::bare("first_day"), descending: false, nulls_first: false }],
        ..Select::default()
    };
    PeriodsQuery { granularities, select }
}

impl PeriodsQuery {
    /// Returns the name of the calendar.
    pub fn calendar<'p>(&self, project: &'p Project) -> &'p str {
        let granularity = &project.granularities[self.granularities[0]];
        &project.calendars[granularity.calendar].name
    }

    /// Returns the periods that the query found, by granularity.
    pub fn periods(&self, rows: &Rows) -> Vec<(GranularityId, Vec<CatalogPeriod>)> {
        let found = self.granularities.iter().enumerate().map(|(column, id)| (*id, periods_of(rows, column)));
        found.collect()
    }
}

/// Returns the periods of a column, in the order of their first days: a week that lies in two months has two rows.
fn periods_of(rows: &Rows, column: usize) -> Vec<CatalogPeriod> {
    let [values @ .., first, last] = rows.columns.as_slice() else { return Vec::new() };
    let day = |column: &ColumnData, row: usize| column.text(row)?.parse::<NaiveDate>().ok();
    let mut periods: Vec<CatalogPeriod> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..rows.len {
        let Some(value) = values.get(column).and_then(|values| values.text(row)) else { continue };
        let (Some(from), Some(last)) = (day(first, row), day(last, row)) else { continue };
        let to = add_periods(last, Granularity::Day, 1);
        match known.get(&value) {
            Some(at) => {
                let period = &mut periods[*at];
                (period.from, period.to) = (period.from.min(from), period.to.max(to));
            }
            None => {
                known.insert(value.clone(), periods.len());
                periods.push(CatalogPeriod { from, to, value });
            }
        }
    }
    periods
}

/// Puts the periods of every calendar that a project has into a catalog, asking the warehouse by `ask`.
pub fn add_periods_to<E>(
    catalog: &mut Catalog,
    project: &Project,
    mut ask: impl FnMut(&Select) -> Result<Rows, E>,
) -> Result<(), E> {
    let table_of = |granularity: &CalendarGranularity| project.calendars[granularity.calendar].table;
    let name_of = |granularity| project.tables[table_of(granularity)].name.as_str();
    let known = project.granularities.iter().filter(|(_, known)| catalog.tables.contains_key(name_of(known)));
    for query in periods_queries(project, &known.map(|(id, _)| id).collect()) {
        let rows = ask(&query.select)?;
        for (id, periods) in query.periods(&rows) {
            let granularity = &project.granularities[id];
            let table = catalog.tables.get_mut(name_of(granularity)).expect("only those of known tables are asked for");
            table.periods.insert(granularity.column.clone(), periods);
        }
    }
    Ok(())
}

/// Gives a project the periods that some granularities have in the warehouse.
pub fn refresh_periods<E>(
    project: &mut Project,
    of: &BTreeSet<GranularityId>,
    mut ask: impl FnMut(&Select) -> Result<Rows, E>,
) -> Result<(), E> {
    for query in periods_queries(project, of) {
        let rows = ask(&query.select)?;
        for (id, periods) in query.periods(&rows) {
            project.set_periods(id, &periods);
        }
    }
    Ok(())
}
