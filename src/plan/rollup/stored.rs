//! The table of a rollup in the warehouse: what it is called, what fills it, and up to which day it is final.
//!
//! `rollups.shipments_daily` as it is defined today is `rollups.shipments_daily_5f3a09c1`; another definition has a table
//! of its own, so that nobody reads one for the other. Up to which day it is filled is told by [`StateTable`].
//!
//! **Invariant:** tables of one name are filled by the same SQL from the same tables, with values of the same types, under the
//! same promise about late rows.

use sha2::{Digest, Sha256};

use super::{state::StateTable, table::Table};
use crate::{
    catalog::ColumnType,
    ids::DimensionId,
    plan::Context,
    project::{Home, Project, Rollup},
    sql::{
        AggregateFunction, BinaryOp, Dialect, Expr, From, Select, SqlExpr, Statement, TableLayout, print, table_reads,
    },
    time::{DateRange, DateTime, Duration, Granularity, NaiveDate, Utc, add_periods, period_start, shift_date},
};

/// The longest name of a table that every warehouse takes.
const LONGEST: usize = 63;

/// The most columns that a table is sorted by.
/// See <https://cloud.google.com/bigquery/docs/clustered-tables#limitations>.
const SORTED_BY: usize = 4;

/// The table of a rollup, which holds what is final.
#[derive(Clone, Debug)]
pub struct StoredTable<'p> {
    pub(super) project: &'p Project,
    /// The rollup.
    pub rollup: &'p Rollup,
    pub(super) context: Context,
    /// The name, with the schema.
    pub name: String,
    state: StateTable,
    pub(super) granularity: Granularity,
    pub(super) lookback: Duration,
    /// The column of the first day of a stored row's period.
    pub(super) day: String,
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
        let select = stored.select();
        let sql = print(&select, dialect).sql;
        let (types, home) = (types(project, rollup), home(project, table, &select));
        let hash = Sha256::digest(format!("{sql} final after {lookback} of {types:?} in {home:?}"));
        let name = format!("{table}_{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3]);
        if name.rsplit('.').next().is_some_and(|own| own.len() > LONGEST) {
            return Err(format!("`{name}` is longer than the {LONGEST} letters that a warehouse takes"));
        }
        let granularity = rollup.time.as_ref().map_or(Granularity::Day, |time| time.granularity);
        let state = StateTable::beside(&name);
        Ok(Self { project, rollup, context, name, state, granularity, lookback, day: stored.period.column })
    }

    /// Returns the metrics that the rollup declares and the warehouse cannot store, by their names, and why.
    pub fn without(&self) -> Vec<(&'p str, String)> {
        let lacking = self.table(DateRange::default()).without.into_iter();
        lacking.map(|lack| (self.project.metrics[lack.metric].name.as_str(), lack.reason)).collect()
    }

    /// Returns the first day of which rows may still change at a moment, cut to whole periods.
    pub fn final_until(&self, now: DateTime<Utc>) -> NaiveDate {
        final_until(self.project, self.rollup, self.lookback, now)
    }

    /// Returns the query for the first day of which there are rows before another one: one value, null if there is none.
    ///
    /// It reads all days, but of their rows only the time and what tells which of them count, over the joins that this takes.
    pub fn first_day(&self, until: NaiveDate) -> Select {
        let alone = Rollup { dimensions: Vec::new(), parts: Vec::new(), ..self.rollup.clone() };
        let table = Table::of(self.project, self.context, &alone, DateRange::days(None, Some(until)));
        let table = table.expect("what stands in the way was looked at with all that is stored");
        let first = SqlExpr::aggregate(AggregateFunction::Min, Some(table.period.first_day.clone()));
        Select { items: vec![first.named("first_day")], group_by: Vec::new(), ..table.select() }
    }

    /// Returns the first day of the period in which a day lies.
    pub fn period_of(&self, day: NaiveDate) -> NaiveDate {
        period_start(day, self.granularity, self.project.calendar)
    }

    /// Cuts days into steps that are stored one after the other: whole partitions, of a month unless another size is said.
    pub fn steps(&self, from: NaiveDate, until: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
        let calendar = self.project.calendar;
        let size = self.step_size();
        let mut steps = Vec::new();
        let mut from = from;
        while from < until {
            let next = add_periods(period_start(from, size, calendar), size, 1).min(until);
            steps.push((from, next));
            from = next;
        }
        steps
    }

    fn step_size(&self) -> Granularity {
        let size = self.rollup.partition.filter(|size| *size > Granularity::Day).unwrap_or(Granularity::Month);
        if self.granularity.nests_in(size) { size } else { self.granularity }
    }

    /// Returns the column by which the table lies in parts, of which a query reads those that it asks for, and the size of one:
    /// partitions, or else steps, whose rows are stored side by side.
    pub fn parts(&self) -> Option<(&str, Granularity)> {
        match self.context.dialect {
            Dialect::BigQuery => Some((&self.day, self.partition_size())),
            Dialect::DuckDb | Dialect::Snowflake => Some((&self.day, self.step_size())),
            Dialect::Postgres => None,
        }
    }

    /// Returns what makes the schema and the tables, each by itself; all may be there already.
    pub fn make(&self) -> Vec<Statement> {
        let schema = self.name.rsplit_once('.').map(|(schema, _)| Statement::CreateSchema(schema.to_owned()));
        // A day without rows, for warehouses that would read all of them to find none.
        let day = NaiveDate::default();
        let table = self.table(DateRange::days(Some(day), day.succ_opt()));
        let layout = self.layout(&table);
        let select = Select { limit: Some(0), ..table.select() };
        let table = Statement::CreateTable { table: self.name.clone(), layout, select };
        schema.into_iter().chain([table, self.state.make()]).collect()
    }

    /// Returns how the table is partitioned and sorted where a warehouse lets one say it.
    pub(super) fn layout(&self, table: &Table) -> TableLayout {
        let can_sort = |dimension: DimensionId| {
            !matches!(
                self.project.dimensions[dimension].column_type,
                ColumnType::Float | ColumnType::Json | ColumnType::Unknown
            )
        };
        let kept = self.rollup.dimensions.iter().zip(&table.dimensions);
        let cluster = kept.filter(|((_, dimension), _)| can_sort(*dimension)).map(|(_, (_, column))| column.clone());
        TableLayout {
            partition: Some((self.day.clone(), self.partition_size())),
            cluster: cluster.take(SORTED_BY).collect(),
        }
    }

    fn partition_size(&self) -> Granularity {
        match self.rollup.partition.unwrap_or(Granularity::Month) {
            Granularity::Month | Granularity::Quarter | Granularity::FiscalQuarter => Granularity::Month,
            Granularity::Year | Granularity::FiscalYear => Granularity::Year,
            _ => Granularity::Day,
        }
    }

    /// Returns what says that nothing is stored before a day, unless more is known of the table.
    pub fn begin(&self, from: NaiveDate) -> Vec<Statement> {
        vec![self.state.say(&self.name, from)]
    }

    /// Returns what stores the rows from a day up to another, and says that it did: one transaction.
    ///
    /// What is there of these days, or of later ones, is put away first. If the table is not filled up to just the first day,
    /// as somebody else has filled it meanwhile, nothing is done.
    pub fn store(&self, from: NaiveDate, until: NaiveDate) -> Vec<Statement> {
        let is_next = self.state.is_filled_up_to(&self.name, from);
        let later = SqlExpr::bare(&self.day).binary(BinaryOp::GtEq, Expr::date(from)).and(is_next.clone());
        let rows = self.table(DateRange::days(Some(from), Some(until))).select();
        let rows = Select { filter: Expr::all(rows.filter.clone().into_iter().chain([is_next])), ..rows };
        vec![
            self.state.hold(&self.name),
            Statement::Delete { table: self.name.clone(), filter: later },
            Statement::Insert { table: self.name.clone(), select: rows },
            self.state.forget_until(&self.name, from),
            self.state.say(&self.name, until),
        ]
    }

    /// Returns what stores the rows of a span of days again, in a table that is filled up to a later day: one transaction.
    ///
    /// Whoever reads the table meanwhile sees the old rows or the new ones. If it is not filled up to just that day, as somebody
    /// else has filled it further meanwhile, nothing is done.
    pub fn store_again(&self, span: DateRange, filled_until: NaiveDate) -> Vec<Statement> {
        let is_as_known = self.state.is_filled_up_to(&self.name, filled_until);
        let day = || SqlExpr::bare(&self.day);
        let from = span.from.map(|from| day().binary(BinaryOp::GtEq, Expr::date(from)));
        let to = span.to.map(|to| day().binary(BinaryOp::Lt, Expr::date(to)));
        let old = Expr::all(from.into_iter().chain(to).chain([is_as_known.clone()]));
        let rows = self.table(span).select();
        let rows = Select { filter: Expr::all(rows.filter.clone().into_iter().chain([is_as_known])), ..rows };
        vec![
            self.state.hold(&self.name),
            Statement::Delete { table: self.name.clone(), filter: old.expect("it has a condition") },
            Statement::Insert { table: self.name.clone(), select: rows },
            self.state.forget_until(&self.name, filled_until),
            self.state.say(&self.name, filled_until),
        ]
    }

    /// Returns what puts away the rows from a day on that were stored before they were final: one transaction.
    pub fn take_back(&self, from: NaiveDate) -> Vec<Statement> {
        let later = SqlExpr::bare(&self.day).binary(BinaryOp::GtEq, Expr::date(from));
        vec![
            self.state.hold(&self.name),
            Statement::Delete { table: self.name.clone(), filter: later },
            self.state.forget(&self.name),
            self.state.say(&self.name, from),
        ]
    }

    /// Returns the query for the number of rows that the table has.
    pub fn count(&self) -> Select {
        StateTable::count(&self.name)
    }

    /// Returns the columns of the table, and those that a step would store into it, each as a query without rows.
    pub fn columns_stored_and_selected(&self) -> [Select; 2] {
        // A day without rows, for warehouses that would read all of them to find none.
        let day = NaiveDate::default();
        let select = self.table(DateRange::days(Some(day), day.succ_opt())).select();
        let items = select.items.iter().map(|item| SqlExpr::bare(&item.alias).named(&item.alias)).collect();
        let of_table = Select {
            items,
            from: Some(From::Table { name: self.name.clone(), alias: "stored".to_owned() }),
            filter: Some(SqlExpr::bare(&self.day).binary(BinaryOp::Eq, Expr::date(day))),
            limit: Some(0),
            ..Select::default()
        };
        [of_table, Select { limit: Some(0), ..select }]
    }

    /// Returns the query for the day up to which the table is filled, and for its rows.
    pub fn read_state(&self) -> Select {
        self.state.read(Some(&self.name))
    }

    /// Returns the table of the schema that says how far each rollup is filled.
    pub fn state(&self) -> &StateTable {
        &self.state
    }

    pub(super) fn table(&self, days: DateRange) -> Table {
        let table = Table::of(self.project, self.context, self.rollup, days);
        table.expect("what stands in the way does not depend on the days, and was looked at")
    }
}

