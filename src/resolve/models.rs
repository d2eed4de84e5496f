//! Completes models: their columns and keys before dimensions, their filter and time axis after joins.
//!
//! `primary_key: shipment_id` is checked against the columns of the table; `time: booked_at` becomes the id of that
//! time dimension.
//!
//! **Invariant:** a model's keys are spelled as the warehouse spells its columns.

use super::{
    context::{Columns, Context},
    expression::{Scope, condition},
    names::suggest,
    tables::pseudo_column,
    versions,
};
use crate::{
    catalog::{CatalogTable, ColumnType},
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, ModelId},
    project::DimensionKind,
    sql::parse_select,
    syntax::Text,
};

/// Finds the columns of each model and checks its keys.
pub(super) fn resolve_columns(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for id in context.project.models.ids().collect::<Vec<_>>() {
        let def = context.models[id.index()];
        let table = def.table.as_ref().and_then(|table| context.catalog.tables.get(&table.value));
        context.columns[id.index()] = match (table, &def.sql) {
            (Some(table), _) => known_columns(table),
            (None, Some(sql)) => selected_columns(&def.name.value, sql, diagnostics),
            (None, None) => Columns::Unknown,
        };
        let primary_key = def.primary_key.iter().map(|column| key_column(context, id, column, diagnostics)).collect();
        context.project.models[id].primary_key = primary_key;
        let forms = table.iter().flat_map(|table| &table.columns);
        let forms = forms.filter_map(|column| Some((column.name.clone(), column.form?))).collect();
        context.project.models[id].forms = forms;
        let unique = def
            .unique
            .iter()
            .map(|key| key.iter().map(|column| key_column(context, id, column, diagnostics)).collect());
        let unique = unique.collect();
        context.project.models[id].unique = unique;
        versions::resolve(context, id, diagnostics);
    }
}

fn known_columns(table: &CatalogTable) -> Columns {
    let entry = |name: &str, column_type| (name.to_ascii_lowercase(), (name.to_owned(), column_type));
    Columns::Known(table.columns.iter().map(|column| entry(&column.name, column.column_type)).collect())
}

/// Returns the columns of a model's SELECT, whose types are not known; nothing is known of `SELECT *`.
fn selected_columns(model: &str, sql: &Text, diagnostics: &mut Diagnostics) -> Columns {
    match parse_select(&sql.value, sql.span) {
        Ok(names) if names.is_empty() => Columns::Unknown,
        Ok(names) => {
            let entry = |name: String| (name.to_ascii_lowercase(), (name, ColumnType::Unknown));
            Columns::Known(names.into_iter().map(entry).collect())
        }
        Err(error) => {
            let message = format!("the `sql` of model `{model}` is not one SELECT: {}", error.message);
            let help =
                error.help.unwrap_or_else(|| "Write one SELECT, without parameters or a second statement.".into());
            diagnostics.push(Diagnostic::new(Code::InvalidModelSql, error.span, message).help(help));
            Columns::Unknown
        }
    }
}

/// Returns the warehouse's spelling of a column of a key.
pub(super) fn key_column(
    context: &Context<'_>,
    model: ModelId,
    column: &Text,
    diagnostics: &mut Diagnostics,
) -> String {
    if let Some((name, _)) = context.columns(model).find(&column.value) {
        return name;
    }
    diagnostics.push(unknown_column(context, model, column));
    column.value.clone()
}

/// Reports a column that a model's table does not have.
pub(super) fn unknown_column(context: &Context<'_>, model: ModelId, column: &Text) -> Diagnostic {
    let message = format!("model `{}` has no column `{}`", context.project.models[model].name, column.value);
    let names = context.columns(model).names();
    suggest(Diagnostic::new(Code::UnknownColumn, column.span, message), &column.value, names, "columns")
}

/// Resolves the permanent filter and the default time axis of each model.
pub(super) fn resolve_filters(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for id in context.project.models.ids().collect::<Vec<_>>() {
        let def = context.models[id.index()];
        let subject = format!("model `{}`", def.name.value);
        if let Some(filter) = &def.filter {
            let filter = condition(context, &Scope::of_model(id, &subject), filter, diagnostics);
            context.project.models[id].filter = filter;
        }
        if let Some(time) = &def.time {
            context.project.models[id].time = match context.dimension(id, &time.value) {
                Some(dimension) => match context.project.dimensions[dimension].kind {
                    DimensionKind::Time { .. } => Some(dimension),
                    DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => {
                        let message = format!("{subject} has dimension `{}` as its time, which is no time", time.value);
                        let dimension = context.dimensions[dimension.index()].name.span;
                        diagnostics.push(
                            Diagnostic::new(Code::TypeMismatch, time.span, message)
                                .also(dimension, "the dimension")
                                .help("Give the dimension `type: time`, or name another one."),
                        );
                        None
                    }
                },
                None => {
                    let message = format!("{subject} has unknown dimension `{}` as its time", time.value);
                    let diagnostic = Diagnostic::new(Code::UnknownDimension, time.span, message);
                    let is_column = match context.columns(id) {
                        Columns::Known(columns) => columns.contains_key(&time.value.to_ascii_lowercase()),
                        Columns::Unknown => false,
                    };
                    diagnostics.push(if is_column || pseudo_column(&time.value).is_some() {
                        diagnostic.help(format!("Add the dimension `{{ name: {}, type: time }}`.", time.value))
                    } else {
                        let times = context.project.models[id].dimensions.iter().filter(|dimension| {
                            matches!(context.project.dimensions[**dimension].kind, DimensionKind::Time { .. })
                        });
                        let names = times.map(|dimension| context.project.dimensions[*dimension].name.as_str());
                        suggest(diagnostic, &time.value, names, "time dimensions")
                    });
                    None
                }
            };
        }
    }
}
