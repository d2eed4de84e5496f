//! The dimensions that facts share → columns of the derived table, and the fields that show them.
//!
//! **Invariant:** a column holds what a query by the dimension's path shows, so that a field is its bare column.

use super::{
    super::{
        super::{
            lexical::{identifier, inert},
            tree::{self, DimensionType},
        },
        Emission, draft, label,
        splice::Splices,
        time,
    },
    Names,
    shared::Shared,
};
use crate::{
    project::{Dimension, DimensionKind},
    sql::{Expr, Literal, SqlExpr},
};

/// A field over a column.
pub(in crate::lookml::emit) enum Field {
    Dimension(tree::Dimension),
    Group(tree::DimensionGroup),
}

/// Names the columns of shared dimensions.
pub(in crate::lookml::emit) fn names(
    emission: &Emission<'_>,
    shared: &[Shared],
    names: &mut Names,
) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for shared in shared {
        let (_, id) = shared.at.first().ok_or("a union has facts")?;
        let dimension = &emission.project.dimensions[*id];
        let own = own_words(emission, dimension, &shared.path);
        let wanted = identifier(&own.unwrap_or(&shared.path).join("_"));
        found.push(match dimension.kind {
            DimensionKind::Time { .. } => {
                let frames = time::timeframes(emission.project, dimension);
                let wanted = label::group_name(&wanted);
                let members = |name: &str| frames.iter().map(|frame| format!("{name}_{}", frame.word())).collect();
                let is_free = |name: &str| {
                    let members: Vec<String> = members(name);
                    members.iter().all(|member| !names.0.contains(member))
                };
                let free = draft::unique(&wanted, is_free);
                let members: Vec<String> = members(&free);
                names.0.extend(members);
                free
            }
            DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => names.claim(&wanted),
        });
    }
    Ok(found)
}

/// Makes the field of a column.
pub(in crate::lookml::emit) fn field(emission: &Emission<'_>, shared: &Shared, name: &str) -> Result<Field, String> {
    let (_, id) = &shared.at[0];
    let definition = &emission.project.dimensions[*id];
    let docs = docs(emission, definition, &shared.path, name);
    if let DimensionKind::Time { .. } = definition.kind {
        let (datatype, convert_tz) = time::datatype(definition.column_type);
        return Ok(Field::Group(tree::DimensionGroup {
            name: name.to_owned(),
            docs,
            timeframes: time::timeframes(emission.project, definition),
            datatype,
            convert_tz,
            sql: format!("${{TABLE}}.{name}"),
        }));
    }
    dimension(emission, definition, docs, name).map(Field::Dimension)
}

/// `CASE WHEN x THEN 'Yes' WHEN x IS NOT NULL THEN 'No' END`: a boolean that may be null, as a text.
pub(in crate::lookml::emit) fn in_words(value: &SqlExpr) -> SqlExpr {
    let word = |word: &str| Expr::Literal(Literal::String(word.to_owned()));
    let branches = vec![(value.clone().is_true(false), word("Yes")), (value.clone().is_null(true), word("No"))];
    Expr::Case { branches, otherwise: None }
}

/// Returns the words of a path without the name of the dimension's own model.
fn own_words<'p>(emission: &Emission<'_>, dimension: &Dimension, path: &'p [String]) -> Option<&'p [String]> {
    let (first, rest) = path.split_first()?;
    (*first == emission.project.models[dimension.model].name).then_some(rest)
}

fn docs(emission: &Emission<'_>, dimension: &Dimension, path: &[String], name: &str) -> tree::FieldDocs {
    let mut docs = label::docs(name, &dimension.docs, || format!("The {} of a row.", path.join(".")));
    let model = &emission.project.models[dimension.model];
    let title = model.docs.label.as_deref().map_or_else(|| label::human(&model.name), inert);
    let own = dimension.docs.label.as_deref().map(inert);
    if own_words(emission, dimension, path).is_some() {
        docs.label = own.or_else(|| Some(label::human(name)));
        docs.group_label = Some(title);
    } else {
        let roles: Vec<String> = path[..path.len() - 1].iter().map(|role| label::human(role)).collect();
        let own = own.unwrap_or_else(|| label::human(&dimension.name));
        docs.label = Some(format!("{} {}", roles.join(" "), own.to_lowercase()));
        docs.group_label = Some(roles.join(": "));
    }
    docs.view_label = None;
    docs.tags.extend(dimension.pii.iter().flat_map(|class| ["pii".to_owned(), format!("pii:{}", inert(class))]));
    docs.tags.push(format!("entente:{}", path.join(".")));
    tree::FieldDocs { drill_fields: Vec::new(), html: None, links: Vec::new(), ..docs }
}

fn dimension(
    emission: &Emission<'_>,
    dimension: &Dimension,
    docs: tree::FieldDocs,
    name: &str,
) -> Result<tree::Dimension, String> {
    let column = format!("${{TABLE}}.{name}");
    let mut field = tree::Dimension {
        docs,
        suggestions: dimension.values.iter().map(|value| inert(value)).collect(),
        ..draft::hidden(name, DimensionType::String, &column)
    };
    match dimension.kind {
        _ if !dimension.buckets.is_empty() => {
            field.suggestions = dimension.buckets.iter().map(|bucket| inert(&bucket.label)).collect();
        }
        DimensionKind::String | DimensionKind::Time { .. } => {}
        DimensionKind::Number => {
            field.kind = DimensionType::Number;
            let project = emission.project;
            label::set_format(
                &mut field.docs,
                dimension.format,
                dimension.unit.as_deref(),
                project.currency.as_deref(),
            );
        }
        DimensionKind::Boolean { nullable: false } => field.kind = DimensionType::YesNo,
        DimensionKind::Boolean { nullable: true } => {
            let mut splices = Splices::default();
            let value = splices.place(column);
            let text = splices.expression(&in_words(&value), emission.options.dialect)?;
            field.sql = Some(text);
            field.suggestions = vec!["Yes".to_owned(), "No".to_owned()];
        }
    }
    // Suggestions would read all facts.
    field.not_suggestable = dimension.pii.is_some()
        || !dimension.suggest
        || (field.suggestions.is_empty() && field.kind != DimensionType::YesNo);
    Ok(field)
}
