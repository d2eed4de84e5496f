//! The tables that a dbt project knows: models, seeds, snapshots and sources by name, and what they are called in the
//! warehouse.
//!
//! `ref('orders')` of a project with `--schema shop` is `shop.orders`; with `+schema: marts` it is `shop_marts.orders`,
//! as dbt's own rule has it.
//!
//! **Invariant:** a name that stands for no table is an error at the place that names it, never a guess.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Options,
    jinja::Relation,
    report::{Place, Problem},
    yaml::Node,
};
use crate::catalog::{CatalogColumn, ColumnType};

/// What is known of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct TableNode {
    /// Where the table comes from.
    pub(super) place: Place,
    /// The relation as the manifest has it: database, schema and name.
    pub(super) relation: Option<Vec<String>>,
    /// `alias:`
    pub(super) alias: Option<String>,
    /// `schema:` of its configuration; complete for a source.
    pub(super) schema: Option<String>,
    /// `database:` of its configuration.
    pub(super) database: Option<String>,
    /// Whether it is a source, whose schema is complete.
    pub(super) is_source: bool,
    /// What `config(…)` in the file itself says, before everything else.
    pub(super) written: Option<Node>,
    /// Whether dbt leaves it away.
    pub(super) is_disabled: bool,
    /// `partition_by:`
    pub(super) partition_by: Option<Node>,
    /// `require_partition_filter:`
    pub(super) requires_partition: bool,
    /// `cluster_by:`
    pub(super) cluster_by: Vec<String>,
    /// Types of columns, by name in lower case.
    pub(super) types: BTreeMap<String, ColumnType>,
    /// All columns, where `target/catalog.json` has them.
    pub(super) listed: Vec<CatalogColumn>,
    /// Descriptions of columns, by name.
    pub(super) columns: BTreeMap<String, String>,
    /// Columns that are tested to be unique, or combinations of them.
    pub(super) unique: BTreeSet<Vec<String>>,
    /// Columns that are tested not to be null.
    pub(super) not_null: BTreeSet<String>,
    /// The values that columns are tested to have, by column.
    pub(super) accepted: BTreeMap<String, Vec<String>>,
    /// Columns that are tested to lead to another table: column, relation, their column, place.
    pub(super) relationships: Vec<(String, Relation, String, Place)>,
    /// `latest_version:`, and the tables' names by version.
    pub(super) latest: Option<String>,
    /// Names of versions.
    pub(super) versions: BTreeMap<String, String>,
    /// What the dbt model says about itself.
    pub(super) about: super::tree::About,
}

/// All tables of the project.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    /// Models, seeds and snapshots by name.
    pub(super) refs: BTreeMap<String, TableNode>,
    /// Sources by source and table.
    pub(super) sources: BTreeMap<(String, String), TableNode>,
    /// The adapter, such as `duckdb`.
    pub(super) adapter: Option<String>,
    /// The schema of the profile.
    pub(super) schema: Option<String>,
    /// The database of the profile.
    pub(super) database: Option<String>,
    /// The file of a DuckDB profile.
    pub(super) path: Option<String>,
}

impl Nodes {
    /// Finds what a relation stands for.
    pub(super) fn find(&self, relation: &Relation) -> Option<&TableNode> {
        match relation {
            Relation::Ref { name, .. } => self.refs.get(name),
            Relation::Source { source, table } => self.sources.get(&(source.clone(), table.clone())),
        }
    }

    /// Returns the table of a relation as the warehouse knows it.
    pub(super) fn table(&self, relation: &Relation, place: &Place, options: &Options) -> Result<String, Problem> {
        let Some(node) = self.find(relation) else {
            let (what, help) = match relation {
                Relation::Ref { name, .. } => (
                    format!("`ref('{name}')` stands for no model, seed or snapshot of the project"),
                    "Correct the name; for a model of a package run `dbt deps` and `dbt parse` first.",
                ),
                Relation::Source { source, table } => (
                    format!("`source('{source}', '{table}')` stands for no source of the project"),
                    "Declare the source in a YAML file below the model paths.",
                ),
            };
            return Err(Problem::new(place.clone(), what).help(help));
        };
        let name = match relation {
            Relation::Ref { name, version, .. } => {
                let version = version.as_ref().or(node.latest.as_ref());
                let versioned = version
                    .map(|version| node.versions.get(version).cloned().unwrap_or_else(|| format!("{name}_v{version}")));
                versioned.or_else(|| node.alias.clone()).unwrap_or_else(|| name.clone())
            }
            Relation::Source { table, .. } => node.alias.clone().unwrap_or_else(|| table.clone()),
        };
        Ok(self.called(node, name, options))
    }

