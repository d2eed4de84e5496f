//! `entente.yml`, the project file: plain configuration, read by serde.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    diagnostics::Diagnostic,
    files::{FileId, SourceMap},
};

/// The project file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The version of the definitions language: 1.
    pub language: u32,
    /// The project's name.
    pub name: String,
    /// The connection in use.
    pub connection: String,
    /// Connections by name.
    #[serde(default)]
    pub connections: BTreeMap<String, Connection>,
    /// The zone in which days, weeks and months begin; UTC unless said.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// The first day of a week, in lower case; monday unless said.
    #[serde(default)]
    pub week_start: Option<String>,
    /// The first month of a fiscal year, in lower case; january unless said.
    #[serde(default)]
    pub fiscal_year_start: Option<String>,
    /// The currency of metrics with `format: currency`.
    #[serde(default)]
    pub currency: Option<String>,
}

/// How to reach a warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Connection {
    /// A DuckDB file.
    DuckDb {
        /// The file, relative to the project file.
        path: String,
    },
    /// A BigQuery project.
    BigQuery {
        /// The Google Cloud project that pays.
        project: String,
        /// The dataset of tables without one.
        #[serde(default)]
        dataset: Option<String>,
        /// The location of the data.
        #[serde(default)]
        location: Option<String>,
        /// The most that one query may bill, such as `50 GB`.
        #[serde(default)]
        maximum_bytes_billed: Option<String>,
    },
}

/// Reads `entente.yml`; `variable` gives the value of an environment variable for `${NAME}` and `${NAME:-default}`.
pub fn load_config(
    _files: &SourceMap,
    _file: FileId,
    _variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Diagnostic>> {
    todo!()
}
