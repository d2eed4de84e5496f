//! A plan and what tables hold → what its query reads.
//!
//! 731 days of `marts.shipments` with 48 million rows; `price` of 28 days → 8 bytes × 48 million × 28 / 731.
//!
//! **Invariant:** a table of which nothing is known makes the whole unknown; a bound that is not proved is none.

use std::collections::BTreeSet;

use chrono::Days;

use super::stored::{self, OfRollup};
use crate::{
    catalog::{Statistics, TableStatistics},
    plan::Plan,
    project::{NumberPartition, Partition, Project, Source, Table},
    sql::{Bound, Dialect, Literal, PartitionRule, TableRead, table_reads, tables_of_select},
    time::{Calendar, Granularity, NaiveDate, NaiveDateTime, add_periods, period_start},
};

/// What a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The bytes in all.
    pub bytes: u64,
    /// The most that the warehouse bills for them.
    pub billed: u64,
    /// Table by table, as far as statistics tell.
    pub tables: Vec<TableCost>,
    /// Where `bytes` comes from.
    pub basis: Basis,
}

/// Where an estimate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The warehouse said what it would read.
    DryRun,
    /// From what the tables held on a day.
    Statistics(NaiveDate),
}

impl std::fmt::Display for Basis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DryRun => f.write_str("measured by dry run"),
            Self::Statistics(day) => write!(f, "estimated from statistics of {day}"),
        }
    }
}

/// What is read of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCost {
    /// The table.
    pub table: String,
    /// The bytes.
    pub bytes: u64,
    /// How many of how many partitions, of a partitioned table.
    pub partitions: Option<(u64, u64)>,
}

/// Why nobody knows what a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Of this table the warehouse keeps no statistics.
    Table(String),
    /// SQL of the project's own names no table.
    Sql,
    /// The warehouse was not asked, or did not answer.
    Unasked,
}

/// Returns the tables that have to be known for every plan of a project, those of stored rollups among them.
pub fn tables_of_statistics(project: &Project) -> Vec<String> {
    let stored = project.rollups.iter().filter_map(|rollup| rollup.stored.as_ref());
    let of_sql = project.models.values().filter_map(|model| match &model.source {
        Source::Select(text) => Some(tables_of_select(text)),
        Source::Table(_) => None,
    });
    let tables = project.tables.values().map(|table| table.name.clone());
    let all = tables.chain(stored.map(|stored| stored.table.clone())).chain(of_sql.flatten());
    all.collect::<BTreeSet<String>>().into_iter().collect()
}

/// Estimates what the query of a plan reads.
pub fn estimate(
    plan: &Plan,
    project: &Project,
    statistics: &Statistics,
    dialect: Dialect,
) -> Result<Estimate, Unknown> {
    let table = |name: &str| project.tables.values().find(|table| table.name == name);
    let stored = stored::tables(plan, project, dialect);
    let rule = |of: &OfRollup| {
        let (table, column) = (of.table.clone(), of.partition.as_ref()?.column.clone());
        Some(PartitionRule { table, column, required: false })
    };
    let rules = project.tables.values().filter_map(Table::partition_rule).chain(stored.iter().filter_map(rule));
    let rules: Vec<PartitionRule> = rules.collect();
    let reads = table_reads(&plan.select, &rules).ok_or(Unknown::Sql)?;
    let mut tables: Vec<TableCost> = Vec::new();
    for read in &reads {
        let unknown = || Unknown::Table(read.table.clone());
        let of_rollup = stored.iter().find(|of| of.table == read.table);
        let held = statistics.tables.get(&read.table).or(of_rollup.map(|of| &of.held)).ok_or_else(unknown)?;
        let whole = bytes(held, read, dialect).ok_or_else(unknown)?;
        let cut = match (of_rollup, table(&read.table)) {
            (Some(of), _) => (of.partition.as_ref(), None),
            (None, Some(table)) => (table.partition.as_ref(), table.numbers.as_ref()),
            (None, None) => (None, None),
        };
        let partitions = match cut {
            (Some(partition), _) => partitions(partition, held, read.bound.as_ref(), statistics.read_on),
            (None, Some(numbers)) => Some(partitions_of_numbers(numbers, read.bound.as_ref())),
            (None, None) => None,
        };
        let bytes = match partitions {
            Some((_, 0)) | None => whole,
            Some((some, all)) => {
                let part = (u128::from(whole) * u128::from(some)).div_ceil(u128::from(all));
                u64::try_from(part).unwrap_or(whole)
            }
        };
        match tables.iter_mut().find(|known| known.table == read.table) {
            None => tables.push(TableCost { table: read.table.clone(), bytes, partitions }),
            Some(known) => {
                known.bytes = known.bytes.saturating_add(bytes);
                known.partitions = match (known.partitions, partitions) {
                    (Some((some, all)), Some((more, _))) => Some((some.saturating_add(more).min(all), all)),
                    _ => None,
                };
            }
        }
    }
    let bytes = tables.iter().fold(0_u64, |sum, table| sum.saturating_add(table.bytes));
    let billed = billed_at_most(bytes, tables.len(), dialect);
    Ok(Estimate { bytes, billed, tables, basis: Basis::Statistics(statistics.read_on) })
}

