//! The conditions of a saved query or a test, checked as a request reads them.
//!
//! A definition compares an instant with instants and names what a row has; a request takes `date '1998-09-02'` or the text
//! `'1998-09-02'` beside a time for its local day, and `orders.quantity` for a metric of the row's order.
//!
//! **Invariant:** what is accepted here is bound by the planner in the same words; nothing is rewritten.

use super::{
    context::Context,
    expression::{Scope, condition_of},
    path::{find, written},
    typing::{Typed, Typing},
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{Span, Spanned},
    project::routes_to,
    sql::{BinaryOp, Expr, Function, Literal, Name, article},
    time::read_date,
};

/// Returns what is wrong with a filter, seen from the rows of a scope.
pub(super) fn check(context: &Context<'_>, scope: &Scope<'_>, filter: &Expr<Name>, span: Span) -> Diagnostics {
    check_parts(filter, &|part| {
        let mut found = Diagnostics::new();
        condition_of(context, scope, &with_values_of_metrics(context, scope, part), span, &mut found);
        found
    })
}

/// Returns what is wrong with the types of a condition on metrics; a name that is none of a metric is reported elsewhere.
pub(super) fn check_having(context: &Context<'_>, subject: &str, having: &Expr<Name>, span: Span) -> Diagnostics {
    let project = &context.project;
    let type_of = |name: &Name| match name {
        Name::Path(words) => project.metric_named(&written(words)).map(|id| project.metrics[id].value_type),
        _ => None,
    };
    check_parts(having, &|part| {
        let mut found = Diagnostics::new();
        let mut leaf = |name: &Name, _: &mut Diagnostics| Typed {
            expr: Expr::Leaf(name.clone()),
            column_type: type_of(name).unwrap_or(ColumnType::Unknown),
        };
        let (zone, calendar) = (project.time_zone, project.calendar);
        let typed = Typing { zone, calendar, whole: span, diagnostics: &mut found, leaf: &mut leaf }.of(part);
        if !matches!(typed.column_type, ColumnType::Boolean | ColumnType::Unknown) {
            let message = format!("`having` of {subject} is {}, not a condition", article(typed.column_type));
            let mismatch = Diagnostic::new(Code::TypeMismatch, span, message);
            found.push(mismatch.help("Compare the value with another one."));
        }
        found
    })
}

/// Looks for problems in the parts that hold together or apart, each as it is written or with its days read as such.
fn check_parts(condition: &Expr<Name>, problems: &dyn Fn(&Expr<Name>) -> Diagnostics) -> Diagnostics {
    if let Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } = condition {
        let mut found = check_parts(left, problems);
        found.extend(check_parts(right, problems));
        return found;
    }
    let as_written = problems(condition);
    if as_written.has_errors() && !problems(&with_days(condition)).has_errors() {
        return Diagnostics::new();
    }
    as_written
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

/// Reads each text that is a day as one, and each name beside days as its local day.
fn with_days(condition: &Expr<Name>) -> Expr<Name> {
    condition.clone().rebuild(&mut |part| match part {
        Expr::Literal(Literal::String(text)) => {
            read_date(&text).map_or_else(|| Expr::Literal(Literal::String(text)), Expr::date)
        }
        Expr::Binary { op, left, right } if op.is_comparison() => {
            let (of_left, of_right) = (is_day(&left), is_day(&right));
            day_if(*left, of_right).binary(op, day_if(*right, of_left))
        }
        Expr::In { arg, list, negated } => {
            let arg = Box::new(day_if(*arg, list.iter().all(is_day)));
            Expr::In { arg, list, negated }
        }
        Expr::Between { arg, low, high, negated } => {
            let arg = Box::new(day_if(*arg, is_day(&low) && is_day(&high)));
            Expr::Between { arg, low, high, negated }
        }
        part => part,
    })
}

fn is_day(expr: &Expr<Name>) -> bool {
    matches!(expr, Expr::Literal(Literal::Date(_)))
}

fn day_if(side: Expr<Name>, is_beside_days: bool) -> Expr<Name> {
    let is_named = matches!(side, Expr::Leaf(Name::Path(_)));
    if is_named && is_beside_days { Expr::call(Function::WrittenDate, vec![side]) } else { side }
}
