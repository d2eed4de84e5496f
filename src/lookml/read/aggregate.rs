//! Reads aggregate tables.

use super::super::tree::{AggregateTable, Filter, Storage};
use super::reader::Reader;

pub(super) fn table(name: String, mut reader: Reader<'_>) -> Result<AggregateTable, String> {
    let query = reader.only("query", |_, mut reader| {
        let query = Query {
            dimensions: reader.words("dimensions")?,
            measures: reader.words("measures")?,
            filters: reader.pairs("filters")?,
            timezone: reader.required_text("timezone")?,
        };
        reader.finish(query)
    })?;
    let storage = reader.only("materialization", |_, mut reader| {
        let storage = Storage {
            datagroup_trigger: reader.required_word("datagroup_trigger")?,
            partition_keys: reader.quoted("partition_keys")?,
            cluster_keys: reader.quoted("cluster_keys")?,
            increment_key: reader.text("increment_key")?,
            increment_offset: reader.number("increment_offset")?,
        };
        reader.finish(storage)
    })?;
    let Query { dimensions, measures, filters, timezone } =
        query.ok_or_else(|| format!("aggregate table `{name}` has no `query`"))?;
    let storage = storage.ok_or_else(|| format!("aggregate table `{name}` does not say how it is stored"))?;
    reader.finish(AggregateTable { name, dimensions, measures, filters, timezone, storage })
}

/// The query of an aggregate table.
struct Query {
    dimensions: Vec<String>,
    measures: Vec<String>,
    filters: Vec<Filter>,
    timezone: String,
}
