//! Physical tables: those under `tables:` and those that models name, checked against the catalog.
//!
//! `tables:` with `partition: { column: booked_date, holds: { booked_at: {} } }` gives a [`Partition`] with the type of
//! its column and one promise.
//!
//! **Invariant:** every table that a model reads is in the arena, declared or not.

mod numbers;

use std::collections::BTreeMap;

use super::{context::Context, names::suggest};
use crate::{
    catalog::{CatalogTable, ColumnType},
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    ids::Id,
    project::{Freshness, Partition, Promise, Source, Table},
    syntax::{PartitionDef, TableDef, Text},
    time::{Duration, Granularity, NaiveDate, Tz, Unit},
};

/// Completes the tables and the source of each model.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let mut named: BTreeMap<&str, (&Text, Option<&TableDef>)> = BTreeMap::new();
    for def in &context.definitions.tables {
        named.entry(&def.name.value).or_insert((&def.name, Some(def)));
    }
    for def in &context.models {
        if let Some(table) = &def.table {
            named.entry(&table.value).or_insert((table, None));
        }
    }
    for def in &context.definitions.calendars {
        named.entry(&def.table.value).or_insert((&def.table, None));
    }
    let mut ids = BTreeMap::new();
    for (name, (text, def)) in named {
        check_known(context, text, diagnostics);
        let declared = def.and_then(|def| Some((def, def.partition.as_ref()?)));
        let (by_numbers, by_time) = match declared {
            Some((_, partition)) if partition.numbers.is_some() => (declared, None),
            _ => (None, declared),
        };
        let table = Table {
            name: name.to_owned(),
            partition: by_time.map(|(def, partition)| resolve_partition(context, def, partition, diagnostics)),
            numbers: by_numbers.and_then(|(def, partition)| numbers::resolve(context, def, partition, diagnostics)),
            cluster_by: def.map(|def| resolve_clustering(context, def, diagnostics)).unwrap_or_default(),
            freshness: def.and_then(|def| resolve_freshness(context, def, diagnostics)),
            span: text.span,
        };
        ids.insert(name, context.project.tables.push(table));
    }
    for id in context.project.models.ids().collect::<Vec<_>>() {
        let def = context.models[id.index()];
        context.project.models[id].source = match (&def.table, &def.sql) {
            (Some(table), _) => Source::Table(ids[table.value.as_str()]),
            (None, Some(sql)) => Source::Select(sql.value.trim().trim_end_matches(';').trim_end().to_owned()),
            (None, None) => Source::Select(String::new()),
        };
    }
}

fn check_known(context: &Context<'_>, name: &Text, diagnostics: &mut Diagnostics) {
    let tables = &context.catalog.tables;
    if !context.has_catalog || tables.contains_key(&name.value) {
        return;
    }
    let message = format!("the warehouse has no table `{}`", name.value);
    let diagnostic = Diagnostic::new(Code::UnknownTable, name.span, message);
    let known: Vec<&str> = tables.keys().map(String::as_str).collect();
    let short = |table: &'_ str| table.rsplit('.').next().map(str::to_owned).unwrap_or_default();
    let elsewhere = known.iter().copied().find(|table| short(table) == short(&name.value));
    diagnostics.push(match elsewhere {
        Some(table) => diagnostic.help(format!("There is `{table}`.")),
        None => suggest(diagnostic, &name.value, known, "tables"),
    });
}

fn resolve_partition(
    context: &Context<'_>,
    table: &TableDef,
    def: &PartitionDef,
    diagnostics: &mut Diagnostics,
) -> Partition {
    let subject = format!("table `{}`", table.name.value);
    let mut invalid = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(Code::InvalidPartition, span, message).help(help));
    };
    let granularity = def.granularity.as_ref().map_or(Granularity::Day, |granularity| granularity.value);
    match granularity {
        Granularity::HOUR | Granularity::Day | Granularity::Month | Granularity::Year => {}
        Granularity::Second
        | Granularity::Minute(_)
        | Granularity::Hour(_)
        | Granularity::Week
        | Granularity::Quarter
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => {
            let span = def.granularity.as_ref().map_or(def.span, |granularity| granularity.span);
            let message = format!("{subject} cannot be partitioned by {granularity}");
            invalid(span, message, "Partitions are cut by hour, day, month or year.");
        }
    }
    let time_zone = def.time_zone.as_ref().map_or(Tz::UTC, |zone| {
        zone.value.parse().unwrap_or_else(|_| {
            let message = format!("{subject} is partitioned in unknown time zone `{}`", zone.value);
            let near = nearest(&zone.value, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            let help = near.map_or("Write the name of an IANA zone, such as `UTC`.".to_owned(), |near| {
                format!("Did you mean `{near}`?")
            });
            invalid(zone.span, message, &help);
            Tz::UTC
        })
    });
    for holds in &def.holds {
        if let Some(from) = holds.from.as_ref().filter(|from| from.count > 0) {
            let message = format!("the promise of `{}` begins after its own time", holds.column.value);
            invalid(
                from.span,
                message,
                "`from` is zero or negative: partitions from t+from on hold the rows of time t.",
            );
        }
        if let Some(to) = holds.to.as_ref().filter(|to| to.count < 0) {
            let message = format!("the promise of `{}` ends before its own time", holds.column.value);
            invalid(to.span, message, "`to` is zero or positive: partitions up to t+to hold the rows of time t.");
        }
    }
    let column_type = partition_type(context, table, &def.column, granularity, diagnostics);
    let zero = Duration { count: 0, unit: Unit::Day };
    Partition {
        column: def.column.value.clone(),
        column_type,
        granularity,
        time_zone,
        required: def.required.as_ref().is_some_and(|required| required.value),
        since: def.since.as_ref().and_then(|since| first_day(since, diagnostics)),
        holds: def
            .holds
            .iter()
            .map(|holds| Promise {
                column: holds.column.value.clone(),
                from: holds.from.as_ref().map_or(zero, |from| from.value),
                to: holds.to.as_ref().map_or(zero, |to| to.value),
            })
            .collect(),
    }
}