/// Makes an estimate of what the warehouse said that the query of a plan would read. How it is spread over tables is known
/// from statistics only.
pub fn measured(plan: &Plan, bytes: u64, estimated: Option<Estimate>, dialect: Dialect) -> Estimate {
    let reads = table_reads(&plan.select, &[]).unwrap_or_default();
    let names: BTreeSet<&str> = reads.iter().map(|read| &*read.table).collect();
    let billed = billed_at_most(bytes, names.len(), dialect);
    Estimate { bytes, billed, tables: estimated.map(|known| known.tables).unwrap_or_default(), basis: Basis::DryRun }
}

/// Returns the bytes of a scan of all partitions of a table.
fn bytes(held: &TableStatistics, read: &TableRead, dialect: Dialect) -> Option<u64> {
    let reads_whole_rows = match dialect {
        Dialect::Postgres => true,
        Dialect::BigQuery | Dialect::DuckDb | Dialect::Snowflake => false,
    };
    if reads_whole_rows && held.bytes.is_some() {
        return held.bytes;
    }
    let is_read = |name: &str| match &read.columns {
        Some(columns) if !reads_whole_rows => columns.iter().any(|column| column.eq_ignore_ascii_case(name)),
        Some(_) | None => true,
    };
    let row: u64 = held.widths.iter().filter(|(name, _)| is_read(name)).map(|(_, width)| *width).sum();
    match (held.rows.map(|rows| rows.saturating_mul(row)), held.bytes) {
        (Some(columns), Some(all)) => Some(columns.min(all)),
        (columns, all) => columns.or(all),
    }
}

/// How long after the statistics there may be days, such as those on which something is due.
const FUTURE: Days = Days::new(365);

/// Returns how many of how many partitions lie within a bound; nothing where the partitions are not those of days.
fn partitions(
    partition: &Partition,
    held: &TableStatistics,
    bound: Option<&Bound>,
    read_on: NaiveDate,
) -> Option<(u64, u64)> {
    let known = held.days.iter().find(|(name, _)| name.eq_ignore_ascii_case(&partition.column)).map(|(_, days)| *days);
    let (first, last) = known.or_else(|| Some((partition.since?, read_on)))?;
    // A day that stands for "never", such as 31 December 9999, has no partitions before it.
    let last = last.min(read_on.checked_add_days(FUTURE).unwrap_or(last)).max(first);
    let start = |day: NaiveDate| period_start(day, partition.granularity, Calendar::default());
    let (first, end) = (start(first), add_periods(start(last), partition.granularity, 1));
    let (from, to) = match bound {
        None => (None, None),
        Some(Bound { from, to }) => (from.as_ref().and_then(day_of), to.as_ref().and_then(day_after)),
    };
    let all = count(first, end, partition.granularity);
    // What has come since the statistics were read is as much as before.
    let until = end.max(add_periods(start(read_on), partition.granularity, 1));
    let is_later = from.is_some_and(|day| day >= until);
    let (from, to) = (from.map_or(first, |day| start(day).max(first)), to.map_or(until, |day| day.min(until)));
    let read = if is_later { 1 } else { count(from, to, partition.granularity) };
    Some((read.min(all), all))
}

