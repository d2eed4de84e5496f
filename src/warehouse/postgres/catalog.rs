//! The tables of a Postgres database as a [`Catalog`].
//!
//! Table `fct_shipments` of schema `marts` is `marts.fct_shipments`; tables of schema `public` go by their bare name.
//!
//! **Invariant:** columns stand in the table's order.

use tokio_postgres::Row;

use crate::{
    catalog::{Catalog, CatalogColumn, ColumnType, Form},
    time::NaiveDate,
    warehouse::table_keys::{Means, table_keys},
};

/// Names are written in quotes unless they are in small letters, so each means itself.
const MEANS: Means = |asked, found| asked == found;

/// Tables, views, foreign and partitioned tables that the user may read, without their partitions.
///
/// `reltuples` is an estimate of the last ANALYZE, and -1 before the first. Before Postgres 14 it is 0 then, of views as well:
/// a table that has bytes is not taken to be empty.
pub(super) const COLUMNS: &str = "
    SELECT CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT), CAST(a.attname AS TEXT),
           CAST(CASE WHEN t.typtype = 'e' THEN 'enum'
                     WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL) ELSE format_type(t.oid, NULL) END AS TEXT),
           CAST(CASE WHEN c.reltuples <> 0 THEN c.reltuples
                     WHEN c.relkind IN ('r', 'm') AND pg_relation_size(c.oid) = 0 THEN 0
                     WHEN c.relkind = 'p'
                      AND (SELECT SUM(pg_relation_size(part.relid)) FROM pg_partition_tree(c.oid) AS part) = 0 THEN 0
                     ELSE -1 END AS DOUBLE PRECISION)
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
      AND n.nspname NOT LIKE 'pg\\_temp%' AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname, c.relname, a.attnum";

/// The bytes of tables, and the values of their times that the last ANALYZE kept: frequent ones, and bounds of the rest. Postgres reads whole rows,
/// so the sizes of single columns do not matter.
pub(super) const STATISTICS: &str = "
    SELECT CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT),
           CASE WHEN c.relkind = 'p'
                THEN (SELECT CAST(SUM(pg_relation_size(part.relid)) AS BIGINT) FROM pg_partition_tree(c.oid) AS part)
                WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) END,
           CAST(s.attname AS TEXT),
           CAST(CAST(s.most_common_vals AS TEXT) AS TEXT[]) || CAST(CAST(s.histogram_bounds AS TEXT) AS TEXT[])
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (pg_stats s JOIN pg_type t ON t.typname IN ('date', 'timestamp', 'timestamptz'))
      ON s.schemaname = n.nspname AND s.tablename = c.relname AND (s.inherited OR c.relkind <> 'p')
     AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = s.attname AND a.atttypid = t.oid)
    WHERE c.relkind IN ('r', 'p', 'm') AND has_table_privilege(c.oid, 'SELECT')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')";

/// Adds the rows of [`STATISTICS`] to the tables that were asked for by name.
pub(super) fn measure(catalog: &mut Catalog, rows: &[Row], wanted: &[String]) {
    for row in rows {
        let (schema, table): (String, String) = (row.get(0), row.get(1));
        let bytes: Option<i64> = row.get(2);
        let (column, values): (Option<String>, Option<Vec<String>>) = (row.get(3), row.get(4));
        // The session writes days as ISO does; infinity is none.
        let days = || values.iter().flatten().filter_map(|value| value.get(..10)?.parse::<NaiveDate>().ok());
        for key in table_keys(Some(wanted), MEANS, "public", &schema, &table) {
            let Some(entry) = catalog.tables.get_mut(&key) else { continue };
            entry.statistics.bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok());
            if let (Some(column), Some(first), Some(last)) = (&column, days().min(), days().max()) {
                entry.statistics.days.insert(column.clone(), (first, last));
            }
        }
    }
}

/// Gathers the rows of [`COLUMNS`]: the tables with these names, or all; a table is keyed as it was asked for.
pub(super) fn of(rows: &[Row], wanted: Option<&[String]>) -> Catalog {
    let mut catalog = Catalog::default();
    for row in rows {
        let (schema, table): (String, String) = (row.get(0), row.get(1));
        let (name, kind): (String, String) = (row.get(2), row.get(3));
        let size: f64 = row.get(4);
        for key in table_keys(wanted, MEANS, "public", &schema, &table) {
            let entry = catalog.tables.entry(key).or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, not negative")]
            let rows = (size >= 0.0).then_some(size as u64);
            entry.rows = rows;
            let column_type = column_type(&kind);
            let form = form(&kind, column_type);
            entry.columns.push(CatalogColumn { name: name.clone(), column_type, form });
        }
    }
    catalog
}

/// Returns what a type is in the language of definitions.
fn column_type(kind: &str) -> ColumnType {
    match kind {
        "text" | "character varying" | "character" | "bpchar" | "name" | "uuid" | "enum" => ColumnType::String,
        "smallint" | "integer" | "bigint" => ColumnType::Integer,
        "numeric" => ColumnType::Decimal,
        "real" | "double precision" => ColumnType::Float,
        "boolean" => ColumnType::Boolean,
        "date" => ColumnType::Date,
        "timestamp without time zone" => ColumnType::DateTime,
        "timestamp with time zone" => ColumnType::Timestamp,
        "json" | "jsonb" => ColumnType::Json,
        _ => ColumnType::Unknown,
    }
}

/// Returns what Postgres makes of values of a type, where that is not what the language means by them.
fn form(kind: &str, column_type: ColumnType) -> Option<Form> {
    match kind {
        "enum" => Some(Form::Enumeration),
        "uuid" => Some(Form::Uuid),
        "character" | "bpchar" => Some(Form::Padded),
        "real" => Some(Form::Single),
        _ => (column_type == ColumnType::Unknown).then_some(Form::Foreign),
    }
}
