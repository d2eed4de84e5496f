//! What is known of columns in every row that counts → bounds on the partitions of tables that are joined.
//!
//! Parcels of May that join `fx_rates` by `rate_date: date(booked_at)` meet rates of May only, so the joined table is
//! read from 1 to 31 May. With `holds` a bound on a time column bounds the partitions as well.
//!
//! **Invariant:** what is known follows from conditions that the same select states, and from equal join keys.

use chrono::NaiveTime;

use super::partition;
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{Partition, Project, Ref, Route},
    sql::{Expr, Function, Literal, SqlExpr},
    time::{NaiveDate, NaiveDateTime, Tz},
};

/// Values from the first, included, to the second, excluded; both of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Option<Literal>,
    pub(super) to: Option<Literal>,
}

impl Span {
    /// Returns the days in which the values lie: of instants in a zone, of wall clocks and dates as they are.
    fn days(&self, zone: Option<Tz>) -> Option<Self> {
        let local = |value: &Literal| match (value, zone) {
            (Literal::Timestamp(utc), Some(zone)) => Some(utc.and_utc().with_timezone(&zone).naive_local()),
            (Literal::DateTime(time), None) => Some(*time),
            (Literal::Date(day), None) => Some(day.and_time(NaiveTime::MIN)),
            _ => None,
        };
        let last = |time: NaiveDateTime| {
            if time.time() == NaiveTime::MIN { Some(time.date()) } else { time.date().succ_opt() }
        };
        let from = self.from.as_ref().map(local);
        let to = self.to.as_ref().map(local);
        let whole = |side: Option<Option<NaiveDateTime>>, day: &dyn Fn(NaiveDateTime) -> Option<NaiveDate>| match side {
            None => Some(None),
            Some(time) => time.and_then(day).map(|day| Some(Literal::Date(day))),
        };
        Some(Self { from: whole(from, &|time| Some(time.date()))?, to: whole(to, &last)? })
    }

    /// Returns the type of the values.
    fn column_type(&self) -> Option<ColumnType> {
        self.from.as_ref().or(self.to.as_ref()).map(Literal::column_type)
    }

    /// Returns the bounds that a column lies in the span; an end behind the last day that SQL can write is none.
    pub(super) fn bounds(self, column: &SqlExpr) -> impl Iterator<Item = SqlExpr> {
        let from = self.from.map(|from| column.clone().from_on(Expr::Literal(from)));
        let to = self.to.filter(|to| !to.is_after_last_day()).map(|to| column.clone().before(Expr::Literal(to)));
        from.into_iter().chain(to)
    }
}

/// The spans of columns, by the route to their model.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Vec<(Route, String, Span)>);

impl Known {
    /// Remembers that a column lies in a span in every row that counts.
    pub(super) fn add(&mut self, route: &Route, column: &str, span: Span) {
        if span != Span::default() {
            self.0.push((route.clone(), column.to_owned(), span));
        }
    }

    /// Returns what is known of the model at the end of a route and behind it, seen from that model.
    pub(super) fn seen_from(&self, route: &Route) -> Self {
        let behind = |(at, column, span): &(Route, String, Span)| {
            let rest = at.0.strip_prefix(route.0.as_slice())?;
            Some((Route(rest.to_vec()), column.clone(), span.clone()))
        };
        Self(self.0.iter().filter_map(behind).collect())
    }

    /// Returns what is known of a column.
    pub(super) fn column(&self, route: &Route, column: &str) -> Option<&Span> {
        let found = self.0.iter().find(|(at, name, _)| at == route && name.eq_ignore_ascii_case(column));
        found.map(|(.., span)| span)
    }

    /// Returns what is known of an expression of the model at the end of a route: a column, or the day of one.
    pub(super) fn value(&self, project: &Project, at: &Route, expr: &Expr<Ref>) -> Option<Span> {
        match expr {
            Expr::Leaf(Ref::Column { route, column, .. }) => self.column(&at.then(route), column).cloned(),
            Expr::Leaf(Ref::Dimension { route, dimension }) => {
                let definition = &project.dimensions[*dimension];
                let plain = definition.buckets.is_empty() && definition.metric.is_none();
                plain.then(|| self.value(project, &at.then(route), &definition.expr)).flatten()
            }
            Expr::Call { function: Function::DateOf, args } => match args.as_slice() {
                [Expr::Call { function: Function::LocalTime(zone), args }] => {
                    self.value(project, at, args.first()?)?.days(Some(*zone))
                }
                [arg] => self.value(project, at, arg)?.days(None),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the bound on the partitions of the table of a model at the end of a route, and the promise it rests on.
    pub(super) fn partitions(
        &self,
        project: &Project,
        route: &Route,
        model: ModelId,
    ) -> Option<(Span, Option<String>)> {
        let (_, partition) = partition::partitioned(project, model)?;
        if let Some(span) = self.column(route, &partition.column).filter(|span| fits(span, partition)) {
            return Some((span.clone(), None));
        }
        partition.holds.iter().find_map(|promise| {
            let span = self.column(route, &promise.column)?;
            Some((partition::promised(partition, promise, span)?, Some(partition::spoken(promise))))
        })
    }
}

fn fits(span: &Span, partition: &Partition) -> bool {
    span.column_type() == Some(partition.column_type)
}
