//! Tables and columns of the warehouse, as plain data.
//!
//! A snapshot lives in `schema/catalog.json`; compiling reads it and never dials a warehouse.
//!
//! **Invariant:** nothing here asks a warehouse.

mod drift;
mod statistics;

pub use drift::{Change, ChangeKind, ColumnKind, drift};
pub use statistics::{Statistics, TableStatistics};

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::NaiveDate;

/// The type of a value, as far as every warehouse has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// An exact number with a fixed scale.
    Decimal,
    /// A binary floating-point number.
    Float,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A wall-clock date and time without a zone.
    #[serde(rename = "datetime")]
    DateTime,
    /// An instant.
    Timestamp,
    /// A JSON document.
    Json,
    /// Not known, or a type the language does not speak of.
    Unknown,
}

impl ColumnType {
    /// Returns whether it is a number.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }

    /// Returns whether it is a date or a time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::DateTime | Self::Timestamp)
    }

    /// Returns the bytes that a value takes, as warehouses count them; nothing where values differ.
    /// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes>.
    pub fn width(self) -> Option<u64> {
        match self {
            Self::Boolean => Some(1),
            Self::Integer | Self::Float | Self::Date | Self::DateTime | Self::Timestamp => Some(8),
            Self::Decimal => Some(16),
            Self::String | Self::Json | Self::Unknown => None,
        }
    }

    /// Returns the name, as in `schema/catalog.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// All known tables by their name as written in `table:`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// Tables by name, such as `marts.fct_shipments`.
    pub tables: BTreeMap<String, CatalogTable>,
}

/// A table or view of the warehouse.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogTable {
    /// The columns in the table's order.
    pub columns: Vec<CatalogColumn>,
    /// The number of rows, where the warehouse tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// How the warehouse cuts the table, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<CatalogPartition>,
    /// The columns by which rows lie together, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clustering: Vec<String>,
    /// For the table of a calendar: the periods that a column names, by column, ordered by their first day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub periods: BTreeMap<String, Vec<CatalogPeriod>>,
    /// How much it holds, where the warehouse was asked for it by name. It changes every day and is no part of the file.
    #[serde(skip)]
    pub statistics: TableStatistics,
}

/// How a table is cut into partitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogPartition {
    /// The column, `_PARTITIONTIME` where it is the time of loading.
    pub column: String,
    /// What a partition holds.
    pub by: CatalogCut,
    /// Whether the warehouse refuses a query that does not bound the column.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// What one partition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogCut {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
    /// So many whole numbers, from the first one on.
    Integers {
        /// The least number that has a partition.
        from: i64,
        /// The number after the greatest one.
        to: i64,
        /// How many numbers a partition holds.
        every: i64,
    },
}

impl fmt::Display for CatalogPartition {
    /// Writes `by day of booked_on`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            CatalogCut::Hour => f.write_str("by hour"),
            CatalogCut::Day => f.write_str("by day"),
            CatalogCut::Month => f.write_str("by month"),
            CatalogCut::Year => f.write_str("by year"),
            CatalogCut::Integers { from, to, every } => write!(f, "by {every} numbers from {from} to {to}"),
        }?;
        write!(f, " of {}", self.column)?;
        if self.required { f.write_str(", which a query has to bound") } else { Ok(()) }
    }
}

/// A period of a calendar, written as `2024-01-29 to 2024-02-26: 2024-P01`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CatalogPeriod {
    /// Its first day.
    pub from: NaiveDate,
    /// The day after its last one.
    pub to: NaiveDate,
    /// What the column holds on its days, as text.
    pub value: String,
}

impl From<CatalogPeriod> for String {
    fn from(period: CatalogPeriod) -> Self {
        format!("{} to {}: {}", period.from, period.to, period.value)
    }
}

impl TryFrom<String> for CatalogPeriod {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for CatalogPeriod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (days, value) = text.split_once(": ")?;
            let (from, to) = days.split_once(" to ")?;
            Some(Self { from: from.parse().ok()?, to: to.parse().ok()?, value: value.to_owned() })
        };
        read().ok_or_else(|| format!("`{text}` is no period"))
    }
}

impl CatalogTable {
    /// Finds a column; names of columns are compared without regard to case.
    pub fn column(&self, name: &str) -> Option<&CatalogColumn> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogColumn {
    /// The name as the warehouse spells it.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// What the warehouse makes of its values, where that is not what the type says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
}

/// A type of a warehouse that computes or compares otherwise than the [`ColumnType`] as which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// An integer of fewer than 32 bits or without a sign, in which sums and differences do not fit.
    Narrow,
    /// An integer of 64 bits without a sign, whose negative is none.
    Unsigned,
    /// Floating point of 32 bits, in which DuckDB computes and Postgres sums.
    Single,
    /// A text out of a list, by whose places it is ordered.
    Enumeration,
    /// An identifier of 128 bits, which is no text.
    Uuid,
    /// A text with blanks up to a length, which count in some comparisons and not in others.
    Padded,
    /// A type that the language does not speak of and no answer can hold, such as a list.
    Foreign,
}

impl Form {
    /// Returns the name, as in `schema/catalog.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Unsigned => "unsigned",
            Self::Single => "single",
            Self::Enumeration => "enumeration",
            Self::Uuid => "uuid",
            Self::Padded => "padded",
            Self::Foreign => "foreign",
        }
    }

    /// Returns whether it is a text that the warehouse does not take for one.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Enumeration | Self::Uuid | Self::Padded)
    }

    /// Returns the type to which a value is cast to be read.
    pub fn reads_as(self) -> Option<ColumnType> {
        match self {
            Self::Narrow | Self::Unsigned => Some(ColumnType::Integer),
            Self::Single => Some(ColumnType::Float),
            Self::Enumeration | Self::Uuid | Self::Padded => Some(ColumnType::String),
            Self::Foreign => None,
        }
    }
}

impl Catalog {
    /// Reads the text of `schema/catalog.json`.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Writes the text of `schema/catalog.json`, with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a catalog is plain data");
        text.push('\n');
        text
    }
}
