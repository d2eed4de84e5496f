//! Completes `versions` of models and `as_of` of joins, the proof that a join to versions is to-one.
//!
//! `{ to: tariffs, key: [tariff_code, currency], as_of: booked_at }` meets the one version that is valid when the parcel
//! is booked: `booked_at >= valid_from AND (valid_to IS NULL OR booked_at < valid_to)`.
//!
//! **Invariant:** a join to versions names exactly what they are versions of, and both times are of one type.

use std::collections::BTreeSet;

use super::{
    context::Context,
    expression::{Scope, parse, typed},
    lowering,
    models::{key_column, unknown_column},
    typing::{Typed, article},
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, JoinId, ModelId},
    project::{JoinKey, Ref, Versions},
    sql::{Expr, Name},
    syntax::Text,
};

/// Resolves the `versions` of a model; the columns of the model are known.
pub(super) fn resolve(context: &mut Context<'_>, model: ModelId, diagnostics: &mut Diagnostics) {
    let Some(def) = &context.models[model.index()].versions else { return };
    let of = def.of.iter().map(|column| key_column(context, model, column, diagnostics)).collect();
    let mut moment = |column: &Text| {
        let found = context.columns(model).find(&column.value);
        if found.is_none() {
            diagnostics.push(unknown_column(context, model, column));
        }
        found
    };
    let (Some((from, from_type)), Some((to, to_type))) = (moment(&def.from), moment(&def.to)) else { return };
    let name = &context.project.models[model].name;
    for (column, column_type) in [(&def.from, from_type), (&def.to, to_type)] {
        if !column_type.is_time() && column_type != ColumnType::Unknown {
            let message =
                format!("the versions of model `{name}` begin or end at `{}`, {}", column.value, article(column_type));
            diagnostics.push(
                Diagnostic::new(Code::TypeMismatch, column.span, message)
                    .help("Name a column with a date or a time, or make one in the `sql` of the model."),
            );
            return;
        }
    }
    let known = [from_type, to_type].into_iter().find(|column_type| *column_type != ColumnType::Unknown);
    let column_type = known.unwrap_or(ColumnType::Unknown);
    if to_type != column_type && to_type != ColumnType::Unknown {
        let message =
            format!("the versions of model `{name}` begin at {} and end at {}", article(from_type), article(to_type));
        diagnostics.push(
            Diagnostic::new(Code::TypeMismatch, def.to.span, message)
                .help("Give both columns one type, for example in the `sql` of the model."),
        );
        return;
    }
    context.project.models[model].versions = Some(Versions { of, from, to, column_type });
}

/// Resolves the `as_of` of a join: the time in the type of the versions. Nothing if that was reported.
pub(super) fn as_of(
    context: &Context<'_>,
    id: JoinId,
    keys: &[JoinKey],
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Expr<Ref>> {
    let (def, _) = context.joins[id.index()];
    let text = def.as_of.as_ref()?;
    let to = context.project.joins[id].to;
    let other = &context.project.models[to];
    let Some(versions) = &other.versions else {
        if context.models[to.index()].versions.is_none() {
            let message =
                format!("{subject} takes the version at `{}`, and `{}` has no versions", text.value, other.name);
            diagnostics.push(
                Diagnostic::new(Code::InvalidAsOf, text.span, message)
                    .also(context.models[to.index()].name.span, "the other model")
                    .help(format!(
                        "Give `{}` `versions: {{ of: …, from: …, to: … }}`, or leave `as_of` out.",
                        other.name
                    )),
            );
        }
        return None;
    };
    if !meets_exactly(versions, keys) {
        let message = format!(
            "{subject} meets a version of `{}` by {}, and they are versions of {}",
            other.name,
            listed(keys.iter().map(|key| &key.theirs)),
            listed(&versions.of)
        );
        diagnostics.push(
            Diagnostic::new(Code::JoinNotToOne, super::joins::key_span(def), message)
                .also(context.models[to.index()].name.span, "the other model")
                .help(format!("Join by exactly {}.", listed(&versions.of))),
        );
        return None;
    }
    let parsed = parse(text, diagnostics)?;
    if !matches!(parsed, Expr::Leaf(Name::Path(_))) {
        let message = format!("{subject} takes the version at an expression");
        diagnostics.push(
            Diagnostic::new(Code::InvalidAsOf, text.span, message)
                .help("Make a time dimension of the expression, and name it here."),
        );
        return None;
    }
    let scope = Scope::of_model(context.project.joins[id].from, subject);
    let time = typed(context, &scope, &parsed, text.span, diagnostics);
    agree(context, time, versions, (text, subject), diagnostics)
}

fn meets_exactly(versions: &Versions, keys: &[JoinKey]) -> bool {
    let met: BTreeSet<String> = keys.iter().map(|key| key.theirs.to_lowercase()).collect();
    let of: BTreeSet<String> = versions.of.iter().map(|column| column.to_lowercase()).collect();
    met == of
}

/// Brings a time to the type of the versions where that loses nothing: an instant or a wall-clock time lies in one day.
fn agree(
    context: &Context<'_>,
    time: Typed<Ref>,
    versions: &Versions,
    (text, subject): (&Text, &str),
    diagnostics: &mut Diagnostics,
) -> Option<Expr<Ref>> {
    use ColumnType::{Date, DateTime, Timestamp, Unknown};
    let help = match (time.column_type, versions.column_type) {
        (Unknown, _) | (_, Unknown) => return Some(time.expr),
        (ours, theirs) if ours == theirs && ours.is_time() => return Some(time.expr),
        (Timestamp | DateTime, Date) => return Some(lowering::to_date(time, context.project.time_zone)),
        (Date, DateTime | Timestamp) => format!(
            "A day has many moments: make a time dimension such as `cast({} as {})`, which is its start, and name that.",
            text.value, versions.column_type
        ),
        (Timestamp, DateTime) | (DateTime, Timestamp) => format!(
            "Make a time dimension `cast({} as {})`, which takes the project's zone, and name that.",
            text.value, versions.column_type
        ),
        _ => "Name a time dimension.".to_owned(),
    };
    let message = format!(
        "{subject} takes the version at `{}`, {}, and the versions are valid from {} on",
        text.value,
        article(time.column_type),
        article(versions.column_type)
    );
    diagnostics.push(Diagnostic::new(Code::InvalidAsOf, text.span, message).help(help));
    None
}

fn listed<'c>(columns: impl IntoIterator<Item = &'c String>) -> String {
    columns.into_iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}
