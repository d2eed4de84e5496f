//! Conditions on times that are promised → bounds on partitions, in every SELECT of a finished statement.
//!
//! With `holds: { booked_at: { to: 3 days } }`, `WHERE booked_at >= '2025-05-01'` reads partitions from 1 May on,
//! whether the condition comes from a request's `where`, a metric's own, a policy or a join.
//!
//! **Invariant:** a bound follows from conditions of the same select, so that no row that counts is lost.

use std::collections::BTreeSet;

use super::{known::Span, partition};
use crate::{
    ids::TableId,
    project::{Partition, Project},
    sql::{Expr, From, JoinKind, Select, SqlExpr, bounds_of, change_selects, narrower},
};

/// Adds the bounds that follow from promises, where they are narrower than those that are there, and tells which
/// promises they rest on.
pub(super) fn bounded(
    project: &Project,
    tables: &BTreeSet<TableId>,
    select: Select,
) -> (Select, Vec<(TableId, String)>) {
    let promising = tables.iter().filter_map(|id| {
        let table = &project.tables[*id];
        let partition = table.partition.as_ref().filter(|partition| !partition.holds.is_empty())?;
        Some((*id, table.name.as_str(), partition))
    });
    let mut pass = Pass { tables: promising.collect(), promises: Vec::new() };
    if pass.tables.is_empty() {
        return (select, Vec::new());
    }
    let select = change_selects(select, &mut |mut select| {
        pass.scans(&mut select);
        select
    });
    (select, pass.promises)
}

struct Pass<'p> {
    /// The tables with promises.
    tables: Vec<(TableId, &'p str, &'p Partition)>,
    promises: Vec<(TableId, String)>,
}

impl<'p> Pass<'p> {
    /// Bounds the tables that a select itself reads.
    fn scans(&mut self, select: &mut Select) {
        let read = select.from.iter().chain(select.joins.iter().map(|join| &join.to));
        let read = read.filter_map(|from| match from {
            From::Table { name, alias } => {
                let table = self.tables.iter().find(|(_, table, _)| table == name)?;
                Some((*table, alias.clone()))
            }
            _ => None,
        });
        for ((id, _, partition), alias) in read.collect::<Vec<_>>() {
            let conditions = self.conditions(select, id, partition, &alias);
            // What a left join brings in counts only if it fulfils the join's own condition.
            let own = select.joins.iter_mut().find(|join| join.to.alias() == alias && join.kind == JoinKind::Left);
            let place = own.map_or(&mut select.filter, |join| &mut join.on);
            *place = Expr::all(conditions.into_iter().chain(place.take()));
        }
    }

    /// Returns the conditions on the partitions of a scan that are narrower than what the select says of them.
    fn conditions(&mut self, select: &Select, id: TableId, partition: &'p Partition, alias: &str) -> Vec<SqlExpr> {
        let mut known = bounds_of(select, alias, &partition.column);
        let mut found = Span::default();
        for promise in partition.holds.iter().filter(|promise| promise.column != partition.column) {
            let time = bounds_of(select, alias, &promise.column);
            let Some(span) = partition::promised(partition, promise, &Span { from: time.from, to: time.to }) else {
                continue;
            };
            let narrowed = narrower(&mut known, span.from, span.to);
            if narrowed.from.is_some() || narrowed.to.is_some() {
                self.promises.push((id, partition::spoken(promise)));
            }
            found = Span { from: narrowed.from.or(found.from), to: narrowed.to.or(found.to) };
        }
        found.bounds(&SqlExpr::column(alias, partition.column.clone())).collect()
    }
}
