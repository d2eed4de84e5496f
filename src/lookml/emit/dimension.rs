//! Dimensions of a model → dimensions and dimension groups of its view.
//!
//! **Invariant:** a dimension that LookML cannot say is left out with everything that needs it, and reported.

use std::collections::BTreeSet;

use super::{
    super::{
        lexical::{identifier, inert},
        report::Subject,
        tree::{self, DimensionType, When},
    },
    Emission, draft, label, members, policies,
    splice::Splices,
    sql::{self, Site},
    time,
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, Id, ModelId},
    project::{Dimension, DimensionKind, Project, Ref, Route, Source},
    sql::{BinaryOp, Expr, Function, Literal},
};

/// A dimension in LookML.
enum Field {
    Dimension(tree::Dimension),
    Group(tree::DimensionGroup),
}

/// Makes the key and the dimensions of a model's view.
pub(super) fn build(emission: &mut Emission<'_>, model: ModelId) {
    let fields = loop {
        let before = emission.draft(model).left_out.len();
        let fields = fields(emission, model);
        // A dimension may need a later one that was left out, so another round finds it.
        if emission.draft(model).left_out.len() == before {
            break fields;
        }
    };
    for (id, field) in fields {
        let crosses = emission.draft(model).crossing.contains(&id);
        let docs = match &field {
            Field::Dimension(dimension) => &dimension.docs,
            Field::Group(group) => &group.docs,
        };
        let twins = policies::twins(emission, id, docs).unwrap_or_default();
        let part = emission.draft_mut(model).part(crosses);
        match field {
            Field::Dimension(dimension) => part.dimensions.push(dimension),
            Field::Group(group) => part.groups.push(group),
        }
        part.dimensions.extend(twins);
    }
    let project = emission.project;
    for (id, reason) in emission.draft(model).left_out.clone() {
        let name = format!("{}.{}", project.models[model].name, project.dimensions[id].name);
        emission.left_out(Subject::Dimension, &name, reason);
    }
    key(emission, model);
}

/// Marks the dimensions that need joined views, directly or through others.
pub(super) fn find_crossing(emission: &mut Emission<'_>, model: ModelId) {
    let project = emission.project;
    loop {
        let before = emission.draft(model).crossing.len();
        for id in &project.models[model].dimensions {
            let dimension = &project.dimensions[*id];
            if dimension.metric.is_some() || sql::crosses(emission, model, &dimension.expr) {
                emission.draft_mut(model).crossing.insert(*id);
            }
        }
        if emission.draft(model).crossing.len() == before {
            break;
        }
    }
    if !emission.metrics_of[model.index()].is_empty() {
        return;
    }
    for id in emission.draft(model).crossing.clone() {
        let reason = "it needs joined models, and its own has no metrics and so no explore".to_owned();
        emission.draft_mut(model).left_out.insert(id, reason);
    }
}

fn fields(emission: &mut Emission<'_>, model: ModelId) -> Vec<(DimensionId, Field)> {
    let project = emission.project;
    let mut fields = Vec::new();
    for id in &project.models[model].dimensions {
        if emission.draft(model).left_out.contains_key(id) {
            continue;
        }
        match field(emission, *id) {
            Ok(field) => fields.push((*id, field)),
            Err(reason) => {
                emission.draft_mut(model).left_out.insert(*id, reason);
            }
        }
    }
    fields
}

