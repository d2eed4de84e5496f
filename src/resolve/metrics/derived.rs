//! Metrics made of other metrics: expressions over inputs, and one metric accumulated, shifted or filtered.
//!
//! `expr: on_time / parcels_due` with the input `on_time: { metric: parcels_due, where: is_on_time }`; a metric that the
//! expression names and `inputs` does not is an input as it is.
//!
//! **Invariant:** every input is used, and its filter reaches every model at the bottom of its metric.

use std::collections::BTreeMap;

use super::{Context, empty_named, metric_named, path_words};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{Span, Spanned},
    ids::{Id, MetricId, ModelId},
    project::{Back, Cumulation, Empty, Ignore, Input, InputId, MetricKind, Ref, Take, TimeAxis},
    resolve::{
        calendars::unknown_granularity,
        expression::{Scope, claim_outside_of_policy, condition_of, parse, unknown_function},
        names::suggest,
        path::{Found, find, path_span, written},
        typing::{Typed, Typing},
    },
    sql::{Expr, Name},
    syntax::{ExpressionDef, InputDef, MetricDef, OffsetDef, Text},
    time::{Duration, Granularity, Unit},
};

/// What is done to a metric before it is used.
#[derive(Default)]
struct Changes {
    filter: BTreeMap<ModelId, Expr<Ref>>,
    offset: Option<Back>,
    shift_rows: bool,
    offset_to: Option<Granularity>,
    ignore: Option<Ignore>,
    cumulation: Option<Cumulation>,
}

/// Completes a metric whose `expr` speaks of metrics.
pub(super) fn complete(context: &mut Context<'_>, id: MetricId, expr: &Expr<Name>, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    // Declared inputs by name; none where the metric is unknown, which was reported.
    let declared: Vec<(&str, Option<Input>)> = def
        .inputs
        .iter()
        .map(|input| (input.name.value.as_str(), declared_input(context, def, input, diagnostics)))
        .collect();
    let mut used: Vec<Input> = Vec::new();
    let mut used_names: Vec<&str> = Vec::new();
    let whole = def.expr.as_ref().map_or(def.span, ExpressionDef::span);
    let mut broken = false;
    let (zone, calendar) = (context.project.time_zone, context.project.calendar);
    let mut leaf = |name: &Name, diagnostics: &mut Diagnostics| {
        let found = find_input(context, &subject, &declared, name, diagnostics);
        let Some(found) = found else {
            broken = true;
            return Typed::broken();
        };
        if let Some((name, _)) = declared.iter().find(|(name, _)| *name == found.name)
            && !used_names.contains(name)
        {
            used_names.push(name);
        }
        let column_type = context.project.metrics[found.metric].value_type;
        let position = used.iter().position(|input| *input == found).unwrap_or_else(|| {
            used.push(found);
            used.len() - 1
        });
        Typed { expr: Expr::Leaf(InputId(position)), column_type }
    };
    let typed = Typing { zone, calendar, whole, diagnostics, leaf: &mut leaf }.of(expr);
    if used.is_empty() && !broken {
        let message = format!("{subject} names no metric");
        let help = "Name metrics or inputs in `expr`; with `model` and `agg` it may speak of columns.";
        diagnostics.push(Diagnostic::new(Code::MissingExpression, whole, message).help(help));
    }
    for input in &def.inputs {
        if !used_names.contains(&input.name.value.as_str()) && !broken {
            let message = format!("input `{}` of {subject} is not used", input.name.value);
            diagnostics.push(
                Diagnostic::new(Code::UnusedInput, input.name.span, message).help("Use it in `expr`, or remove it."),
            );
        }
    }
    // A metric that only gives another a name is as empty as that one.
    let alone = match (&typed.expr, used.as_slice()) {
        (Expr::Leaf(_), [Input { metric, offset: None, when_empty, .. }]) => {
            Some(when_empty.unwrap_or(context.project.metrics[*metric].when_empty))
        }
        _ => None,
    };
    let metric = &mut context.project.metrics[id];
    metric.kind = MetricKind::Derived { expr: typed.expr, inputs: used };
    metric.value_type = typed.column_type;
    metric.when_empty = alone.unwrap_or(Empty::Null);
}

