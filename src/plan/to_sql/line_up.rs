//! Groups of several scans → one row per group, and the periods that are missing.
//!
//! UNION ALL and one more GROUP BY line the groups up, also those whose key is null.
//!
//! **Invariant:** metrics of several models never meet row by row.

use std::collections::BTreeSet;

use super::{
    cte,
    names::{IS_OTHER, IS_TOTAL, Names, PRESENT, answer_keys, has_other, key_columns, leaf_columns},
};
use crate::{
    catalog::ColumnType,
    plan::{
        KeyKind,
        bind::{Bound, GroupKey, LeafId, Shift},
        calendar::{Beside, CalendarColumn},
        hours,
        time::TimeValue,
    },
    project::Size,
    sql::{AggregateFunction, BinaryOp, Expr, From, Join, JoinKind, Literal, Select, SqlExpr, UnaryOp},
    time::{Duration, Granularity, TimePart, Unit, shift_date},
};

/// Groups lined-up parts by the keys; each leaf is not null in one part only, so MAX picks it.
pub(super) fn lined_up(bound: &Bound<'_>, names: &Names, leaves: &BTreeSet<LeafId>, parts: Select) -> Select {
    let mut items = key_columns(bound, names);
    let n_keys = items.len();
    for leaf in leaves {
        let name = &names.leaves[leaf.0];
        items.push(SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare(name))).named(name));
    }
    Select {
        items,
        from: Some(From::Select { select: Box::new(parts), alias: names.alias("parts") }),
        group_by: (0..n_keys).collect(),
        ..Select::default()
    }
}

/// Adds every period of the range for each combination of the other keys that is there.
pub(super) fn filled(
    bound: &Bound<'_>,
    names: &Names,
    leaves: &BTreeSet<LeafId>,
    from: &str,
    marks_present: bool,
) -> Select {
    let mut known = Select { items: key_columns(bound, names), from: Some(cte(from)), ..Select::default() };
    known.items.extend(leaf_columns(names, leaves, |_| true));
    let (first, to) = (bound.range.from.expect("checked when bound"), bound.range.to.expect("checked when bound"));
    let within_a_day = bound.keys.iter().filter_map(GroupKey::size_of_time).filter_map(Size::standard);
    let within_a_day: Vec<Granularity> = within_a_day.filter(|size| size.is_within_a_day()).collect();
    let (table, moment) = if within_a_day.is_empty() {
        let last = shift_date(to, Duration { count: 1, unit: Unit::Day }, -1);
        let (alias, column) = ("days".to_owned(), "day".to_owned());
        let days = From::Days { from: Box::new(Expr::date(first)), to: Box::new(Expr::date(last)), alias, column };
        (days, TimeValue { expr: SqlExpr::column("days", "day"), column_type: ColumnType::Date })
    } else {
        let series = hours::Series::of(bound, &within_a_day, hours::column_type(bound));
        let moment = series.moment();
        (series.table(), moment)
    };
    let mut beside = Beside::default();
    let mut periods = Select { distinct: true, from: Some(table), ..Select::default() };
    let mut others = Select { distinct: true, from: Some(cte(from)), ..Select::default() };
    for (key, name) in bound.keys.iter().zip(&names.keys) {
        match periodic(bound, &mut beside, key, &moment) {
            Some(value) => periods.items.push(value.named(name)),
            None => others.items.push(SqlExpr::bare(name).named(name)),
        }
    }
    // A day that a calendar lacks makes no period.
    periods.joins = beside.joins(bound.project, &moment.day(bound.cut()));
    periods.filter = Expr::all(
        periods.items.iter().filter(|_| !periods.joins.is_empty()).map(|item| item.expr.clone().is_null(true)),
    );
    if has_other(bound) {
        others.items.push(SqlExpr::bare(IS_OTHER).named(IS_OTHER));
    }
    let is_group = names.total.then(|| Expr::Unary { op: UnaryOp::Not, arg: Box::new(SqlExpr::bare(IS_TOTAL)) });
    let is_present_there = marks_present.then(|| SqlExpr::bare(PRESENT).binary(BinaryOp::Eq, Expr::integer(1)));
    others.filter = Expr::all(is_group.into_iter().chain(is_present_there));
    let mut missing = Select {
        items: answer_keys(bound, names),
        from: Some(From::Select { select: Box::new(periods), alias: names.alias("periods") }),
        ..Select::default()
    };
    missing.items.extend(names.total.then(|| Expr::Literal(Literal::Boolean(false)).named(IS_TOTAL)));
    missing.items.extend(leaf_columns(names, leaves, |_| false));
    if !others.items.is_empty() {
        missing.joins.push(Join {
            kind: JoinKind::Cross,
            to: From::Select { select: Box::new(others), alias: names.alias("others") },
            on: None,
        });
    }
    if !marks_present {
        return lined_up(bound, names, leaves, union_all(vec![known, missing]));
    }
    known.items.push(SqlExpr::bare(PRESENT).named(PRESENT));
    missing.items.push(Expr::integer(1).named(PRESENT));
    let mut select = lined_up(bound, names, leaves, union_all(vec![known, missing]));
    select.having = Some(is_present().binary(BinaryOp::Eq, Expr::integer(1)));
    select
}

/// Whether any part of a group makes it a row of the answer, as 1 or 0.
pub(super) fn is_present() -> SqlExpr {
    SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare(PRESENT)))
}

/// Returns the value of a key that follows from a day alone, or from a moment where moments are filled in.
fn periodic(bound: &Bound<'_>, beside: &mut Beside, key: &GroupKey, moment: &TimeValue) -> Option<SqlExpr> {
    let (project, cut) = (bound.project, bound.cut());
    match *key.asked()? {
        KeyKind::Time(Size::Standard(granularity)) => Some(moment.period(cut, granularity, Shift::default())),
        KeyKind::Time(Size::Calendar(id)) => Some(beside.column(project, id, CalendarColumn::Value)),
        KeyKind::Time(Size::FirstDay(id)) => Some(beside.column(project, id, CalendarColumn::Start)),
        KeyKind::TimePart(TimePart::MinuteOfHour | TimePart::HourOfDay) if moment.column_type == ColumnType::Date => {
            None
        }
        KeyKind::Dimension { .. } => None,
        KeyKind::TimePart(part) => Some(moment.part(cut, part, Shift::default())),
    }
}

pub(super) fn union_all(selects: Vec<Select>) -> Select {
    let mut selects = selects.into_iter();
    let first = selects.next().expect("a union has parts");
    Select { union_all: selects.collect(), ..first }
}