/// Returns how many of how many partitions of numbers lie within a bound; what has no partition of its own lies in one more.
fn partitions_of_numbers(partition: &NumberPartition, bound: Option<&Bound>) -> (u64, u64) {
    let NumberPartition { from: least, to: end, every, .. } = *partition;
    let number = |side: fn(&Bound) -> &Option<Literal>| match bound.map(side) {
        Some(Some(Literal::Integer(number))) => Some(*number),
        _ => None,
    };
    let place = |number: i64| (i128::from(number) - i128::from(least)).div_euclid(i128::from(every.max(1)));
    let all = place(end.saturating_sub(1)).max(0) + 1;
    let (from, to) = (number(|bound| &bound.from), number(|bound| &bound.to));
    let first = from.map_or(0, |from| place(from).clamp(0, all));
    let last = to.map_or(all - 1, |to| place(to.saturating_sub(1)).clamp(-1, all - 1));
    let is_within = from.is_some_and(|from| from >= least) && to.is_some_and(|to| to <= end);
    let read = (last - first + 1).max(0) + i128::from(!is_within);
    let count = |number: i128| u64::try_from(number).unwrap_or(u64::MAX);
    (count(read), count(all + 1))
}

/// Returns the day that a constant lies in.
fn day_of(literal: &Literal) -> Option<NaiveDate> {
    match literal {
        Literal::Date(day) => Some(*day),
        Literal::DateTime(time) | Literal::Timestamp(time) => Some(time.date()),
        _ => None,
    }
}

/// Returns the first day of which nothing lies before a constant.
fn day_after(literal: &Literal) -> Option<NaiveDate> {
    let next = |time: &NaiveDateTime| {
        let is_midnight = time.time() == chrono::NaiveTime::MIN;
        if is_midnight { Some(time.date()) } else { time.date().succ_opt() }
    };
    match literal {
        Literal::Date(day) => Some(*day),
        Literal::DateTime(time) | Literal::Timestamp(time) => next(time),
        _ => None,
    }
}

/// Counts the partitions from a start up to, not including, a day.
fn count(from: NaiveDate, to: NaiveDate, granularity: Granularity) -> u64 {
    let days = u64::try_from((to - from).num_days()).unwrap_or(0);
    match granularity {
        Granularity::Hour(_) => days * 24,
        Granularity::Second | Granularity::Minute(_) | Granularity::Day => days,
        _ => {
            let starts = std::iter::successors(Some(from), |day| {
                let next = add_periods(*day, granularity, 1);
                (next > *day).then_some(next)
            });
            starts.take_while(|day| *day < to).count() as u64
        }
    }
}

/// A mebibyte, to which BigQuery rounds up what it bills.
const MIB: u64 = 1 << 20;

