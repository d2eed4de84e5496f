//! Periods that an engine cuts are those that `time` computes, day by day.

use chrono::{Datelike, NaiveDate};
use entente::{
    sql::{Expr, From, Function, Select, SqlExpr},
    time::{Calendar, Granularity, TimePart, Unit, Weekday, add_periods, period_start, shift_date},
};

use super::engines::run_everywhere;

const WEEKDAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// Every granularity of days and longer with every calendar that matters to it.
fn periods() -> Vec<(Granularity, Calendar)> {
    let calendar = |week_start, fiscal_start_month| Calendar { week_start, fiscal_start_month };
    let mut periods: Vec<_> = [Granularity::Day, Granularity::Month, Granularity::Quarter, Granularity::Year]
        .map(|granularity| (granularity, Calendar::default()))
        .into();
    periods.extend(WEEKDAYS.map(|week_start| (Granularity::Week, calendar(week_start, 1))));
    for month in 1..=12 {
        periods.push((Granularity::FiscalQuarter, calendar(Weekday::Mon, month)));
        periods.push((Granularity::FiscalYear, calendar(Weekday::Mon, month)));
    }
    periods
}

/// Runs the expressions over every day of two years with a leap day, and compares with what `time` says.
fn check(exprs: Vec<SqlExpr>, expected: impl Fn(NaiveDate, usize) -> String) {
    let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
    let (from, to) = (day("2023-06-01"), day("2025-06-30"));
    let items: Vec<_> = exprs.into_iter().enumerate().map(|(at, expr)| expr.named(format!("x{at}"))).collect();
    let select = Select {
        items: std::iter::once(SqlExpr::bare("d").named("d")).chain(items).collect(),
        from: Some(From::Days {
            from: Box::new(SqlExpr::date(from)),
            to: Box::new(SqlExpr::date(to)),
            alias: "days".to_owned(),
            column: "d".to_owned(),
        }),
        ..Select::default()
    };
    for (engine, rows) in run_everywhere(&[select]).remove(0) {
        assert_eq!(rows.len(), 761);
        for row in rows {
            let date = day(row[0].as_deref().expect("a day"));
            for (at, value) in row[1..].iter().enumerate() {
                assert_eq!(value.as_deref(), Some(expected(date, at).as_str()), "{engine}: {date}, column {at}");
            }
        }
    }
}

fn d() -> SqlExpr {
    Expr::call(Function::DateOf, vec![SqlExpr::column("days", "d")])
}

#[test]
fn a_day_lies_in_the_same_period_everywhere() {
    let periods = periods();
    let exprs = periods.iter().map(|(granularity, calendar)| {
        let Calendar { week_start, fiscal_start_month } = *calendar;
        Expr::call(Function::Truncate { granularity: *granularity, week_start, fiscal_start_month }, vec![d()])
    });
    check(exprs.collect(), |date, at| period_start(date, periods[at].0, periods[at].1).to_string());
}

#[test]
fn boundaries_between_days_are_counted_alike_everywhere() {
    let periods = periods();
    let base: NaiveDate = "2024-05-15".parse().expect("a date");
    let exprs = periods.iter().map(|(granularity, calendar)| {
        let Calendar { week_start, fiscal_start_month } = *calendar;
        let function = Function::PeriodsBetween { granularity: *granularity, week_start, fiscal_start_month };
        Expr::call(function, vec![SqlExpr::date(base), d()])
    });
    check(exprs.collect(), |date, at| {
        let (granularity, calendar) = periods[at];
        let target = period_start(date, granularity, calendar);
        let start = period_start(base, granularity, calendar);
        let count = (-800..=800).find(|count| add_periods(start, granularity, *count) == target);
        count.expect("two years are near").to_string()
    });
}

#[test]
fn parts_of_a_day_are_numbered_alike_everywhere() {
    let parts: Vec<(TimePart, Weekday)> = WEEKDAYS
        .map(|week_start| (TimePart::DayOfWeek, week_start))
        .into_iter()
        .chain(
            [TimePart::DayOfMonth, TimePart::DayOfYear, TimePart::MonthOfYear, TimePart::QuarterOfYear]
                .map(|part| (part, Weekday::Mon)),
        )
        .collect();
    let exprs = parts
        .iter()
        .map(|(part, week_start)| Expr::call(Function::Part { part: *part, week_start: *week_start }, vec![d()]));
    check(exprs.collect(), |date, at| {
        let (part, week_start) = parts[at];
        match part {
            TimePart::MinuteOfHour | TimePart::HourOfDay => 0,
            TimePart::DayOfWeek => date.weekday().days_since(week_start) + 1,
            TimePart::DayOfMonth => date.day(),
            TimePart::DayOfYear => date.ordinal(),
            TimePart::MonthOfYear => date.month(),
            TimePart::QuarterOfYear => date.month0() / 3 + 1,
        }
        .to_string()
    });
}

#[test]
fn days_move_alike_everywhere() {
    let units = [Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year];
    let moves: Vec<(Unit, i64)> = units.into_iter().flat_map(|unit| [(unit, 1), (unit, -1), (unit, 13)]).collect();
    let exprs =
        moves.iter().map(|(unit, count)| Expr::call(Function::AddUnits(*unit), vec![d(), SqlExpr::integer(*count)]));
    check(exprs.collect(), |date, at| {
        let (unit, count) = moves[at];
        shift_date(date, entente::time::Offset { count, unit }, 1).to_string()
    });
}
