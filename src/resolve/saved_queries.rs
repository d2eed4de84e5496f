//! Saved queries: their texts are read, and every name in them is checked for every metric.
//!
//! `{ name: weekly_review, metrics: [parcels_booked], by: [time.week, origin.region], time: last 8 weeks }`.
//!
//! **Invariant:** a saved query of a project can be bound; the planner decides only what needs the moment of asking.

use super::{
    context::Context,
    expression::{Scope, not_parsed, parse},
    metrics::path_words,
    names::unknown_metric,
    path::{Found, find, path_span, written},
    request_filter,
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Spanned,
    ids::{MetricId, ModelId},
    project::{MetricKind, SavedQuery, TimeAxis},
    sql::{Expr, Name, parse_order},
    syntax::{SavedQueryDef, Text},
    time::{RangeError, TimeRange},
};

/// Completes all saved queries.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let mut queries: Vec<SavedQuery> =
        context.definitions.saved_queries.iter().map(|def| complete(context, def, diagnostics)).collect();
    queries.sort_by(|a, b| a.name.cmp(&b.name));
    context.project.saved_queries = queries;
}

fn complete(context: &Context<'_>, def: &SavedQueryDef, diagnostics: &mut Diagnostics) -> SavedQuery {
    let subject = format!("saved query `{}`", def.name.value);
    let asking = Asking { context, subject: &subject, code: Code::InvalidSavedQuery };
    let metrics: Vec<MetricId> = def.metrics.iter().filter_map(|name| asking.metric(name, diagnostics)).collect();
    if def.metrics.is_empty() && def.by.is_empty() {
        diagnostics.push(
            Diagnostic::new(Code::InvalidSavedQuery, def.name.span, format!("{subject} asks for nothing"))
                .help("Name at least one metric under `metrics`."),
        );
    }
    let complete_names = metrics.len() == def.metrics.len();
    let leaves = if complete_names { asking.leaves(&metrics) } else { Vec::new() };
    let order = def.order.as_ref().and_then(|text| match parse_order(&text.value, text.span) {
        Ok(order) => Some(order),
        Err(error) => {
            diagnostics.push(not_parsed(error));
            None
        }
    });
    let order = order.unwrap_or_default();
    let keys: Vec<&str> = def.by.iter().map(|key| key.value.as_str()).collect();
    for (term, _) in &order {
        asking.answer_names(term, &keys, diagnostics);
    }
    SavedQuery {
        name: def.name.value.clone(),
        description: def.description.as_ref().map(|text| text.value.clone()),
        by: def.by.iter().map(|key| asking.key(key, &leaves, diagnostics)).collect(),
        filter: def.filter.as_ref().and_then(|text| asking.filter(text, &leaves, diagnostics)),
        having: def.having.as_ref().and_then(|text| {
            let having = parse(text, diagnostics)?;
            asking.answer_names(&having, &[], diagnostics);
            let found = request_filter::check_having(context, &subject, &having, text.span);
            found.sorted().into_iter().for_each(|reason| diagnostics.push(reason));
            Some(having)
        }),
        time: def.time.as_ref().and_then(|text| asking.range(text, &leaves, diagnostics)),
        order,
        limit: def.limit.as_ref().map(|limit| limit.value),
        metrics,
        span: def.span,
    }
}

/// A simple metric at the bottom of a query: its model and its axis.
pub(super) type Leaf<'c> = (MetricId, ModelId, Option<&'c TimeAxis>);

/// Somebody who asks for metrics in the language of saved queries.
pub(super) struct Asking<'c, 'd> {
    /// The project as far as it is made.
    pub(super) context: &'c Context<'d>,
    /// Who asks, for messages.
    pub(super) subject: &'c str,
    /// The code of mistakes that have none of their own.
    pub(super) code: Code,
}

