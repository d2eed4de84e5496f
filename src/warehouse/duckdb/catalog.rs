//! The tables of a DuckDB database as a [`Catalog`].
//!
//! Table `fct_shipments` of schema `marts` is `marts.fct_shipments`; tables of schema `main` go by their bare name.
//!
//! **Invariant:** columns stand in the table's order, tables in the order of their names.

use ::duckdb::Connection;

use super::{failure, statistics};
use crate::{
    catalog::{Catalog, CatalogColumn, ColumnType, Form},
    warehouse::{Error, table_keys::table_keys},
};

const COLUMNS: &str = "
    SELECT c.schema_name, c.table_name, c.column_name, c.data_type, t.estimated_size
    FROM duckdb_columns() c
    LEFT JOIN duckdb_tables() t USING (database_oid, schema_oid, table_oid)
    WHERE NOT c.internal AND c.database_name = current_database()
    ORDER BY c.schema_name, c.table_name, c.column_index";

/// Reads the tables with these names, or all; a table is keyed as it was asked for.
pub(super) fn read(connection: &Connection, wanted: Option<&[String]>) -> Result<Catalog, Error> {
    let refused = |error: ::duckdb::Error| failure::of_query(&error);
    let mut statement = connection.prepare(COLUMNS).map_err(refused)?;
    let mut rows = statement.query([]).map_err(refused)?;
    let mut catalog = Catalog::default();
    while let Some(row) = rows.next().map_err(refused)? {
        let schema: String = row.get(0).map_err(refused)?;
        let table: String = row.get(1).map_err(refused)?;
        let name: String = row.get(2).map_err(refused)?;
        let data_type: String = row.get(3).map_err(refused)?;
        let size: Option<i64> = row.get(4).map_err(refused)?;
        for key in table_keys(wanted, str::eq_ignore_ascii_case, "main", &schema, &table) {
            let entry = catalog.tables.entry(key).or_default();
            entry.rows = size.and_then(|size| u64::try_from(size).ok());
            let column_type = column_type(&data_type);
            let form = form(&data_type, column_type);
            entry.columns.push(CatalogColumn { name: name.clone(), column_type, form });
        }
    }
    if wanted.is_some() {
        // What lies behind a view is not known without reading it.
        for (name, table) in catalog.tables.iter_mut().filter(|(_, table)| table.rows.is_some()) {
            // A price is less exact without it; nothing else depends on it.
            match statistics::measure(connection, name, table) {
                Ok(statistics) => table.statistics = statistics,
                Err(error) => {
                    tracing::warn!(%error, detail = error.detail(), "table {name} cannot be measured");
                    table.statistics.rows = table.rows;
                }
            }
        }
    }
    Ok(catalog)
}

/// Returns what a type such as `DECIMAL(12,2)` is in the language of definitions.
fn column_type(data_type: &str) -> ColumnType {
    if data_type.ends_with(']') {
        return ColumnType::Unknown;
    }
    match data_type.split('(').next().unwrap_or_default() {
        "VARCHAR" | "UUID" | "ENUM" => ColumnType::String,
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
        | "UBIGINT" => ColumnType::Integer,
        "DECIMAL" => ColumnType::Decimal,
        "FLOAT" | "DOUBLE" => ColumnType::Float,
        "BOOLEAN" => ColumnType::Boolean,
        "DATE" => ColumnType::Date,
        "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" => ColumnType::DateTime,
        "TIMESTAMP WITH TIME ZONE" => ColumnType::Timestamp,
        "JSON" => ColumnType::Json,
        _ => ColumnType::Unknown,
    }
}

/// Returns what DuckDB makes of values of a type, where that is not what the language means by them.
fn form(data_type: &str, column_type: ColumnType) -> Option<Form> {
    if data_type.ends_with(']') {
        return Some(Form::Foreign);
    }
    match data_type.split('(').next().unwrap_or_default() {
        "TINYINT" | "SMALLINT" | "UTINYINT" | "USMALLINT" | "UINTEGER" => Some(Form::Narrow),
        "UBIGINT" => Some(Form::Unsigned),
        "ENUM" => Some(Form::Enumeration),
        "UUID" => Some(Form::Uuid),
        "FLOAT" => Some(Form::Single),
        _ => (column_type == ColumnType::Unknown).then_some(Form::Foreign),
    }
}
