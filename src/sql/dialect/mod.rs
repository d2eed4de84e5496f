//! What differs between warehouses.

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// DuckDB 1.5.
    DuckDb,
    /// BigQuery (GoogleSQL).
    BigQuery,
}

impl Dialect {
    /// Every dialect that is printed.
    pub const ALL: [Self; 2] = [Self::DuckDb, Self::BigQuery];

    /// Returns the name used in YAML and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::BigQuery => "bigquery",
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
            Self::DuckDb => false,
            Self::BigQuery => true,
        }
    }
}
