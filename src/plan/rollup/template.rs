//! What fills a rollup's table as a select with places for days, for whoever runs it later: dbt.
//!
//! ```sql
//! WHERE DATE_TRUNC(booked_on, MONTH) >= DATE '{{ begin }}' AND booked_on >= DATE '{{ begin - 1 day }}' AND …
//! ```
//!
//! Which days are stored is decided by the period of a row. Bounds of partitions and of the time itself are there so that less
//! is read; as nobody knows which days they will be asked for, they are looser by as many days as they are at any.
//!
//! **Invariant:** for days at which periods begin, the rows are those of [`StoredTable::store`].

use chrono::{Days, TimeDelta};

use super::{StoredTable, table::Value};
use crate::{
    ids::{DimensionId, MetricId},
    project::Route,
    sql::{
        AggregateFunction, BinaryOp, Expr, From, Leaf, Literal, Select, SelectItem, SqlExpr, TableLayout,
        print_expression,
    },
    time::{DateRange, Granularity, NaiveDate, Tz},
};

/// An end of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first day, if there is one: all earlier ones are stored otherwise.
    Begin,
    /// The first day that is not stored.
    Until,
}

/// What stands in a template in place of what is not known yet.
pub struct Places<'a> {
    /// Writes a day, as `2026-01-12` would be written: an end, moved by so many days.
    pub day: &'a dyn Fn(End, i64) -> String,
    /// Writes a condition that holds only if there is a first day.
    pub if_begun: &'a dyn Fn(&str) -> String,
}

/// A column of a rollup's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// The name.
    pub name: String,
    /// What is in it.
    pub holds: Holds,
}

/// What a column of a rollup's table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A kept dimension, with the way there.
    Dimension(Route, DimensionId),
    /// The first day of the period.
    Day,
    /// An aggregate, for a metric.
    Value(AggregateFunction, MetricId),
}

/// How the first day that is not final follows from a moment: so much earlier, in a zone, and cut to a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalBefore {
    /// The zone of the day.
    pub zone: Tz,
    /// The seconds before the moment.
    pub seconds: i64,
    /// The days before that day. Months are counted as days, as many as they have at most: what is final then is final.
    pub days: i64,
    /// The size of the periods.
    pub granularity: Granularity,
    /// The first day of a week, counted from Monday.
    pub first_weekday: u32,
    /// The first month of a fiscal year, from one.
    pub fiscal_start_month: u32,
}

/// The day that is printed where another one will stand.
const STAND_IN: (NaiveDate, &str) = (NaiveDate::from_ymd_opt(1111, 11, 11).expect("a day"), "1111-11-11");

/// No clock is put back by more.
const REPEATED: TimeDelta = TimeDelta::hours(2);

/// The days for which bounds are tried: more than a year with a leap day, in which clocks move both ways.
const TRIED: (NaiveDate, u64) = (NaiveDate::from_ymd_opt(2023, 7, 1).expect("a day"), 800);

