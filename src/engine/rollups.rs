//! Fills the tables of rollups step by step, and tells a project what the warehouse holds of them.
//!
//! A step is one transaction: what may be left of it is put away, its rows are stored, and the day up to which the table is
//! filled is moved, if it still is where the step begins. Whoever is stopped between two steps goes on with the next.
//!
//! **Invariant:** what the table of the state says is stored is stored, and final.

use crate::{
    plan::StoredTable,
    project::{Project, Stored},
    sql::{Dialect, Select, Statement},
    time::{DateTime, NaiveDate, Utc},
    warehouse::Rows,
};

/// A warehouse in which rollups are stored.
pub trait Storing {
    /// Why it does not answer.
    type Error;
    /// Runs a query.
    fn ask(&mut self, select: &Select) -> Result<Rows, Self::Error>;
    /// Runs statements, all or none.
    fn execute(&mut self, statements: &[Statement]) -> Result<(), Self::Error>;
    /// Hears how many of the steps are done.
    fn progress(&mut self, _done: usize, _of: usize) {}
}

/// What a build came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The steps that were stored.
    pub steps: usize,
    /// What is there.
    pub stored: Option<Stored>,
}

/// Stores what is final of a rollup at a moment and not stored yet.
pub fn build<S: Storing>(table: &StoredTable<'_>, now: DateTime<Utc>, storing: &mut S) -> Result<Built, S::Error> {
    storing.execute(&table.make())?;
    let until = table.final_until(now);
    let stored = stored_of(table, &storing.ask(&table.read_state())?);
    let from = match stored {
        Some(stored) => stored.until,
        None => {
            let first = storing.ask(&table.first_day(until))?;
            let first = first.columns.first().and_then(|column| day(&column.text(0)?)).unwrap_or(until);
            storing.execute(&table.begin(first))?;
            first
        }
    };
    let steps = table.steps(from, until);
    for (done, (from, until)) in steps.iter().enumerate() {
        storing.progress(done, steps.len());
        storing.execute(&table.store(*from, *until))?;
    }
    storing.progress(steps.len(), steps.len());
    let stored = stored_of(table, &storing.ask(&table.read_state())?);
    Ok(Built { steps: steps.len(), stored })
}

/// Returns what the state says of a table; nothing if it does not know it.
pub fn stored_of(table: &StoredTable<'_>, state: &Rows) -> Option<Stored> {
    let text = |column: usize| (state.len > 0).then(|| state.columns.get(column)?.text(0)).flatten();
    Some(Stored { table: table.name.clone(), until: day(&text(0)?)?, rows: text(1)?.parse().ok()? })
}

/// Returns whether a project has rollups that the warehouse may hold.
pub fn has_tables(project: &Project) -> bool {
    project.rollups.iter().any(|rollup| rollup.table.is_some())
}

/// Tells a project what the warehouse holds of its rollups; of what cannot be read it holds nothing.
pub fn refresh_stored<E>(project: &mut Project, dialect: Dialect, mut ask: impl FnMut(&Select) -> Result<Rows, E>) {
    let found: Vec<Option<Stored>> = project
        .rollups
        .iter()
        .map(|rollup| {
            let table = StoredTable::of(project, rollup, dialect).ok()?;
            stored_of(&table, &ask(&table.read_state()).ok()?)
        })
        .collect();
    for (rollup, stored) in project.rollups.iter_mut().zip(found) {
        rollup.stored = stored;
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}
