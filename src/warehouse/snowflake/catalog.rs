//! The tables of a database as a [`Catalog`].
//!
//! Table `FCT_ORDERS` of schema `MARTS` is `marts.fct_orders`; tables of the connection's schema go by their bare name.
//!
//! **Invariant:** a name in the catalog, written into SQL by the dialect, is that table or column.

use std::{collections::BTreeSet, sync::Arc};

use super::{Options, Shared, failure, request, request::folded, statement};
use crate::{
    catalog::{Catalog, CatalogColumn, ColumnType},
    sql::Text,
    warehouse::{
        ColumnData, Error, Rows, Terms,
        rest::Fault,
        table_keys::{Means, table_keys},
    },
};

/// Tables and views that the role may read, with their columns.
/// See <https://docs.snowflake.com/en/sql-reference/info-schema/columns>.
const COLUMNS: &str = "
    SELECT c.table_schema, c.table_name, c.column_name, c.data_type, CAST(c.numeric_scale AS NUMBER(38, 0)) AS scale,
           CAST(CASE WHEN t.table_type = 'BASE TABLE' THEN t.row_count END AS NUMBER(38, 0)) AS size, t.clustering_key
    FROM information_schema.columns AS c
    JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema <> 'INFORMATION_SCHEMA'
    ORDER BY c.table_schema, c.table_name, c.ordinal_position";

/// The schema of tables that are named without one, where the connection names none.
const PUBLIC: &str = "PUBLIC";

/// Reads the tables with these names, or all of the connection's database.
pub(super) async fn read(shared: &Arc<Shared>, wanted: Option<&[String]>) -> Result<Catalog, Error> {
    let default = shared.options.database.as_deref().map(folded);
    let named = wanted.unwrap_or_default().iter().map(|name| database_of(name));
    let databases: BTreeSet<Option<String>> = match wanted {
        Some(_) => named.map(|database| database.or_else(|| default.clone())).collect(),
        None => [default.clone()].into(),
    };
    let mut catalog = Catalog::default();
    for database in databases {
        let of_this = |name: &&String| database_of(name).or_else(|| default.clone()) == database;
        let wanted: Option<Vec<String>> = wanted.map(|names| names.iter().filter(of_this).cloned().collect());
        let options = Options { database, ..shared.options.clone() };
        let rows = ask(shared, &options).await?;
        gather(&rows, wanted.as_deref(), &shared.options, &mut catalog)?;
    }
    Ok(catalog)
}

/// Returns the database that a name of three words begins with.
fn database_of(name: &str) -> Option<String> {
    let mut words = name.rsplitn(3, '.');
    let database = words.nth(2)?;
    Some(folded(database.trim_matches('"')))
}

async fn ask(shared: &Arc<Shared>, options: &Options) -> Result<Rows, Error> {
    let text = Text { sql: COLUMNS.to_owned(), parameters: Vec::new() };
    let body = request::document(&text, 1, &Terms::default(), options, super::DEADLINE);
    let answered = async { statement::begin(Arc::clone(shared), body).await?.rows().await };
    tokio::time::timeout(super::DEADLINE, answered).await.unwrap_or(Err(Error::Cancelled))
}

/// Gathers the rows of [`COLUMNS`].
fn gather(rows: &Rows, wanted: Option<&[String]>, options: &Options, catalog: &mut Catalog) -> Result<(), Error> {
    let [schemas, tables, names, kinds, scales, sizes, keys] = rows.columns.as_slice() else {
        return Err(failure::of(Fault::Garbled("the schema has other columns".to_owned())));
    };
    let text = |column: &ColumnData, row| column.text(row).unwrap_or_default();
    let unless_named = options.schema.as_deref().map_or_else(|| PUBLIC.to_owned(), folded);
    for row in 0..rows.len {
        let spelled = [schemas, tables, names].map(|column| spelling(&text(column, row)));
        let [Some(schema), Some(table), Some(name)] = spelled else { continue };
        let column_type = column_type(&text(kinds, row), text(scales, row) != "0");
        for key in table_keys(wanted, MEANS, &spelling(&unless_named).unwrap_or_default(), &schema, &table) {
            let entry = catalog.tables.entry(key).or_default();
            entry.rows = sizes.text(row).and_then(|size| size.parse().ok());
            entry.clustering = clustering(&text(keys, row));
            entry.columns.push(CatalogColumn { name: name.clone(), column_type, form: None });
        }
    }
    Ok(())
}

