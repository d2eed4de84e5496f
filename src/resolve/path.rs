//! What a path stands for, seen from a model: `service`, `customers.country`, `booked_at.month`, `time.week`.
//!
//! A path is matched (1) from the model itself; else (2) to the one join path that ends in it, so that `origin.region`
//! finds `shipments.origin.region` from claims; else (3) to a dimension declared `same_as` it.
//!
//! **Invariant:** a path that fits twice is never decided silently.

use std::collections::BTreeSet;

use super::{
    context::{Context, Target},
    names::suggest,
    tables::pseudo_column,
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic},
    files::{Span, Spanned},
    ids::{DimensionId, GranularityId, Id, JoinId, ModelId},
    project::{DimensionKind, Reach, Route, TimeAxis, routes_ending_in},
    time::{Granularity, TimePart},
};

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A dimension; a time dimension may be taken at a granularity or a part.
    Dimension {
        /// How to get to its model.
        route: Route,
        /// The dimension.
        dimension: DimensionId,
        /// What of its time.
        at: Option<At>,
    },
    /// A column.
    Column {
        /// How to get to its model.
        route: Route,
        /// The warehouse's spelling.
        column: String,
        /// Its type.
        column_type: ColumnType,
        /// What of its time.
        at: Option<At>,
    },
    /// Something that was reported elsewhere.
    Broken,
}

/// What of a time dimension is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The period that holds it.
    Granularity(Granularity),
    /// The period of a calendar that holds it.
    Calendar(GranularityId),
    /// A part of it.
    Part(TimePart),
}

impl At {
    /// Reads `month`, `retail_week` or `day_of_week`.
    pub(super) fn from_name(context: &Context<'_>, name: &str) -> Option<Self> {
        let granularity = Granularity::from_name(name).map(Self::Granularity);
        let calendar = || context.project.calendar_granularity(name).map(Self::Calendar);
        granularity.or_else(|| TimePart::from_name(name).map(Self::Part)).or_else(calendar)
    }
}

/// Where a path is read.
#[derive(Clone, Copy)]
pub(super) struct Place<'s> {
    /// The model whose rows are meant.
    pub(super) model: ModelId,
    /// The dimension whose own expression it is: there its name is the column.
    pub(super) own: Option<DimensionId>,
    /// What `time.month` means.
    pub(super) axis: Axis<'s>,
    /// Whether claims of who asks have a meaning: in the rows of a policy.
    pub(super) principal: bool,
    /// Whose text it is, for messages: "metric `revenue`".
    pub(super) subject: &'s str,
}

/// What `time` stands for at a place.
#[derive(Clone, Copy)]
pub(super) enum Axis<'s> {
    /// Nothing: the text belongs to a model.
    None,
    /// The time axis of the metric, if it has one.
    Metric(Option<&'s TimeAxis>),
}

/// Finds what a path stands for, or says why it stands for nothing.
pub(super) fn find(context: &Context<'_>, place: Place<'_>, words: &[Spanned<String>]) -> Result<Found, Diagnostic> {
    if let Some(found) = find_axis(context, place, words)? {
        return Ok(found);
    }
    if let Some(found) = find_here(context, place, Reach::Declared, words) {
        return Ok(found);
    }
    if words.len() > 1 {
        let only = |found: Vec<Found>| match found.as_slice() {
            [] => Ok(None),
            [found] => Ok(Some(found.clone())),
            several => Err(ambiguous(context, place, words, several)),
        };
        if let Some(found) = only(ending_in(context, place.model, Reach::Declared, words))? {
            return Ok(found);
        }
        if let Some(found) = only(same_as(context, place.model, words))? {
            return Ok(found);
        }
        if let Some(found) = find_here(context, place, Reach::ToOne, words) {
            return Ok(found);
        }
        if let Some(found) = only(ending_in(context, place.model, Reach::ToOne, words))? {
            return Ok(found);
        }
    }
    if may_be_meant_by_a_broken_join(context, place.model, words) {
        return Ok(Found::Broken);
    }
    Err(explain(context, place, words))
}

