//! The table of a rollup in the warehouse: what it is called, what fills it, and up to which day it is final.
//!
//! `rollups.shipments_daily` as it is defined today is `rollups.shipments_daily_5f3a09c1`; another definition has a table
//! of its own, so that nobody reads one for the other. Beside it lies `rollups.entente_rollups`, with the day up to which
//! each table is filled.
//!
//! **Invariant:** tables of one name are filled by the same SQL, under the same promise about late rows.

use sha2::{Digest, Sha256};

use super::table::Table;
use crate::{
    plan::Context,
    project::{Project, Rollup},
    sql::{
        AggregateFunction, BinaryOp, Dialect, Expr, From, Leaf, Literal, Select, SqlExpr, Statement, UnaryOp, print,
    },
    time::{DateRange, DateTime, Duration, Granularity, NaiveDate, Utc, add_periods, period_start, shift_date},
};

/// The table that says up to which day each rollup of its schema is filled.
const STATE: &str = "entente_rollups";

/// The longest name of a table that every warehouse takes.
const LONGEST: usize = 63;

/// The table of a rollup, which holds what is final.
#[derive(Clone, Debug)]
pub struct StoredTable<'p> {
    project: &'p Project,
    /// The rollup.
    pub rollup: &'p Rollup,
    context: Context,
    /// The name, with the schema.
    pub name: String,
    granularity: Granularity,
    lookback: Duration,
    /// The column of the first day of a stored row's period.
    day: String,
}