/// Reads the first day of which there are rows.
fn first_day(since: &Text, diagnostics: &mut Diagnostics) -> Option<NaiveDate> {
    let day = since.value.parse().ok();
    if day.is_none() {
        let message = format!("`{}` is no day since which there are rows", since.value);
        let diagnostic = Diagnostic::new(Code::InvalidPartition, since.span, message);
        diagnostics.push(diagnostic.help("Write a date, such as `since: 2020-01-01`."));
    }
    day
}

/// Returns the type of a partition column; a date where nothing is known.
fn partition_type(
    context: &Context<'_>,
    table: &TableDef,
    column: &Text,
    granularity: Granularity,
    diagnostics: &mut Diagnostics,
) -> ColumnType {
    if let Some(pseudo) = pseudo_column(&column.value) {
        return pseudo;
    }
    let assumed = if granularity == Granularity::HOUR { ColumnType::Timestamp } else { ColumnType::Date };
    let Some(known) = context.catalog.tables.get(&table.name.value) else { return assumed };
    match known.column(&column.value).map(|column| column.column_type) {
        Some(column_type) if column_type.is_time() => column_type,
        Some(ColumnType::Unknown) => assumed,
        Some(other) => {
            let article = if other == ColumnType::Integer { "an" } else { "a" };
            let message =
                format!("table `{}` is partitioned by `{}`, {article} {other}", table.name.value, column.value);
            diagnostics.push(Diagnostic::new(Code::InvalidPartition, column.span, message).help(match other {
                ColumnType::Integer => {
                    "Say how whole numbers are cut: `numbers: { from: 0, to: 1000000, every: 1000 }`."
                }
                _ => "A partition column is a date, a datetime, a timestamp or a whole number.",
            }));
            assumed
        }
        None => {
            diagnostics.push(unknown_column(&table.name.value, known, column));
            assumed
        }
    }
}

/// Returns the type of a column that BigQuery adds to tables partitioned by ingestion time.
/// See <https://cloud.google.com/bigquery/docs/querying-partitioned-tables#query_an_ingestion-time_partitioned_table>.
pub(super) fn pseudo_column(name: &str) -> Option<ColumnType> {
    match name.to_ascii_uppercase().as_str() {
        "_PARTITIONTIME" => Some(ColumnType::Timestamp),
        "_PARTITIONDATE" => Some(ColumnType::Date),
        _ => None,
    }
}

fn resolve_clustering(context: &Context<'_>, def: &TableDef, diagnostics: &mut Diagnostics) -> Vec<String> {
    for column in &def.cluster_by {
        check_column(context, def, column, diagnostics);
    }
    def.cluster_by.iter().map(|column| column.value.clone()).collect()
}

fn resolve_freshness(context: &Context<'_>, def: &TableDef, diagnostics: &mut Diagnostics) -> Option<Freshness> {
    let freshness = def.freshness.as_ref()?;
    check_column(context, def, &freshness.column, diagnostics);
    Some(Freshness {
        column: freshness.column.value.clone(),
        warn_after: freshness.warn_after.as_ref().map(|after| after.value),
        error_after: freshness.error_after.as_ref().map(|after| after.value),
    })
}

fn check_column(context: &Context<'_>, table: &TableDef, column: &Text, diagnostics: &mut Diagnostics) {
    if let Some(known) = context.catalog.tables.get(&table.name.value)
        && known.column(&column.value).is_none()
        && pseudo_column(&column.value).is_none()
    {
        diagnostics.push(unknown_column(&table.name.value, known, column));
    }
}

pub(super) fn unknown_column(table: &str, known: &CatalogTable, column: &Text) -> Diagnostic {
    let message = format!("table `{table}` has no column `{}`", column.value);
    let names = known.columns.iter().map(|column| column.name.as_str());
    suggest(Diagnostic::new(Code::UnknownColumn, column.span, message), &column.value, names, "columns")
}
