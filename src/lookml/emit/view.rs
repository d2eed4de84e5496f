//! A view under construction → the view.

use super::{
    super::{
        lexical::{dedent, forbidden_in_sql, inert},
        options::Options,
        tree::{FieldDocs, Set, View},
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

/// Makes the view of a model that can be said.
pub(super) fn view(emission: &Emission<'_>, model: ModelId) -> Option<View> {
    let project = emission.project;
    let definition = &project.models[model];
    let draft = emission.draft(model);
    let mut view = View {
        name: draft.view.clone(),
        label: Some(definition.docs.label.as_deref().map_or_else(|| label::human(&definition.name), inert)),
        ..View::default()
    };
    match source(emission, model).ok()? {
        ViewSource::Table(name) => view.sql_table_name = Some(name),
        ViewSource::Derived(sql) => view.derived_table = Some(sql),
    }
    fill(&mut view, &draft.own);
    let sets = explore::measure_sets(emission, &draft.own, "metrics");
    let mut measures: Vec<String> = sets.iter().map(|(_, set)| format!("{}*", set.name)).collect();
    measures.extend(draft.row_count.iter().map(|measure| measure.name.clone()));
    view.measures.extend(draft.row_count.clone());
    view.sets.extend(sets.into_iter().map(|(_, set)| set));
    if !measures.is_empty() {
        view.sets.push(Set { name: "measures".to_owned(), fields: measures });
    }
    if !draft.own.measures.is_empty() || !draft.joined.measures.is_empty() {
        view.sets.push(detail(emission, model));
    }
    Some(view)
}

/// Makes the refinement with the fields of a view that need other views.
pub(super) fn refinement(emission: &Emission<'_>, model: ModelId) -> Option<View> {
    let draft = emission.draft(model);
    if draft.joined.is_empty() {
        return None;
    }
    let mut view = View { name: format!("+{}", draft.view), ..View::default() };
    fill(&mut view, &draft.joined);
    let sets = explore::measure_sets(emission, &draft.joined, "joined_metrics");
    let mut fields = draft.joined.attribute_names();
    fields.extend(sets.iter().map(|(_, set)| format!("{}*", set.name)));
    view.sets.extend(sets.into_iter().map(|(_, set)| set));
    view.sets.push(Set { name: "joined_fields".to_owned(), fields });
    Some(view)
}

fn fill(view: &mut View, part: &draft::Part) {
    view.dimensions.extend(part.key.iter().chain(&part.dimensions).chain(part.helpers.values()).cloned());
    view.dimension_groups.clone_from(&part.groups);
    view.measures.extend(part.measures.iter().map(|(_, measure)| measure.clone()));
}

/// The fields that a drill shows: the key, the day, and what people see of a row.
fn detail(emission: &Emission<'_>, model: ModelId) -> Set {
    let project = emission.project;
    let draft = emission.draft(model);
    let open = |docs: &FieldDocs| docs.required_access_grants.is_empty();
    let key = draft.own.key.iter().filter(|key| open(&key.docs));
    let mut fields: Vec<String> = key.map(|key| key.name.clone()).collect();
    let is_shown = |time: &DimensionId| !draft.crossing.contains(time) && emission.is_open(*time);
    if let Some(time) = project.models[model].time.filter(is_shown) {
        let (frame, _) = super::time::default_filter(project, &project.dimensions[time]);
        fields.push(format!("{}_{}", draft.dimensions[&time], frame.word()));
    }
    for id in &project.models[model].dimensions {
        let dimension = &project.dimensions[*id];
        let name = &draft.dimensions[id];
        let shown = !dimension.docs.hidden
            && personal(project, *id).is_empty()
            && emission.is_open(*id)
            && !matches!(dimension.kind, DimensionKind::Time { .. })
            && !draft.crossing.contains(id)
            && !draft.left_out.contains_key(id);
        if shown && !fields.contains(name) && fields.len() < DRILL_FIELDS {
            fields.push(name.clone());
        }
    }
    Set { name: "detail".to_owned(), fields }
}
