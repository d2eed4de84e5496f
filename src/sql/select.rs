//! A SELECT as data: a subset of SQL that every dialect can write.

use super::{Expr, Literal};
use crate::time::NaiveDate;

/// A scalar expression of SQL.
pub type SqlExpr = Expr<Leaf>;

/// What stands at the leaves of a SQL expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// A column of a table in FROM, or of the select list below.
    Column(Column),
    /// An aggregate.
    Aggregate(Box<Aggregate>),
    /// A window function.
    Window(Box<Window>),
    /// `EXISTS (select)`.
    Exists(Box<Select>),
    /// `arg IN (select)`.
    InSelect {
        /// The value.
        arg: Box<SqlExpr>,
        /// A select of one column.
        select: Box<Select>,
    },
    /// `(select)` with one row and one column.
    Scalar(Box<Select>),
    /// `GROUPING(key)`: 1 in the row over all groups that [`Select::with_total`] adds, 0 in the groups.
    Grouping(Column),
    /// SQL of the project's own for one dialect (`expr: { bigquery: … }`), spliced as it was written.
    Verbatim(String),
}

/// A column of a table alias.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Column {
    /// The alias of the table in FROM; absent where there is only one.
    pub table: Option<String>,
    /// The name of the column, printed with the dialect's quotes if it needs them.
    pub name: String,
}

/// An aggregate call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// The function.
    pub function: AggregateFunction,
    /// Its argument; absent for `COUNT(*)`.
    pub arg: Option<SqlExpr>,
}

/// An aggregate function. Nulls never count, save in `COUNT(*)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunction {
    /// `COUNT(*)` or `COUNT(x)`.
    Count,
    /// `COUNT(DISTINCT x)`, exact.
    CountDistinct,
    /// The warehouse's own estimate of `COUNT(DISTINCT x)`.
    ApproxCountDistinct,
    /// `SUM(x)`.
    Sum,
    /// `AVG(x)` as binary floating point.
    Avg,
    /// `MIN(x)`.
    Min,
    /// `MAX(x)`.
    Max,
    /// The exact continuous percentile, in millionths: 900 000 is p90. Not an aggregate in every dialect:
    /// see `Dialect::percentile_is_window`.
    Percentile(u32),
    /// The exact percentile that is one of the values, in millionths. Not an aggregate in every dialect either.
    DiscretePercentile(u32),
    /// The exact continuous percentile as an aggregate in every dialect, which costs a list of the values in some.
    GroupPercentile(u32),
    /// The exact percentile that is one of the values, likewise.
    GroupDiscretePercentile(u32),
    /// The warehouse's own estimate of a percentile, in millionths.
    ApproxPercentile(u32),
    /// Any value of the group; all are known to be equal.
    AnyValue,
    /// A sketch of the different values, in the form in which it is stored; null without values. Not in every dialect: see
    /// [`Dialect::sketch_of`](super::Dialect::sketch_of).
    Sketch,
    /// One sketch of the values of all sketches.
    MergedSketch,
    /// The estimate of how many different values sketches hold together.
    SketchEstimate,
}

/// A window function over partitions of the rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// What is computed per row of the partition.
    pub function: WindowFunction,
    /// `PARTITION BY`.
    pub partition_by: Vec<SqlExpr>,
    /// `ORDER BY`.
    pub order_by: Vec<OrderTerm>,
}

/// What a window computes for each row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WindowFunction {
    /// An aggregate over the partition.
    Aggregate(Aggregate),
    /// The place in the order, from one; equal rows get different numbers.
    RowNumber,
    /// The place in the order, from one; equal rows share a number, and the next one skips.
    Rank,
}

/// One SELECT statement, with its common table expressions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Select {
    /// `WITH name AS (…)`, each may use those before it.
    pub with: Vec<Cte>,
    /// `SELECT DISTINCT`.
    pub distinct: bool,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// The first table; absent in `SELECT 1`.
    pub from: Option<From>,
    /// The joins, in order.
    pub joins: Vec<Join>,
    /// `WHERE`.
    pub filter: Option<SqlExpr>,
    /// `GROUP BY`, as positions in the select list, from zero.
    pub group_by: Vec<usize>,
    /// Whether one more row over all groups comes with them: `GROUP BY GROUPING SETS ((a, b), ())`.
    pub with_total: bool,
    /// `HAVING`.
    pub having: Option<SqlExpr>,
    /// Further selects joined by `UNION ALL`; order and limit then belong to the whole.
    pub union_all: Vec<Select>,
    /// `ORDER BY`.
    pub order_by: Vec<OrderTerm>,
    /// `LIMIT`.
    pub limit: Option<u64>,
}

