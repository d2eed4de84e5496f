//! `since` of partitions: there is no row before the first day. What looks back over all time reads none of them.
//!
//! **Invariant:** only the partitions before the first day are read, so a check that finds nothing costs nothing.

use std::collections::BTreeSet;

use super::{
    Check, Context, Draft, Judge, Judged, Kind, Status,
    counts::{count, verb},
    finding::{Example, Fault},
};
use crate::{
    project::Source,
    sql::{AggregateFunction, SqlExpr},
    time::{DateRange, NaiveDate},
    warehouse::Rows,
};

/// Returns a check for each partitioned table that says its first day.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let project = context.project;
    let mut seen = BTreeSet::new();
    let mut checks = Vec::new();
    for (id, model) in project.models.iter() {
        let Source::Table(table) = &model.source else { continue };
        let definition = &project.tables[*table];
        let Some(partition) = &definition.partition else { continue };
        let Some(since) = partition.since.filter(|_| model.filter.is_none() && seen.insert(*table)) else { continue };
        let rows = context.rows_of(id, DateRange::days(None, Some(since)));
        let column = rows.column(&partition.column);
        let items = vec![
            SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows"),
            SqlExpr::aggregate(AggregateFunction::Min, Some(column)).named("first_partition"),
        ];
        let judge = Judge::Since(First { column: partition.column.clone(), since });
        let made = rows.select(items, None, 0).map(|select| (select, judge));
        let name = format!("since of `{}`: {since}", definition.name);
        checks.push(Draft { kind: Kind::Holds, name, span: definition.span }.check(context, made));
    }
    checks
}

/// A first day, to be compared with partitions.
#[derive(Clone, Debug)]
pub(super) struct First {
    column: String,
    since: NaiveDate,
}

impl First {
    /// Reads the answer.
    pub(super) fn judge(&self, rows: &Rows) -> Judged {
        let cell = |at: usize| rows.columns.get(at).and_then(|column| column.text(0));
        let before: u64 = cell(0).and_then(|text| text.parse().ok()).unwrap_or(0);
        if before == 0 {
            return Judged::default();
        }
        let message = format!(
            "{} {} before the first day: what looks back over all time misses them",
            count(before, "row"),
            verb(before, "lies", "lie")
        );
        let first = cell(1);
        let help = first.as_deref().and_then(|first| first.get(..10)).map(|first| format!("Write `since: {first}`."));
        let example = Example { values: vec![(format!("least {}", self.column), first)], n_rows: before };
        let fault = Fault { status: Status::Broken, message, n_values: 1, n_rows: before, examples: vec![example] };
        let help = help.or_else(|| Some(format!("Write an earlier day than {}.", self.since)));
        Judged { n_rows: before, faults: vec![fault], unread: None, help }
    }
}