impl<'c> Asking<'c, '_> {
    /// Finds a metric.
    pub(super) fn metric(&self, name: &Text, diagnostics: &mut Diagnostics) -> Option<MetricId> {
        // `revenue previous 1 year` asks for a metric of the past.
        let plain = name.value.split(" previous ").next().unwrap_or_default().trim();
        let found = self.context.project.metric_named(plain);
        if found.is_none() {
            diagnostics.push(unknown_metric(&self.context.project, name.span, self.subject, plain));
        } else if plain.len() != name.value.len() {
            let message = format!("{} asks for `{}`", self.subject, name.value);
            let help = "Define a metric with `metric` and `offset`, and name it here.";
            diagnostics.push(Diagnostic::new(self.code, name.span, message).help(help));
        }
        found
    }

    /// Returns the simple metrics at the bottom of the metrics, each once.
    pub(super) fn leaves(&self, metrics: &[MetricId]) -> Vec<Leaf<'c>> {
        let mut leaves: Vec<Leaf<'c>> = Vec::new();
        for metric in metrics {
            for leaf in self.context.project.leaves(*metric) {
                if leaves.iter().any(|(known, ..)| *known == leaf) {
                    continue;
                }
                if let MetricKind::Simple(simple) = &self.context.project.metrics[leaf].kind {
                    leaves.push((leaf, simple.model, simple.time.as_ref()));
                }
            }
        }
        leaves
    }

    /// Reads a key and checks that every metric has it.
    pub(super) fn key(&self, key: &Text, leaves: &[Leaf<'c>], diagnostics: &mut Diagnostics) -> Vec<String> {
        let words = path_words(key);
        let names: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
        if let [time] = names.as_slice()
            && time == "time"
        {
            self.need_time(key, leaves, diagnostics);
            return names;
        }
        for (leaf, model, axis) in leaves {
            let reason = match find(self.context, Scope::of_metric(*model, *axis, self.subject), &words) {
                Ok(Found::Dimension { .. } | Found::Broken) => continue,
                Ok(Found::Column { .. }) => {
                    let message = format!("`{}` is a column, not a dimension", key.value);
                    Diagnostic::new(Code::UnknownDimension, path_span(&words), message)
                        .help("Declare it under `dimensions:` of its model.")
                }
                Err(reason) => reason,
            };
            diagnostics.push(self.because(*leaf, reason));
            break;
        }
        names
    }

    /// Reads a filter and checks that it reaches every metric.
    ///
    /// As in a request, `orders.quantity` may be a metric of the row's order, and `'1998-09-02'` beside a time is a day.
    pub(super) fn filter(&self, text: &Text, leaves: &[Leaf<'c>], diagnostics: &mut Diagnostics) -> Option<Expr<Name>> {
        let parsed = parse(text, diagnostics)?;
        for (leaf, model, axis) in leaves {
            let scope = Scope::of_metric(*model, *axis, self.subject);
            let found = request_filter::check(self.context, &scope, &parsed, text.span);
            if found.has_errors() {
                found.sorted().into_iter().for_each(|reason| diagnostics.push(self.because(*leaf, reason)));
                break;
            }
        }
        Some(parsed)
    }

    /// Reads a time range; every metric needs an axis for it.
    pub(super) fn range(&self, text: &Text, leaves: &[Leaf<'c>], diagnostics: &mut Diagnostics) -> Option<TimeRange> {
        match text.value.parse::<TimeRange>() {
            Ok(range) => {
                self.need_time(text, leaves, diagnostics);
                Some(range)
            }
            Err(error) => {
                let RangeError { message, help } = error;
                diagnostics.push(Diagnostic::new(self.code, text.span, message).help(help));
                None
            }
        }
    }

    /// Checks that names of a condition or an order on the answer are metrics, or keys of it.
    pub(super) fn answer_names(&self, expr: &Expr<Name>, keys: &[&str], diagnostics: &mut Diagnostics) {
        expr.for_each_leaf(&mut |name| match name {
            Name::Path(words) if keys.contains(&written(words).as_str()) => {}
            Name::Path(words) => self.answer_name(words, diagnostics),
            Name::UnknownFunction { name } => diagnostics.push(super::expression::unknown_function(name)),
            Name::Claim { name } => diagnostics.push(super::expression::claim_outside_of_policy(name)),
            Name::AggregateFunction { name } => {
                let message = format!("{} aggregates with `{}`", self.subject, name.value);
                let help = "Metrics are aggregated already; name them alone.";
                diagnostics.push(Diagnostic::new(Code::AggregateInExpression, name.span, message).help(help));
            }
            Name::Exists { span, .. } => {
                let message = format!("{} asks for rows where only metrics are", self.subject);
                diagnostics.push(Diagnostic::new(self.code, *span, message).help("Put the condition into `where`."));
            }
        });
    }

    fn answer_name(&self, words: &[Spanned<String>], diagnostics: &mut Diagnostics) {
        let name = written(words);
        if self.context.project.metric_named(&name).is_none() {
            diagnostics.push(unknown_metric(&self.context.project, path_span(words), self.subject, &name));
        }
    }

    fn need_time(&self, text: &Text, leaves: &[Leaf<'c>], diagnostics: &mut Diagnostics) {
        if let Some((leaf, ..)) = leaves.iter().find(|(.., axis)| axis.is_none()) {
            let name = &self.context.project.metrics[*leaf].name;
            let message = format!("{} needs the time of metric `{name}`, which has none", self.subject);
            diagnostics.push(
                Diagnostic::new(Code::MissingTime, text.span, message)
                    .also(self.context.project.metrics[*leaf].span, "the metric")
                    .help("Give the metric or its model a `time:`."),
            );
        }
    }

    /// Says for which metric a name means nothing.
    fn because(&self, leaf: MetricId, reason: Diagnostic) -> Diagnostic {
        let name = &self.context.project.metrics[leaf].name;
        let own = format!("{} ", self.subject);
        let what = reason.message.strip_prefix(&own).map_or(reason.message.clone(), |rest| format!("it {rest}"));
        let code = match reason.code {
            Code::InvalidExpression | Code::ExpressionTooLarge | Code::UnknownFunction => reason.code,
            _ => self.code,
        };
        Diagnostic { code, message: format!("{} does not fit metric `{name}`: {what}", self.subject), ..reason }
    }
}