/// A common table expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cte {
    /// Its name.
    pub name: String,
    /// Its query.
    pub select: Select,
}

/// An item of the select list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SelectItem {
    /// The value.
    pub expr: SqlExpr,
    /// Its name.
    pub alias: String,
}

/// What rows come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum From {
    /// A table of the warehouse.
    Table {
        /// Its name as written in YAML, such as `marts.fct_shipments`.
        name: String,
        /// Its alias.
        alias: String,
    },
    /// A common table expression.
    Cte {
        /// Its name.
        name: String,
        /// Its alias, if another than the name.
        alias: String,
    },
    /// A select of ours.
    Select {
        /// The query.
        select: Box<Select>,
        /// Its alias.
        alias: String,
    },
    /// The SELECT of a model's `sql:`, spliced as it was written.
    Verbatim {
        /// The text, without a final semicolon.
        text: String,
        /// Its alias.
        alias: String,
    },
    /// One row per day from a first to a last one, both included; the column is called `column`.
    Days {
        /// The first day: a date expression.
        from: Box<SqlExpr>,
        /// The last day: a date expression.
        to: Box<SqlExpr>,
        /// The alias of the table.
        alias: String,
        /// The name of its only column.
        column: String,
    },
    /// One row for every so many seconds from a first moment up to, not including, an end; the column is called `column`.
    Moments {
        /// The first moment: an instant or a wall-clock time.
        first: Literal,
        /// The first moment that is not there, of the same kind.
        end: Literal,
        /// The seconds from one to the next.
        seconds: i64,
        /// The alias of the table.
        alias: String,
        /// The name of its only column.
        column: String,
    },
}

impl From {
    /// Returns the alias by which columns are addressed.
    pub fn alias(&self) -> &str {
        match self {
            Self::Table { alias, .. }
            | Self::Cte { alias, .. }
            | Self::Select { alias, .. }
            | Self::Verbatim { alias, .. }
            | Self::Days { alias, .. }
            | Self::Moments { alias, .. } => alias,
        }
    }
}

/// A join.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Join {
    /// How unmatched rows are treated.
    pub kind: JoinKind,
    /// The joined rows.
    pub to: From,
    /// The condition; absent for a cross join.
    pub on: Option<SqlExpr>,
}

/// How unmatched rows are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Rows of the left side stay.
    Left,
    /// Only matched rows stay.
    Inner,
    /// Every row has its match, as was promised: the same rows, printed as an inner join.
    Matched,
    /// Every pair.
    Cross,
}

/// A term of ORDER BY.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderTerm {
    /// What is ordered by.
    pub expr: SqlExpr,
    /// Whether greater values come first.
    pub descending: bool,
    /// Whether nulls come first; the printer makes every dialect obey.
    pub nulls_first: bool,
}

impl<N> Expr<N> {
    /// A date constant.
    pub fn date(date: NaiveDate) -> Self {
        Self::Literal(Literal::Date(date))
    }

    /// A whole-number constant.
    pub fn integer(value: i64) -> Self {
        Self::Literal(Literal::Integer(value))
    }

    /// NULL.
    pub fn null() -> Self {
        Self::Literal(Literal::Null)
    }
}

impl SqlExpr {
    /// A column of a table alias.
    pub fn column(table: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Leaf(Leaf::Column(Column { table: Some(table.into()), name: name.into() }))
    }

    /// A column without a table alias.
    pub fn bare(name: impl Into<String>) -> Self {
        Self::Leaf(Leaf::Column(Column { table: None, name: name.into() }))
    }

    /// Returns whether a condition looks for rows of another table.
    pub fn looks_for_rows(&self) -> bool {
        let mut looks = false;
        self.for_each_leaf(&mut |leaf| looks |= matches!(leaf, Leaf::Exists(_) | Leaf::InSelect { .. }));
        looks
    }

    /// An aggregate of an argument.
    pub fn aggregate(function: AggregateFunction, arg: Option<Self>) -> Self {
        Self::Leaf(Leaf::Aggregate(Box::new(Aggregate { function, arg })))
    }

    /// Names the expression in a select list.
    #[must_use]
    pub fn named(self, alias: impl Into<String>) -> SelectItem {
        SelectItem { expr: self, alias: alias.into() }
    }
}
