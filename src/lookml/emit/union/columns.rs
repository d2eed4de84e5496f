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
    ids::DimensionId,
    project::{Dimension, DimensionKind},
    sql::{BinaryOp, Expr, Literal, SqlExpr},
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
                let is_short = label::is_short(emission.project, *id);
                let short = if is_short { label::group_name(&wanted) } else { wanted.clone() };
                names.claim_group(&short, &wanted, &frames)
            }
            _ if !dimension.buckets.is_empty() => {
                names.claim_all(&wanted, |name| vec![name.to_owned(), rank_name(name)])
            }
            DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => names.claim(&wanted),
        });
    }
    Ok(found)
}

fn rank_name(name: &str) -> String {
    format!("{name}_rank")
}

/// Makes the hidden field that has the buckets of a column in their order, not in that of their words.
pub(in crate::lookml::emit) fn rank(
    emission: &Emission<'_>,
    shared: &Shared,
    name: &str,
) -> Result<Option<tree::Dimension>, String> {
    let (_, id) = &shared.at[0];
    let buckets = &emission.project.dimensions[*id].buckets;
    if buckets.is_empty() {
        return Ok(None);
    }
    let mut splices = Splices::default();
    let value = splices.place(emission.own_column(name));
    let branches = buckets.iter().zip(1..).map(|(bucket, place)| {
        let word = Expr::Literal(Literal::String(bucket.label.clone()));
        (value.clone().binary(BinaryOp::Eq, word), Expr::integer(place))
    });
    let order = Expr::Case { branches: branches.collect(), otherwise: None };
    let text = splices.expression(&order, emission.options.dialect)?;
    Ok(Some(draft::hidden(&rank_name(name), DimensionType::Number, &text)))
}

/// Makes the field of a column; `title` is what the view is called.
pub(in crate::lookml::emit) fn field(
    emission: &Emission<'_>,
    shared: &Shared,
    name: &str,
    title: &str,
) -> Result<Field, String> {
    let (_, id) = &shared.at[0];
    let definition = &emission.project.dimensions[*id];
    let docs = docs(emission, *id, &shared.path, title);
    if let DimensionKind::Time { .. } = definition.kind {
        let (datatype, convert_tz) = time::datatype(definition.column_type);
        return Ok(Field::Group(tree::DimensionGroup {
            name: name.to_owned(),
            docs,
            timeframes: time::timeframes(emission.project, definition),
            datatype,
            convert_tz,
            sql: emission.own_column(name),
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

/// Says what a column is: one of another model by the roles on the way, one of the own model as its own view does.
fn docs(emission: &Emission<'_>, id: DimensionId, path: &[String], title: &str) -> tree::FieldDocs {
    let project = emission.project;
    let dimension = &project.dimensions[id];
    let own = label::of_dimension(project, id);
    let mut docs = label::docs(&dimension.name, &dimension.docs, || format!("{own} of a row."));
    if own_words(emission, dimension, path).is_some() {
        docs.label = Some(own);
        docs.group_label = group(docs.group_label.take(), label::of_model(project, dimension.model), title);
    } else {
        let roles: Vec<String> = path[..path.len() - 1].iter().map(|role| label::human(role)).collect();
        docs.group_label = Some(roles.join(": "));
        let words = roles.iter().enumerate().map(|(at, role)| if at == 0 { role.clone() } else { label::within(role) });
        docs.label = Some(words.chain([label::within(&own)]).collect::<Vec<_>>().join(" "));
    }
    docs.view_label = None;
    docs.tags.extend(dimension.pii.iter().flat_map(|class| ["pii".to_owned(), format!("pii:{}", inert(class))]));
    docs.tags.push(format!("entente:{}", path.join(".")));
    tree::FieldDocs { drill_fields: Vec::new(), html: None, links: Vec::new(), ..docs }
}

/// The group of a model's own dimension: the declared one, below the model where the view is not called after it alone.
fn group(declared: Option<String>, model: String, title: &str) -> Option<String> {
    match declared {
        declared if model == title => declared,
        Some(declared) => Some(format!("{model}: {declared}")),
        None => Some(model),
    }
}

fn dimension(
    emission: &Emission<'_>,
    dimension: &Dimension,
    docs: tree::FieldDocs,
    name: &str,
) -> Result<tree::Dimension, String> {
    let column = emission.own_column(name);
    let mut field = tree::Dimension {
        docs,
        suggestions: dimension.values.iter().map(|value| inert(value)).collect(),
        ..draft::hidden(name, DimensionType::String, &column)
    };
    match dimension.kind {
        _ if !dimension.buckets.is_empty() => {
            field.suggestions = dimension.buckets.iter().map(|bucket| inert(&bucket.label)).collect();
            field.order_by_field = Some(rank_name(name));
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
        || (field.suggestions.is_empty() && field.kind == DimensionType::String);
    Ok(field)
}