impl StoredTable<'_> {
    /// Returns the select that fills the table, with places for days.
    pub fn template(&self, places: &Places<'_>) -> Select {
        let table = self.table(DateRange::default());
        let period = &table.period.first_day;
        let day = Expr::date(STAND_IN.0);
        let mut conditions = vec![
            self.written(places, End::Begin, 0, &period.clone().binary(BinaryOp::GtEq, day.clone())),
            self.written(places, End::Until, 0, &period.clone().binary(BinaryOp::Lt, day)),
        ];
        for Bound { column, op, like, end, moved } in self.bounds().into_iter().filter(|bound| bound.column != *period)
        {
            let condition = column.binary(op, Expr::Literal(day_like(&like, STAND_IN.0)));
            conditions.push(self.written(places, end, moved, &condition));
        }
        let select = table.select();
        Select { filter: Expr::all(select.filter.clone().into_iter().chain(conditions)), ..select }
    }

    /// Returns the columns of the table, in their order.
    pub fn columns(&self) -> Vec<StoredColumn> {
        let table = self.table(DateRange::default());
        let kept = self.rollup.dimensions.iter().zip(&table.dimensions);
        let kept = kept.map(|((route, dimension), (_, name))| StoredColumn {
            name: name.clone(),
            holds: Holds::Dimension(route.clone(), *dimension),
        });
        let day = StoredColumn { name: self.day.clone(), holds: Holds::Day };
        let value = |Value { column, function, metric, .. }: &Value| StoredColumn {
            name: column.clone(),
            holds: Holds::Value(*function, *metric),
        };
        kept.chain([day]).chain(table.values.iter().map(value)).collect()
    }

    /// Returns the query for how many rows there are in some days, and how many values each kept dimension has among them.
    pub fn survey(&self, days: DateRange) -> Select {
        let table = self.table(days);
        let count = SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows");
        let values = table.dimensions.iter().enumerate().map(|(at, (value, _))| {
            let distinct = SqlExpr::aggregate(AggregateFunction::CountDistinct, Some(value.clone()));
            distinct.named(format!("n_values_{}", at + 1))
        });
        Select { items: std::iter::once(count).chain(values).collect(), group_by: Vec::new(), ..table.select() }
    }

    /// Returns how the first day that is not final follows from a moment.
    pub fn final_before(&self) -> FinalBefore {
        let (unit, count) = (self.lookback.unit, self.lookback.count);
        let days = match (unit.days(), unit.months()) {
            (Some(days), _) => days,
            (_, Some(1)) => 31,
            (_, Some(3)) => 92,
            (_, Some(months)) => i64::from(months) * 31,
            (None, None) => 0,
        };
        FinalBefore {
            zone: self.rollup.time.as_ref().map_or(self.project.time_zone, |time| time.time_zone),
            seconds: unit.seconds().map_or(0, |seconds| seconds.saturating_mul(count)),
            days: days.saturating_mul(count),
            granularity: self.granularity,
            first_weekday: self.project.calendar.week_start.num_days_from_monday(),
            fiscal_start_month: self.project.calendar.fiscal_start_month,
        }
    }

    /// Returns how the table is laid out where a warehouse lets one say it.
    pub fn table_layout(&self) -> TableLayout {
        self.layout(&self.table(DateRange::default()))
    }

    /// Returns the query for the groups that are stored more than once in a table like this one: there is none.
    pub fn repeated(&self, table: &str) -> Select {
        let keys = self.columns().into_iter().filter(|column| !matches!(column.holds, Holds::Value(..)));
        let mut items: Vec<SelectItem> = keys.map(|key| SqlExpr::bare(&key.name).named(key.name)).collect();
        let n_keys = items.len();
        let count = SqlExpr::aggregate(AggregateFunction::Count, None);
        items.push(count.clone().named("n_rows"));
        Select {
            items,
            from: Some(From::Table { name: table.to_owned(), alias: "stored".to_owned() }),
            group_by: (0..n_keys).collect(),
            having: Some(count.binary(BinaryOp::Gt, Expr::integer(1))),
            ..Select::default()
        }
    }

    /// Writes a condition in which another day will stand.
    fn written(&self, places: &Places<'_>, end: End, moved: i64, condition: &SqlExpr) -> SqlExpr {
        let text = print_expression(condition, self.context.dialect);
        let text = text.replace(STAND_IN.1, &(places.day)(end, moved));
        Expr::Leaf(Leaf::Verbatim(match end {
            End::Begin => (places.if_begun)(&text),
            End::Until => text,
        }))
    }

    /// Returns the bounds that hold for the rows of any days.
    fn bounds(&self) -> Vec<Bound> {
        let days: Vec<NaiveDate> = (0..TRIED.1).filter_map(|n| TRIED.0.checked_add_days(Days::new(n))).collect();
        let mut bounds = Vec::new();
        for end in [End::Begin, End::Until] {
            let range = |day| match end {
                End::Begin => DateRange::days(Some(day), None),
                End::Until => DateRange::days(None, Some(day)),
            };
            let tried = days.iter().map(|day| (*day, self.table(range(*day))));
            let tried: Vec<(NaiveDate, Vec<SqlExpr>)> = tried.map(|(day, table)| (day, table.in_range)).collect();
            let n_bounds = tried.first().map_or(0, |(_, conditions)| conditions.len());
            for at in 0..n_bounds {
                let found = tried.iter().map(|(day, conditions)| Bound::of(conditions.get(at)?, end, *day));
                let found = found.collect::<Option<Vec<Bound>>>();
                bounds.extend(found.and_then(|found| found.into_iter().reduce(|one, other| one.looser(other.moved))));
            }
        }
        bounds
    }
}

/// A condition on a column that holds for the rows behind, or before, a day.
struct Bound {
    column: SqlExpr,
    op: BinaryOp,
    /// A constant of the type of the column.
    like: Literal,
    end: End,
    /// The days from the end to the constant.
    moved: i64,
}

impl Bound {
    /// Reads a condition that was made for a day; nothing if it is none of this kind.
    fn of(condition: &SqlExpr, end: End, day: NaiveDate) -> Option<Self> {
        let Expr::Binary { op, left, right } = condition else { return None };
        let is_bound = match end {
            End::Begin => matches!(op, BinaryOp::GtEq | BinaryOp::Gt),
            End::Until => matches!(op, BinaryOp::Lt | BinaryOp::LtEq),
        };
        let Expr::Literal(like) = &**right else { return None };
        let at = match like {
            Literal::Date(day) => day.and_time(chrono::NaiveTime::MIN),
            Literal::DateTime(time) => *time,
            // Where clocks go back over midnight, hours of a day lie beyond an instant at which it begins.
            Literal::Timestamp(time) if end == End::Begin => time.checked_sub_signed(REPEATED)?,
            Literal::Timestamp(time) => time.checked_add_signed(REPEATED)?,
            _ => return None,
        };
        // Down to whole days for a first day, and up for the day at which it ends.
        let is_cut = at.time() != chrono::NaiveTime::MIN && end == End::Until;
        let moved = (at.date() - day).num_days() + i64::from(is_cut);
        is_bound.then(|| Self { column: (**left).clone(), op: *op, like: like.clone(), end, moved })
    }

    /// Returns what more rows fulfil: this, or the same moved by another number of days.
    fn looser(self, other: i64) -> Self {
        let moved = match self.end {
            End::Begin => self.moved.min(other),
            End::Until => self.moved.max(other),
        };
        Self { moved, ..self }
    }
}

/// Returns the start of a day in the type of another constant.
fn day_like(literal: &Literal, day: NaiveDate) -> Literal {
    let start = day.and_time(chrono::NaiveTime::MIN);
    match literal {
        Literal::DateTime(_) => Literal::DateTime(start),
        Literal::Timestamp(_) => Literal::Timestamp(start),
        _ => Literal::Date(day),
    }
}