    fn called(&self, node: &TableNode, name: String, options: &Options) -> String {
        let words = match (&node.relation, &options.schema) {
            (Some(relation), None) => relation.clone(),
            _ => {
                let base = options.schema.as_ref().or(self.schema.as_ref());
                let schema = match (&node.schema, base) {
                    (Some(schema), _) if node.is_source => Some(schema.clone()),
                    (Some(custom), Some(base)) => Some(format!("{base}_{custom}")),
                    (_, base) => base.cloned(),
                };
                let database = node.database.clone().or_else(|| options.database.clone()).or_else(|| {
                    // Only where tables are usually named so.
                    self.database.clone().filter(|_| self.adapter.as_deref() == Some("bigquery"))
                });
                let mut words = Vec::new();
                if let Some(schema) = schema {
                    words.extend(database);
                    words.push(schema);
                }
                words.push(name);
                words
            }
        };
        self.in_warehouse(&words, options)
    }

    /// Returns the name under which the catalog knows a table, else the form that is usual for the adapter.
    pub(super) fn in_warehouse(&self, words: &[String], options: &Options) -> String {
        let forms: Vec<String> = (0..words.len()).map(|at| words[at..].join(".")).collect();
        for form in &forms {
            if let Some(known) = options.catalog.tables.keys().find(|table| table.eq_ignore_ascii_case(form)) {
                return known.clone();
            }
        }
        let last = words.last().map(String::as_str).unwrap_or_default();
        if words.len() == 1 {
            let ends = |table: &&String| table.rsplit('.').next().is_some_and(|end| end.eq_ignore_ascii_case(last));
            let mut found = options.catalog.tables.keys().filter(ends);
            if let (Some(only), None) = (found.next(), found.next()) {
                return only.clone();
            }
        }
        match self.adapter.as_deref() {
            Some("bigquery" | "snowflake") => words.join("."),
            _ => match words {
                [.., schema, name] if schema == "main" => name.clone(),
                [.., schema, name] => format!("{schema}.{name}"),
                _ => last.to_owned(),
            },
        }
    }
}

/// Returns a column's type from the words of a warehouse: `character varying(256)`, `NUMBER(38,0)`, `TIMESTAMP_NTZ`.
pub(super) fn column_type(written: &str) -> ColumnType {
    let lower = written.trim().to_lowercase();
    let (word, arguments) = match lower.split_once('(') {
        Some((word, rest)) => (word.trim(), Some(rest.split(')').next().unwrap_or_default().to_owned())),
        None => (lower.as_str(), None),
    };
    let scale = arguments.as_deref().and_then(|list| list.split_once(',')).map(|(_, scale)| scale.trim().to_owned());
    match word {
        "string" | "text" | "varchar" | "char" | "character varying" | "character" | "nvarchar" | "bpchar" | "uuid" => {
            ColumnType::String
        }
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "hugeint" | "int64" | "int32" | "int16" | "int8"
        | "int4" | "int2" | "ubigint" | "uinteger" | "byteint" => ColumnType::Integer,
        "number" | "numeric" | "decimal" | "bignumeric" => match scale.as_deref() {
            Some("0") => ColumnType::Integer,
            None if word == "number" && arguments.is_some() => ColumnType::Integer,
            _ => ColumnType::Decimal,
        },
        "float" | "float64" | "float8" | "float4" | "double" | "double precision" | "real" => ColumnType::Float,
        "bool" | "boolean" => ColumnType::Boolean,
        "date" => ColumnType::Date,
        "datetime" | "timestamp_ntz" | "timestamp without time zone" => ColumnType::DateTime,
        "timestamp" | "timestamp_tz" | "timestamp_ltz" | "timestamptz" | "timestamp with time zone" => {
            ColumnType::Timestamp
        }
        "json" | "jsonb" | "variant" | "object" => ColumnType::Json,
        _ => ColumnType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_the_words_of_each_warehouse() {
        let words =
            ["character varying(256)", "NUMBER(38,0)", "NUMERIC(10, 2)", "TIMESTAMP_NTZ", "INT64", "ARRAY<INT64>"];
        let types = [
            ColumnType::String,
            ColumnType::Integer,
            ColumnType::Decimal,
            ColumnType::DateTime,
            ColumnType::Integer,
            ColumnType::Unknown,
        ];
        assert_eq!(words.map(column_type), types);
    }

    #[test]
    fn a_schema_of_a_model_is_put_behind_that_of_the_target() {
        let mut nodes = Nodes::default();
        let node = TableNode { schema: Some("marts".into()), ..TableNode::default() };
        nodes.refs.insert("orders".into(), node);
        let relation = Relation::Ref { package: None, name: "orders".into(), version: None };
        let place = Place::file("a.yml");
        let bare = nodes.table(&relation, &place, &Options::default()).expect("it is there");
        assert_eq!(bare, "orders");
        let options = Options { schema: Some("shop".into()), ..Options::default() };
        assert_eq!(nodes.table(&relation, &place, &options).expect("it is there"), "shop_marts.orders");
    }
}