fn field(emission: &mut Emission<'_>, id: DimensionId) -> Result<Field, String> {
    let project = emission.project;
    let dimension = &project.dimensions[id];
    let name = emission.draft(dimension.model).dimensions[&id].clone();
    let mut docs = label::docs(&name, &dimension.docs, || describe(emission, dimension));
    if label::parameter(&dimension.docs, "label").is_none() {
        docs.label = Some(label::of_dimension(project, id));
    }
    if emission.options.synonyms {
        docs.synonyms = dimension.docs.synonyms.iter().map(|synonym| inert(synonym)).collect();
    }
    let personal = personal(project, id);
    docs.tags.extend((!personal.is_empty()).then(|| "pii".to_owned()));
    docs.tags.extend(personal.iter().map(|class| format!("pii:{}", inert(class))));
    if emission.grants.masks_for_all(id) {
        return policies::always_masked(emission, id, docs).map(Field::Dimension);
    }
    docs.required_access_grants = emission.grants.of_value(id);
    if let DimensionKind::Time { .. } = dimension.kind {
        let (datatype, convert_tz) = time::datatype(dimension.column_type);
        let sql = match dimension.metric {
            Some(_) => members::value(emission, id)?,
            None => value(emission, dimension, &dimension.expr)?,
        };
        let timeframes = time::timeframes(project, dimension);
        return Ok(Field::Group(tree::DimensionGroup { name, docs, timeframes, datatype, convert_tz, sql }));
    }
    let mut field = tree::Dimension {
        suggestions: dimension.values.iter().map(|value| inert(value)).collect(),
        order_by_field: label::parameter(&dimension.docs, "order_by_field").map(|field| identifier(&field)),
        not_suggestable: !dimension.suggest || !personal.is_empty(),
        ..draft::hidden(&name, DimensionType::String, "")
    };
    match dimension.kind {
        _ if dimension.metric.is_some() => {
            let value = members::value(emission, id)?;
            field.case = members::buckets(emission, &value, &dimension.buckets)?;
            field.sql = dimension.buckets.is_empty().then_some(value);
            if dimension.buckets.is_empty() {
                field.kind = DimensionType::Number;
                label::set_format(&mut docs, dimension.format, dimension.unit.as_deref(), project.currency.as_deref());
            }
        }
        _ if !dimension.buckets.is_empty() => {
            field.case = buckets(emission, dimension)?;
            field.sql = None;
        }
        DimensionKind::String | DimensionKind::Time { .. } => {}
        DimensionKind::Number => {
            field.kind = DimensionType::Number;
            label::set_format(&mut docs, dimension.format, dimension.unit.as_deref(), project.currency.as_deref());
        }
        DimensionKind::Boolean { nullable: false } => field.kind = DimensionType::YesNo,
        DimensionKind::Boolean { nullable: true } => {
            let words = ["Yes", "No"].map(|word| Expr::Literal(Literal::String(word.to_owned())));
            let [yes, no] = words;
            let branches =
                vec![(dimension.expr.clone().is_true(false), yes), (dimension.expr.clone().is_null(true), no)];
            field.sql = Some(value(emission, dimension, &Expr::Case { branches, otherwise: None })?);
            field.suggestions = vec!["Yes".to_owned(), "No".to_owned()];
        }
    }
    if field.sql.as_deref() == Some("") {
        field.sql = Some(value(emission, dimension, &dimension.expr)?);
    }
    field.docs = docs;
    Ok(Field::Dimension(field))
}

/// Returns the classes of personal data that a dimension shows, or is made of.
pub(super) fn personal(project: &Project, id: DimensionId) -> BTreeSet<String> {
    let mut classes = BTreeSet::new();
    let (mut open, mut seen) = (vec![id], BTreeSet::new());
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            classes.extend(project.dimensions[id].pii.clone());
            project.dimensions[id].expr.for_each_leaf(&mut |leaf| {
                if let Ref::Dimension { dimension, .. } = leaf {
                    open.push(*dimension);
                }
            });
        }
    }
    classes
}

fn value(emission: &mut Emission<'_>, dimension: &Dimension, expr: &Expr<Ref>) -> Result<String, String> {
    sql::write(emission, dimension.model, &Route::here(), expr, Site::Dimension).map(|sql| sql.text)
}

/// `case: { when: { sql: ${TABLE}.weight_kg < 1 ;; label: "<1" } … }`; null is in no bucket.
fn buckets(emission: &mut Emission<'_>, dimension: &Dimension) -> Result<Vec<When>, String> {
    let mut branches = Vec::new();
    for bucket in &dimension.buckets {
        let bound = |digits: &String| {
            let number = digits.parse().map(Literal::Integer);
            Expr::Literal(number.unwrap_or_else(|_| Literal::Decimal(digits.clone())))
        };
        let condition = match (&bucket.low, &bucket.high) {
            (_, Some(high)) => dimension.expr.clone().binary(BinaryOp::Lt, bound(high)),
            (Some(low), None) => dimension.expr.clone().binary(BinaryOp::GtEq, bound(low)),
            (None, None) => dimension.expr.clone().is_null(true),
        };
        branches.push(When { sql: value(emission, dimension, &condition)?, label: inert(&bucket.label) });
    }
    Ok(branches)
}

/// Says where a dimension without a description comes from.
fn describe(emission: &Emission<'_>, dimension: &Dimension) -> String {
    let model = &emission.project.models[dimension.model];
    match (&dimension.expr, &model.source) {
        (Expr::Leaf(Ref::Column { route, column, .. }), Source::Table(table)) if route.0.is_empty() => {
            inert(&format!("Column {column} of {}.", emission.project.tables[*table].name))
        }
        _ => format!("Computed for each row of {}.", inert(&model.name)),
    }
}

