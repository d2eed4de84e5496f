//! `where` of a metric that is used: one condition, seen from every model at the bottom.

use std::collections::BTreeMap;

use super::{Context, LeafAxes};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{MetricId, ModelId},
    project::{Ref, TimeAxis},
    resolve::expression::{Scope, condition_of, parse},
    sql::{Expr, Name},
    syntax::Text,
};

/// Resolves a filter for each model at the bottom of a metric.
pub(super) fn filters(
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
