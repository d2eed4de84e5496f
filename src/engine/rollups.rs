//! Fills the tables of rollups step by step, and tells a project what the warehouse holds of them.
//!
//! A step is one transaction: what may be left of it is put away, its rows are stored, and the day up to which the table is
//! filled is moved, if it still is where the step begins. Whoever is stopped between two steps goes on with the next; of two
//! who store the same step one waits, or is refused and looks again how far the table is filled.
//!
//! **Invariant:** what the table of the state says is stored is stored, and final.

use std::{collections::BTreeMap, slice};

use crate::{
    plan::{StateTable, StoredTable},
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
    /// Returns whether somebody else stores the same at the same time.
    fn is_contended(&self, _error: &Self::Error) -> bool {
        false
    }
    /// Returns whether the warehouse refused what it was asked, as a table of it is gone.
    fn is_refused(&self, _error: &Self::Error) -> bool {
        false
    }
    /// Waits for somebody else who stores the same; `before` counts how often that was done.
    fn give_way(&mut self, _before: u32) {}
    /// Hears how many of the steps are done.
    fn progress(&mut self, _done: usize, _of: usize) {}
}

/// How often somebody else is waited for without anything being stored.
const PATIENCE: u32 = 60;

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
    let until = table.final_until(now);
    // Without a table of the state, or without the right to read it, the answer is an error; making it tells which.
    let known = storing.ask(&table.read_state()).ok().and_then(|rows| stored_of(table, &rows));
    let mut stored = match known {
        Some(stored) => Some(stored),
        None => begin(table, until, storing)?,
    };
    let (mut steps, mut waited) = (0, 0);
    let all = stored.iter().flat_map(|stored| table.steps(stored.until, until)).count();
    while let Some(from) = stored.as_ref().map(|stored| stored.until)
        && let Some((from, to)) = table.steps(from, until).first().copied()
    {
        storing.progress(steps, all);
        match storing.execute(&table.store(from, to)) {
            Ok(()) => (steps, waited) = (steps + 1, 0),
            Err(error) if waited < PATIENCE && storing.is_contended(&error) => {
                storing.give_way(waited);
                waited += 1;
            }
            Err(error) => return Err(error),
        }
        stored = stored_of(table, &storing.ask(&table.read_state())?);
        if waited == 0 && stored.as_ref().is_some_and(|stored| stored.until <= from) {
            // The table was forgotten and begun anew meanwhile; whoever does that stores it.
            break;
        }
    }
    storing.progress(all, all);
    Ok(Built { steps, stored })
}

/// Makes the tables and says that nothing is stored before the first day of which there are rows.
fn begin<S: Storing>(table: &StoredTable<'_>, until: NaiveDate, storing: &mut S) -> Result<Option<Stored>, S::Error> {
    let mut refused = None;
    for statement in table.make() {
        match (patiently(storing, slice::from_ref(&statement)), statement) {
            // Whoever may not make a schema may use one that is there.
            (Err(error), Statement::CreateSchema(_)) => refused = Some(error),
            (made, _) => made.map_err(|error| refused.take().unwrap_or(error))?,
        }
    }
    let first = first_day(table, until, storing)?.unwrap_or(until);
    patiently(storing, &table.begin(first))?;
    Ok(stored_of(table, &storing.ask(&table.read_state())?))
}

/// Finds the first day of which there are rows before another one.
pub fn first_day<S: Storing>(
    table: &StoredTable<'_>,
    until: NaiveDate,
    storing: &mut S,
) -> Result<Option<NaiveDate>, S::Error> {
    let rows = storing.ask(&table.first_day(until))?;
    Ok(rows.columns.first().filter(|_| rows.len > 0).and_then(|column| day(&column.text(0)?)))
}

/// Runs statements, again if somebody else runs the same at the same time.
pub(super) fn patiently<S: Storing>(storing: &mut S, statements: &[Statement]) -> Result<(), S::Error> {
    let mut waited = 0;
    loop {
        match storing.execute(statements) {
            Err(error) if waited < PATIENCE && storing.is_contended(&error) => {
                storing.give_way(waited);
                waited += 1;
            }
            done => return done,
        }
    }
}

/// Returns what the state says of a table; nothing if it does not know it.
pub fn stored_of(table: &StoredTable<'_>, state: &Rows) -> Option<Stored> {
    stored_in(&table.name, state, 0, 0)
}

/// Returns all that the table of the state tells.
pub fn all_stored(state: &Rows) -> Vec<Stored> {
    let name = |row: usize| state.columns.first()?.text(row);
    (0..state.len).filter_map(|row| stored_in(&name(row)?, state, row, 1)).collect()
}

/// Reads a row of the state, whose day and rows stand from a column on.
fn stored_in(table: &str, state: &Rows, row: usize, column: usize) -> Option<Stored> {
    let text = |column: usize| (row < state.len).then(|| state.columns.get(column)?.text(row)).flatten();
    Some(Stored { table: table.to_owned(), until: day(&text(column)?)?, rows: text(column + 1)?.parse().ok()? })
}

/// Returns whether a project has rollups that the warehouse may hold.
pub fn has_tables(project: &Project) -> bool {
    project.rollups.iter().any(|rollup| rollup.table.is_some())
}

/// The tables of the state that tell of a project's rollups: each with the places of rollups and their tables' names.
pub(super) type States = BTreeMap<StateTable, Vec<(usize, String)>>;

/// Finds the tables of the state that tell of a project's rollups.
pub(super) fn states(project: &Project, dialect: Dialect) -> States {
    let mut states = States::new();
    for (at, rollup) in project.rollups.iter().enumerate() {
        if let Ok(table) = StoredTable::of(project, rollup, dialect) {
            states.entry(table.state().clone()).or_default().push((at, table.name));
        }
    }
    states
}

/// Takes what a table of the state tells of some rollups.
pub(super) fn take_stored(stored: &mut [Option<Stored>], of: Vec<(usize, String)>, state: &Rows) {
    let all = all_stored(state);
    for (at, name) in of {
        stored[at] = all.iter().find(|stored| stored.table == name).cloned();
    }
}

/// Tells a project what the warehouse holds of its rollups; of what cannot be read it holds nothing.
pub fn refresh_stored<E>(project: &mut Project, dialect: Dialect, mut ask: impl FnMut(&Select) -> Result<Rows, E>) {
    let mut stored = vec![None; project.rollups.len()];
    for (state, of) in states(project, dialect) {
        if let Ok(rows) = ask(&state.read_all()) {
            take_stored(&mut stored, of, &rows);
        }
    }
    project.set_stored(stored);
}

fn day(text: &str) -> Option<NaiveDate> {
    // Where dates are cut from times, a day comes as the midnight at which it begins.
    text.get(..10)?.parse().ok()
}
