//! A view under construction → the view.

use std::mem;

use super::{
    super::{
        lexical::{dedent, forbidden_in_sql},
        options::Options,
        tree::{Set, View},
    },
    Emission,
    dimension::personal,
    draft, explore, label,
};
use crate::{
    ids::{DimensionId, ModelId},
    project::{DimensionKind, Source},
    sql::{Dialect, SqlExpr, print_expression},
};

/// How many fields a drill shows.
pub(super) const DRILL_FIELDS: usize = 12;

/// Returns the text of a table's name, with the constants of the manifest.
pub(super) fn table_name(options: &Options<'_>, name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    match options.dialect {
        Dialect::BigQuery => {
            let path = match (parts.len(), &options.warehouse_project, &options.dataset) {
                (1, Some(_), Some(_)) => format!("@{{warehouse_project}}.@{{warehouse_dataset}}.{name}"),
                (1, None, Some(_)) => format!("@{{warehouse_dataset}}.{name}"),
                (2, Some(_), _) => format!("@{{warehouse_project}}.{name}"),
                _ => name.to_owned(),
            };
            format!("`{path}`")
        }
        Dialect::DuckDb | Dialect::Snowflake | Dialect::Postgres => {
            let quoted: Vec<_> =
                parts.iter().map(|part| print_expression(&SqlExpr::bare(*part), options.dialect)).collect();
            quoted.join(".")
        }
    }
}

/// Where the rows of a view come from.
pub(super) enum ViewSource {
    /// `sql_table_name`
    Table(String),
    /// `derived_table`
    Derived(String),
}

/// Writes where the rows of a model come from, if LookML can say it.
pub(super) fn source(emission: &Emission<'_>, model: ModelId) -> Result<ViewSource, String> {
    let (text, source) = match &emission.project.models[model].source {
        Source::Table(table) => {
            let name = &emission.project.tables[*table].name;
            (name.clone(), ViewSource::Table(table_name(emission.options, name)))
        }
        Source::Select(sql) => {
            let sql = dedent(sql.trim().trim_end_matches(';'));
            (sql.clone(), ViewSource::Derived(sql))
        }
    };
    match forbidden_in_sql(&text).or_else(|| text.contains("${").then_some("${")) {
        Some(sequence) => Err(format!("`{sequence}` in its SQL has a meaning of its own in LookML")),
        None => Ok(source),
    }
}

/// Makes the view of a model that can be said. Its fields are moved out of the draft.
pub(super) fn view(emission: &mut Emission<'_>, model: ModelId) -> Option<View> {
    let project = emission.project;
    let draft = emission.draft(model);
    let mut view = View { name: draft.view.clone(), label: Some(label::of_model(project, model)), ..View::default() };
    match source(emission, model).ok()? {
        ViewSource::Table(name) => view.sql_table_name = Some(name),
        ViewSource::Derived(sql) => view.derived_table = Some(sql),
    }
    let sets = explore::measure_sets(emission, &draft.own, "metrics");
    let mut measures: Vec<String> = sets.iter().map(|(_, set)| format!("{}*", set.name)).collect();
    measures.extend(draft.row_count.iter().map(|measure| measure.name.clone()));
    view.sets.extend(sets.into_iter().map(|(_, set)| set));
    if !measures.is_empty() {
        view.sets.push(Set { name: "measures".to_owned(), fields: measures });
    }
    if !draft.own.measures.is_empty() || !draft.joined.measures.is_empty() {
        view.sets.push(detail(emission, model));
    }
    let draft = emission.draft_mut(model);
    fill(&mut view, mem::take(&mut draft.own));
    view.measures.extend(draft.row_count.take());
    Some(view)
}

