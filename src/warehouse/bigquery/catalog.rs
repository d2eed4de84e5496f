//! The tables of a project as a [`Catalog`].
//!
//! Table `orders` of dataset `marts` is `marts.orders`; the tables `events_20240101`, `events_20240102`, … are one,
//! `events_*`. What is read are descriptions, which cost nothing; no query runs.
//!
//! **Invariant:** a table that is asked for by name is keyed as it was asked for.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, de::DeserializeOwned};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    Shared, failure,
    page::{Field, Schema, count, whole},
};
use crate::{
    catalog::{Catalog, CatalogColumn, CatalogCut, CatalogPartition, CatalogTable, ColumnType, TableStatistics},
    warehouse::{
        Error,
        rest::{Answer, Call, Fault},
    },
};

/// How many descriptions are asked for at once.
const AT_ONCE: usize = 16;

/// A table by its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    project: String,
    dataset: String,
    /// With `*` at its end, tables by day.
    table: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Datasets {
    #[serde(default)]
    datasets: Vec<Dataset>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dataset {
    dataset_reference: DatasetReference,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DatasetReference {
    dataset_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tables {
    #[serde(default)]
    tables: Vec<Listed>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    table_reference: TableReference,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableReference {
    table_id: String,
}

/// A table's description. See <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    #[serde(default)]
    schema: Schema,
    #[serde(default, deserialize_with = "count")]
    num_rows: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    num_bytes: Option<u64>,
    #[serde(rename = "type", default)]
    kind: String,
    time_partitioning: Option<TimePartitioning>,
    range_partitioning: Option<RangePartitioning>,
    #[serde(default)]
    require_partition_filter: bool,
    clustering: Option<Clustering>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TimePartitioning {
    #[serde(rename = "type", default)]
    kind: String,
    /// Nothing for partitions by the time of ingestion.
    field: Option<String>,
    /// Where older tables say it.
    #[serde(default)]
    require_partition_filter: bool,
}

#[derive(Deserialize)]
struct RangePartitioning {
    field: String,
    range: Range,
}

#[derive(Deserialize)]
struct Range {
    #[serde(deserialize_with = "whole")]
    start: i64,
    #[serde(deserialize_with = "whole")]
    end: i64,
    #[serde(deserialize_with = "whole")]
    interval: i64,
}

#[derive(Deserialize)]
struct Clustering {
    #[serde(default)]
    fields: Vec<String>,
}

/// Reads the tables with these names, or all of the dataset, of all datasets if none is the default.
pub(super) async fn read(shared: &Arc<Shared>, wanted: Option<&[String]>) -> Result<Catalog, Error> {
    let keyed = match wanted {
        Some(names) => names.iter().filter_map(|name| Some((name.clone(), full_name(name, shared)?))).collect(),
        None => all_tables(shared).await.map_err(failure::of)?,
    };
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut asked = JoinSet::new();
    for (key, name) in keyed {
        let (shared, turns) = (Arc::clone(shared), Arc::clone(&turns));
        asked.spawn(async move {
            let _turn = turns.acquire().await.expect("the semaphore is never closed");
            described(&shared, &name).await.map(|table| (key, table))
        });
    }
    let mut tables = BTreeMap::new();
    while let Some(described) = asked.join_next().await {
        let (key, table) = described.map_err(|_| Error::Cancelled)?.map_err(failure::of)?;
        tables.extend(table.map(|table| (key, table)));
    }
    Ok(Catalog { tables })
}

/// Reads `orders`, `marts.orders` and `acme.marts.orders`; nothing for a name without a dataset where none is the default.
fn full_name(name: &str, shared: &Shared) -> Option<Name> {
    let (project, default) = default_dataset(shared);
    let name = name.replace('`', "");
    let mut words = name.rsplitn(3, '.');
    let table = words.next()?.to_owned();
    let dataset = words.next().map(str::to_owned).or(default)?;
    Some(Name { project: words.next().map_or(project, str::to_owned), dataset, table })
}

/// Returns the project and the dataset of tables that are named without one.
fn default_dataset(shared: &Shared) -> (String, Option<String>) {
    let project = shared.options.project.clone();
    match shared.options.dataset.as_deref().map(|dataset| dataset.rsplit_once('.').unwrap_or((&project, dataset))) {
        Some((project, dataset)) => (project.to_owned(), Some(dataset.to_owned())),
        None => (project, None),
    }
}

/// Lists every table by the name that a query of the project gives it, tables by day as one.
async fn all_tables(shared: &Shared) -> Result<Vec<(String, Name)>, Fault> {
    let (project, default) = default_dataset(shared);
    let datasets = match default {
        Some(dataset) => vec![dataset],
        None => {
            let path = vec!["projects", &project, "datasets"];
            let pages: Vec<Datasets> = pages(shared, &path, |page: &Datasets| page.next_page_token.clone()).await?;
            let named = pages.into_iter().flat_map(|page| page.datasets);
            named.map(|dataset| dataset.dataset_reference.dataset_id).collect()
        }
    };
    let mut all = Vec::new();
    for dataset in datasets {
        let mut names: Vec<String> = table_ids(shared, &project, &dataset)
            .await?
            .iter()
            .map(|id| as_one(id).unwrap_or_else(|| id.clone()))
            .collect();
        names.sort();
        names.dedup();
        for table in names {
            let key = if project == shared.options.project {
                format!("{dataset}.{table}")
            } else {
                format!("{project}.{dataset}.{table}")
            };
            all.push((key, Name { project: project.clone(), dataset: dataset.clone(), table }));
        }
    }
    Ok(all)
}

/// Returns the name of all tables by day that a table is one of: `events_20240101` → `events_*`.
fn as_one(id: &str) -> Option<String> {
    let (name, day) = id.rsplit_once('_')?;
    let is_day = day.len() == 8 && chrono::NaiveDate::parse_from_str(day, "%Y%m%d").is_ok();
    is_day.then(|| format!("{name}_*"))
}

async fn table_ids(shared: &Shared, project: &str, dataset: &str) -> Result<Vec<String>, Fault> {
    let path = vec!["projects", project, "datasets", dataset, "tables"];
    let pages: Vec<Tables> = pages(shared, &path, |page: &Tables| page.next_page_token.clone()).await?;
    Ok(pages.into_iter().flat_map(|page| page.tables).map(|table| table.table_reference.table_id).collect())
}

/// Reads all pages of a list.
async fn pages<T: DeserializeOwned>(
    shared: &Shared,
    path: &[&str],
    next: impl Fn(&T) -> Option<String>,
) -> Result<Vec<T>, Fault> {
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let call =
            Call::get(path.to_vec()).with("maxResults", Some("1000".to_owned())).with("pageToken", token.clone());
        let page = shared.rest.call(&call, document).await?;
        let following = next(&page).filter(|token| !token.is_empty());
        pages.push(page);
        if following.is_none() {
            return Ok(pages);
        }
        if following == token {
            return Err(Fault::Garbled("a list has no end".to_owned()));
        }
        token = following;
    }
}

fn document<T: DeserializeOwned>(answer: &Answer) -> Result<T, Fault> {
    serde_json::from_slice(&answer.body).map_err(|error| Fault::Garbled(error.to_string()))
}

/// Describes a table; nothing if there is none.
async fn described(shared: &Shared, name: &Name) -> Result<Option<CatalogTable>, Fault> {
    let Name { project, dataset, table } = name;
    let (table, of_days) = match table.strip_suffix('*') {
        None => (table.clone(), None),
        Some(prefix) => {
            let missing = |fault| if is_missing(&fault) { Ok(Vec::new()) } else { Err(fault) };
            let ids = table_ids(shared, project, dataset).await.or_else(missing)?;
            let mut days: Vec<String> = ids.into_iter().filter(|id| id.starts_with(prefix)).collect();
            days.sort();
            // The columns of the last one are what a query of all of them sees.
            let Some(last) = days.pop() else { return Ok(None) };
            (last, Some(days))
        }
    };
    let call = Call::get(vec!["projects", project, "datasets", dataset, "tables", &table]);
    match shared.rest.call(&call, document::<Described>).await {
        Ok(found) => Ok(Some(of(found, of_days.is_some()))),
        Err(fault) if is_missing(&fault) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn is_missing(fault: &Fault) -> bool {
    matches!(fault, Fault::Answered(refused) if refused.status == 404)
}

fn of(found: Described, is_by_day: bool) -> CatalogTable {
    let mut columns: Vec<CatalogColumn> = found.schema.fields.iter().map(column).collect();
    let pseudo = |name: &str, column_type| CatalogColumn { name: name.to_owned(), column_type, form: None };
    let partition = partition(&found);
    if partition.as_ref().is_some_and(|partition| partition.column == LOADED_AT) {
        columns.push(pseudo(LOADED_AT, ColumnType::Timestamp));
        columns.push(pseudo("_PARTITIONDATE", ColumnType::Date));
    }
    if is_by_day {
        columns.push(pseudo("_TABLE_SUFFIX", ColumnType::String));
    }
    // The number of a view says nothing, that of one day's table not what all of them hold.
    let is_whole = !is_by_day && found.kind == "TABLE";
    let rows = found.num_rows.filter(|_| is_whole);
    let bytes = found.num_bytes.filter(|_| is_whole);
    let clustering = found.clustering.map(|clustering| clustering.fields).unwrap_or_default();
    let statistics = TableStatistics { bytes, ..TableStatistics::default() };
    CatalogTable { columns, rows, partition, clustering, statistics, ..CatalogTable::default() }
}

/// The column of a table that is partitioned by the time of ingestion.
const LOADED_AT: &str = "_PARTITIONTIME";

fn partition(found: &Described) -> Option<CatalogPartition> {
    if let Some(RangePartitioning { field, range }) = &found.range_partitioning {
        let by = CatalogCut::Integers { from: range.start, to: range.end, every: range.interval };
        return Some(CatalogPartition { column: field.clone(), by, required: found.require_partition_filter });
    }
    let time = found.time_partitioning.as_ref()?;
    let by = match time.kind.as_str() {
        "HOUR" => CatalogCut::Hour,
        "MONTH" => CatalogCut::Month,
        "YEAR" => CatalogCut::Year,
        _ => CatalogCut::Day,
    };
    let column = time.field.clone().unwrap_or_else(|| LOADED_AT.to_owned());
    Some(CatalogPartition { column, by, required: found.require_partition_filter || time.require_partition_filter })
}

fn column(field: &Field) -> CatalogColumn {
    let column_type = if field.is_repeated() { ColumnType::Unknown } else { column_type(&field.kind) };
    CatalogColumn { name: field.name.clone(), column_type, form: None }
}

/// Returns what a type is in the language of definitions.
fn column_type(kind: &str) -> ColumnType {
    match kind {
        "STRING" => ColumnType::String,
        "INTEGER" | "INT64" => ColumnType::Integer,
        "NUMERIC" | "BIGNUMERIC" => ColumnType::Decimal,
        "FLOAT" | "FLOAT64" => ColumnType::Float,
        "BOOLEAN" | "BOOL" => ColumnType::Boolean,
        "DATE" => ColumnType::Date,
        "DATETIME" => ColumnType::DateTime,
        "TIMESTAMP" => ColumnType::Timestamp,
        "JSON" => ColumnType::Json,
        _ => ColumnType::Unknown,
    }
}
