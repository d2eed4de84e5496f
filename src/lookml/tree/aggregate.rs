//! Aggregate tables.

use serde::Serialize;

use super::Filter;

/// `aggregate_table: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AggregateTable {
    /// The name.
    pub name: String,
    /// `dimensions` of the query, with their views.
    pub dimensions: Vec<String>,
    /// `measures` of the query, with their views.
    pub measures: Vec<String>,
    /// `filters` of the query.
    pub filters: Vec<Filter>,
    /// `timezone` of the query.
    pub timezone: String,
    /// How it is stored.
    pub storage: Storage,
}

/// How an aggregate table is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// `datagroup_trigger`
    pub datagroup_trigger: String,
    /// `partition_keys`: names of columns, which are those of the fields.
    pub partition_keys: Vec<String>,
    /// `cluster_keys`
    pub cluster_keys: Vec<String>,
    /// `increment_key`
    pub increment_key: Option<String>,
    /// `increment_offset`: how many periods before the last one are built again.
    pub increment_offset: Option<u32>,
}
