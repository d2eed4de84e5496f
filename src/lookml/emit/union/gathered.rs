//! A fact whose rows are gathered over time → its rows once more for each period in whose window they lie.
//!
//! ```sql
//! WITH counted AS (SELECT …, DATE(shipments.booked_at, 'Europe/Berlin') AS day FROM …),
//! periods AS (SELECT MAX(days.day) AS period, days.window_end FROM … GROUP BY 2)
//! SELECT …, periods.period
//! FROM periods JOIN counted ON counted.day < periods.window_end AND counted.day >= DATE_SUB(periods.window_end, …)
//! ```
//!
//! Which periods a query has only the query knows, so the end of a day's window is cut by the field that is selected. A
//! period is shown by the last of its days that were chosen; the choice is of periods, and never cuts a window.
//!
//! **Invariant:** each period that is shown has one day, so any aggregate over its rows is the one over its window.

use super::{
    super::{
        Emission, draft,
        partition::{self, Days, Edge},
        splice::Splices,
    },
    Fact, Union,
    branch::KEY,
    facts::Window,
};
use crate::{
    catalog::ColumnType,
    plan::{move_day, period_end, start_of_window, truncate},
    project::{Cumulation, Size},
    sql::{
        Aggregate, AggregateFunction, BinaryOp, Cte, Expr, From, Function, Join, JoinKind, Leaf, Literal, Select,
        SelectItem, SqlExpr, Window as Over, WindowFunction,
    },
    time::{Granularity, Unit},
};

/// The rows of the fact, each with its day.
const COUNTED: &str = "counted";
/// The periods that are shown.
const PERIODS: &str = "periods";
const WINDOW_END: &str = "window_end";

/// Returns the name of a row's day among the names of its other values.
pub(super) fn day_name(union: &Union) -> String {
    let others = || union.shared_names.iter().chain(union.joined.iter().flat_map(|joined| &joined.keys));
    draft::unique("day", |name| others().all(|other| other != name))
}

/// Multiplies the rows of a fact over the periods in whose windows they lie.
pub(super) fn gather(
    emission: &Emission<'_>,
    (union, fact, window): (&Union, &Fact, Window),
    counted: Select,
    splices: &mut Splices,
) -> Result<Select, String> {
    let day = day_name(union);
    let period = || SqlExpr::column(PERIODS, union.time.as_str());
    let bar = || Expr::Literal(Literal::String("|".to_owned()));
    let shown = |item: &SelectItem| {
        let value = SqlExpr::column(COUNTED, item.alias.as_str());
        match &item.alias {
            key if key == KEY => {
                let of_period = Expr::Cast { arg: Box::new(period()), to: ColumnType::String };
                Expr::call(Function::Concat, vec![value, bar(), of_period]).named(KEY)
            }
            name if *name == day => period().named(&union.time),
            name => value.named(name),
        }
    };
    let items = counted.items.iter().map(shown).collect();
    let end = move_day(SqlExpr::column(PERIODS, WINDOW_END), Unit::Day, -fact.later);
    let row_day = || SqlExpr::column(COUNTED, day.as_str());
    let start = start_of_window(window.over, &as_date(end.clone()), emission.project.calendar);
    let within = std::iter::once(row_day().binary(BinaryOp::Lt, end))
        .chain(start.map(|start| row_day().binary(BinaryOp::GtEq, start)));
    let cte = |name: &str| From::Cte { name: name.to_owned(), alias: name.to_owned() };
    let on = Expr::all(within.collect::<Vec<_>>());
    let periods = periods(emission, union, window, &day, splices)?;
    Ok(Select {
        with: vec![
            Cte { name: COUNTED.to_owned(), select: counted },
            Cte { name: PERIODS.to_owned(), select: periods },
        ],
        items,
        from: Some(cte(PERIODS)),
        joins: vec![Join { kind: JoinKind::Inner, to: cte(COUNTED), on }],
        ..Select::default()
    })
}

