//! What is stored of a rollup and is not what it was left as: found before a build goes on, and stored again.
//!
//! A table is stored again month by month, each in one transaction, so that whoever reads it meanwhile finds either the old rows
//! of a month or the new ones.
//!
//! **Invariant:** rows of other types, or beside rows that are missing, are never stored without saying so.

use std::fmt;

use super::rollups::{Built, Storing, build, first_day, stored_of};
use crate::{
    plan::StoredTable,
    project::Stored,
    time::{DateRange, DateTime, NaiveDate, Utc},
    warehouse::ColumnData,
};

/// Why a table is not what it was left as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is gone, or may not be read.
    Gone,
    /// It holds so many rows, and others were stored.
    Rows(u64),
    /// It was stored beyond the first day that is not final.
    Ahead(NaiveDate),
    /// These columns are of types that the rows do not have any more.
    Types(Vec<String>),
}

impl Fault {
    /// Returns whether storing it again mends it.
    pub fn is_mended_in_place(&self) -> bool {
        matches!(self, Self::Rows(_) | Self::Ahead(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the table is gone, or may not be read"),
            Self::Rows(rows) => write!(f, "the table holds {rows} rows, so somebody else has changed it"),
            Self::Ahead(day) => {
                write!(f, "only rows before {day} are final, and what was stored ahead of that may lack rows")
            }
            Self::Types(columns) => {
                write!(f, "the rows do not have the types of its columns any more: `{}`", columns.join("`, `"))
            }
        }
    }
}

/// Looks whether a table is what it was left as; at the types of its columns only if something is to be stored into them.
pub fn fault<S: Storing>(
    table: &StoredTable<'_>,
    stored: &Stored,
    now: DateTime<Utc>,
    storing: &mut S,
) -> Result<Option<Fault>, S::Error> {
    let until = table.final_until(now);
    if stored.until > until {
        return Ok(Some(Fault::Ahead(until)));
    }
    let rows = match storing.ask(&table.count()) {
        Ok(rows) => rows.columns.first().filter(|_| rows.len > 0).and_then(|column| column.text(0)?.parse().ok()),
        Err(error) if storing.is_refused(&error) => return Ok(Some(Fault::Gone)),
        Err(error) => return Err(error),
    };
    if let Some(rows) = rows.filter(|rows| *rows != stored.rows)
        // Somebody may have stored more meanwhile, and said so.
        && stored_of(table, &storing.ask(&table.read_state())?).as_ref() == Some(stored)
    {
        return Ok(Some(Fault::Rows(rows)));
    }
    if stored.until == until {
        return Ok(None);
    }
    let [of_table, of_rows] = table.columns_stored_and_selected();
    let (of_table, of_rows) = (storing.ask(&of_table)?, storing.ask(&of_rows)?);
    let kind = |column: &ColumnData| match column {
        ColumnData::Decimal { scale, .. } => (std::mem::discriminant(column), *scale),
        _ => (std::mem::discriminant(column), 0),
    };
    let differ = of_table.columns.iter().zip(&of_rows.columns).map(|(stored, found)| kind(stored) != kind(found));
    let columns: Vec<String> = table
        .columns()
        .into_iter()
        .zip(differ)
        .filter(|(_, differs)| *differs)
        .map(|(column, _)| column.name)
        .collect();
    Ok((!columns.is_empty()).then_some(Fault::Types(columns)))
}

/// Stores again what is stored of a rollup, from a day on if one is said, and then what has become final.
pub fn build_again<S: Storing>(
    table: &StoredTable<'_>,
    from: Option<NaiveDate>,
    now: DateTime<Utc>,
    storing: &mut S,
) -> Result<Built, S::Error> {
    let until = table.final_until(now);
    let known = storing.ask(&table.read_state()).ok().and_then(|rows| stored_of(table, &rows));
    let Some(mut stored) = known else { return build(table, now, storing) };
    if stored.until > until {
        storing.execute(&table.take_back(until))?;
        stored.until = until;
    }
    let first = match from {
        Some(day) => table.period_of(day),
        None => first_day(table, stored.until, storing)?.unwrap_or(stored.until),
    };
    let mut steps = table.steps(first, stored.until);
    if steps.is_empty() && from.is_none() {
        steps.push((stored.until, stored.until));
    }
    let all = steps.len();
    for (done, (begin, end)) in steps.into_iter().enumerate() {
        storing.progress(done, all);
        // What lies before the first row is put away with the first step.
        let begin = Some(begin).filter(|_| done > 0 || from.is_some());
        super::rollups::patiently(storing, &table.store_again(DateRange::days(begin, Some(end)), stored.until))?;
        match stored_of(table, &storing.ask(&table.read_state())?) {
            Some(now_stored) if now_stored.until == stored.until => {}
            // Somebody else has stored more meanwhile; the next look at the state tells how much.
            Some(_) | None => return build_again(table, begin, now, storing),
        }
    }
    let built = build(table, now, storing)?;
    Ok(Built { steps: built.steps + all, ..built })
}
