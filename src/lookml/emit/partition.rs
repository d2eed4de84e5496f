//! Filters and bounds of explores over partitioned tables.
//!
//! `always_filter` gives the explore a range of time that people may change; `sql_always_where` turns the chosen range
//! into a bound on the bare partition column, widened by what the table promises (`holds`) and by a day for zones:
//!
//! ```text
//! ${events.received_date} >= COALESCE(DATE_SUB(DATE({% date_start events.event_date %}), INTERVAL 2 DAY), DATE '1900-01-01')
//! ```
//!
//! **Invariant:** a bound never takes away a row that the chosen range holds.

use super::{
    Emission,
    home::Home,
    splice::{Splices, TOKEN},
    time,
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    plan::partition_condition,
    project::{Partition, Project, Route, Source, TimeAxis},
    sql::{BinaryOp, Expr, Function, Literal, SqlExpr, print_expression},
    time::{DateRange, Duration, Granularity, NaiveDate, Unit},
};

/// What an explore has to say about time.
#[derive(Debug, Default)]
pub(super) struct TimeBounds {
    /// The field and the filter of `always_filter`.
    pub always_filter: Option<(String, &'static str)>,
    /// The conditions of `sql_always_where`.
    pub conditions: Vec<String>,
}

/// Finds the filter and the bounds of an explore, or says why its table cannot be read.
pub(super) fn bounds(emission: &mut Emission<'_>, home: &Home) -> Result<TimeBounds, String> {
    let project = emission.project;
    let partition = emission.partition(home.model);
    let mut bounds = TimeBounds::default();
    let Some(axis) = &home.axis else {
        return match partition {
            Some(partition) if partition.required => Err(unbounded(partition, "its model has no time")),
            _ => Ok(bounds),
        };
    };
    let view = if axis.route == Route::here() {
        emission.draft(home.model).view.clone()
    } else {
        emission.alias(home.model, &axis.route)?
    };
    let dimension = &project.dimensions[axis.dimension];
    let axis_partition = emission.partition(dimension.model);
    if partition.is_none() && axis_partition.is_none() {
        return Ok(bounds);
    }
    let (frame, filter) = time::default_filter(project, dimension);
    let group = emission.draft(dimension.model).dimensions[&axis.dimension].clone();
    let field = format!("{view}.{group}_{}", frame.word());
    bounds.always_filter = Some((field.clone(), filter));
    let Some(partition) = partition else { return Ok(bounds) };
    let own = axis.route == Route::here();
    let column = partition_field(emission, home.model, partition);
    if own && project.plain_column(axis.dimension) == Some(partition.column.as_str()) {
        // Looker's own filter is on the bare column; a suggestion query has no filter and still needs a bound.
        if partition.required {
            bounds.conditions.push(since_ever(emission, partition, &column));
        }
        return Ok(bounds);
    }
    let Some(promise) = project.promise(partition, axis.dimension).filter(|_| own) else {
        let time = super::home::axis_path(project, home);
        return if partition.required {
            Err(unbounded(partition, &format!("`holds` promises nothing for {time}")))
        } else {
            Ok(bounds)
        };
    };
    let slack = 1 + partition_days(partition.granularity);
    let (back, ahead) = (days(promise.from) + slack, days(promise.to) + slack);
    bounds.conditions.push(lower(emission, home, partition, &column, &field, back));
    bounds.conditions.push(bound(emission, partition, &column, &field, Edge::End, ahead));
    Ok(bounds)
}

/// Returns the bounds on the partition column of one table inside a derived table, from the range that is chosen on a
/// field of its view: rows lie so many days before it, or anywhere before it, and so many behind it.
pub(super) fn bounds_inside(
    project: &Project,
    home: &Home,
    partition: &Partition,
    column: &SqlExpr,
    (field, (back, ahead)): (&str, (Option<i64>, Days)),
    splices: &mut Splices,
) -> Result<Vec<SqlExpr>, String> {
    let axis = home.axis.as_ref().filter(|axis| axis.route == Route::here());
    let is_partition = |axis: &&TimeAxis| project.plain_column(axis.dimension) == Some(partition.column.as_str());
    let (from, to) = match (axis.filter(is_partition), axis.and_then(|axis| project.promise(partition, axis.dimension)))
    {
        (Some(_), _) => (0, 0),
        (None, Some(promise)) => (days(promise.from), days(promise.to)),
        (None, None) if partition.required => {
            let time = super::home::axis_path(project, home);
            return Err(unbounded(partition, &format!("`holds` promises nothing for {time}")));
        }
        (None, None) => return Ok(Vec::new()),
    };
    let slack = 1 + partition_days(partition.granularity);
    let ahead = ahead.count(to + slack, splices);
    let mut limit = |edge: Edge, by: SqlExpr| {
        let chosen = splices.place(edge.of(field));
        limit(partition, column.clone(), chosen, edge, by)
    };
    let from = match back {
        Some(back) => Some(limit(Edge::Start, Expr::integer(-(from + slack + back)))),
        None if partition.required => {
            let since =
                partition.since.ok_or_else(|| unbounded(partition, "it looks back over all time, without `since`"))?;
            partition_condition(partition, column, DateRange::days(Some(since), None))
        }
        None => None,
    };
    let to = ahead.map(|ahead| limit(Edge::End, ahead));
    Ok(from.into_iter().chain(to).collect())
}

/// How many days behind the chosen range rows may lie.
pub(super) enum Days {
    By(i64),
    /// As many as there are.
    Ever,
    /// As many as the first member says that is selected, or as many as are said last.
    BySelected(Vec<(String, i64)>, i64),
}

impl Days {
    /// Writes the number of days, with so many more.
    fn count(self, more: i64, splices: &mut Splices) -> Option<SqlExpr> {
        Some(match self {
            Self::By(days) => Expr::integer(days + more),
            Self::Ever => return None,
            Self::BySelected(members, otherwise) if members.is_empty() => Expr::integer(otherwise + more),
            Self::BySelected(members, otherwise) => {
                let mut text = String::new();
                for (at, (test, days)) in members.iter().enumerate() {
                    text.push_str(if at == 0 { "{% if " } else { "\n  {% elsif " });
                    text.push_str(&format!("{test} %}} {}", days + more));
                }
                splices.place(format!("{text}\n  {{% else %}} {}\n  {{% endif %}}", otherwise + more))
            }
        })
    }
}

fn unbounded(partition: &Partition, why: &str) -> String {
    format!("its table has to be read with a bound on `{}`, and {why}", partition.column)
}

/// Returns `${shipments.booked_date}`, the bare partition column.
fn partition_field(emission: &mut Emission<'_>, model: ModelId, partition: &Partition) -> String {
    let field = emission.column_field(model, &partition.column, partition.column_type);
    format!("${{{}.{field}}}", emission.draft(model).view)
}

/// The lower bound; it reaches further back while a comparison with an earlier period is in the query.
fn lower(emission: &Emission<'_>, home: &Home, partition: &Partition, column: &str, filter: &str, back: i64) -> String {
    let near = bound(emission, partition, column, filter, Edge::Start, back);
    let compared: Vec<_> = emission.comparisons.iter().filter(|(of, ..)| of == home).collect();
    let Some(furthest) = compared.iter().map(|(.., offset)| days(*offset)).max() else { return near };
    let far =
        bound(emission, partition, column, filter, Edge::Start, back + furthest + partition_days(Granularity::Month));
    let view = &emission.draft(home.model).view;
    let measures: Vec<_> = compared.iter().map(|(_, name, _)| format!("{view}.{name}._in_query")).collect();
    format!("{{% if {} %}}\n  {far}\n{{% else %}}\n  {near}\n{{% endif %}}", measures.join(" or "))
}

/// An end of the chosen range.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

impl Edge {
    /// The Liquid that gives the end of the range which is chosen on a field. Of several ranges Looker does not say whose
    /// end it gives, so that they have none.
    pub(super) fn of(self, field: &str) -> String {
        let tag = match self {
            Self::Start => "date_start",
            Self::End => "date_end",
        };
        format!("{{% if _filters['{field}'] contains ',' %}}NULL{{% else %}}{{% {tag} {field} %}}{{% endif %}}")
    }
}

fn bound(emission: &Emission<'_>, partition: &Partition, column: &str, filter: &str, edge: Edge, by: i64) -> String {
    let token = |name: &str| SqlExpr::bare(format!("{TOKEN}{name}_"));
    let sign = if edge == Edge::Start { -1 } else { 1 };
    let condition = limit(partition, token("column"), token("filter"), edge, Expr::integer(sign * by));
    print_expression(&condition, emission.options.dialect)
        .replace(&format!("{TOKEN}column_"), column)
        .replace(&format!("{TOKEN}filter_"), &edge.of(filter))
}

/// `column >= COALESCE(chosen + by days, DATE '1900-01-01')`, or the same at the other end.
fn limit(partition: &Partition, column: SqlExpr, chosen: SqlExpr, edge: Edge, by: SqlExpr) -> SqlExpr {
    let (op, ever) = match edge {
        Edge::Start => (BinaryOp::GtEq, first_day()),
        Edge::End => (BinaryOp::Lt, last_day()),
    };
    let day = Expr::Cast { arg: Box::new(chosen), to: ColumnType::Date };
    let moved = Expr::call(Function::AddUnits(Unit::Day), vec![day, by]);
    let limit = Expr::call(Function::Coalesce, vec![moved, Expr::date(ever)]);
    column.binary(op, as_partition(partition, limit))
}

/// Returns a bound that holds for every row, for a warehouse that refuses to read without one.
pub(super) fn since_ever(emission: &Emission<'_>, partition: &Partition, column: &str) -> String {
    let token = SqlExpr::bare(format!("{TOKEN}column_"));
    let limit = match partition.column_type {
        ColumnType::Timestamp => Expr::Literal(Literal::Timestamp(first_day().into())),
        ColumnType::DateTime => Expr::Literal(Literal::DateTime(first_day().into())),
        ColumnType::Date
        | ColumnType::String
        | ColumnType::Integer
        | ColumnType::Decimal
        | ColumnType::Float
        | ColumnType::Boolean
        | ColumnType::Json
        | ColumnType::Unknown => Expr::date(first_day()),
    };
    print_expression(&token.binary(BinaryOp::GtEq, limit), emission.options.dialect)
        .replace(&format!("{TOKEN}column_"), column)
}

/// Returns a day as a value of the partition column's type.
pub(super) fn as_partition(partition: &Partition, day: SqlExpr) -> SqlExpr {
    match partition.column_type {
        to @ (ColumnType::Timestamp | ColumnType::DateTime) => Expr::Cast { arg: Box::new(day), to },
        ColumnType::Date
        | ColumnType::String
        | ColumnType::Integer
        | ColumnType::Decimal
        | ColumnType::Float
        | ColumnType::Boolean
        | ColumnType::Json
        | ColumnType::Unknown => day,
    }
}

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day")
}

fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day")
}

/// Returns the days of a duration without its sign, rounded up.
pub(super) fn days(duration: Duration) -> i64 {
    let count = duration.count.abs();
    match duration.unit {
        Unit::Second => (count + 86_399) / 86_400,
        Unit::Minute => (count + 1439) / 1440,
        Unit::Hour => (count + 23) / 24,
        Unit::Day => count,
        Unit::Week => count * 7,
        Unit::Month => count * 31,
        Unit::Quarter => count * 92,
        Unit::Year => count * 366,
    }
}

/// Returns how far the time of a row may lie behind the value of its partition, in days.
fn partition_days(granularity: Granularity) -> i64 {
    match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) | Granularity::Day => 0,
        Granularity::Week => 7,
        Granularity::Month => 31,
        Granularity::Quarter | Granularity::FiscalQuarter => 92,
        Granularity::Year | Granularity::FiscalYear => 366,
    }
}

impl<'a> Emission<'a> {
    /// Returns how the table of a model is partitioned.
    pub(super) fn partition(&self, model: ModelId) -> Option<&'a Partition> {
        match &self.project.models[model].source {
            Source::Table(table) => self.project.tables[*table].partition.as_ref(),
            Source::Select(_) => None,
        }
    }
}
