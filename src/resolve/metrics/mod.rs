//! Completes metrics: their kind follows from the keys that are there.
//!
//! `model` + `agg` aggregates rows; `expr` without `agg` computes with metrics; `metric` + `window` accumulates;
//! `metric` + `offset` or `where` is a derived metric with one input.
//!
//! **Invariant:** a metric is completed behind all metrics that it uses; circles are reported.

pub(super) mod aggregate_names;
mod changes;
mod derived;
mod funnel;
mod life;
mod members;
mod nested;
mod simple;

use super::{context::Context, expression::parse, names::unknown_metric, topology};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, MetricId},
    project::Empty,
    sql::{Expr, Name, article},
    syntax::{ExpressionDef, MetricDef, Text},
};

pub(super) use life::format_named;
pub(super) use simple::path_words;

/// How deep metrics may lie in one another.
const MAX_DEPTH: usize = 32;
/// How many simple metrics a metric may expand to, each counted as often as it is used.
const MAX_LEAVES: usize = 500;

/// What the keys of a definition make of it.
enum Shape {
    /// An aggregate of rows.
    Simple,
    /// An expression over metrics.
    Derived(Expr<Name>),
    /// One metric, accumulated, shifted or filtered.
    Applied,
    /// A metric of a metric.
    Nested,
    /// Events that follow one another.
    Funnel,
    /// Reported, or not executed yet.
    Broken,
}

/// Completes all metrics.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let shapes: Vec<Shape> = context.metrics.iter().map(|def| shape(def, diagnostics)).collect();
    let uses: Vec<Vec<usize>> =
        context.metrics.iter().zip(&shapes).map(|(def, shape)| uses(context, def, shape)).collect();
    let needs: Vec<Vec<usize>> = uses.iter().map(|uses| each_once(uses)).collect();
    let order = topology::order(&needs);
    let mut broken: Vec<bool> = shapes.iter().map(|shape| matches!(shape, Shape::Broken)).collect();
    for circle in &order.circles {
        report_circle(context, circle, diagnostics);
        for node in circle {
            broken[*node] = true;
        }
    }
    let mut sizes = vec![(0, 0); uses.len()];
    for node in order.nodes {
        let id = MetricId::from_index(node);
        life::resolve(context, id, diagnostics);
        let (depth, leaves) = size(&uses[node], &sizes);
        sizes[node] = (depth, leaves);
        if broken[node] {
            continue;
        }
        if depth > MAX_DEPTH || leaves > MAX_LEAVES {
            report_size(context, id, depth, leaves, diagnostics);
            sizes[node] = (0, 1);
            continue;
        }
        match &shapes[node] {
            Shape::Simple => simple::complete(context, id, diagnostics),
            Shape::Derived(expr) => derived::complete(context, id, expr, diagnostics),
            Shape::Applied => derived::complete_applied(context, id, diagnostics),
            Shape::Nested => nested::complete(context, id, diagnostics),
            Shape::Funnel => funnel::complete(context, id, diagnostics),
            Shape::Broken => {}
        }
        set_empty(context, id, diagnostics);
    }
}

fn size(uses: &[usize], sizes: &[(usize, usize)]) -> (usize, usize) {
    let depth = uses.iter().map(|used| sizes[*used].0 + 1).max().unwrap_or(0);
    let leaves = uses.iter().fold(0_usize, |sum, used| sum.saturating_add(sizes[*used].1));
    (depth, leaves.max(1))
}

fn report_size(context: &Context<'_>, id: MetricId, depth: usize, leaves: usize, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let message = if depth > MAX_DEPTH {
        format!("metric `{}` lies on more than {MAX_DEPTH} metrics that lie on one another", def.name.value)
    } else {
        format!("metric `{}` expands to {leaves} aggregates, more than {MAX_LEAVES}", def.name.value)
    };
    diagnostics.push(
        Diagnostic::new(Code::ExpressionTooLarge, def.name.span, message)
            .help("Compute what is shared in the warehouse, as a column of a model."),
    );
}

