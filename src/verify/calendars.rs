//! A calendar has one row for each day, without gaps, and each of its days lies in a period of every granularity.

use super::{
    Check, Context, Draft, Kind, Status,
    groups::{Asked, KeyColumn, Tell, Way, cte, cte_named, every_column, key_name, n_rows},
};
use crate::{
    catalog::ColumnType,
    plan::partition_condition,
    project::CalendarTable,
    sql::{AggregateFunction, BinaryOp, Expr, From, Function, Join, JoinKind, Select, SqlExpr},
    time::{DateRange, Unit},
};

/// The name of the table in the query.
const ALIAS: &str = "calendar";

/// Returns a check for each calendar, and one for the periods of each of its granularities.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let calendars = context.project.calendars.values();
    calendars
        .flat_map(|calendar| {
            let name = format!("calendar `{}`: {}", calendar.name, calendar.date);
            let draft = Draft { kind: Kind::Calendars, name, span: calendar.span };
            let days = draft.groups(context, Ok(days(context, calendar)));
            let granularities = calendar.granularities.iter().map(move |id| {
                let granularity = &context.project.granularities[*id];
                let name = format!("calendar `{}`: {}", calendar.name, granularity.name);
                let draft = Draft { kind: Kind::Calendars, name, span: granularity.span };
                draft.groups(context, Ok(periods(context, calendar, &granularity.column)))
            });
            std::iter::once(days).chain(granularities).collect::<Vec<_>>()
        })
        .collect()
}

fn column(name: &str) -> SqlExpr {
    SqlExpr::column(ALIAS, name)
}

fn day(calendar: &CalendarTable) -> SqlExpr {
    match calendar.date_type {
        ColumnType::Date => column(&calendar.date),
        _ => Expr::call(Function::DateOf, vec![column(&calendar.date)]),
    }
}

/// Selects from the whole table: a calendar is small, and a part of it would seem to have gaps.
fn from_calendar(context: &Context<'_>, calendar: &CalendarTable, select: Select) -> Select {
    let table = &context.project.tables[calendar.table];
    let bound = table
        .partition
        .as_ref()
        .and_then(|partition| partition_condition(partition, &column(&partition.column), DateRange::default()));
    let from = From::Table { name: table.name.clone(), alias: ALIAS.to_owned() };
    Select { from: Some(from), filter: Expr::all(bound.into_iter().chain(select.filter.clone())), ..select }
}

/// Asks for days without a value, twice there, or without the day after.
fn days(context: &Context<'_>, calendar: &CalendarTable) -> Asked {
    let grouped =
        Select { items: vec![day(calendar).named(key_name(0)), n_rows()], group_by: vec![0], ..Select::default() };
    let own = |table: &str| SqlExpr::column(table, key_name(0));
    let before = Expr::call(Function::AddUnits(Unit::Day), vec![SqlExpr::bare(key_name(0)), Expr::integer(-1)]);
    let day_before = Select {
        items: vec![Expr::call(Function::DateOf, vec![before]).named(key_name(0))],
        from: Some(cte_named("days")),
        filter: Some(SqlExpr::bare(key_name(0)).is_null(true)),
        ..Select::default()
    };
    let last = SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare(key_name(0))));
    let last = Select { items: vec![last.named("last_day")], from: Some(cte_named("days")), ..Select::default() };
    let followed = own("grouped").binary(BinaryOp::Eq, own("followed"));
    let joins = vec![
        Join { kind: JoinKind::Left, to: cte_named("followed"), on: Some(followed) },
        Join { kind: JoinKind::Cross, to: cte_named("last"), on: None },
    ];
    let is_not_last = own("grouped").binary(BinaryOp::Lt, SqlExpr::column("last", "last_day"));
    let way = |condition, tell| Way { condition, status: Status::Broken, tell };
    Asked {
        sources: vec![
            cte("days", from_calendar(context, calendar, grouped)),
            cte("followed", day_before),
            cte("last", last),
            cte("grouped", every_column("days", 1)),
        ],
        joins,
        keys: vec![KeyColumn { name: calendar.date.clone(), private: false }],
        ways: vec![
            way(own("grouped").is_null(false), Tell::NoValue),
            way(SqlExpr::column("grouped", "n_rows").binary(BinaryOp::Gt, Expr::integer(1)), Tell::Repeated),
            way(own("followed").is_null(false).and(is_not_last), Tell::NoDayAfter),
        ],
        help: Some(
            "A day that is missing has no period, and one that is there twice counts its rows twice.".to_owned(),
        ),
    }
}

/// Asks for days without a period.
fn periods(context: &Context<'_>, calendar: &CalendarTable, period: &str) -> Asked {
    let grouped = Select {
        items: vec![
            column(period).named(key_name(0)),
            SqlExpr::aggregate(AggregateFunction::Min, Some(day(calendar))).named(key_name(1)),
            n_rows(),
        ],
        group_by: vec![0],
        ..Select::default()
    };
    let key = |name: &str| KeyColumn { name: name.to_owned(), private: false };
    Asked {
        sources: vec![cte("grouped", from_calendar(context, calendar, grouped))],
        joins: Vec::new(),
        keys: vec![key(period), key(&format!("first {}", calendar.date))],
        ways: vec![Way {
            condition: SqlExpr::bare(key_name(0)).is_null(false),
            status: Status::Broken,
            tell: Tell::NoValue,
        }],
        help: Some("Rows of such a day are in no period.".to_owned()),
    }
}
