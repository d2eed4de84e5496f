//! What is stored and what came later, in one: both grouped alike, and aggregated once more.
//!
//! ```sql
//! FROM (SELECT day AS key_1, SUM(revenue) AS revenue_value FROM daily WHERE day < '2026-01-12' GROUP BY 1
//!       UNION ALL
//!       SELECT booked_on, SUM(price) FROM shipments WHERE booked_on >= '2026-01-12' GROUP BY 1) AS stored_and_fresh
//! ```
//!
//! **Invariant:** a row counts either in what is stored or in what is fresh.

use super::{
    proof::{Kept, Proved},
    range::Parts,
};
use crate::{
    plan::{
        bind::{Bound, Scan},
        scan::{self, LeafAggregate, Parts as ValueParts, Rows, Times},
    },
    project::Stored,
    sql::{AggregateFunction, Expr, From, Join, Select, SelectItem, SqlExpr},
    time::DateRange,
};

/// The alias of what is stored and what is fresh.
const BOTH: &str = "stored_and_fresh";

/// What a scan reads beside what is stored.
pub(super) struct Fresh<'a, 'p> {
    pub(super) bound: &'a Bound<'p>,
    pub(super) scan: &'a Scan,
    pub(super) parts: &'a Parts,
    pub(super) stored: &'a Stored,
    /// The rows of the scan without its range.
    pub(super) everything: &'a Rows,
}

impl Fresh<'_, '_> {
    /// Returns the rows of the scan: those that are stored, and the fresh ones if there are any.
    pub(super) fn beside(&self, proved: Proved) -> Result<Rows, String> {
        let pieces = self.pieces()?;
        let stored = self.of_rollup(&proved);
        if pieces.is_empty() {
            let Select { from, joins, filter, .. } = stored;
            let from = from.expect("a rollup is a table");
            return Ok(self.rows(from, joins, filter, proved.keys, &proved.aggregates, pieces));
        }
        let mut both = self.grouped(stored, &proved.keys, proved.aggregates.iter().map(of_stored));
        for piece in &pieces {
            let from = Select {
                from: Some(piece.from.clone()),
                joins: piece.joins.clone(),
                filter: piece.filter.clone(),
                ..Select::default()
            };
            let values = piece.aggregates.iter().zip(&proved.aggregates).map(|(own, kept)| of_rows(own, kept));
            both.union_all.push(self.grouped(from, &piece.keys, values));
        }
        let column = |name: String| SqlExpr::column(BOTH, name);
        let keys = proved.keys.iter().map(|(position, _)| (*position, column(key_name(*position)))).collect();
        let aggregates = self.everything.aggregates.iter().zip(&proved.aggregates).map(|(own, kept)| {
            let (value, count) = self.names(own);
            match kept {
                Kept::Added(function, _) => Kept::Added(*function, column(value)),
                Kept::Counted(_) => Kept::Counted(column(value)),
                Kept::Mean(..) => Kept::Mean(column(value), column(count)),
                Kept::Values(function, _) => Kept::Values(*function, column(value)),
                Kept::Sketched(_) => Kept::Sketched(column(value)),
            }
        });
        let aggregates: Vec<Kept> = aggregates.collect();
        let from = From::Select { select: Box::new(both), alias: BOTH.to_owned() };
        Ok(self.rows(from, Vec::new(), None, keys, &aggregates, pieces))
    }

    /// Builds the rows that are not stored.
    fn pieces(&self) -> Result<Vec<Rows>, String> {
        let ranges = self.parts.fresh.iter().map(|range| (*range, Times::All));
        let timeless = self.parts.with_timeless.then_some((DateRange::default(), Times::Absent));
        let pieces = ranges.chain(timeless).map(|(range, times)| {
            scan::rows_within(self.bound, self.scan, range, times).map_err(|error| error.message)
        });
        pieces.collect()
    }

    fn of_rollup(&self, proved: &Proved) -> Select {
        let DateRange { from, to, .. } = self.parts.stored;
        let from = from.map(|day| proved.period.clone().from_on(Expr::date(day)));
        let to = to.map(|day| proved.period.clone().before(Expr::date(day)));
        Select {
            from: Some(From::Table { name: self.stored.table.clone(), alias: proved.alias.clone() }),
            joins: proved.joins.clone(),
            filter: Expr::all(from.into_iter().chain(to).chain(proved.conditions.iter().cloned())),
            ..Select::default()
        }
    }