/// Selects the last chosen day of each period, and the end of its window.
fn periods(
    emission: &Emission<'_>,
    union: &Union,
    window: Window,
    day: &str,
    splices: &mut Splices,
) -> Result<Select, String> {
    let field = union.time_field();
    let mut edge = |edge: Edge, function, back: i64| {
        let chosen = splices.place(edge.of(&field));
        let chosen = move_day(as_date(chosen), Unit::Day, back);
        let of_rows = SqlExpr::aggregate(function, Some(SqlExpr::column(COUNTED, day)));
        let of_rows = Select {
            items: vec![of_rows.named(day)],
            from: Some(From::Cte { name: COUNTED.to_owned(), alias: COUNTED.to_owned() }),
            ..Select::default()
        };
        Box::new(Expr::call(Function::Coalesce, vec![chosen, Expr::Leaf(Leaf::Scalar(Box::new(of_rows)))]))
    };
    let (from, to) = (edge(Edge::Start, AggregateFunction::Min, 0), edge(Edge::End, AggregateFunction::Max, -1));
    let the_day = || SqlExpr::column("days", "day");
    let window_end = window_end(emission, union, window, splices)?;
    let day_text = splices.expression(&the_day(), emission.options.dialect)?;
    let is_chosen = union.periods().map(|(name, _)| {
        let field = format!("{}.{name}", union.name);
        splices.place(format!("{{% condition {field} %}} {day_text} {{% endcondition %}}"))
    });
    let filter = Expr::all(is_chosen.collect::<Vec<_>>());
    let days = Select {
        items: vec![the_day().named("day"), window_end.named(WINDOW_END)],
        from: Some(From::Days { from, to, alias: "days".to_owned(), column: "day".to_owned() }),
        filter,
        ..Select::default()
    };
    Ok(Select {
        items: vec![
            SqlExpr::aggregate(AggregateFunction::Max, Some(the_day())).named(&union.time),
            SqlExpr::column("days", WINDOW_END).named(WINDOW_END),
        ],
        from: Some(From::Select { select: Box::new(days), alias: "days".to_owned() }),
        group_by: vec![1],
        ..Select::default()
    })
}

/// The end of the window of a day: that of its period by the field that is selected; without one, of all chosen days.
fn window_end(
    emission: &Emission<'_>,
    union: &Union,
    window: Window,
    splices: &mut Splices,
) -> Result<SqlExpr, String> {
    let dialect = emission.options.dialect;
    let day = || as_date(SqlExpr::column("days", "day"));
    let mut text = String::new();
    for (name, size) in union.periods() {
        let period = truncate(day(), size, emission.project.calendar);
        let end = if window.to_first_day { move_day(period, Unit::Day, 1) } else { period_end(period, size) };
        let end = splices.expression(&Expr::call(Function::DateOf, vec![end]), dialect)?;
        let word = if text.is_empty() { "if" } else { "elsif" };
        text.push_str(&format!("{{% {word} {}.{name}._is_selected %}}\n  {end}\n", union.name));
    }
    let function = WindowFunction::Aggregate(Aggregate { function: AggregateFunction::Max, arg: Some(day()) });
    let last = Over { function, partition_by: Vec::new(), order_by: Vec::new() };
    let end = move_day(Expr::Leaf(Leaf::Window(Box::new(last))), Unit::Day, 1);
    let end = splices.expression(&end, dialect)?;
    Ok(splices.place(format!("{text}{{% else %}}\n  {end}\n{{% endif %}}")))
}

/// A value that no dialect takes for anything but a date.
fn as_date(day: SqlExpr) -> SqlExpr {
    Expr::Cast { arg: Box::new(day), to: ColumnType::Date }
}

/// How much earlier than the chosen days rows may lie, and how much later; nothing if any rows count.
pub(super) fn reach(union: &Union, fact: &Fact) -> (Option<i64>, Days) {
    let Some(window) = fact.window else { return (Some(fact.later), Days::By(-fact.later)) };
    let back = match window.over {
        Cumulation::Window(duration) => Some(partition::days(duration)),
        Cumulation::ToDate(Size::Standard(size)) => Some(days_of(size)),
        Cumulation::ToDate(Size::Calendar(_) | Size::FirstDay(_)) | Cumulation::AllTime => None,
    };
    // The first day of a period may lie before the chosen days.
    let before =
        if window.to_first_day { union.periods().map(|(_, size)| days_of(size)).max().unwrap_or(0) } else { 0 };
    let ahead = union.periods().filter(|(_, size)| *size > Granularity::Day && !window.to_first_day);
    let ahead = ahead.map(|(name, size)| (format!("{}.{name}._is_selected", union.name), days_of(size) - fact.later));
    (back.map(|back| back + before + fact.later), Days::BySelected(ahead.collect(), -fact.later))
}

/// The greatest number of days of a period.
fn days_of(size: Granularity) -> i64 {
    match size {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) | Granularity::Day => 1,
        Granularity::Week => 7,
        Granularity::Month => 31,
        Granularity::Quarter | Granularity::FiscalQuarter => 92,
        Granularity::Year | Granularity::FiscalYear => 366,
    }
}
