//! What was found in the data, as plain data for people and programs.
//!
//! A key with two values that occur twice is a [`Finding`] of one [`Fault`], with the two values as its examples.
//!
//! **Invariant:** a finding without faults is only right if rows were read; otherwise it says that nothing was.

use crate::{files::Span, sql::Literal};

/// What kind of declaration is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `primary_key` and `unique`.
    Keys,
    /// `joins`.
    Joins,
    /// `versions` of models.
    Versions,
    /// `same_as` of dimensions.
    SameAs,
    /// `holds` of partitions.
    Holds,
    /// `values` of dimensions.
    Values,
    /// `granularity` of time dimensions.
    Granularity,
    /// `calendars`.
    Calendars,
    /// `freshness` of tables.
    Freshness,
}

impl Kind {
    /// Every kind, in the order in which they are looked at.
    pub const ALL: [Self; 9] = [
        Self::Keys,
        Self::Joins,
        Self::Versions,
        Self::SameAs,
        Self::Holds,
        Self::Values,
        Self::Granularity,
        Self::Calendars,
        Self::Freshness,
    ];

    /// Returns the name, such as `same_as`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Joins => "joins",
            Self::Versions => "versions",
            Self::SameAs => "same_as",
            Self::Holds => "holds",
            Self::Values => "values",
            Self::Granularity => "granularity",
            Self::Calendars => "calendars",
            Self::Freshness => "freshness",
        }
    }
}

/// What became of a check, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The data keeps what is declared.
    Holds,
    /// Nothing was read, so nothing is known.
    Unread,
    /// Something is doubtful, but no declaration is broken.
    Doubtful,
    /// A declaration is broken.
    Broken,
}

impl Status {
    /// Returns the word that programs read: `ok`, `unread`, `warning`, `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Unread => "unread",
            Self::Doubtful => "warning",
            Self::Broken => "error",
        }
    }
}

/// A partitioned table that was read, within which constant bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The table.
    pub table: String,
    /// The partition column.
    pub column: String,
    /// The first partition, if there is a bound.
    pub from: Option<Literal>,
    /// The first partition after, if there is a bound.
    pub to: Option<Literal>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind of declaration it is.
    pub kind: Kind,
    /// What is declared.
    pub name: String,
    /// Where it was declared.
    pub span: Span,
    /// The partitioned tables that were read.
    pub read: Vec<Read>,
    /// How many rows were looked at.
    pub n_rows: u64,
    /// What is wrong or remarkable, worst first.
    pub faults: Vec<Fault>,
    /// Why nothing is known, if nothing is.
    pub unread: Option<String>,
    /// A full sentence that says what to do.
    pub help: Option<String>,
}

impl Finding {
    /// Returns what became of the check.
    pub fn status(&self) -> Status {
        let worst = self.faults.iter().map(|fault| fault.status).max().unwrap_or(Status::Holds);
        if self.unread.is_some() { worst.max(Status::Unread) } else { worst }
    }
}

/// One way in which rows are not as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// How bad it is; `Holds` for a remark.
    pub status: Status,
    /// What it is: `2 values occur more than once, in 5 rows`.
    pub message: String,
    /// How many different values or partitions it concerns.
    pub n_values: u64,
    /// How many rows it concerns.
    pub n_rows: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// An offending key or partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Names and values; a value is absent if it is null.
    pub values: Vec<(String, Option<String>)>,
    /// How many rows have it.
    pub n_rows: u64,
}