/// Finds the input that a name in a metric's expression means.
fn find_input(
    context: &Context<'_>,
    subject: &str,
    declared: &[(&str, Option<Input>)],
    name: &Name,
    diagnostics: &mut Diagnostics,
) -> Option<Input> {
    let words = match name {
        Name::Path(words) => words,
        Name::UnknownFunction { name } => {
            diagnostics.push(unknown_function(name));
            return None;
        }
        Name::Claim { name } => {
            diagnostics.push(claim_outside_of_policy(name));
            return None;
        }
        Name::AggregateFunction { name } => {
            let message = format!("{subject} aggregates with `{}` in an expression over metrics", name.value);
            diagnostics.push(Diagnostic::new(Code::AggregateInExpression, name.span, message).help(format!(
                "Metrics are aggregated already; write `model` and `agg: {}` for an aggregate of rows.",
                name.value.to_lowercase()
            )));
            return None;
        }
        Name::Exists { span, .. } => {
            let message = format!("{subject} asks for rows in an expression over metrics");
            let help = "Put the condition into `where` of an input.";
            diagnostics.push(Diagnostic::new(Code::InvalidExpression, *span, message).help(help));
            return None;
        }
    };
    let [word] = words.as_slice() else {
        let message = format!("{subject} speaks of `{}`, but its expression has only metrics", written(words));
        let help = "Use dimensions in `where` of an input; with `model` and `agg` the expression is over rows.";
        diagnostics.push(Diagnostic::new(Code::UnknownMetric, path_span(words), message).help(help));
        return None;
    };
    if let Some((_, input)) = declared.iter().find(|(name, _)| *name == word.value) {
        return input.clone();
    }
    if let Some(metric) = context.project.metric_named(&word.value) {
        return Some(Input {
            name: word.value.clone(),
            metric,
            filter: BTreeMap::new(),
            offset: None,
            shift_rows: false,
            offset_to: None,
            ignore: None,
            cumulation: None,
            take: Take::Last,
            when_empty: None,
        });
    }
    diagnostics.push(unknown_name(context, subject, declared, word));
    None
}

fn unknown_name(
    context: &Context<'_>,
    subject: &str,
    declared: &[(&str, Option<Input>)],
    word: &Spanned<String>,
) -> Diagnostic {
    let message = format!("{subject} speaks of `{}`, which is neither an input nor a metric", word.value);
    let diagnostic = Diagnostic::new(Code::UnknownMetric, word.span, message);
    let is_row_name = context.dimension_ids.iter().any(|dimensions| dimensions.contains_key(word.value.as_str()));
    if is_row_name {
        return diagnostic.help(format!(
            "`{}` is a dimension: write `model` and `agg` to compute with rows, or put it into `where` of an input.",
            word.value
        ));
    }
    let names = context.project.metric_ids.keys().map(String::as_str);
    suggest(diagnostic, &word.value, declared.iter().map(|(name, _)| *name).chain(names), "metrics")
}

fn declared_input(
    context: &Context<'_>,
    def: &MetricDef,
    input: &InputDef,
    diagnostics: &mut Diagnostics,
) -> Option<Input> {
    let subject = format!("input `{}` of metric `{}`", input.name.value, def.name.value);
    let metric = metric_named(context, &subject, &input.metric, diagnostics)?;
    let changes = changes(
        context,
        metric,
        &subject,
        &Written {
            filter: input.filter.as_ref(),
            offset: input.offset.as_ref(),
            window: input.window.as_ref(),
            to_date: input.to_date.as_ref(),
            all_time: input.all_time.as_ref(),
            shift: input.shift.as_ref(),
            offset_to: input.offset_to.as_ref(),
            ignore: &input.ignore,
        },
        diagnostics,
    );
    let value_type = context.project.metrics[metric].value_type;
    let when_empty = input.when_empty.as_ref().and_then(|text| empty_named(text, value_type, &subject, diagnostics));
    Some(Input {
        name: input.name.value.clone(),
        metric,
        filter: changes.filter,
        offset: changes.offset,
        shift_rows: changes.shift_rows,
        offset_to: changes.offset_to,
        ignore: changes.ignore,
        cumulation: changes.cumulation,
        take: Take::Last,
        when_empty,
    })
}