/// Marks the field of the primary key, or makes one: of several columns a text that is different for different keys.
fn key(emission: &mut Emission<'_>, model: ModelId) {
    let project = emission.project;
    let columns = &project.models[model].primary_key;
    let key = match columns.as_slice() {
        [] => return,
        [column] => {
            let column_type = emission.column_type(model, column);
            let field = emission.column_field(model, column, column_type);
            let own = &mut emission.draft_mut(model).own;
            let declared = own.dimensions.iter().position(|item| item.name == field);
            let found = declared.map(|at| own.dimensions.remove(at)).or_else(|| own.helpers.remove(&field));
            if let Some(mut key) = found {
                key.primary_key = true;
                own.key = Some(key);
                return;
            }
            // The column is a time dimension, of which Looker has no single field that is the bare value.
            let expr = Expr::Leaf(Ref::Column { route: Route::here(), column: column.clone(), column_type });
            let name = emission.draft_mut(model).claim("primary_key");
            (name, DimensionType::Raw, expr)
        }
        _ => {
            let name = emission.draft_mut(model).claim("primary_key");
            (name, DimensionType::String, key_text(emission, model))
        }
    };
    let (name, kind, expr) = key;
    match sql::write(emission, model, &Route::here(), &expr, Site::Dimension) {
        Ok(sql) => {
            let mut key = draft::hidden(&name, kind, &sql.text);
            key.primary_key = true;
            emission.draft_mut(model).own.key = Some(key);
        }
        Err(reason) => emission.left_out(Subject::Model, &project.models[model].name, reason),
    }
}

/// Returns the key of a row as a text; its hash, where not everyone may see it, since hidden fields can be asked for.
pub(super) fn key_text(emission: &Emission<'_>, model: ModelId) -> Expr<Ref> {
    let definition = &emission.project.models[model];
    let key = composite_key(emission, model, &definition.primary_key);
    let shows_key = |id: &&DimensionId| {
        let column = emission.project.plain_column(**id);
        column.is_some_and(|column| definition.primary_key.iter().any(|key| key.eq_ignore_ascii_case(column)))
    };
    let is_open = definition.dimensions.iter().filter(shows_key).all(|id| emission.is_open(*id));
    if is_open { key } else { Expr::call(Function::Sha256, vec![key]) }
}

/// `CONCAT(COALESCE(CAST(month AS STRING), ''), '|', …)`. A text that is not the last part has its length in front, so
/// that a bar inside of it makes no two keys the same.
fn composite_key(emission: &Emission<'_>, model: ModelId, columns: &[String]) -> Expr<Ref> {
    let text = |text: &str| Expr::Literal(Literal::String(text.to_owned()));
    let mut parts = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let column_type = emission.column_type(model, column);
        let value = Expr::Leaf(Ref::Column { route: Route::here(), column: column.clone(), column_type });
        let as_text = |value| Expr::Cast { arg: Box::new(value), to: ColumnType::String };
        let or_nothing = |value| Expr::call(Function::Coalesce, vec![value, text("")]);
        let string = if column_type == ColumnType::String { value.clone() } else { as_text(value.clone()) };
        if at > 0 {
            parts.push(text("|"));
        }
        let is_free = matches!(column_type, ColumnType::String | ColumnType::Json | ColumnType::Unknown);
        if is_free && at + 1 < columns.len() && columns.len() > 1 && has_free_after(emission, model, &columns[at + 1..])
        {
            parts.push(or_nothing(as_text(Expr::call(Function::Length, vec![string.clone()]))));
            parts.push(text(":"));
        }
        parts.push(or_nothing(string));
    }
    match parts.as_slice() {
        [only] => only.clone(),
        _ => Expr::call(Function::Concat, parts),
    }
}

/// Returns the key of several columns that a view beside a model holds as they are, or nothing where one column is the key.
pub(super) fn copied_key(emission: &Emission<'_>, model: ModelId) -> Option<tree::Dimension> {
    let columns = &emission.project.models[model].primary_key;
    if columns.len() < 2 {
        return None;
    }
    let mut splices = Splices::default();
    let value = key_text(emission, model).map(&mut |leaf| match leaf {
        Ref::Column { column, .. } => splices.place(emission.own_column(column)),
        _ => unreachable!("a key is made of columns"),
    });
    let text = splices.expression(&value, emission.options.dialect).ok()?;
    let name = draft::unique("primary_key", |name| columns.iter().all(|column| identifier(column) != name));
    Some(tree::Dimension { primary_key: true, ..draft::hidden(&name, DimensionType::String, &text) })
}

fn has_free_after(emission: &Emission<'_>, model: ModelId, columns: &[String]) -> bool {
    columns.iter().any(|column| {
        matches!(emission.column_type(model, column), ColumnType::String | ColumnType::Json | ColumnType::Unknown)
    })
}