/// Returns whether a path begins with a model that no join of ours leads to, while one leads nowhere, which was reported.
fn may_be_meant_by_a_broken_join(context: &Context<'_>, model: ModelId, words: &[Spanned<String>]) -> bool {
    let is_broken = |join: &JoinId| context.target(*join) == Target::Broken;
    let other = words.first().and_then(|first| context.project.model_named(&first.value));
    words.len() > 1
        && other.is_some_and(|other| other != model)
        && context.project.models[model].joins.iter().any(is_broken)
}

fn find_axis(context: &Context<'_>, place: Place<'_>, words: &[Spanned<String>]) -> Result<Option<Found>, Diagnostic> {
    let (Axis::Metric(axis), [time, at]) = (place.axis, words) else { return Ok(None) };
    if time.value != "time" {
        return Ok(None);
    }
    let Some(at_value) = At::from_name(context, &at.value) else {
        let message = format!("{} takes its time at unknown granularity or part `{}`", place.subject, at.value);
        let names = context.project.granularity_names().chain(TimePart::ALL.iter().map(|part| part.name()));
        return Err(suggest(Diagnostic::new(Code::UnknownName, at.span, message), &at.value, names, "names"));
    };
    match axis {
        Some(axis) => {
            Ok(Some(Found::Dimension { route: axis.route.clone(), dimension: axis.dimension, at: Some(at_value) }))
        }
        None => Err(Diagnostic::new(Code::MissingTime, time.span, format!("{} has no time axis", place.subject))
            .help("Give the metric or its model a `time:`.")),
    }
}

/// Follows a path from the model itself, without and with a granularity or part behind it.
fn find_here(context: &Context<'_>, place: Place<'_>, reach: Reach, words: &[Spanned<String>]) -> Option<Found> {
    let name = &context.project.models[place.model].name;
    let words = match words {
        [first, rest @ ..] if !rest.is_empty() && first.value == *name => rest,
        all => all,
    };
    walk(context, place, reach, words).or_else(|| {
        let (last, before) = words.split_last()?;
        let at = At::from_name(context, &last.value)?;
        let found = if before.is_empty() { None } else { walk(context, place, reach, before) };
        found.and_then(|found| taken_at(context, found, at))
    })
}

/// Follows roles from the model and ends in one of the last model's dimensions or columns.
fn walk(context: &Context<'_>, place: Place<'_>, reach: Reach, words: &[Spanned<String>]) -> Option<Found> {
    let (last, roles) = words.split_last()?;
    let mut model = place.model;
    let mut route = Route::here();
    for role in roles {
        let join = context.join_within(model, reach, &role.value)?;
        if !context.project.may_take(route.0.iter().copied(), join) {
            return None;
        }
        if context.target(join) == Target::Broken {
            return Some(Found::Broken);
        }
        model = context.project.joins[join].to;
        route.0.push(join);
    }
    member(context, place, model, route, &last.value)
}

fn member(context: &Context<'_>, place: Place<'_>, model: ModelId, route: Route, name: &str) -> Option<Found> {
    let dimension = context.dimension(model, name);
    if let Some(dimension) = dimension.filter(|id| place.own != Some(*id) || !route.0.is_empty()) {
        return Some(Found::Dimension { route, dimension, at: None });
    }
    let (column, column_type) = context.columns(model).find(name).or_else(|| partition_column(context, model, name))?;
    Some(Found::Column { route, column, column_type, at: None })
}

fn partition_column(context: &Context<'_>, model: ModelId, name: &str) -> Option<(String, ColumnType)> {
    context.models[model.index()].table.as_ref()?;
    Some((name.to_ascii_uppercase(), pseudo_column(name)?))
}