/// Completes a metric with `metric:`: accumulated, or a derived metric with one input.
pub(super) fn complete_applied(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    let Some(name) = &def.metric else { return };
    let Some(inner) = metric_named(context, &subject, name, diagnostics) else { return };
    let written = Written {
        filter: def.filter.as_ref(),
        offset: def.offset.as_ref(),
        window: def.window.as_ref(),
        to_date: def.to_date.as_ref(),
        all_time: def.all_time.as_ref(),
        shift: None,
        offset_to: None,
        ignore: &def.ignore,
    };
    let changes = changes(context, inner, &subject, &written, diagnostics);
    let take = match def.take.as_ref().map(|take| take.value.as_str()) {
        Some("first") => Take::First,
        Some("avg") => Take::Avg,
        _ => Take::Last,
    };
    let (value_type, inner_empty) =
        (context.project.metrics[inner].value_type, context.project.metrics[inner].when_empty);
    let metric = &mut context.project.metrics[id];
    // A mean of days is no whole number, whatever the days are.
    metric.value_type = if take == Take::Avg { ColumnType::Float } else { value_type };
    match changes {
        Changes { filter, offset: None, cumulation: Some(cumulation), ignore: None, .. } if filter.is_empty() => {
            metric.kind = MetricKind::Cumulative { metric: inner, cumulation, take };
            metric.when_empty = inner_empty;
        }
        Changes { filter, offset, shift_rows, offset_to, ignore, cumulation } => {
            let input = Input {
                name: name.value.clone(),
                metric: inner,
                filter,
                offset,
                shift_rows,
                offset_to,
                ignore,
                cumulation,
                take,
                when_empty: None,
            };
            metric.kind = MetricKind::Derived { expr: Expr::Leaf(InputId(0)), inputs: vec![input] };
            // A shifted group without rows is null; a filtered one is as empty as its metric.
            metric.when_empty = if offset.is_some() { Empty::Null } else { inner_empty };
        }
    }
}

/// The changes as they were written, on an input or beside `metric:`.
struct Written<'d> {
    filter: Option<&'d Text>,
    offset: Option<&'d Spanned<OffsetDef>>,
    window: Option<&'d Spanned<Duration>>,
    to_date: Option<&'d Text>,
    all_time: Option<&'d Spanned<bool>>,
    shift: Option<&'d Text>,
    offset_to: Option<&'d Text>,
    ignore: &'d [Text],
}

fn changes(
    context: &Context<'_>,
    metric: MetricId,
    subject: &str,
    written: &Written<'_>,
    diagnostics: &mut Diagnostics,
) -> Changes {
    let offset = written.offset.and_then(|offset| offset_of(context, offset, subject, diagnostics));
    let shift_rows = written.shift.is_some_and(|shift| shifts_rows(shift, offset, subject, diagnostics));
    let offset_to = written.offset_to.and_then(|text| start_of(text, subject, diagnostics));
    let ignore = ignored(context, metric, written.ignore, subject, diagnostics);
    let cumulation = cumulation_of(context, written, subject, diagnostics);
    let leaves = leaf_axes(context, metric);
    let moved = written.offset.map(|offset| offset.span).or(written.offset_to.map(|start| start.span));
    let moved = moved.or(written.window.map(|window| window.span));
    let moved = moved.or(written.to_date.map(|to_date| to_date.span)).or(written.all_time.map(|all| all.span));
    if let Some(span) = moved.filter(|_| offset.is_some() || offset_to.is_some() || cumulation.is_some()) {
        for (leaf, _) in leaves.iter().filter(|(_, (_, axis))| axis.is_none()) {
            let message =
                format!("{subject} moves in time, but metric `{}` has none", context.project.metrics[*leaf].name);
            let place = context.project.metrics[*leaf].span;
            diagnostics.push(
                Diagnostic::new(Code::MissingTime, span, message)
                    .also(place, "the metric")
                    .help("Give that metric or its model a `time:`."),
            );
        }
    }
    if let Some(span) = moved.filter(|_| cumulation.is_some())
        && accumulates(context, metric)
    {
        let message = format!("{subject} accumulates a metric that is accumulated already");
        diagnostics
            .push(Diagnostic::new(Code::InvalidWindow, span, message).help("Accumulate the metric below instead."));
    }
    let filter = written.filter.map(|text| filters(context, subject, text, &leaves, diagnostics)).unwrap_or_default();
    Changes { filter, offset, shift_rows, offset_to, ignore, cumulation }
}

fn accumulates(context: &Context<'_>, metric: MetricId) -> bool {
    match &context.project.metrics[metric].kind {
        MetricKind::Simple(_) | MetricKind::Funnel(_) => false,
        MetricKind::Cumulative { .. } => true,
        MetricKind::Nested(nested) => accumulates(context, nested.metric),
        MetricKind::Derived { inputs, .. } => {
            inputs.iter().any(|input| input.cumulation.is_some() || accumulates(context, input.metric))
        }
    }
}