/// Decides what a definition is by its keys. Which keys go together was checked when the file was loaded.
fn shape(def: &MetricDef, diagnostics: &mut Diagnostics) -> Shape {
    if def.funnel.is_some() {
        return Shape::Funnel;
    }
    if !def.per.is_empty() {
        return Shape::Nested;
    }
    let subject = format!("metric `{}`", def.name.value);
    match (&def.agg, &def.metric, &def.expr) {
        (Some(_), ..) if def.model.is_some() => Shape::Simple,
        (None, Some(_), _) => Shape::Applied,
        // Reported when the file was loaded: it has a model, but no aggregate.
        (None, None, Some(_)) if def.model.is_some() => Shape::Broken,
        (None, None, Some(ExpressionDef::PerDialect(_, span))) => {
            let message = format!("{subject} computes with metrics by SQL of one dialect");
            let help = "Write one portable expression over metrics.";
            diagnostics.push(Diagnostic::new(Code::InvalidExpression, *span, message).help(help));
            Shape::Broken
        }
        (None, None, Some(ExpressionDef::Portable(text))) => {
            if let Some(filter) = &def.filter {
                let message = format!("{subject} computes with metrics, which have filters of their own");
                let help = "Put `where` on the inputs that it is meant for.";
                diagnostics.push(Diagnostic::new(Code::ConflictingKeys, filter.span, message).help(help));
            }
            parse(text, diagnostics).map_or(Shape::Broken, Shape::Derived)
        }
        // Reported when the file was loaded.
        (Some(_), ..) | (None, None, None) => Shape::Broken,
    }
}

/// Returns the metrics that a definition uses, as often as it does, as far as they exist.
fn uses(context: &Context<'_>, def: &MetricDef, shape: &Shape) -> Vec<usize> {
    let mut uses = Vec::new();
    let mut add = |name: &str| uses.extend(context.project.metric_named(name).map(Id::index));
    match shape {
        Shape::Derived(expr) => {
            let mut used = vec![false; def.inputs.len()];
            expr.for_each_leaf(&mut |name| {
                let Name::Path(words) = name else { return };
                let [word] = words.as_slice() else { return };
                match def.inputs.iter().position(|input| input.name.value == word.value) {
                    Some(input) => {
                        used[input] = true;
                        add(&def.inputs[input].metric.value);
                    }
                    None => add(&word.value),
                }
            });
            // An input that is not used is told of, and its metric has to be complete for that.
            let unused = def.inputs.iter().zip(used).filter(|(_, used)| !used);
            unused.for_each(|(input, _)| add(&input.metric.value));
        }
        Shape::Applied | Shape::Nested => def.metric.iter().for_each(|metric| add(&metric.value)),
        Shape::Funnel => {
            def.funnel.iter().flat_map(|funnel| &funnel.steps).for_each(|step| add(&step.metric.value));
        }
        Shape::Simple | Shape::Broken => {}
    }
    uses
}

fn each_once(uses: &[usize]) -> Vec<usize> {
    let mut once = Vec::new();
    uses.iter().for_each(|used| {
        if !once.contains(used) {
            once.push(*used);
        }
    });
    once
}

fn report_circle(context: &Context<'_>, circle: &[usize], diagnostics: &mut Diagnostics) {
    let name = |node: &usize| format!("`{}`", context.metrics[*node].name.value);
    let place = |node: &usize| {
        let def = context.metrics[*node];
        let expr = def.expr.as_ref().map(ExpressionDef::span);
        expr.or(def.metric.as_ref().map(|metric| metric.span)).unwrap_or(def.span)
    };
    let names: Vec<String> = circle.iter().chain(circle.first()).map(name).collect();
    let message = format!("metric {} is defined by itself: {}", names[0], names.join(" → "));
    let mut diagnostic = Diagnostic::new(Code::CyclicMetric, place(&circle[0]), message)
        .help("Define one of them by an aggregate of rows.");
    for node in &circle[1..] {
        diagnostic = diagnostic.also(place(node), format!("by way of {}", name(node)));
    }
    diagnostics.push(diagnostic);
}

/// Finds a metric by name, or reports that there is none.
fn metric_named(context: &Context<'_>, subject: &str, name: &Text, diagnostics: &mut Diagnostics) -> Option<MetricId> {
    let found = context.project.metric_named(&name.value);
    if found.is_none() {
        diagnostics.push(unknown_metric(&context.project, name.span, subject, &name.value));
    }
    found
}

/// Reads `when_empty: 0` or `null`; zero is for numbers only.
fn empty_named(text: &Text, value_type: ColumnType, subject: &str, diagnostics: &mut Diagnostics) -> Option<Empty> {
    if text.value != "0" {
        return Some(Empty::Null);
    }
    if !value_type.is_numeric() && value_type != ColumnType::Unknown {
        let message = format!("{subject} cannot be 0 where it is empty: its value is {}", article(value_type));
        diagnostics.push(Diagnostic::new(Code::TypeMismatch, text.span, message).help("Write `when_empty: null`."));
        return None;
    }
    Some(Empty::Zero)
}

/// Applies `when_empty:` to a completed metric, whose default is there already.
fn set_empty(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    if let Some(text) = &def.when_empty {
        let subject = format!("metric `{}`", def.name.value);
        if let Some(empty) = empty_named(text, context.project.metrics[id].value_type, &subject, diagnostics) {
            context.project.metrics[id].when_empty = empty;
            context.project.metrics[id].says_empty = true;
        }
    }
}
