//! Time spines → calendars; partitions of BigQuery → tables.
//!
//! A time spine without granularities of the company's own needs no calendar: periods are made without a table.

use std::collections::BTreeSet;

use super::Entries;
use crate::import::dbt::{
    names::{Names, snake_case},
    nodes::Nodes,
    report::Report,
    tree::Dimension,
    write::Out,
    yaml::Node,
};

/// Writes calendars for time spines with granularities of the company's own.
pub(in crate::import::dbt) fn calendars(names: &Names, report: &mut Report) -> Vec<Out> {
    let mut calendars = Vec::new();
    for (at, spine) in names.layer.spines.iter().enumerate() {
        let Some(name) = names.calendar(at) else {
            match names.why_refused("calendars", &snake_case(&spine.name)).filter(|_| !spine.custom.is_empty()) {
                Some(why) => report.left_out("time spine", &spine.name, &spine.place, why),
                None => {
                    let why = "periods need no time spine here, so nothing is written for it";
                    report.changed("time spine", &spine.name, &spine.place, why);
                }
            }
            continue;
        };
        let mut out = Entries::default();
        out.text("name", name);
        out.text("table", &spine.table);
        out.text("date", &spine.column);
        let granularities = spine.custom.iter().map(|(name, column)| {
            let name = names.period(name).unwrap_or(name).to_owned();
            let other = (name != *column).then(|| ("column".to_owned(), Out::text(column)));
            (name, Out::Map(other.into_iter().collect()))
        });
        out.put("granularities", Out::Map(granularities.collect()));
        calendars.push(Out::Map(out.0));
        report.carried("time spine", &spine.name, &spine.place);
    }
    calendars
}

/// Writes how the tables of semantic models are partitioned and clustered.
pub(in crate::import::dbt) fn tables(names: &Names, nodes: &Nodes, report: &mut Report) -> Vec<Out> {
    let mut tables = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, model) in names.layer.models.iter().enumerate() {
        let node = model.node.as_ref().and_then(|name| nodes.refs.get(name));
        let Some(node) = node.filter(|_| seen.insert(model.table.clone())) else { continue };
        if let Some(why) = names.why_refused("tables", &model.table) {
            report.left_out("partition", &model.name, &model.place, why);
            continue;
        }
        let mut out = Entries::default();
        out.text("name", &model.table);
        if let Some(partition) = &node.partition_by {
            match self::partition(partition, node.requires_partition) {
                Ok((column, mut entries)) => {
                    let times = model.dimensions.iter().filter(|dimension| dimension.time.is_some());
                    let holds: Vec<(String, Out)> = times
                        .filter(|dimension| {
                            dimension.expr.as_deref().unwrap_or(&dimension.name).eq_ignore_ascii_case(&column)
                        })
                        .map(|dimension| (names.dimension(at, &dimension.name), promise(dimension, partition)))
                        .collect();
                    if !holds.is_empty() {
                        entries.put("holds", Out::Map(holds));
                    }
                    out.put("partition", Out::Map(entries.0));
                }
                Err(why) => report.left_out("partition", &model.name, &partition.place, why),
            }
        }
        if !node.cluster_by.is_empty() {
            out.put("cluster_by", Out::texts(&node.cluster_by));
        }
        if out.0.len() > 1 {
            tables.push(Out::Map(out.0));
        }
    }
    tables
}

/// Returns how far a row's partition may lie from the row's time, which is the start of a day or of a longer period.
fn promise(dimension: &Dimension, partition: &Node) -> Out {
    let is_hourly = partition.text_of("granularity").is_some_and(|word| word.eq_ignore_ascii_case("hour"));
    let longest = match dimension.time.as_deref() {
        Some("day") if is_hourly => "1 day",
        Some("week") => "1 week",
        Some("month") => "1 month",
        Some("quarter") => "1 quarter",
        Some("year") => "1 year",
        _ => return Out::Map(Vec::new()),
    };
    Out::Map(vec![("to".to_owned(), Out::text(longest))])
}

/// Reads `partition_by` of the configuration of BigQuery.
fn partition(written: &Node, required: bool) -> Result<(String, Entries), String> {
    let column = written.text_of("field").ok_or("its partition has no `field`")?;
    let kind = written.text_of("data_type").unwrap_or("date").to_lowercase();
    if !["date", "datetime", "timestamp"].contains(&kind.as_str()) {
        return Err(format!("it is partitioned by ranges of `{kind}`, which are not part of the language"));
    }
    let granularity = written.text_of("granularity").unwrap_or("day").to_lowercase();
    let mut out = Entries::default();
    out.text("column", column);
    out.text("granularity", granularity);
    if required {
        out.put("required", Out::yes());
    }
    Ok((column.to_owned(), out))
}
