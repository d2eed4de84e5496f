//! The rows of a scan from a rollup, where that is proved to give the same answer, and from the rows themselves otherwise.
//!
//! ```text
//! revenue by month since May   ─►   stored rows of whole days before today, and the rows of today
//! ```
//!
//! A rollup holds what is final: all rows before a day. What comes later is read from the rows, in the same select.
//!
//! **Invariant:** a rollup is used only if [`proof`] finds every key, condition and aggregate in it, and [`range`] cuts the
//! range at its periods; whatever else stands in the way is told, and the rows are read.

mod conditions;
mod fresh;
mod proof;
mod range;
mod state;
mod stored;
mod table;
mod template;

use std::fmt;

pub use state::StateTable;
pub use stored::StoredTable;
pub use template::{End, FinalBefore, Holds, Places, StoredColumn};

use self::{fresh::Fresh, proof::prove, range::Asked, table::Table};
use super::{
    bind::{Bound, Scan, ScanKind},
    cumulative, fan_out,
    scan::{self, Rows, Times},
};
use crate::{
    project::{Rollup, Stored},
    time::{DateRange, NaiveDate},
};

/// A rollup of a model that is read, and whether its rows are read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupUse {
    /// The rollup.
    pub rollup: String,
    /// Whether it is used.
    pub is_used: bool,
    /// Why, or why not.
    pub reason: String,
}

impl fmt::Display for RollupUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.rollup, if self.is_used { "" } else { "not used; " }, self.reason)
    }
}

/// Finds the rollup that has what a scan reads in a range, the most of its days and then with the fewest rows; and tells of each
/// what became of it.
pub(super) fn rows(bound: &Bound<'_>, scan: &Scan, range: DateRange) -> (Option<Rows>, Vec<RollupUse>) {
    if !bound.frame.from_rollups || bound.is_over_all_time {
        return (None, Vec::new());
    }
    let project = bound.project;
    let of_model = project.rollups.iter().filter(|rollup| rollup.model == scan.model);
    let tried = of_model.map(|rollup| (rollup, answered(bound, scan, range, rollup)));
    let mut tried: Vec<(&Rollup, Result<Answered, String>)> = tried.collect();
    let best = tried
        .iter()
        .filter_map(|(rollup, answered)| answered.as_ref().ok().map(|answered| (answered.cost, &rollup.name)))
        .min()
        .map(|((days, _), name)| (days, name.clone()));
    let mut uses = Vec::new();
    let mut rows = None;
    for (rollup, answered) in tried.drain(..) {
        let is_used = best.as_ref().is_some_and(|(_, name)| *name == rollup.name);
        let reason = match answered {
            Err(reason) => reason,
            Ok(answered) if is_used => {
                rows = Some(answered.rows);
                answered.told
            }
            Ok(Answered { cost: (days, _), .. }) => best.as_ref().map_or_else(String::new, |(fewest, name)| {
                let more = if days > *fewest { "holds more of the range" } else { "has fewer rows" };
                format!("`{name}` {more}")
            }),
        };
        uses.push(RollupUse { rollup: rollup.name.clone(), is_used, reason });
    }
    let rows = rows.map(|rows| Rows { rollups: uses.clone(), ..rows });
    (rows, uses)
}

/// The rows of a scan out of a rollup.
struct Answered {
    rows: Rows,
    /// How many days are read from the rows themselves, and how many rows are stored.
    cost: (i64, u64),
    /// What is read from where.
    told: String,
}

fn answered(bound: &Bound<'_>, scan: &Scan, range: DateRange, rollup: &Rollup) -> Result<Answered, String> {
    let (Some(stored), Some(lookback)) = (&rollup.stored, rollup.lookback) else { return Err(not_built(rollup)) };
    if let Some(reason) = obstacle(bound, scan) {
        return Err(reason.to_owned());
    }
    let time = rollup.time.as_ref().ok_or("it keeps no time, so nothing says which of its rows are final")?;
    let project = bound.project;
    if scan.axis.as_ref().is_some_and(|axis| *axis != time.axis) {
        return Err("it keeps another time than the one that is asked for".to_owned());
    }
    if !project.shows_dimension(time.axis.dimension) || project.masks(time.axis.dimension) {
        return Err("its time may not be seen".to_owned());
    }
    let time_type = project.dimensions[time.axis.dimension].column_type;
    let asked = Asked { time_type, zone: bound.zone, calendar: project.calendar };
    // What was stored ahead of its time, by a wrong clock, is not final for whoever asks.
    let until = stored.until.min(stored::final_until(project, rollup, lookback, bound.frame.context.now));
    let parts = range::parts(range, time, until, asked)?;
    let timed = Scan { axis: Some(time.axis.clone()), ..scan.clone() };
    let everything =
        scan::rows_within(bound, &timed, DateRange::default(), Times::All).map_err(|error| error.message)?;
    let table = Table::of(project, bound.frame.context, rollup, DateRange::default())?;
    let proved = prove(&table, time, asked, &rollup.name, &everything)?;
    let fresh = Fresh { bound, scan: &timed, parts: &parts, stored, everything: &everything };
    let rows = fresh.beside(proved)?;
    Ok(Answered { rows, cost: (parts.fresh_days(), stored.rows), told: told(&parts, stored) })
}

fn not_built(rollup: &Rollup) -> String {
    match (&rollup.table, &rollup.lookback) {
        (None, _) => "it names no `table`".to_owned(),
        (_, None) => "it does not say after which `lookback` rows are final".to_owned(),
        (Some(_), Some(_)) => "the warehouse does not hold it as it is defined: `entente rollups build`".to_owned(),
    }
}

/// Returns why no rollup has the rows of a scan.
fn obstacle(bound: &Bound<'_>, scan: &Scan) -> Option<&'static str> {
    if scan.kind != ScanKind::Rows {
        return Some("a balance is of single moments, which it does not keep");
    }
    if cumulative::window(bound, scan).is_some() {
        return Some("windows are cut from the rows themselves");
    }
    if fan_out::multiplies(bound, scan) {
        return Some("a row counts in several groups, and it does not tell rows apart");
    }
    None
}

fn told(parts: &range::Parts, stored: &Stored) -> String {
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "…".to_owned(), |day| day.to_string());
    let span = |range: &DateRange| format!("[{}, {})", day(range.from), day(range.to));
    let mut text = format!("{} from `{}`", span(&parts.stored), stored.table);
    let mut fresh: Vec<String> = parts.fresh.iter().map(span).collect();
    fresh.extend(parts.with_timeless.then(|| "what has no time".to_owned()));
    if !fresh.is_empty() {
        text.push_str(&format!(", {} from the rows", fresh.join(" and ")));
    }
    text
}