/// Takes a time dimension, or a column that is known to be a time, at a granularity or part.
fn taken_at(context: &Context<'_>, found: Found, at: At) -> Option<Found> {
    match found {
        Found::Dimension { route, dimension, .. } => {
            // The kind of a dimension that is not resolved yet is read off its definition.
            let declared = context.dimensions[dimension.index()].kind.as_ref().map(|kind| kind.value.as_str());
            let time = matches!(context.project.dimensions[dimension].kind, DimensionKind::Time { .. });
            (time || declared == Some("time") || declared.is_none()).then_some(Found::Dimension {
                route,
                dimension,
                at: Some(at),
            })
        }
        Found::Broken => Some(Found::Broken),
        Found::Column { route, column, column_type, .. } => {
            column_type.is_time().then_some(Found::Column { route, column, column_type, at: Some(at) })
        }
    }
}

/// Finds the members at the ends of all join paths that end in this path.
fn ending_in(context: &Context<'_>, model: ModelId, reach: Reach, words: &[Spanned<String>]) -> Vec<Found> {
    let place = Place { model, own: None, axis: Axis::None, principal: false, subject: "" };
    let at_end = |words: &[Spanned<String>]| -> Vec<Found> {
        let Some((last, roles)) = words.split_last() else { return Vec::new() };
        if roles.is_empty() {
            return Vec::new();
        }
        let roles: Vec<&str> = roles.iter().map(|role| role.value.as_str()).collect();
        routes_ending_in(&context.project, model, reach, &roles)
            .into_iter()
            .filter(|route| route.0.iter().all(|join| context.target(*join) == Target::Known))
            .filter_map(|route| {
                let end = context.project.route_end(model, &route);
                member(context, place, end, route, &last.value)
            })
            .collect()
    };
    let found = at_end(words);
    if !found.is_empty() {
        return found;
    }
    let Some((at, before)) =
        words.split_last().and_then(|(last, before)| Some((At::from_name(context, &last.value)?, before)))
    else {
        return Vec::new();
    };
    at_end(before).into_iter().filter_map(|found| taken_at(context, found, at)).collect()
}

/// Finds the model's own dimensions that are declared to mean the same as the path.
fn same_as(context: &Context<'_>, model: ModelId, words: &[Spanned<String>]) -> Vec<Found> {
    let matches = |words: &[Spanned<String>], at: Option<At>| -> Vec<Found> {
        let written = words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
        let dimensions = context.project.models[model].dimensions.iter().copied();
        dimensions
            .filter(|id| context.dimensions[id.index()].same_as.as_ref().is_some_and(|same| same.value == written))
            .map(|dimension| Found::Dimension { route: Route::here(), dimension, at })
            .collect()
    };
    let found = matches(words, None);
    match words.split_last() {
        Some((last, before)) if found.is_empty() => {
            At::from_name(context, &last.value).map_or(found, |at| matches(before, Some(at)))
        }
        _ => found,
    }
}

/// Returns a path as it was written.
pub(super) fn written(words: &[Spanned<String>]) -> String {
    words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".")
}

/// Returns the place of a whole path.
pub(super) fn path_span(words: &[Spanned<String>]) -> Span {
    let (first, last) = (words[0].span, words[words.len() - 1].span);
    Span { end: last.end.max(first.end), ..first }
}