/// Makes the refinement with the fields of a view that need other views. They are moved out of the draft.
pub(super) fn refinement(emission: &mut Emission<'_>, model: ModelId) -> Option<View> {
    let draft = emission.draft(model);
    if draft.joined.is_empty() {
        return None;
    }
    let mut view = View { name: format!("+{}", draft.view), ..View::default() };
    let sets = explore::measure_sets(emission, &draft.joined, "joined_metrics");
    let mut fields = draft.joined.attribute_names();
    fields.extend(sets.iter().map(|(_, set)| format!("{}*", set.name)));
    view.sets.extend(sets.into_iter().map(|(_, set)| set));
    view.sets.push(Set { name: "joined_fields".to_owned(), fields });
    fill(&mut view, mem::take(&mut emission.draft_mut(model).joined));
    Some(view)
}

fn fill(view: &mut View, part: draft::Part) {
    view.dimensions.extend(part.key.into_iter().chain(part.dimensions).chain(part.helpers.into_values()));
    view.dimension_groups = part.groups;
    view.measures.extend(part.measures.into_iter().map(|(_, measure)| measure));
}

/// The fields that a drill shows: the key, the day, and what people see of a row.
fn detail(emission: &Emission<'_>, model: ModelId) -> Set {
    let project = emission.project;
    let draft = emission.draft(model);
    let is_there = |id: &DimensionId| {
        personal(project, *id).is_empty()
            && emission.is_open(*id)
            && !draft.crossing.contains(id)
            && !draft.left_out.contains_key(id)
    };
    let is_time = |id: &DimensionId| matches!(project.dimensions[*id].kind, DimensionKind::Time { .. });
    let field = |id: &DimensionId| {
        let name = &draft.dimensions[id];
        if is_time(id) {
            let (frame, _) = super::time::default_filter(project, &project.dimensions[*id]);
            format!("{name}_{}", frame.word())
        } else {
            name.clone()
        }
    };
    let mut fields: Vec<String> = Vec::new();
    let key = draft.own.key.as_ref().filter(|key| key.docs.required_access_grants.is_empty());
    match key {
        Some(key) if is_column(emission, model, &key.name) => fields.push(key.name.clone()),
        Some(_) => {
            let shown = |id: &DimensionId| is_there(id).then(|| field(id));
            let columns = &project.models[model].primary_key;
            fields.extend(columns.iter().filter_map(|column| of_key(emission, model, column, shown)));
        }
        None => {}
    }
    let time = project.models[model].time.filter(is_there).map(|id| field(&id));
    fields.extend(time.filter(|time| !fields.contains(time)));
    for id in &project.models[model].dimensions {
        let name = &draft.dimensions[id];
        let is_shown = is_there(id) && !is_time(id) && !project.dimensions[*id].docs.hidden;
        if is_shown && !fields.contains(name) && fields.len() < DRILL_FIELDS {
            fields.push(name.clone());
        }
    }
    if fields.is_empty() {
        fields.extend(key.map(|key| key.name.clone()));
    }
    Set { name: "detail".to_owned(), fields }
}

/// Returns whether the key of a view is the field of its only key column, and not made for Looker alone.
fn is_column(emission: &Emission<'_>, model: ModelId, key: &str) -> bool {
    match emission.project.models[model].primary_key.as_slice() {
        [column] => emission.draft(model).column_field(column) == Some(key),
        _ => false,
    }
}

/// Returns what shows a column of a key: the dimension that is declared over it, else the column as it is.
fn of_key(
    emission: &Emission<'_>,
    model: ModelId,
    column: &str,
    field: impl Fn(&DimensionId) -> Option<String>,
) -> Option<String> {
    let project = emission.project;
    let shows_it =
        |id: &&DimensionId| project.plain_column(**id).is_some_and(|shown| shown.eq_ignore_ascii_case(column));
    if let Some(declared) = project.models[model].dimensions.iter().find(shows_it) {
        return field(declared);
    }
    let draft = emission.draft(model);
    let helper = draft.column_field(column).and_then(|field| draft.own.helpers.get(field));
    helper.filter(|helper| helper.docs.required_access_grants.is_empty()).map(|helper| helper.name.clone())
}