    /// Groups by the keys, and by values of which it does not matter how often they occur.
    fn grouped(
        &self,
        rows: Select,
        keys: &[(usize, SqlExpr)],
        values: impl Iterator<Item = (Grouped, Option<SqlExpr>)>,
    ) -> Select {
        let mut items: Vec<SelectItem> =
            keys.iter().map(|(position, key)| key.clone().named(key_name(*position))).collect();
        let mut aggregates = Vec::new();
        for (own, (value, counted)) in self.everything.aggregates.iter().zip(values) {
            let (name, of_counts) = self.names(own);
            match value {
                Grouped::By(value) => items.push(value.named(name)),
                Grouped::Aggregated(value) => aggregates.push(value.named(name)),
            }
            aggregates.extend(counted.map(|counted| counted.named(of_counts)));
        }
        let n_keys = items.len();
        items.extend(aggregates);
        Select { items, group_by: (0..n_keys).collect(), ..rows }
    }

    fn rows(
        &self,
        from: From,
        joins: Vec<Join>,
        filter: Option<SqlExpr>,
        keys: Vec<(usize, SqlExpr)>,
        kept: &[Kept],
        pieces: Vec<Rows>,
    ) -> Rows {
        let aggregates = self.everything.aggregates.iter().zip(kept).map(|(own, kept)| {
            let (function, arg, parts) = match kept {
                Kept::Added(function, value) | Kept::Values(function, value) => (*function, value, None),
                Kept::Counted(value) => (AggregateFunction::Sum, value, Some(ValueParts::Counts)),
                Kept::Mean(sums, counts) => (AggregateFunction::Sum, sums, Some(ValueParts::Means(counts.clone()))),
                Kept::Sketched(value) => (AggregateFunction::SketchEstimate, value, Some(ValueParts::Counts)),
            };
            LeafAggregate { leaf: own.leaf, function, arg: Some(arg.clone()), parts }
        });
        let is_joined = !joins.is_empty() || !pieces.is_empty();
        Rows {
            from,
            joins,
            filter,
            keys,
            aggregates: aggregates.collect(),
            row: Vec::new(),
            grouped: false,
            rest: None,
            uses: if is_joined { self.everything.uses.clone() } else { Vec::new() },
            tables: self.everything.tables.clone(),
            promises: pieces.into_iter().flat_map(|piece| piece.promises).collect(),
            rollups: Vec::new(),
        }
    }

    /// Returns the columns of an aggregate: its value, and of a mean how many values went into it.
    fn names(&self, aggregate: &LeafAggregate) -> (String, String) {
        let name = &self.bound.leaves[aggregate.leaf.0].name;
        (format!("{name}_value"), format!("{name}_count"))
    }
}

fn key_name(position: usize) -> String {
    format!("key_{}", position + 1)
}

/// What a group has of an aggregate.
enum Grouped {
    /// A value by which it is told from other groups.
    By(SqlExpr),
    /// A value of all its rows.
    Aggregated(SqlExpr),
}

/// Returns what a group of stored rows has of an aggregate, and of a mean how many values went into it.
fn of_stored(kept: &Kept) -> (Grouped, Option<SqlExpr>) {
    let whole = |function, value: &SqlExpr| SqlExpr::aggregate(function, Some(value.clone()));
    let sum = |value| whole(AggregateFunction::Sum, value);
    match kept {
        Kept::Added(function, value) => (Grouped::Aggregated(whole(*function, value)), None),
        Kept::Counted(value) => (Grouped::Aggregated(sum(value)), None),
        Kept::Mean(sums, counts) => (Grouped::Aggregated(sum(sums)), Some(sum(counts))),
        Kept::Values(_, value) => (Grouped::By(value.clone()), None),
        Kept::Sketched(value) => (Grouped::Aggregated(whole(AggregateFunction::MergedSketch, value)), None),
    }
}

/// Returns the same of a group of rows.
fn of_rows(own: &LeafAggregate, kept: &Kept) -> (Grouped, Option<SqlExpr>) {
    let whole = |function| SqlExpr::aggregate(function, own.arg.clone());
    match kept {
        Kept::Added(function, _) => (Grouped::Aggregated(whole(*function)), None),
        Kept::Counted(_) => (Grouped::Aggregated(whole(AggregateFunction::Count)), None),
        Kept::Mean(..) => (Grouped::Aggregated(whole(AggregateFunction::Sum)), Some(whole(AggregateFunction::Count))),
        Kept::Values(..) => (Grouped::By(own.arg.clone().unwrap_or_else(Expr::null)), None),
        Kept::Sketched(_) => (Grouped::Aggregated(whole(AggregateFunction::Sketch)), None),
    }
}