/// Reads an offset: a positive number of days, weeks, months, quarters or years.
fn offset_of(
    context: &Context<'_>,
    written: &Spanned<OffsetDef>,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Back> {
    let offset = match &written.value {
        OffsetDef::Time(offset) => *offset,
        OffsetDef::Periods { count, of } => {
            let singular = of.strip_suffix('s').unwrap_or(of);
            let found = context.project.calendar_granularity(of);
            let Some(of) = found.or_else(|| context.project.calendar_granularity(singular)) else {
                diagnostics.push(unknown_granularity(context, Code::InvalidOffset, written.span, subject, singular));
                return None;
            };
            return Some(Back::Periods { count: *count, of });
        }
    };
    let problem = if offset.count <= 0 {
        Some((format!("the offset of {subject} does not look back"), "Write a positive number, such as `1 year`."))
    } else {
        match offset.unit {
            Unit::Minute | Unit::Hour => Some((
                format!("the offset of {subject} is finer than a day"),
                "Write days, weeks, months, quarters or years.",
            )),
            Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => None,
        }
    };
    if let Some((message, help)) = problem {
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, written.span, message).help(help));
        return None;
    }
    Some(Back::Time(offset))
}

/// Reads `shift: rows`: whether each day shows the rows of the day so far back, also for months.
fn shifts_rows(shift: &Text, offset: Option<Back>, subject: &str, diagnostics: &mut Diagnostics) -> bool {
    let by_days = offset.and_then(Back::time).is_some_and(|offset| offset.unit.days().is_some());
    if by_days && shift.value == "periods" {
        let message = format!("{subject} shifts periods by days, which shift rows in any case");
        let help = "Leave `shift` out, or write months, quarters or years.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, shift.span, message).help(help));
    }
    if shift.value == "rows" && offset.is_some_and(|offset| offset.time().is_none()) {
        let message = format!("{subject} shifts rows by periods of a calendar, which are no span of time");
        let help = "Leave `shift` out, or write days, weeks, months, quarters or years.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, shift.span, message).help(help));
        return false;
    }
    !by_days && shift.value == "rows"
}

/// Reads `start of year`.
fn start_of(text: &Text, subject: &str, diagnostics: &mut Diagnostics) -> Option<Granularity> {
    let size = text.value.strip_prefix("start of ").and_then(|name| Granularity::from_name(name.trim()));
    let size = size.filter(|size| !matches!(size, Granularity::Hour | Granularity::Day));
    if size.is_none() {
        let message = format!("{subject} is taken back to `{}`, which is no start of a period", text.value);
        let help = "Write `start of year`, `start of quarter`, `start of month`, `start of week`, `start of fiscal_year` or `start of fiscal_quarter`.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, text.span, message).help(help));
    }
    size
}

/// Reads `ignore: all`, or the keys that are ignored; `time` is every time key.
fn ignored(
    context: &Context<'_>,
    metric: MetricId,
    written: &[Text],
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Ignore> {
    if let [all] = written
        && all.value == "all"
    {
        return Some(Ignore::All);
    }
    let mut paths = Vec::new();
    for text in written {
        let words = path_words(text);
        paths.push(words.iter().map(|word| word.value.clone()).collect());
        if text.value == "time" {
            continue;
        }
        let models = leaf_axes(context, metric);
        let mut wrong = None;
        let known =
            models.iter().any(|(_, (model, _))| match find(context, Scope::of_model(*model, subject), &words) {
                Ok(Found::Dimension { at: None, .. } | Found::Broken) => true,
                Ok(_) => false,
                Err(diagnostic) => {
                    wrong = Some(diagnostic);
                    false
                }
            });
        if !known {
            diagnostics.push(wrong.unwrap_or_else(|| {
                let message = format!("{subject} ignores `{}`, which is no dimension", text.value);
                Diagnostic::new(Code::UnknownDimension, text.span, message)
                    .help("Write a dimension without a granularity, `time` for all time keys, or `ignore: all`.")
            }));
        }
    }
    (!paths.is_empty()).then_some(Ignore::Keys(paths))
}

/// Reads `window`, `to_date` or `all_time`, one of them at most.
fn cumulation_of(
    context: &Context<'_>,
    written: &Written<'_>,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Cumulation> {
    let all_time = written.all_time.filter(|all| all.value);
    let spans: Vec<Span> = [written.window.map(|w| w.span), written.to_date.map(|t| t.span), all_time.map(|a| a.span)]
        .into_iter()
        .flatten()
        .collect();
    let mut invalid = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(Code::InvalidWindow, span, message).help(help));
        None
    };
    if spans.len() > 1 {
        let message = format!("{subject} is accumulated in two ways");
        return invalid(spans[1], message, "Write one of `window`, `to_date` and `all_time`.");
    }
    if let Some(window) = written.window {
        if window.count <= 0 {
            let message = format!("the window of {subject} is empty");
            return invalid(window.span, message, "Write a positive number, such as `28 days`.");
        }
        return match window.unit {
            Unit::Minute | Unit::Hour => {
                let message = format!("the window of {subject} is finer than a day");
                invalid(window.span, message, "Write days, weeks, months, quarters or years.")
            }
            Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => Some(Cumulation::Window(window.value)),
        };
    }
    if let Some(to_date) = written.to_date {
        let Some(size) = context.project.size_named(&to_date.value) else {
            diagnostics.push(unknown_granularity(context, Code::WrongValue, to_date.span, subject, &to_date.value));
            return None;
        };
        if size == Granularity::Day.into() || size.is_within_a_day() {
            let message = format!("{subject} cannot be accumulated to date within one {}", to_date.value);
            let help = "Write week, month, quarter, year, fiscal_quarter, fiscal_year or a granularity of a calendar.";
            return invalid(to_date.span, message, help);
        }
        return Some(Cumulation::ToDate(size));
    }
    all_time.map(|_| Cumulation::AllTime)
}