/// The dialect writes a name in one case as SQL without quotes means it, and any other in quotes. What is found is spelled as
/// [`spelling`] does, so `ORDERS` and `orders` mean one table and `Orders` another.
const MEANS: Means = |asked, found| {
    let (small, capital) = (asked.to_ascii_lowercase(), asked.to_ascii_uppercase());
    let is_folded = is_plain(asked) && (asked == small || asked == capital);
    if is_folded { small == found } else { asked == found }
};

/// Returns how a name is written in definitions, so that the dialect means it: `PRICE` → `price`. Nothing for a name in
/// small letters, which only quotes reach. A name in mixed case, or with other letters, is written as it is.
fn spelling(name: &str) -> Option<String> {
    let (small, capital) = (name.to_ascii_lowercase(), name.to_ascii_uppercase());
    match is_plain(name) {
        true if name == capital => Some(small),
        true if name == small => None,
        _ => Some(name.to_owned()),
    }
}

/// Returns whether the dialect may write a name without quotes.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Returns the columns of a clustering key, up to the first that is an expression: `LINEAR(AT, ID)` → `at`, `id`.
fn clustering(key: &str) -> Vec<String> {
    let inside = key.trim().strip_prefix("LINEAR").unwrap_or(key).trim();
    let inside = inside.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).unwrap_or(inside);
    let is_name = |name: &&str| !name.is_empty() && !name.contains(['(', ')', ':', ' ']);
    let names = inside.split(',').map(str::trim).take_while(is_name);
    names.filter_map(|name| spelling(&name.to_ascii_uppercase())).collect()
}

/// Returns what a type is in the language of definitions.
/// See <https://docs.snowflake.com/en/sql-reference/intro-summary-data-types>.
fn column_type(kind: &str, has_fraction: bool) -> ColumnType {
    match kind {
        "TEXT" => ColumnType::String,
        "NUMBER" if has_fraction => ColumnType::Decimal,
        "NUMBER" => ColumnType::Integer,
        "FLOAT" => ColumnType::Float,
        "BOOLEAN" => ColumnType::Boolean,
        "DATE" => ColumnType::Date,
        "TIMESTAMP_NTZ" => ColumnType::DateTime,
        "TIMESTAMP_LTZ" | "TIMESTAMP_TZ" => ColumnType::Timestamp,
        "VARIANT" | "OBJECT" | "ARRAY" => ColumnType::Json,
        _ => ColumnType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{MEANS, clustering, database_of, spelling, table_keys};

    #[test]
    fn names_are_written_so_that_sql_means_them() {
        assert_eq!(spelling("PRICE").as_deref(), Some("price"));
        assert_eq!(spelling("Price").as_deref(), Some("Price"));
        assert_eq!(spelling("UNIT PRICE").as_deref(), Some("UNIT PRICE"));
        assert_eq!(spelling("A$B").as_deref(), Some("A$B"), "the dialect writes it in quotes");
        assert_eq!(spelling("price"), None, "quotes alone reach it");
    }

    #[test]
    fn tables_that_differ_by_case_are_two() {
        let wanted = ["orders", "ORDERS", "Orders", "raw.MARTS.orders"].map(str::to_owned);
        let keys = |table: &str| {
            table_keys(Some(&wanted), MEANS, "marts", "marts", &spelling(table).expect("it can be reached"))
        };
        assert_eq!(keys("ORDERS"), ["orders", "ORDERS", "raw.MARTS.orders"]);
        assert_eq!(keys("Orders"), ["Orders"]);
    }

    #[test]
    fn keys_are_cut_at_their_first_expression() {
        assert_eq!(clustering("LINEAR(BOOKED_ON, ID)"), ["booked_on", "id"]);
        assert_eq!(clustering("(booked_on)"), ["booked_on"]);
        assert_eq!(clustering("LINEAR(REGION, TO_DATE(AT), ID)"), ["region"]);
        assert!(clustering("").is_empty());
    }

    #[test]
    fn a_database_stands_before_a_schema() {
        assert_eq!(database_of("raw.marts.orders").as_deref(), Some("RAW"));
        assert_eq!(database_of("marts.orders"), None);
    }
}