impl<'p> StoredTable<'p> {
    /// Finds the table of a rollup; says why the rollup has none.
    pub fn of(project: &'p Project, rollup: &'p Rollup, dialect: Dialect) -> Result<Self, String> {
        let (table, lookback) = match (&rollup.table, rollup.lookback) {
            (None, _) => return Err("it names no `table` to be stored in".to_owned()),
            (_, None) => return Err("it does not say after which `lookback` rows are final".to_owned()),
            (Some(table), Some(lookback)) => (table, lookback),
        };
        let context = Context { now: DateTime::UNIX_EPOCH, dialect };
        let stored = Table::of(project, context, rollup, DateRange::default())?;
        let definition = format!("{} final after {lookback}", print(&stored.select(), dialect).sql);
        let hash = Sha256::digest(definition.as_bytes());
        let name = format!("{table}_{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]);
        if name.rsplit('.').next().is_some_and(|own| own.len() > LONGEST) {
            return Err(format!("`{name}` is longer than the {LONGEST} letters that a warehouse takes"));
        }
        let granularity = rollup.time.as_ref().map_or(Granularity::Day, |time| time.granularity);
        Ok(Self { project, rollup, context, name, granularity, lookback, day: stored.period.column })
    }

    /// Returns the first day of which rows may still change at a moment, cut to whole periods.
    pub fn final_until(&self, now: DateTime<Utc>) -> NaiveDate {
        let zone = self.rollup.time.as_ref().map_or(self.project.time_zone, |time| time.time_zone);
        let day = match self.lookback.unit.seconds() {
            Some(seconds) => {
                let back = chrono::TimeDelta::seconds(seconds.saturating_mul(self.lookback.count));
                now.checked_sub_signed(back).unwrap_or(now).with_timezone(&zone).date_naive()
            }
            None => shift_date(now.with_timezone(&zone).date_naive(), self.lookback, -1),
        };
        period_start(day, self.granularity, self.project.calendar)
    }

    /// Returns the query for the first day of which there are rows before another one: one value, null if there is none.
    pub fn first_day(&self, until: NaiveDate) -> Select {
        let table = self.table(DateRange::days(None, Some(until)));
        let first = SqlExpr::aggregate(AggregateFunction::Min, Some(table.period.first_day.clone()));
        Select { items: vec![first.named("first_day")], group_by: Vec::new(), ..table.select() }
    }

    /// Cuts days into steps that are stored one after the other: whole partitions, of a month unless another size is said.
    pub fn steps(&self, from: NaiveDate, until: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
        let calendar = self.project.calendar;
        let size = self.rollup.partition.filter(|size| *size > Granularity::Day).unwrap_or(Granularity::Month);
        let size = if self.granularity.nests_in(size) { size } else { self.granularity };
        let mut steps = Vec::new();
        let mut from = from;
        while from < until {
            let next = add_periods(period_start(from, size, calendar), size, 1).min(until);
            steps.push((from, next));
            from = next;
        }
        steps
    }

    /// Returns what makes the tables, which may be there already.
    pub fn make(&self) -> Vec<Statement> {
        let nothing = |select: Select| Select { limit: Some(0), ..select };
        let schema = self.name.rsplit_once('.').map(|(schema, _)| Statement::CreateSchema(schema.to_owned()));
        let state = nothing(self.state(NaiveDate::default()));
        let table = nothing(self.table(DateRange::default()).select());
        schema
            .into_iter()
            .chain([
                Statement::CreateTable { table: self.name.clone(), select: table },
                Statement::CreateTable { table: self.state_table(), select: state },
            ])
            .collect()
    }

    /// Returns what says that nothing is stored before a day, unless more is known of the table.
    pub fn begin(&self, from: NaiveDate) -> Vec<Statement> {
        vec![self.filled(from)]
    }

    /// Returns what stores the rows from a day up to another, and says that it did.
    ///
    /// What is there of these days, or of later ones, is put away first. If the table is not filled up to just the first day,
    /// as somebody else has filled it meanwhile, nothing is done.
    pub fn store(&self, from: NaiveDate, until: NaiveDate) -> Vec<Statement> {
        let day = SqlExpr::bare(&self.day);
        let later = day.binary(BinaryOp::GtEq, Expr::date(from)).and(self.is_filled_up_to(from));
        let rows = self.table(DateRange::days(Some(from), Some(until))).select();
        let rows =
            Select { filter: Expr::all(rows.filter.clone().into_iter().chain([self.is_filled_up_to(from)])), ..rows };
        let old = self.is_this().and(SqlExpr::bare("filled_until").binary(BinaryOp::Eq, Expr::date(from)));
        vec![
            Statement::Delete { table: self.name.clone(), filter: later },
            Statement::Insert { table: self.name.clone(), select: rows },
            Statement::Delete { table: self.state_table(), filter: old },
            self.filled(until),
        ]
    }

    /// Says up to which day the table is filled, unless that is said already.
    fn filled(&self, until: NaiveDate) -> Statement {
        let said = Select {
            items: vec![Expr::integer(1).named("said")],
            from: Some(From::Table { name: self.state_table(), alias: STATE.to_owned() }),
            filter: Some(self.is_this()),
            ..Select::default()
        };
        let is_said = Expr::Leaf(Leaf::Exists(Box::new(said)));
        let filter = Some(Expr::Unary { op: UnaryOp::Not, arg: Box::new(is_said) });
        Statement::Insert { table: self.state_table(), select: Select { filter, ..self.state(until) } }
    }

    fn is_filled_up_to(&self, day: NaiveDate) -> SqlExpr {
        let last = SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare("filled_until")));
        let select = Select { items: vec![last.named("filled_until")], ..self.read_state() };
        Expr::Leaf(Leaf::Scalar(Box::new(select))).binary(BinaryOp::Eq, Expr::date(day))
    }

    /// Returns the query for the day up to which the table is filled, and for its rows.
    pub fn read_state(&self) -> Select {
        let column = |name: &str| SqlExpr::bare(name).named(name);
        Select {
            items: vec![column("filled_until"), column("n_rows")],
            from: Some(From::Table { name: self.state_table(), alias: STATE.to_owned() }),
            filter: Some(self.is_this()),
            ..Select::default()
        }
    }

    /// Returns the table of the schema that says how far each rollup is filled.
    pub fn state_table(&self) -> String {
        match self.name.rsplit_once('.') {
            Some((schema, _)) => format!("{schema}.{STATE}"),
            None => STATE.to_owned(),
        }
    }

    fn table(&self, days: DateRange) -> Table {
        let table = Table::of(self.project, self.context, self.rollup, days);
        table.expect("what stands in the way does not depend on the days, and was looked at")
    }

    fn is_this(&self) -> SqlExpr {
        SqlExpr::bare("table_name").binary(BinaryOp::Eq, self.own_name())
    }

    fn own_name(&self) -> SqlExpr {
        Expr::Literal(Literal::String(self.name.clone()))
    }

    /// Returns the row of the table in the state: its rows are counted where they are.
    fn state(&self, until: NaiveDate) -> Select {
        let count = Select {
            items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows")],
            from: Some(From::Table { name: self.name.clone(), alias: "stored".to_owned() }),
            ..Select::default()
        };
        Select {
            items: vec![
                self.own_name().named("table_name"),
                Expr::date(until).named("filled_until"),
                Expr::Leaf(Leaf::Scalar(Box::new(count))).named("n_rows"),
            ],
            ..Select::default()
        }
    }
}
