//! What works, but is likely not meant.

use std::collections::HashMap;

use super::context::Context;
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, ModelId},
    project::{MetricKind, Ref, Route, Source},
    sql::Expr,
};

/// Reports what is doubtful in a project, and promises about columns that are not there.
pub(super) fn report(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    report_promises(context, diagnostics);
    report_missing_promises(context, diagnostics);
    report_missing_keys(context, diagnostics);
    report_missing_descriptions(context, diagnostics);
}

/// A promise speaks of a column of the table, or of a time dimension of a model that reads it.
fn report_promises(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut readers: HashMap<&str, Vec<ModelId>> = HashMap::new();
    for (model, id) in context.models.iter().zip(context.project.models.ids()) {
        if let Some(table) = &model.table {
            readers.entry(&table.value).or_default().push(id);
        }
    }
    for def in &context.definitions.tables {
        let (Some(partition), Some(known)) = (&def.partition, context.catalog.tables.get(&def.name.value)) else {
            continue;
        };
        for holds in &partition.holds {
            let models = readers.get(def.name.value.as_str()).into_iter().flatten();
            let is_dimension = models.into_iter().any(|id| context.dimension(*id, &holds.column.value).is_some());
            if known.column(&holds.column.value).is_none() && !is_dimension {
                let message = format!("table `{}` has no column `{}`", def.name.value, holds.column.value);
                let names = known.columns.iter().map(|column| column.name.as_str());
                let diagnostic = Diagnostic::new(Code::UnknownColumn, holds.column.span, message);
                diagnostics.push(super::names::suggest(diagnostic, &holds.column.value, names, "columns"));
            }
        }
    }
}

/// A required partition without a promise refuses every query whose time is another column.
fn report_missing_promises(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for (id, metric) in context.project.metrics.iter() {
        let MetricKind::Simple(simple) = &metric.kind else { continue };
        let Source::Table(table) = context.project.models[simple.model].source else { continue };
        let table = &context.project.tables[table];
        let Some(partition) = table.partition.as_ref().filter(|partition| partition.required) else { continue };
        let Some(axis) = simple.time.as_ref().filter(|axis| axis.route == Route::here()) else { continue };
        let dimension = &context.project.dimensions[axis.dimension];
        let column = match &dimension.expr {
            Expr::Leaf(Ref::Column { route, column, .. }) if *route == Route::here() => Some(column.as_str()),
            _ => None,
        };
        let names = [Some(dimension.name.as_str()), column];
        let promised = partition
            .holds
            .iter()
            .any(|promise| names.iter().flatten().any(|name| promise.column.eq_ignore_ascii_case(name)));
        let is_partition = column.is_some_and(|column| column.eq_ignore_ascii_case(&partition.column));
        if promised || is_partition {
            continue;
        }
        let def = context.metrics[id.index()];
        let message = format!(
            "metric `{}` cannot be asked for by its time alone: `{}` has no promise on partitioned table `{}`",
            def.name.value, dimension.name, table.name
        );
        let span = def.time.as_ref().map_or(def.name.span, |time| time.span);
        diagnostics.push(
            Diagnostic::new(Code::PartitionWithoutPromise, span, message)
                .also(table.span, "the table")
                .help(format!("Add `holds: {{ {}: {{ from: …, to: … }} }}` to the partition.", dimension.name)),
        );
    }
}

fn report_missing_keys(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for def in context.models.iter().filter(|def| def.primary_key.is_empty()) {
        let message = format!("model `{}` does not say what one row stands for", def.name.value);
        diagnostics.push(
            Diagnostic::new(Code::MissingPrimaryKey, def.name.span, message)
                .help("Add `primary_key`, one column or a list; joins to the model need it."),
        );
    }
}

fn report_missing_descriptions(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for def in context.metrics.iter().filter(|def| def.docs.description.is_none()) {
        let message = format!("metric `{}` has no description", def.name.value);
        diagnostics.push(
            Diagnostic::new(Code::MissingDescription, def.name.span, message)
                .help("Say in one sentence what it counts, so that everybody means the same."),
        );
    }
}