/// Returns the first day of which rows of a rollup may still change at a moment, cut to whole periods.
pub(super) fn final_until(project: &Project, rollup: &Rollup, lookback: Duration, now: DateTime<Utc>) -> NaiveDate {
    let zone = rollup.time.as_ref().map_or(project.time_zone, |time| time.time_zone);
    let day = match lookback.unit.seconds() {
        Some(seconds) => {
            let back = chrono::TimeDelta::seconds(seconds.saturating_mul(lookback.count));
            now.checked_sub_signed(back).unwrap_or(now).with_timezone(&zone).date_naive()
        }
        None => shift_date(now.with_timezone(&zone).date_naive(), lookback, -1),
    };
    period_start(day, rollup.time.as_ref().map_or(Granularity::Day, |time| time.granularity), project.calendar)
}

/// Returns the types of what is kept and of what is aggregated: a table that was made for others would round new values to them.
fn types(project: &Project, rollup: &Rollup) -> Vec<ColumnType> {
    let kept = rollup.dimensions.iter().map(|(_, dimension)| project.dimensions[*dimension].column_type);
    let values = rollup.parts.iter().filter_map(|part| Some(project.simple(part.metric)?.expr_type));
    kept.chain(values).collect()
}

/// Returns what of the connection decides which rows lie in a table: where it looks for the tables that are read, as far as their
/// names leave it open and the table's own does not. `rollups.daily` of `orders` is another one in each schema that `orders` may
/// lie in; that of `marts.orders` is not.
fn home(project: &Project, table: &str, select: &Select) -> [Option<String>; 2] {
    let parts = |name: &str| name.matches('.').count() + 1;
    let reads = table_reads(select, &[]);
    let read = reads.iter().flatten().map(|read| parts(&read.table)).min().unwrap_or(1);
    let Home { database, schema } = &project.home;
    // A name of one part leaves the schema open, one of up to two the database.
    let open =
        |said: &Option<String>, at_most: usize| said.clone().filter(|_| read <= at_most && parts(table) > at_most);
    [open(database, 2), open(schema, 1)]
}