fn ambiguous(context: &Context<'_>, place: Place<'_>, words: &[Spanned<String>], several: &[Found]) -> Diagnostic {
    let message = format!("{} reaches `{}` over {} joins", place.subject, written(words), several.len());
    let paths: Vec<String> = several
        .iter()
        .filter_map(|found| match found {
            Found::Dimension { route, dimension, .. } => {
                Some(context.project.dimension_path(place.model, route, *dimension))
            }
            Found::Column { route, column, .. } => {
                let roles = route.0.iter().map(|join| context.project.joins[*join].role.as_str());
                Some(roles.chain([column.as_str()]).collect::<Vec<_>>().join("."))
            }
            Found::Broken => None,
        })
        .map(|path| format!("`{path}`"))
        .collect();
    let mut diagnostic = Diagnostic::new(Code::AmbiguousJoinPath, path_span(words), message)
        .label(paths.join(" or "))
        .help("Write the whole path from the model on.");
    for found in several {
        if let Found::Dimension { route, .. } | Found::Column { route, .. } = found
            && let Some(join) = route.0.last()
        {
            let span = context.project.joins[*join].span;
            if diagnostic.labels.iter().all(|label| label.span != span) {
                diagnostic = diagnostic.also(span, "one of them");
            }
        }
    }
    diagnostic
}

/// Says why a path stands for nothing, and what to write instead.
fn explain(context: &Context<'_>, place: Place<'_>, words: &[Spanned<String>]) -> Diagnostic {
    let project = &context.project;
    let (first, rest) = (&words[0], &words[1..]);
    let own_name = &project.models[place.model].name;
    if rest.is_empty() || (first.value == *own_name && rest.len() == 1) {
        return unknown_member(context, place, place.model, &words[words.len() - 1]);
    }
    // Follow the roles as far as they go.
    let words_here = if first.value == *own_name { rest } else { words };
    let (mut model, mut walked, mut route) = (place.model, 0, Vec::new());
    while let Some(join) = words_here.get(walked).and_then(|role| context.join_within(model, Reach::ToOne, &role.value))
    {
        if !project.may_take(route.iter().copied(), join) {
            return taken_again(&words_here[walked]);
        }
        route.push(join);
        model = project.joins[join].to;
        walked += 1;
        if walked + 1 == words_here.len() {
            return unknown_member(context, place, model, &words_here[walked]);
        }
    }
    if let Some(dimension) = words_here.get(walked).and_then(|word| context.dimension(model, &word.value)) {
        return no_such_part(context, dimension, &words_here[walked..]);
    }
    if walked > 0 {
        let message = format!(
            "model `{}` has no join `{}` for `{}`",
            project.models[model].name,
            words_here.get(walked).map_or("", |word| word.value.as_str()),
            written(words)
        );
        let roles = project.models[model].joins.iter().map(|join| project.joins[*join].role.as_str());
        let at = words_here.get(walked).map_or(first.span, |word| word.span);
        return suggest(
            Diagnostic::new(Code::UnknownName, at, message),
            &written(&words_here[walked..=walked]),
            roles,
            "joins",
        );
    }
    match project.model_named(&first.value) {
        Some(other) => unreachable(context, place, words, other),
        None => {
            let message = format!("{} speaks of unknown `{}`", place.subject, written(words));
            let (last, before) = words.split_last().expect("a path has words");
            if is_own_table(context, place.model, &written(before)) {
                let message = format!("{} names the table of its own model", place.subject);
                let diagnostic = Diagnostic::new(Code::UnknownName, path_span(before), message);
                return diagnostic.help(format!("Write `{}`.", last.value));
            }
            let roles = project.models[place.model].joins.iter().map(|join| project.joins[*join].role.as_str());
            let names: BTreeSet<&str> = roles.chain(project.model_ids.keys().map(String::as_str)).collect();
            suggest(Diagnostic::new(Code::UnknownName, first.span, message), &first.value, names, "joins and models")
        }
    }
}

/// Returns whether a name is that of the model's table, with or without what stands before it: `marts.orders`, `orders`.
fn is_own_table(context: &Context<'_>, model: ModelId, name: &str) -> bool {
    let Some(table) = &context.models[model.index()].table else { return false };
    let is_last = |table: &str| table.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
    table.value.eq_ignore_ascii_case(name) || is_last(&table.value)
}

