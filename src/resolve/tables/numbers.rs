//! Partitions of whole numbers.
//!
//! `partition: { column: customer_id, numbers: { from: 0, to: 1000000, every: 1000 } }` → a [`NumberPartition`].
//!
//! **Invariant:** it is cut as the warehouse cuts it, where the catalog tells.

use super::unknown_column;
use crate::{
    catalog::{CatalogCut, ColumnType},
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    project::NumberPartition,
    resolve::context::Context,
    syntax::{NumbersDef, PartitionDef, TableDef, Text},
};

/// Completes the partition of a table by whole numbers.
pub(super) fn resolve(
    context: &Context<'_>,
    table: &TableDef,
    def: &PartitionDef,
    diagnostics: &mut Diagnostics,
) -> Option<NumberPartition> {
    let NumbersDef { from, to, every, span } = def.numbers.as_ref()?;
    let mut invalid = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(Code::InvalidPartition, span, message).help(help));
    };
    for (span, key) in of_times(def) {
        let message = format!("`{key}` is said of table `{}`, which is cut by whole numbers", table.name.value);
        invalid(span, message, "Leave it out, or leave `numbers` out if the column is a date or a time.");
    }
    let mut number = |text: &Text| {
        let number = text.value.replace('_', "").parse::<i64>().ok();
        if number.is_none() {
            invalid(
                text.span,
                format!("`{}` is no whole number", text.value),
                "Write it in digits, such as `1000000`.",
            );
        }
        number
    };
    let (from, to) = (number(from), number(to));
    let (from, to) = (from?, to?);
    let every = i64::try_from(every.value).unwrap_or(i64::MAX);
    if from >= to {
        invalid(
            *span,
            format!("there is no number from {from} up to, not including, {to}"),
            "`from` is less than `to`.",
        );
        return None;
    }
    check_column(context, table, &def.column, diagnostics);
    let partition = NumberPartition {
        column: def.column.value.clone(),
        from,
        to,
        every,
        required: def.required.as_ref().is_some_and(|required| required.value),
    };
    check_cut(context, table, &partition, *span, diagnostics);
    Some(partition)
}

/// Returns what is said that only times have.
fn of_times(def: &PartitionDef) -> impl Iterator<Item = (Span, &'static str)> {
    let granularity = def.granularity.as_ref().map(|granularity| (granularity.span, "granularity"));
    let time_zone = def.time_zone.as_ref().map(|zone| (zone.span, "time_zone"));
    let since = def.since.as_ref().map(|since| (since.span, "since"));
    let holds = def.holds.first().map(|holds| (holds.column.span, "holds"));
    [granularity, time_zone, since, holds].into_iter().flatten()
}

fn check_column(context: &Context<'_>, table: &TableDef, column: &Text, diagnostics: &mut Diagnostics) {
    let Some(known) = context.catalog.tables.get(&table.name.value) else { return };
    match known.column(&column.value).map(|column| column.column_type) {
        Some(ColumnType::Integer | ColumnType::Unknown) => {}
        Some(other) => {
            let message =
                format!("table `{}` is cut by whole numbers of `{}`, a {other}", table.name.value, column.value);
            let diagnostic = Diagnostic::new(Code::InvalidPartition, column.span, message);
            diagnostics.push(diagnostic.help("Name a column of whole numbers, or leave `numbers` out."));
        }
        None => diagnostics.push(unknown_column(&table.name.value, known, column)),
    }
}

/// Compares it with what the catalog tells.
fn check_cut(
    context: &Context<'_>,
    table: &TableDef,
    partition: &NumberPartition,
    span: Span,
    diagnostics: &mut Diagnostics,
) {
    let known = context.catalog.tables.get(&table.name.value).and_then(|known| known.partition.as_ref());
    let Some(CatalogCut::Integers { from, to, every }) = known.map(|known| known.by) else { return };
    if (from, to, every) != (partition.from, partition.to, partition.every) {
        let message = format!("the warehouse cuts table `{}` by {every} numbers from {from} to {to}", table.name.value);
        let diagnostic = Diagnostic::new(Code::InvalidPartition, span, message);
        diagnostics.push(diagnostic.help(format!("Write `numbers: {{ from: {from}, to: {to}, every: {every} }}`.")));
    }
}
