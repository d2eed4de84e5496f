//! An answer in columns.

/// Rows of an answer, column by column.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Rows {
    /// The columns, all of one length.
    pub columns: Vec<ColumnData>,
    /// The number of rows.
    pub len: usize,
}

/// The values of one column; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnData {
    /// Truth values.
    Boolean(Vec<Option<bool>>),
    /// Whole numbers, also those above 64 bits (DuckDB sums to 128).
    Integer(Vec<Option<i128>>),
    /// Exact decimals: the unscaled number, and the digits after the point.
    Decimal {
        /// Unscaled numbers.
        values: Vec<Option<i128>>,
        /// Digits after the point.
        scale: u8,
    },
    /// Floating-point numbers.
    Float(Vec<Option<f64>>),
    /// Text.
    String(Vec<Option<String>>),
    /// Days since 1 January 1970.
    Date(Vec<Option<i32>>),
    /// Microseconds of a wall clock since 1 January 1970.
    DateTime(Vec<Option<i64>>),
    /// Microseconds since 1 January 1970, UTC.
    Timestamp(Vec<Option<i64>>),
}

impl ColumnData {
    /// Returns the number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Boolean(values) => values.len(),
            Self::Integer(values) | Self::Decimal { values, .. } => values.len(),
            Self::Float(values) => values.len(),
            Self::String(values) => values.len(),
            Self::Date(values) => values.len(),
            Self::DateTime(values) | Self::Timestamp(values) => values.len(),
        }
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
