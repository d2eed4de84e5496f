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
    typing::Typed,
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, JoinId, ModelId},
    project::{AsOf, JoinKey, Ref, Versions},
    sql::{Expr, Name, article},
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

/// Resolves the `as_of` of a join: a time of its model in the type of the versions, or that of the metric. Nothing if
/// that was reported.
pub(super) fn as_of(
    context: &Context<'_>,
    id: JoinId,
    keys: &[JoinKey],
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<AsOf> {
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
    if let Some(AsOf::Metric(cast)) = of_metric(&parsed) {
        return by_metric(context, id, cast, (text, subject), diagnostics);
    }
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
    agree(context, time, versions, (text, subject), diagnostics).map(AsOf::Own)
}

/// Returns what is written if it is the time of the metric: `time`, or `cast(time as datetime)`.
fn of_metric(parsed: &Expr<Name>) -> Option<AsOf> {
    let is_time = |expr: &Expr<Name>| match expr {
        Expr::Leaf(Name::Path(words)) => matches!(words.as_slice(), [word] if word.value == "time"),
        _ => false,
    };
    match parsed {
        Expr::Cast { arg, to } if is_time(arg) => Some(AsOf::Metric(Some(*to))),
        other => is_time(other).then_some(AsOf::Metric(None)),
    }
}

/// Checks a join that takes versions at the time of the metric.
fn by_metric(
    context: &Context<'_>,
    id: JoinId,
    cast: Option<ColumnType>,
    (text, subject): (&Text, &str),
    diagnostics: &mut Diagnostics,
) -> Option<AsOf> {
    let (def, _) = context.joins[id.index()];
    let join = &context.project.joins[id];
    let (from, to) = (&context.project.models[join.from], &context.project.models[join.to]);
    let mut refuse = |span, message: String, help: String| {
        diagnostics.push(Diagnostic::new(Code::InvalidAsOf, span, message).help(help));
        None
    };
    let has_dimension = context.dimension(join.from, "time").is_some();
    if has_dimension || context.columns(join.from).names().iter().any(|name| name.eq_ignore_ascii_case("time")) {
        let what = if has_dimension { "dimension" } else { "column" };
        let message = format!("`time` is the time of the metric, and model `{}` has a {what} `time`", from.name);
        return refuse(text.span, message, "Name a dimension that has another name.".to_owned());
    }
    if let Some(complete) = def.complete.as_ref().filter(|complete| complete.value) {
        let message = format!("{subject} promises a version for each row, and which one depends on the metric");
        return refuse(complete.span, message, "Leave `complete` out.".to_owned());
    }
    if let Some(fan_out) = &def.fan_out {
        let message =
            format!("{subject} takes the version at the time of the metric, so no version has rows of its own");
        return refuse(fan_out.span, message, "Leave `fan_out` out, or name a time of the model.".to_owned());
    }
    let theirs = to.versions.as_ref().map_or(ColumnType::Unknown, |versions| versions.column_type);
    match cast {
        Some(cast) if cast != theirs && theirs != ColumnType::Unknown => {
            let message = format!(
                "{subject} takes the version at {}, and the versions are valid from {} on",
                article(cast),
                article(theirs)
            );
            refuse(text.span, message, format!("Write `cast(time as {theirs})`, or `time` where no cast is needed."))
        }
        cast => Some(AsOf::Metric(cast)),
    }
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
