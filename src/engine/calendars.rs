//! Reads the periods of calendars from the warehouse, for the catalog and for a project that is about to be asked.
//!
//! ```sql
//! SELECT retail_month, MIN(calendar_date), MAX(calendar_date) FROM marts.dim_retail_calendar GROUP BY 1 ORDER BY 2
//! ```
//!
//! **Invariant:** what is read is what the planner joins: one row per period, by the same column.

use crate::{
    catalog::{Catalog, CatalogPeriod, ColumnType},
    ids::GranularityId,
    project::Project,
    sql::{AggregateFunction, Expr, From, Function, OrderTerm, Select, SqlExpr},
    time::{Granularity, NaiveDate, add_periods},
    warehouse::{ColumnData, Rows},
};

/// Returns the query for the periods of a granularity: the value, the first day and the last day of each.
pub fn periods_query(project: &Project, id: GranularityId) -> Select {
    let granularity = &project.granularities[id];
    let calendar = &project.calendars[granularity.calendar];
    let column = |name: &str| SqlExpr::column("calendar", name);
    let day = match calendar.date_type {
        ColumnType::Date => column(&calendar.date),
        _ => Expr::call(Function::DateOf, vec![column(&calendar.date)]),
    };
    let edge = |function| SqlExpr::aggregate(function, Some(day.clone()));
    let table = project.tables[calendar.table].name.clone();
    Select {
        items: vec![
            column(&granularity.column).named("period"),
            edge(AggregateFunction::Min).named("first_day"),
            edge(AggregateFunction::Max).named("last_day"),
        ],
        from: Some(From::Table { name: table, alias: "calendar".to_owned() }),
        filter: Some(column(&granularity.column).is_null(true).and(day.clone().is_null(true))),
        group_by: vec![0],
        order_by: vec![OrderTerm { expr: SqlExpr::bare("first_day"), descending: false, nulls_first: false }],
        ..Select::default()
    }
}

/// Returns the periods that the query found.
pub fn periods_of(rows: &Rows) -> Vec<CatalogPeriod> {
    let [values, first, last] = rows.columns.as_slice() else { return Vec::new() };
    let day = |column: &ColumnData, row: usize| column.text(row)?.parse::<NaiveDate>().ok();
    let period = |row| {
        let to = add_periods(day(last, row)?, Granularity::Day, 1);
        Some(CatalogPeriod { value: values.text(row)?, from: day(first, row)?, to })
    };
    (0..rows.len).filter_map(period).collect()
}

/// Puts the periods of every calendar that a project has into a catalog, asking the warehouse by `ask`.
pub fn add_periods_to<E>(
    catalog: &mut Catalog,
    project: &Project,
    mut ask: impl FnMut(&Select) -> Result<Rows, E>,
) -> Result<(), E> {
    for (id, granularity) in project.granularities.iter() {
        let table = &project.tables[project.calendars[granularity.calendar].table].name;
        let Some(table) = catalog.tables.get_mut(table) else { continue };
        let rows = ask(&periods_query(project, id))?;
        table.periods.insert(granularity.column.clone(), periods_of(&rows));
    }
    Ok(())
}

/// Gives a project the periods that its calendars have in the warehouse.
pub fn refresh_periods<E>(project: &mut Project, mut ask: impl FnMut(&Select) -> Result<Rows, E>) -> Result<(), E> {
    for id in project.granularities.ids().collect::<Vec<_>>() {
        let rows = ask(&periods_query(project, id))?;
        project.set_periods(id, &periods_of(&rows));
    }
    Ok(())
}
