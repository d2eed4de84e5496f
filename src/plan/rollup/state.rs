//! The table beside rollups that says up to which day each of them is filled.
//!
//! `rollups.entente_rollups`: `('rollups.shipments_daily_5f3a09c1', DATE '2026-01-12', 47030)`.
//!
//! Two builds that begin at once may both say that nothing is stored yet, so the latest day of a table counts.
//!
//! **Invariant:** the day of a table moves forward only, in the transaction that stores the rows before it.

use crate::{
    catalog::ColumnType,
    sql::{AggregateFunction, BinaryOp, Expr, From, Leaf, Literal, OrderTerm, Select, SqlExpr, Statement, UnaryOp},
    time::NaiveDate,
};

/// What the table is called, in the schema of the rollups that it tells of.
const NAME: &str = "entente_rollups";

const TABLE: &str = "table_name";
const UNTIL: &str = "filled_until";
const ROWS: &str = "n_rows";

/// The table of the state of one schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateTable {
    /// The name, with the schema.
    pub name: String,
}

impl StateTable {
    /// Returns the one that tells of a table.
    pub fn beside(table: &str) -> Self {
        let name = table.rsplit_once('.').map(|(schema, _)| format!("{schema}.{NAME}"));
        Self { name: name.unwrap_or_else(|| NAME.to_owned()) }
    }

    /// Returns the one that a table of a catalog is, by its name.
    pub fn named(table: &str) -> Option<Self> {
        let own = table.rsplit('.').next().is_some_and(|own| own.eq_ignore_ascii_case(NAME));
        own.then(|| Self { name: table.to_owned() })
    }

    /// Returns the query for all tables of the schema: name, day and rows of each.
    pub fn read_all(&self) -> Select {
        let name = SqlExpr::bare(TABLE);
        let read = self.read(None);
        let mut items = vec![name.clone().named(TABLE)];
        items.extend(read.items);
        let order_by = vec![OrderTerm { expr: name, descending: false, nulls_first: false }];
        Select { items, group_by: vec![0], order_by, ..read }
    }

    /// Returns what forgets a table.
    pub fn forget(&self, table: &str) -> Statement {
        Statement::Delete { table: self.name.clone(), filter: is(table) }
    }

    /// Returns what says up to which day a table is filled, whatever was said before: to be run one after the other.
    pub fn tell(&self, table: &str, until: NaiveDate) -> [Statement; 3] {
        [self.make(), self.forget(table), self.say(table, until)]
    }

    /// Returns what makes the table, without rows. Constants are cast: a column that is made of 0 takes one digit in Snowflake.
    pub(super) fn make(&self) -> Statement {
        let none = Expr::Cast { arg: Box::new(Expr::integer(0)), to: ColumnType::Integer };
        let select = Select { limit: Some(0), ..row("", NaiveDate::default(), none) };
        Statement::CreateTable { table: self.name.clone(), layout: Default::default(), select }
    }

    /// Returns the query for the day up to which a table is filled, and for its rows; both null if nothing is said of it.
    pub(super) fn read(&self, table: Option<&str>) -> Select {
        let last = |name: &str| SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare(name))).named(name);
        Select {
            items: vec![last(UNTIL), last(ROWS)],
            from: Some(From::Table { name: self.name.clone(), alias: NAME.to_owned() }),
            filter: table.map(is),
            ..Select::default()
        }
    }

    /// Returns the condition that a table is filled up to just a day.
    pub(super) fn is_filled_up_to(&self, table: &str, day: NaiveDate) -> SqlExpr {
        let mut select = self.read(Some(table));
        select.items.truncate(1);
        Expr::Leaf(Leaf::Scalar(Box::new(select))).binary(BinaryOp::Eq, Expr::date(day))
    }

    /// Returns what holds the row of a table until the transaction ends, without changing it.
    ///
    /// Of two transactions that do this one waits for the other, or is refused.
    pub(super) fn hold(&self, table: &str) -> Statement {
        Statement::Update {
            table: self.name.clone(),
            column: ROWS.to_owned(),
            value: SqlExpr::bare(ROWS),
            filter: is(table),
        }
    }

    /// Returns what forgets the days of a table up to one.
    pub(super) fn forget_until(&self, table: &str, day: NaiveDate) -> Statement {
        let old = is(table).and(SqlExpr::bare(UNTIL).binary(BinaryOp::LtEq, Expr::date(day)));
        Statement::Delete { table: self.name.clone(), filter: old }
    }

    /// Returns the query for the number of rows that a table has.
    pub(super) fn count(table: &str) -> Select {
        Select {
            items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named(ROWS)],
            from: Some(From::Table { name: table.to_owned(), alias: "stored".to_owned() }),
            ..Select::default()
        }
    }

    /// Returns what says up to which day a table is filled, unless that is said already; its rows are counted where they are.
    pub(super) fn say(&self, table: &str, until: NaiveDate) -> Statement {
        let said = Select {
            items: vec![Expr::integer(1).named("said")],
            from: Some(From::Table { name: self.name.clone(), alias: NAME.to_owned() }),
            filter: Some(is(table)),
            ..Select::default()
        };
        let is_said = Expr::Leaf(Leaf::Exists(Box::new(said)));
        let count = Self::count(table);
        // A SELECT without FROM has no WHERE in BigQuery.
        let once = Select { items: vec![Expr::integer(1).named("one")], ..Select::default() };
        let select = Select {
            from: Some(From::Select { select: Box::new(once), alias: "once".to_owned() }),
            filter: Some(Expr::Unary { op: UnaryOp::Not, arg: Box::new(is_said) }),
            ..row(table, until, Expr::Leaf(Leaf::Scalar(Box::new(count))))
        };
        Statement::Insert { table: self.name.clone(), select }
    }
}

fn is(table: &str) -> SqlExpr {
    SqlExpr::bare(TABLE).binary(BinaryOp::Eq, text(table))
}

fn text(value: &str) -> SqlExpr {
    Expr::Literal(Literal::String(value.to_owned()))
}

/// Returns a row; its name is cast, as a column that is made of a text takes none that is longer in Snowflake.
fn row(table: &str, until: NaiveDate, rows: SqlExpr) -> Select {
    let name = Expr::Cast { arg: Box::new(text(table)), to: ColumnType::String };
    Select { items: vec![name.named(TABLE), Expr::date(until).named(UNTIL), rows.named(ROWS)], ..Select::default() }
}
