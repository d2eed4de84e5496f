//! LookML as data: the part of the language that entente writes.
//!
//! Strings are as people read them, without quotes or escapes; SQL is without `;;`. Templates turn the tree into text
//! and `read` turns text back into the tree, so that what a template made can be compared with what it was given.
//!
//! **Invariant:** nothing here knows metrics; everything is in the order in which it is written.

mod aggregate;
mod field;
mod keyword;

use serde::Serialize;

pub use aggregate::{AggregateTable, Storage};
pub use field::{Action, Comparison, Dimension, DimensionGroup, FieldDocs, Filter, Link, Measure, Suggest, When};
pub use keyword::{Datatype, DimensionType, Export, JoinType, MeasureType, PeriodKind, Relationship, Timeframe};

/// A LookML file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// `manifest.lkml`
    Manifest(Manifest),
    /// `*.model.lkml`
    Model(Model),
    /// Views, explores, datagroups and tests.
    Objects(Objects),
}

/// `manifest.lkml`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// `project_name`
    pub project_name: String,
    /// `constant`
    pub constants: Vec<Constant>,
}

/// `constant: name { value: … export: … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Constant {
    /// The name, written `@{name}` where it is used.
    pub name: String,
    /// `value`
    pub value: String,
    /// `export`
    pub export: Export,
}

/// `*.model.lkml`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Model {
    /// `connection`
    pub connection: String,
    /// `label`
    pub label: String,
    /// `week_start_day`
    pub week_start_day: String,
    /// `fiscal_month_offset`
    pub fiscal_month_offset: Option<i64>,
    /// `include`
    pub includes: Vec<String>,
    /// `named_value_format`
    pub formats: Vec<NamedFormat>,
    /// `persist_with`
    pub persist_with: String,
}

/// `named_value_format: name { … strict_value_format: yes }`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NamedFormat {
    /// The name, used as `value_format_name`.
    pub name: String,
    /// `value_format`
    pub value_format: String,
}

/// `access_grant: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessGrant {
    /// The name, used in `required_access_grants`.
    pub name: String,
    /// `user_attribute`
    pub user_attribute: String,
    /// `allowed_values`
    pub allowed_values: Vec<String>,
}

/// `access_filter: { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessFilter {
    /// `field`, with its view.
    pub field: String,
    /// `user_attribute`
    pub user_attribute: String,
}

/// Views, explores, datagroups and tests of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Objects {
    /// `include`
    pub includes: Vec<String>,
    /// `datagroup`
    pub datagroups: Vec<Datagroup>,
    /// `access_grant`
    pub access_grants: Vec<AccessGrant>,
    /// `view`
    pub views: Vec<View>,
    /// `explore`
    pub explores: Vec<Explore>,
    /// `explore` whose name begins with `+`
    pub explore_refinements: Vec<ExploreRefinement>,
    /// `test`
    pub tests: Vec<Test>,
}

/// `datagroup: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Datagroup {
    /// The name.
    pub name: String,
    /// `label`
    pub label: String,
    /// `description`
    pub description: String,
    /// `sql_trigger`
    pub sql_trigger: String,
    /// `max_cache_age`
    pub max_cache_age: String,
}

/// `view: name { … }`, or a refinement, whose name begins with `+`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// The name.
    pub name: String,
    /// `label`
    pub label: Option<String>,
    /// `sql_table_name`
    pub sql_table_name: Option<String>,
    /// `derived_table: { sql: … }`
    pub derived_table: Option<String>,
    /// `dimension`
    pub dimensions: Vec<Dimension>,
    /// `dimension_group`
    pub dimension_groups: Vec<DimensionGroup>,
    /// `measure`
    pub measures: Vec<Measure>,
    /// `set`
    pub sets: Vec<Set>,
}

/// `set: name { fields: [ … ] }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Set {
    /// The name, written `name*` where it is used.
    pub name: String,
    /// `fields`
    pub fields: Vec<String>,
}

/// `explore: name { … }`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explore {
    /// The name.
    pub name: String,
    /// `label`
    pub label: Option<String>,
    /// `group_label`
    pub group_label: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `hidden: yes`
    pub hidden: bool,
    /// `extends`
    pub extends: Vec<String>,
    /// `view_name`
    pub view_name: String,
    /// `view_label`
    pub view_label: Option<String>,
    /// `fields`
    pub fields: Vec<String>,
    /// `always_filter`
    pub always_filter: Vec<Filter>,
    /// `access_filter`
    pub access_filters: Vec<AccessFilter>,
    /// `required_access_grants`
    pub required_access_grants: Vec<String>,
    /// `sql_always_where`
    pub sql_always_where: Option<String>,
    /// `persist_with`
    pub persist_with: Option<String>,
    /// `join`
    pub joins: Vec<Join>,
}

/// `explore: +name { aggregate_table: … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExploreRefinement {
    /// The name, which begins with `+`.
    pub name: String,
    /// `aggregate_table`
    pub aggregate_tables: Vec<AggregateTable>,
}

/// `join: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Join {
    /// The name under which fields are addressed.
    pub name: String,
    /// `from`, if the view has another name.
    pub from: Option<String>,
    /// `view_label`
    pub view_label: Option<String>,
    /// `type`
    #[serde(rename = "type")]
    pub kind: JoinType,
    /// `relationship`
    pub relationship: Relationship,
    /// `sql_on`
    pub sql_on: String,
}

/// `test: name { … }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Test {
    /// The name.
    pub name: String,
    /// The explore of `explore_source`.
    pub explore: String,
    /// `column`: name and field.
    pub columns: Vec<Filter>,
    /// `filters`
    pub filters: Vec<Filter>,
    /// `sorts`: field and `asc` or `desc`.
    pub sorts: Vec<Filter>,
    /// `limit`
    pub limit: Option<u64>,
    /// `assert`
    pub asserts: Vec<Assert>,
}

/// `assert: name { expression: … ;; }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assert {
    /// The name.
    pub name: String,
    /// A Looker expression, not SQL.
    pub expression: String,
}
