//! What differs between warehouses.
//!
//! `Truncate(Month)` of a date is `DATE_TRUNC(d, MONTH)` here and `CAST(date_trunc('month', d) AS DATE)` there, one folder
//! per dialect.
//!
//! **Invariant:** [`Syntax`] has no default methods, so a dialect that lacks an exact form does not compile.

mod bigquery;
mod call;
mod duckdb;
mod number;
mod periods;
mod postgres;
mod reserved;
mod sketch;
mod snowflake;

pub(super) use call::{Call, TimeCall};
pub(super) use number::millionths as write_millionths;
pub(super) use sketch::Sketches;

use super::{
    Expr, Literal, OrderTerm, SqlExpr,
    print::{Level, Writer},
};
use chrono::{Datelike, Timelike};

use crate::{
    catalog::ColumnType,
    time::{NaiveDate, NaiveDateTime},
};

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// DuckDB 1.5.
    DuckDb,
    /// BigQuery (GoogleSQL).
    BigQuery,
    /// Snowflake.
    Snowflake,
    /// Postgres 12 or later.
    Postgres,
}

impl Dialect {
    /// Every dialect that is printed.
    pub const ALL: [Self; 4] = [Self::DuckDb, Self::BigQuery, Self::Snowflake, Self::Postgres];

    /// Returns the name used in YAML and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::BigQuery => "bigquery",
            Self::Snowflake => "snowflake",
            Self::Postgres => "postgres",
        }
    }

    /// Returns the name as people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::DuckDb => "DuckDB",
            Self::BigQuery => "BigQuery",
            Self::Snowflake => "Snowflake",
            Self::Postgres => "Postgres",
        }
    }

    /// Finds a dialect by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Returns whether the exact percentile exists only as a window function, so that a grouped query has to compute
    /// it over the rows first. See <https://cloud.google.com/bigquery/docs/reference/standard-sql/navigation_functions#percentile_cont>.
    pub fn percentile_is_window(self) -> bool {
        match self {
            Self::DuckDb | Self::Snowflake | Self::Postgres => false,
            Self::BigQuery => true,
        }
    }

    /// Returns whether a window may be partitioned by binary floating point.
    /// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#groupable_data_types>.
    pub fn partitions_by_floats(self) -> bool {
        self != Self::BigQuery
    }

    /// Returns whether IN takes a select wherever a condition stands, also within OR, NOT and CASE.
    /// See <https://docs.snowflake.com/en/sql-reference/operators-subquery>.
    pub fn has_in_select_anywhere(self) -> bool {
        self != Self::Snowflake
    }

    /// Returns as what keys are compared in the condition of a join where both may be null.
    pub fn same_keys(self) -> SameKeys {
        match self {
            Self::DuckDb | Self::Snowflake => SameKeys::AsTheyAre,
            Self::BigQuery => SameKeys::AsTexts,
            Self::Postgres => SameKeys::InLists,
        }
    }

    /// Returns the way the dialect writes things.
    pub(super) fn syntax(self) -> &'static dyn Syntax {
        match self {
            Self::DuckDb => &duckdb::DuckDb,
            Self::BigQuery => &bigquery::BigQuery,
            Self::Snowflake => &snowflake::Snowflake,
            Self::Postgres => &postgres::Postgres,
        }
    }
}

/// As what keys are compared in the condition of a join where both may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameKeys {
    /// By an operator that takes what it is given.
    AsTheyAre,
    /// As texts, which tell the two zeros of binary floating point apart.
    AsTexts,
    /// As elements of lists, which have to be of one type.
    InLists,
}

/// How ORDER BY knows the names of the select list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderNames {
    /// By themselves and within expressions.
    Anywhere,
    /// By themselves, not within an expression.
    Alone,
    /// A column of a table in FROM may hide them.
    Hidden,
}