/// Returns the most that a warehouse bills for so many bytes of so many tables.
///
/// BigQuery bills at least 10 MiB for each table.
/// See <https://cloud.google.com/bigquery/pricing#on_demand_pricing>.
fn billed_at_most(bytes: u64, tables: usize, dialect: Dialect) -> u64 {
    match dialect {
        Dialect::BigQuery => {
            let least = (tables.max(1) as u64).saturating_mul(10 * MIB);
            bytes.div_ceil(MIB).saturating_mul(MIB).saturating_add(least)
        }
        Dialect::DuckDb | Dialect::Postgres | Dialect::Snowflake => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::ColumnType, time::Tz};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn cut(granularity: Granularity, since: Option<&str>) -> Partition {
        Partition {
            column: "Day".to_owned(),
            column_type: ColumnType::Date,
            granularity,
            time_zone: Tz::UTC,
            required: false,
            since: since.map(day),
            holds: Vec::new(),
        }
    }

    fn counted(
        partition: &Partition,
        known: Option<(&str, &str)>,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Option<(u64, u64)> {
        let days = known.map(|(first, last)| ("day".to_owned(), (day(first), day(last))));
        let held = TableStatistics { days: days.into_iter().collect(), ..TableStatistics::default() };
        let literal = |text: &str| Literal::Date(day(text));
        let bound = Bound { from: from.map(literal), to: to.map(literal) };
        partitions(partition, &held, Some(&bound), day("2025-12-31"))
    }

    #[test]
    fn partitions_are_counted_where_the_bound_meets_the_table() {
        let year = Some(("2025-01-01", "2025-12-31"));
        let days = cut(Granularity::Day, None);
        assert_eq!(counted(&days, year, Some("2025-06-01"), Some("2025-07-01")), Some((30, 365)));
        assert_eq!(counted(&days, year, None, Some("2025-01-11")), Some((10, 365)));
        assert_eq!(counted(&days, year, None, None), Some((365, 365)));
        assert_eq!(counted(&days, year, Some("2026-01-01"), None), Some((1, 365)), "nobody knows what has come since");
        let spring = Some(("2025-01-01", "2025-03-31"));
        assert_eq!(counted(&days, spring, Some("2025-12-25"), None), Some((7, 90)), "as much as before has come since");
        let for_ever = Some(("2025-01-01", "9999-12-31"));
        assert_eq!(
            counted(&days, for_ever, Some("2025-06-01"), Some("2025-07-01")),
            Some((30, 730)),
            "no day is never"
        );
        assert_eq!(counted(&days, None, None, None), None, "nobody knows how many there are");
        let since = cut(Granularity::Day, Some("2025-12-22"));
        assert_eq!(counted(&since, None, Some("2025-12-30"), None), Some((2, 10)), "up to the day of the statistics");
        let months = cut(Granularity::Month, None);
        assert_eq!(
            counted(&months, year, Some("2025-06-15"), Some("2025-07-02")),
            Some((2, 12)),
            "a part is read whole"
        );
        let hours = cut(Granularity::HOUR, None);
        assert_eq!(counted(&hours, year, Some("2025-06-01"), Some("2025-06-02")), Some((24, 365 * 24)));
    }

    #[test]
    fn partitions_of_numbers_are_counted_with_the_one_of_all_others() {
        let ids = NumberPartition { column: "id".to_owned(), from: 0, to: 1000, every: 100, required: false };
        let counted = |from: Option<i64>, to: Option<i64>| {
            let bound = Bound { from: from.map(Literal::Integer), to: to.map(Literal::Integer) };
            partitions_of_numbers(&ids, Some(&bound)).0
        };
        assert_eq!(partitions_of_numbers(&ids, None), (11, 11));
        assert_eq!(counted(Some(250), Some(251)), 1);
        assert_eq!(counted(Some(199), Some(201)), 2);
        assert_eq!(counted(Some(200), Some(300)), 1);
        assert_eq!(counted(Some(950), None), 2, "and those above the last");
        assert_eq!(counted(None, Some(100)), 2, "and those below the first");
        assert_eq!(counted(Some(5000), Some(5001)), 1, "one that has no partition of its own");
        let odd = NumberPartition { from: -5, to: 6, every: 10, ..ids };
        assert_eq!(partitions_of_numbers(&odd, None), (3, 3), "the last one is shorter");
    }

    #[test]
    fn a_scan_is_its_columns_or_its_whole_rows_and_never_more_than_the_table() {
        let widths = [("id".to_owned(), 8), ("Price".to_owned(), 16), ("note".to_owned(), 100)].into();
        let held = TableStatistics { rows: Some(1000), bytes: None, widths, ..TableStatistics::default() };
        let read = |columns: Option<&[&str]>| TableRead {
            table: "t".to_owned(),
            columns: columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            bound: None,
        };
        assert_eq!(bytes(&held, &read(Some(&["price", "_PARTITIONTIME"])), Dialect::DuckDb), Some(16_000));
        assert_eq!(bytes(&held, &read(None), Dialect::DuckDb), Some(124_000), "any column may be read");
        assert_eq!(bytes(&held, &read(Some(&["id"])), Dialect::Postgres), Some(124_000), "rows are read whole");
        let sized = TableStatistics { bytes: Some(9_000), ..held };
        assert_eq!(
            bytes(&sized, &read(Some(&["price"])), Dialect::Snowflake),
            Some(9_000),
            "it is not larger than it is"
        );
        assert_eq!(bytes(&sized, &read(Some(&["id"])), Dialect::Postgres), Some(9_000));
        assert_eq!(bytes(&TableStatistics::default(), &read(None), Dialect::BigQuery), None);
    }

    #[test]
    fn bigquery_bills_ten_mebibytes_a_table_and_whole_ones() {
        assert_eq!(billed_at_most(1, 2, Dialect::BigQuery), MIB + 20 * MIB);
        assert_eq!(billed_at_most(MIB, 0, Dialect::BigQuery), 11 * MIB);
        assert_eq!(billed_at_most(1, 2, Dialect::DuckDb), 1);
        assert_eq!(billed_at_most(u64::MAX, 2, Dialect::BigQuery), u64::MAX);
    }
}
