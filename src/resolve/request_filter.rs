//! The filter of a saved query or a test, checked as a request reads it.
//!
//! A definition compares a time with `date '1998-09-02'` only and names what a row has; a request takes the text
//! `'1998-09-02'` beside a time for a day, and `orders.quantity` for a metric of the row's order.
//!
//! **Invariant:** what is accepted here is bound by the planner in the same words; nothing is rewritten.

use super::{
    context::Context,
    expression::{Scope, condition_of},
    path::find,
};
use crate::{
    diagnostics::Diagnostics,
    files::{Span, Spanned},
    project::routes_to,
    sql::{BinaryOp, Expr, Literal, Name},
    time::NaiveDate,
};

/// Returns what is wrong with a filter, seen from the rows of a scope.
pub(super) fn check(context: &Context<'_>, scope: &Scope<'_>, filter: &Expr<Name>, span: Span) -> Diagnostics {
    if let Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } = filter {
        let mut found = check(context, scope, left, span);
        found.extend(check(context, scope, right, span));
        return found;
    }
    let filter = with_values_of_metrics(context, scope, filter);
    let as_written = problems(context, scope, &filter, span);
    if as_written.has_errors() && !problems(context, scope, &with_days(&filter), span).has_errors() {
        return Diagnostics::new();
    }
    as_written
}

fn problems(context: &Context<'_>, scope: &Scope<'_>, filter: &Expr<Name>, span: Span) -> Diagnostics {
    let mut found = Diagnostics::new();
    condition_of(context, scope, filter, span, &mut found);
    found
}

/// Puts a value of its type for each metric of a row: `orders.quantity` → `cast(null as integer)`.
fn with_values_of_metrics(context: &Context<'_>, scope: &Scope<'_>, filter: &Expr<Name>) -> Expr<Name> {
    filter.map(&mut |name| match name {
        Name::Path(words) => {
            value_of_metric(context, scope, words).unwrap_or_else(|| Expr::Leaf(Name::Path(words.clone())))
        }
        other => Expr::Leaf(other.clone()),
    })
}

fn value_of_metric(context: &Context<'_>, scope: &Scope<'_>, words: &[Spanned<String>]) -> Option<Expr<Name>> {
    let [member, metric] = words else { return None };
    if find(context, *scope, words).is_ok() {
        return None;
    }
    let metric = context.project.metric_named(&metric.value)?;
    let routes = routes_to(&context.project, scope.model, &member.value);
    let [route] = routes.as_slice() else { return None };
    let model = context.project.route_end(scope.model, route);
    let to = context.project.metrics[metric].value_type;
    (!context.project.models[model].primary_key.is_empty()).then(|| Expr::Cast { arg: Box::new(Expr::null()), to })
}

/// Reads each text that is a day as one.
fn with_days(filter: &Expr<Name>) -> Expr<Name> {
    filter.clone().rebuild(&mut |expr| match &expr {
        Expr::Literal(Literal::String(text)) => text.parse::<NaiveDate>().map_or(expr, Expr::date),
        _ => expr,
    })
}