/// How a dialect writes what others write differently.
///
/// A method that writes an expression returns how tightly the text binds, and the caller puts the parentheses.
pub(super) trait Syntax {
    /// Writes a name, in quotes unless the dialect reads it as it stands.
    fn identifier(&self, out: &mut String, name: &str);
    /// Writes the name of a table: parts with dots between, as in YAML.
    fn table(&self, out: &mut String, name: &str);
    /// Writes a string constant.
    fn string(&self, out: &mut String, text: &str);
    /// Writes a constant.
    fn literal(&self, out: &mut String, literal: &Literal) -> Level;
    /// Writes the place of a parameter; `number` counts from one.
    fn parameter(&self, out: &mut String, number: usize, value: &Literal);
    /// Returns whether equal values may share a place of a parameter.
    fn shares_parameter(&self, value: &Literal) -> bool;
    /// Writes a value as another type.
    fn cast(&self, writer: &mut Writer, arg: &SqlExpr, to: ColumnType) -> Level;
    /// Writes whether a condition holds, null counting as false; `negated` writes whether it does not.
    fn is_true(&self, writer: &mut Writer, arg: &SqlExpr, negated: bool) -> Level;
    /// Writes a quotient in binary floating point that is null where the divisor is zero.
    fn divide(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level;
    /// Writes a remainder that is null where the divisor is zero.
    fn modulo(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level;
    /// Writes, in the condition of a join, that two keys are equal or both null: such that a LEFT JOIN of nothing else is
    /// accepted, and its rows are hashed instead of compared pair by pair.
    fn same_keys(&self, writer: &mut Writer, left: &SqlExpr, right: &SqlExpr) -> Level;
    /// Writes the pattern of LIKE such that nothing in it is an escape character.
    fn like_pattern(&self, writer: &mut Writer, pattern: &SqlExpr);
    /// Returns whether the names of functions are written in capitals.
    fn has_function_names_in_capitals(&self) -> bool;
    /// Writes a function of texts and numbers.
    fn call(&self, writer: &mut Writer, call: Call<'_>) -> Level;
    /// Writes a function of dates and times.
    fn time_call(&self, writer: &mut Writer, call: TimeCall<'_>) -> Level;
    /// Writes the warehouse's own estimate of `COUNT(DISTINCT arg)`; the exact count where it has none.
    fn approx_count_distinct(&self, writer: &mut Writer, arg: &SqlExpr) -> Level;
    /// Returns how sketches of different values are written, if there are any that can be stored.
    fn sketches(&self) -> Option<&'static Sketches>;
    /// Writes any value of a group in which all are equal.
    fn any_value(&self, writer: &mut Writer, arg: &SqlExpr) -> Level;
    /// Writes an average in binary floating point.
    fn average(&self, writer: &mut Writer, arg: &SqlExpr) -> Level;
    /// Writes an exact continuous percentile in binary floating point; as a window function it stands before OVER.
    fn percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level;
    /// Writes an exact percentile that is one of the values; as a window function it stands before OVER.
    fn discrete_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level;
    /// Writes an exact percentile as an aggregate.
    fn group_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        self.percentile(writer, arg, millionths)
    }
    /// Writes an exact percentile that is one of the values as an aggregate.
    fn group_discrete_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level {
        self.discrete_percentile(writer, arg, millionths)
    }
    /// Writes the warehouse's estimate of a percentile, in binary floating point; the exact one where it has none.
    fn approx_percentile(&self, writer: &mut Writer, arg: &SqlExpr, millionths: u32) -> Level;
    /// Returns how ORDER BY knows the names of the select list.
    fn order_names(&self) -> OrderNames;
    /// Returns whether a column that is NULL in the first two selects of a union is a text from then on.
    fn unions_pair_by_pair(&self) -> bool;
    /// Writes a term of the ORDER BY of a window.
    fn window_order(&self, writer: &mut Writer, term: &OrderTerm);
    /// Writes a table of the days from a first to a last one, with one column.
    fn days(&self, writer: &mut Writer, from: &SqlExpr, to: &SqlExpr, column: &str);

    /// Writes one row for every so many seconds from a first moment up to, not including, an end.
    fn moments(&self, writer: &mut Writer, ends: (&Literal, &Literal), seconds: i64, column: &str);
}

/// Returns a value that is cast to JSON without the cast: no definition writes one, so it only tells what a column is.
fn document(value: &SqlExpr) -> &SqlExpr {
    match value {
        Expr::Cast { arg, to: ColumnType::Json } => arg,
        other => other,
    }
}

/// Returns whether a name needs no quotes: lower-case letters, digits and underscores, not reserved.
fn is_plain(name: &str, reserved: &[&str]) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && reserved.binary_search(&name).is_err()
}

/// Writes a text between quotes; a quote within is doubled.
fn quoted(out: &mut String, text: &str, quote: char) {
    out.push(quote);
    for character in text.chars() {
        if character == quote {
            out.push(quote);
        }
        out.push(character);
    }
    out.push(quote);
}

/// Writes `2024-03-31`; a day outside of the years 1 to 9999, which no warehouse stores, becomes the nearest inside.
fn write_date(out: &mut String, date: NaiveDate) {
    use std::fmt::Write;
    let inside = match date.year() {
        ..1 => NaiveDate::from_ymd_opt(1, 1, 1),
        10_000.. => NaiveDate::from_ymd_opt(9999, 12, 31),
        _ => None,
    };
    write!(out, "{}", inside.unwrap_or(date)).expect("a String takes all text");
}

/// Writes `2024-03-31 02:30:00`, with a fraction of a second only if there is one.
fn write_time(out: &mut String, time: NaiveDateTime) {
    use std::fmt::Write;
    write_date(out, time.date());
    write!(out, " {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()).expect("a String takes all text");
    let micros = time.nanosecond() % 1_000_000_000 / 1_000;
    if micros > 0 {
        write!(out, ".{micros:06}").expect("a String takes all text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_go_without_quotes() {
        for (name, plain) in
            [("price", true), ("_x1", true), ("Price", false), ("1x", false), ("", false), ("é", false)]
        {
            assert_eq!(is_plain(name, reserved::DUCKDB), plain, "{name}");
        }
        assert!(!is_plain("order", reserved::DUCKDB));
        assert!(!is_plain("rows", reserved::BIGQUERY));
        assert!(is_plain("rows", reserved::DUCKDB));
        assert!(!is_plain("rows", reserved::SNOWFLAKE));
        assert!(!is_plain("user", reserved::POSTGRES));
    }
}
