//! YAML as written: a spanned tree, one file per kind of definition, no meaning yet. Also prints YAML.
//!
//! `load` turns the text of a file into [`Definitions`]; every key and value keeps its exact place, unknown keys and
//! YAML features that hide meaning (anchors, tags, merge keys) are diagnostics, and loading never stops at the first.
//!
//! **Invariant:** nothing here knows what a name refers to, and nothing here reads a file.

mod calendar;
mod config;
mod dimension;
mod format;
mod join;
mod keys;
mod load;
mod metric;
mod model;
mod policy;
mod principal;
mod reference;
mod rollup;
mod saved_query;
mod scalar;
mod schema;
mod table;
mod test;
#[cfg(test)]
mod tests;
mod yaml;

pub use calendar::{CalendarDef, CalendarGranularityDef};
pub(crate) use config::MONTHS;
pub use config::{
    BigQueryConnection, BigQueryCredentials, Budgets, Config, Connection, Looker, PostgresConnection, PostgresTls,
    Price, SnowflakeConnection, SnowflakeCredentials, Spending, load_config, secrets,
};
pub use dimension::DimensionDef;
pub use format::format;
pub use join::{FanOutDef, JoinDef, JoinKeyDef};
pub use load::load;
pub use metric::{BalanceDef, FunnelDef, FunnelStepDef, InputDef, MetricDef, OffsetDef};
pub use model::{ModelDef, VersionsDef};
pub use policy::PolicyDef;
pub use principal::{PrincipalDef, load_principal};
pub use reference::reference;
pub use rollup::RollupDef;
pub use saved_query::SavedQueryDef;
pub use scalar::scalar;
pub use schema::{config_json_schema, json_schema, json_schemas};
pub use table::{FreshnessDef, HoldsDef, NumbersDef, PartitionDef, TableDef};
pub use test::TestDef;

use crate::files::{Span, Spanned};

/// A text with its place; for a plain or quoted scalar the span covers the text between the quotes.
pub type Text = Spanned<String>;

/// All definitions of a file, or of several, in source order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions {
    /// `tables:`
    pub tables: Vec<TableDef>,
    /// `models:`
    pub models: Vec<ModelDef>,
    /// `metrics:`
    pub metrics: Vec<MetricDef>,
    /// `rollups:`
    pub rollups: Vec<RollupDef>,
    /// `policies:`
    pub policies: Vec<PolicyDef>,
    /// `calendars:`
    pub calendars: Vec<CalendarDef>,
    /// `saved_queries:`
    pub saved_queries: Vec<SavedQueryDef>,
    /// `tests:`
    pub tests: Vec<TestDef>,
    /// Names in definitions that could not be read; that nobody else defines them is no further mistake.
    pub lost: Vec<String>,
}

/// What a definition says about itself to people; allowed on models, dimensions and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocsDef {
    /// `label:` the name shown to people.
    pub label: Option<Text>,
    /// `description:`
    pub description: Option<Text>,
    /// `owner:` a team or person.
    pub owner: Option<Text>,
    /// `group:` the heading under which it is listed.
    pub group: Option<Text>,
    /// `hidden:` not shown in lists, still usable in definitions.
    pub hidden: Option<Spanned<bool>>,
    /// `synonyms:` other names people search for.
    pub synonyms: Vec<Text>,
    /// `tags:` free labels.
    pub tags: Vec<Text>,
    /// `meta:` anything; never part of a meaning. Kept as JSON.
    pub meta: Option<Spanned<serde_json::Value>>,
    /// `lookml:` parameters passed through to LookML. Kept as JSON.
    pub lookml: Option<Spanned<serde_json::Value>>,
}

/// An expression: portable, or one text per dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionDef {
    /// `expr: price * 2`
    Portable(Text),
    /// `expr: { bigquery: …, duckdb: … }`: dialect and text.
    PerDialect(Vec<(Text, Text)>, Span),
}

impl ExpressionDef {
    /// Returns the place of the whole expression.
    pub fn span(&self) -> Span {
        match self {
            Self::Portable(text) => text.span,
            Self::PerDialect(_, span) => *span,
        }
    }
}

impl Definitions {
    /// Adds the definitions of another file behind these.
    pub fn append(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.models.extend(other.models);
        self.metrics.extend(other.metrics);
        self.rollups.extend(other.rollups);
        self.policies.extend(other.policies);
        self.calendars.extend(other.calendars);
        self.saved_queries.extend(other.saved_queries);
        self.tests.extend(other.tests);
        self.lost.extend(other.lost);
    }
}
