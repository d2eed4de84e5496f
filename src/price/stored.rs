//! A plan → the tables of rollups that it reads: how they are cut, and how much they hold as long as nobody else has counted.
//!
//! `rollups.shipments_daily_5f3a09c1` with 47,030 rows → parts of a month by `booked_at_day`, 8 bytes of it in each row.
//!
//! **Invariant:** a value takes no less than its type says; the values of sketches differ, and are taken to be as long as any.

use crate::{
    catalog::{ColumnType, TableStatistics},
    plan::{Holds, Plan, StoredTable},
    project::{Partition, Project, Rollup, Source},
    sql::{AggregateFunction, Dialect},
    time::Tz,
};

/// The bytes of a text of which nothing is known.
const TEXT: u64 = 32;

/// The most bytes of a sketch.
/// See <https://cloud.google.com/bigquery/docs/sketches#sketch_precision>.
const SKETCH: u64 = 32 << 10;

/// The table of a rollup.
pub(super) struct OfRollup {
    pub(super) table: String,
    pub(super) partition: Option<Partition>,
    pub(super) held: TableStatistics,
}

/// Returns the tables of the rollups that a plan reads.
pub(super) fn tables(plan: &Plan, project: &Project, dialect: Dialect) -> Vec<OfRollup> {
    let is_used = |rollup: &&Rollup| plan.rollups.iter().any(|known| known.is_used && known.rollup == rollup.name);
    project.rollups.iter().filter(is_used).filter_map(|rollup| of(project, rollup, dialect)).collect()
}

fn of(project: &Project, rollup: &Rollup, dialect: Dialect) -> Option<OfRollup> {
    let stored = rollup.stored.as_ref()?;
    let table = StoredTable::of(project, rollup, dialect).ok()?;
    let since = match &project.models[rollup.model].source {
        Source::Table(table) => project.tables[*table].partition.as_ref().and_then(|partition| partition.since),
        Source::Select(_) => None,
    };
    let partition = table.parts().map(|(column, granularity)| Partition {
        column: column.to_owned(),
        column_type: ColumnType::Date,
        granularity,
        time_zone: rollup.time.as_ref().map_or(Tz::UTC, |time| time.time_zone),
        required: false,
        since,
        holds: Vec::new(),
    });
    let width = |holds: &Holds| match holds {
        Holds::Dimension(_, dimension) => project.dimensions[*dimension].column_type.width().unwrap_or(TEXT),
        Holds::Day => 8,
        Holds::Value(AggregateFunction::Sketch, _) => SKETCH,
        // Sums are longer than what is added up.
        Holds::Value(_, metric) => {
            let of_rows = project.simple(*metric).and_then(|simple| simple.expr_type.width());
            of_rows.map_or(TEXT, |width| width.max(16))
        }
    };
    let widths = table.columns().iter().map(|column| (column.name.clone(), width(&column.holds))).collect();
    let held = TableStatistics { rows: Some(stored.rows), widths, ..TableStatistics::default() };
    Some(OfRollup { table: stored.table.clone(), partition, held })
}