/// The simple metrics at the bottom of a metric, with their models and time axes.
type LeafAxes<'p> = Vec<(MetricId, (ModelId, Option<&'p TimeAxis>))>;

fn leaf_axes<'p>(context: &'p Context<'_>, metric: MetricId) -> LeafAxes<'p> {
    let leaves = context.project.leaves(metric).into_iter();
    leaves
        .filter_map(|leaf| context.project.simple(leaf).map(|simple| (leaf, (simple.model, simple.time.as_ref()))))
        .collect()
}

/// Resolves a filter for each model at the bottom of a metric.
fn filters(
    context: &Context<'_>,
    subject: &str,
    text: &Text,
    leaves: &LeafAxes<'_>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<ModelId, Expr<Ref>> {
    let mut resolved = BTreeMap::new();
    let Some(parsed) = parse(text, diagnostics) else { return resolved };
    let mut failed: Vec<(MetricId, Diagnostics)> = Vec::new();
    let mut axes: BTreeMap<ModelId, (MetricId, Option<&TimeAxis>)> = BTreeMap::new();
    for (leaf, (model, axis)) in leaves {
        if let Some((other, other_axis)) = axes.get(model) {
            if other_axis != axis && names_time(&parsed) {
                let (a, b) = (&context.project.metrics[*other].name, &context.project.metrics[*leaf].name);
                let message = format!("`time` in the filter of {subject} means different times in `{a}` and `{b}`");
                let help = "Name the time dimension instead of `time`.";
                diagnostics.push(Diagnostic::new(Code::FilterOutOfReach, text.span, message).help(help));
            }
            continue;
        }
        axes.insert(*model, (*leaf, *axis));
        let mut found = Diagnostics::new();
        let scope = Scope::of_metric(*model, *axis, subject);
        resolved.insert(*model, condition_of(context, &scope, &parsed, text.span, &mut found));
        if found.has_errors() {
            failed.push((*leaf, found));
        } else {
            diagnostics.extend(found);
        }
    }
    if failed.len() == axes.len() {
        if let Some((_, found)) = failed.into_iter().next() {
            diagnostics.extend(found);
        }
        return resolved;
    }
    for (leaf, found) in failed {
        for reason in found.sorted() {
            let name = &context.project.metrics[leaf].name;
            let message = format!("the filter of {subject} does not reach metric `{name}`: {}", reason.message);
            let help = "A filter must mean the same for every metric below; filter the inputs of that metric instead.";
            diagnostics.push(
                Diagnostic::new(Code::FilterOutOfReach, reason.span(), message)
                    .also(context.project.metrics[leaf].span, "the metric")
                    .help(help),
            );
        }
    }
    resolved
}

/// Returns whether an expression speaks of the metric's own time.
fn names_time(expr: &Expr<Name>) -> bool {
    let mut found = false;
    expr.for_each_leaf(&mut |name| {
        if let Name::Path(words) = name {
            found |= words.len() > 1 && words[0].value == "time";
        }
    });
    found
}