fn taken_again(role: &Spanned<String>) -> Diagnostic {
    let message = format!("a path takes a join once, and this one takes `{}` again", role.value);
    Diagnostic::new(Code::UnreachableModel, role.span, message)
        .help(format!("Declare a join of its own for the further step, with `{}.…` in its key.", role.value))
}

fn unreachable(context: &Context<'_>, place: Place<'_>, words: &[Spanned<String>], other: ModelId) -> Diagnostic {
    let project = &context.project;
    let (first, own) = (&words[0], &project.models[place.model].name);
    let routes: Vec<String> = crate::project::to_one_routes(project, place.model)
        .into_iter()
        .filter(|route| !route.0.is_empty() && project.route_end(place.model, route) == other)
        .map(|route| {
            let roles = route.0.iter().map(|join| project.joins[*join].role.as_str()).collect::<Vec<_>>();
            format!("`{}.{}`", roles.join("."), written(&words[1..]))
        })
        .collect();
    match routes.as_slice() {
        [] if context.reaches(other, place.model) => {
            let message = format!("`{}` lies over a to-many join of model `{own}`", written(words));
            Diagnostic::new(Code::FanOut, path_span(words), message)
                .label(format!("one row of `{own}` may have many of `{}`", first.value))
                .help(format!(
                    "Write `exists({} where …)` to ask whether there is such a row, or define the metric on `{}`.",
                    first.value, first.value
                ))
        }
        [] => {
            let message = format!("no join leads from model `{own}` to `{}`", first.value);
            Diagnostic::new(Code::UnreachableModel, first.span, message)
                .help(format!("Add a join to `{}` under `joins:` of `{own}`.", first.value))
        }
        [one] => {
            let message = format!("model `{own}` reaches `{}` under another name", first.value);
            Diagnostic::new(Code::UnreachableModel, first.span, message).help(format!("Write {one}."))
        }
        several => {
            let message = format!("{} reaches `{}` over {} joins", place.subject, first.value, several.len());
            Diagnostic::new(Code::AmbiguousJoinPath, first.span, message)
                .label(several.join(" or "))
                .help("Name the role.")
        }
    }
}

fn no_such_part(context: &Context<'_>, dimension: DimensionId, words: &[Spanned<String>]) -> Diagnostic {
    let (name, part) = (&words[0].value, &words[1]);
    let is_time = match context.project.dimensions[dimension].kind {
        DimensionKind::Time { .. } => true,
        DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => false,
    };
    if is_time {
        let message = format!("dimension `{name}` has no granularity or part `{}`", part.value);
        let names = context.project.granularity_names().chain(TimePart::ALL.iter().map(|part| part.name()));
        return suggest(Diagnostic::new(Code::UnknownName, part.span, message), &part.value, names, "names");
    }
    let message = format!("dimension `{name}` is no time, so it has no `{}`", part.value);
    Diagnostic::new(Code::UnknownName, part.span, message).help("Only a dimension of `type: time` has granularities.")
}

fn unknown_member(context: &Context<'_>, place: Place<'_>, model: ModelId, name: &Spanned<String>) -> Diagnostic {
    let project = &context.project;
    let owner = &project.models[model].name;
    let (code, message) = match place.own.filter(|own| project.dimensions[*own].name == name.value) {
        Some(_) => (Code::UnknownColumn, format!("model `{owner}` has no column `{}`", name.value)),
        None => {
            let message = format!("`{}` is neither a dimension nor a column of model `{owner}`", name.value);
            (Code::UnknownName, message)
        }
    };
    let diagnostic = Diagnostic::new(code, name.span, message);
    if model == place.model && context.join(model, &name.value).is_some() {
        return diagnostic.help(format!("`{}` is a join: name one of its dimensions behind a point.", name.value));
    }
    let dimensions = project.models[model].dimensions.iter().filter(|id| place.own != Some(**id));
    let names = dimensions.map(|id| project.dimensions[*id].name.as_str());
    suggest(diagnostic, &name.value, names.chain(context.columns(model).names()), "names")
}
