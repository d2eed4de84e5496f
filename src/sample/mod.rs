//! Makes the sample warehouse: a parcel carrier over two years.
//!
//! `sample::create(path, 1.0, …)` writes about 200,000 parcels and all that belongs to them; `entente demo` calls it,
//! and tests call [`fill`] at a small scale.
//!
//! **Invariant:** the same scale gives the same rows on every machine, and a file is there whole or not at all.

mod calendar;
mod claims;
mod customers;
mod events;
mod finance;
mod network;
mod places;
mod random;
mod row;
mod shipments;

use std::{
    cell::Cell,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate, Utc};

use crate::warehouse::{
    Error,
    duckdb::{Access, DuckDb, NewRows},
};

/// How many parcels there are at scale 1.
const PARCELS: f64 = 200_000.0;

/// Called with the steps that are done and all steps, now and then.
pub type Progress<'a> = &'a dyn Fn(u64, u64);

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The number of parcels.
    pub parcels: u64,
    /// The number of accounts.
    pub customers: u64,
    /// The number of tables and views.
    pub tables: u64,
}

/// Returns the moment at which the sample was taken: the first one after its last day.
pub fn taken_at() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(calendar::TAKEN_AT).expect("it is a moment of our time")
}

/// Returns the files that [`create`] writes before the sample is whole. They are this process's alone.
pub fn partial_files(path: &Path) -> [PathBuf; 2] {
    let partial = format!("{}.{}.partial", path.display(), std::process::id());
    let log = PathBuf::from(format!("{partial}.wal"));
    [PathBuf::from(partial), log]
}

/// Makes the sample warehouse in a file; a file that is there is replaced when the new one is whole. Of several processes
/// that make the same file at once, the last one's stays.
pub fn create(path: &Path, scale: f64, progress: Progress<'_>) -> Result<Summary, Error> {
    let [partial, log] = partial_files(path);
    remove(&partial)?;
    let summary = fill_file(&partial, scale, progress).inspect_err(|_| {
        // On a full disk what is half made is in the way.
        let _ = remove(&partial);
        let _ = remove(&log);
    })?;
    remove(&PathBuf::from(format!("{}.wal", path.display())))?;
    std::fs::rename(&partial, path)
        .map_err(|error| Error::Unavailable(format!("`{}` cannot be written ({error})", path.display())))?;
    Ok(summary)
}

fn fill_file(path: &Path, scale: f64, progress: Progress<'_>) -> Result<Summary, Error> {
    let database = DuckDb::open(path, Access::ReadWrite)?;
    let summary = fill(&database, scale, progress)?;
    database.execute_batch("CHECKPOINT")?;
    Ok(summary)
}

/// Fills an empty database with the sample.
///
/// A scale of 0.01 makes 2,000 parcels, which is enough for every oddity to occur.
pub fn fill(database: &DuckDb, scale: f64, progress: Progress<'_>) -> Result<Summary, Error> {
    let world = World::new(scale, progress);
    database.execute_batch(include_str!("schema.sql"))?;
    let marts = |table: &str, write: &dyn Fn(&mut NewRows<'_>) -> Result<(), Error>| {
        database.append("marts", table, |rows| write(rows))
    };
    marts("dim_depots", &|rows| places::write(&world.depots, rows))?;
    marts("dim_customers", &|rows| customers::write(&world, rows))?;
    marts("dim_tariffs", &finance::write_tariffs)?;
    marts("dim_fx_rates", &finance::write_rates)?;
    marts("dim_retail_calendar", &finance::write_retail_calendar)?;
    marts("fct_budget", &|rows| finance::write_budget(&world, rows))?;
    marts("depot_inventory", &|rows| network::write_inventory(&world, rows))?;
    marts("fct_shipments", &|rows| shipments::write(&world, rows))?;
    marts("fct_claims", &|rows| claims::write(&world, rows))?;
    marts("fct_stops", &|rows| network::write_stops(&world, rows))?;
    database.append("segment", "identifies", |rows| events::write_identifies(&world, rows))?;
    database.append("segment", "tracks", |rows| events::write_tracks(&world, rows))?;
    database.append("segment", "pages", |rows| events::write_pages(&world, rows))?;
    progress(world.steps, world.steps);
    Ok(Summary { parcels: world.parcels, customers: world.customers, tables: 15 })
}

fn remove(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    std::fs::remove_file(path)
        .map_err(|error| Error::Unavailable(format!("`{}` cannot be removed ({error})", path.display())))
}

/// What all tables agree on.
struct World<'a> {
    parcels: u64,
    customers: u64,
    stops: u64,
    depots: Vec<places::Depot>,
    /// The busyness of all days up to and including each.
    busy_until: Vec<u64>,
    busyness: u64,
    done: Cell<u64>,
    steps: u64,
    progress: Progress<'a>,
}

impl<'a> World<'a> {
    fn new(scale: f64, progress: Progress<'a>) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a scale is at most 10,000")]
        let parcels = (PARCELS * scale.clamp(0.001, 10_000.0)).round() as u64;
        let stops = parcels / 2;
        let busy_until: Vec<u64> = (0..calendar::DAYS)
            .scan(0, |sum, index| {
                *sum += calendar::busyness(calendar::day(index));
                Some(*sum)
            })
            .collect();
        Self {
            parcels,
            customers: (parcels / 100).clamp(60, 100_000),
            stops,
            depots: places::depots(),
            busyness: *busy_until.last().expect("the sample has days"),
            busy_until,
            done: Cell::new(0),
            steps: 4 * parcels + stops + calendar::DAYS,
            progress,
        }
    }

    /// Returns the day of a row, so that rows are in the order of days and busy days have more.
    fn day_of(&self, index: u64, of: u64) -> NaiveDate {
        let at = u128::from(index) * u128::from(self.busyness) / u128::from(of);
        let day = self.busy_until.partition_point(|until| u128::from(*until) <= at);
        calendar::day(u64::try_from(day).expect("a small number"))
    }

    /// Counts to `count`, and tells the progress.
    fn counted(&self, count: u64) -> impl Iterator<Item = u64> {
        (0..count).inspect(|_| {
            self.done.set(self.done.get() + 1);
            if self.done.get().is_multiple_of(2_000) {
                (self.progress)(self.done.get(), self.steps);
            }
        })
    }
}

#[cfg(test)]
mod tests;
