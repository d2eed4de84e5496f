//! A filter of a request → SQL, in the scope of one scan.
//!
//! `customers.country in ('DE', 'FR') and time.month >= '2025-01-01'` joins the customers once and compares the month.
//! A filter must reach the model of every metric of the query; it is never applied to some of them.
//!
//! **Invariant:** values of the request stay parameters.

mod call;
mod compare;
mod names;

use self::{
    call::{call, cast},
    compare::{agree, binary, compared_type, day_if_dates},
    names::{bind_name, compares_own_time, route_of},
};
use super::{
    PlanError, PlanErrorCode,
    bind::{GroupKey, Shift, bind_key},
    scope::Scope,
    time::{Cut, TimeValue},
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{Route, TimeAxis, Visible},
    sql::{BinaryOp, Expr, Literal, Name, SqlExpr, UnaryOp, formula},
};

/// What a filter is bound against.
pub(super) struct FilterContext<'c> {
    /// The project, as far as it is visible.
    pub(super) project: &'c Visible<'c>,
    /// The model of the scan.
    pub(super) model: ModelId,
    /// The time axis of the scan, for `time.…`.
    pub(super) axis: Option<&'c TimeAxis>,
    /// How far back the scan is taken: `time.…` means the shifted time, save beside another column of its row.
    pub(super) shift: Shift,
    /// How periods are cut.
    pub(super) cut: Cut,
    /// The way from the model to the rows that are read, where those are rows to which it joins: a name means what it means
    /// for the model.
    pub(super) behind: Option<&'c Route>,
    /// The keys of the request: what rows are grouped by may be filtered over a to-many join too.
    pub(super) keys: &'c [GroupKey],
}

/// A part of a filter with its type.
struct Typed {
    expr: SqlExpr,
    column_type: ColumnType,
    /// A time without a granularity: compared with a day, its local day counts.
    time: Option<ShiftedTime>,
}

/// A time and how far back the scan is taken that it is read in.
#[derive(Clone)]
struct ShiftedTime {
    value: TimeValue,
    shift: Shift,
}

impl Typed {
    fn new(expr: SqlExpr, column_type: ColumnType) -> Self {
        Self { expr, column_type, time: None }
    }
}

/// Returns whether all that a filter names is known of the rows at the end of a route, whatever row leads to them.
pub(super) fn is_known_at(context: &FilterContext<'_>, filter: &Expr<Name>, route: &Route) -> bool {
    let is_known = |name: &Name| {
        let behind = route_of(context, name).and_then(|found| found.behind(route));
        behind.is_some_and(|behind| !behind.0.iter().any(|join| context.project.joins[*join].is_by_metric()))
    };
    let mut all = true;
    filter.for_each_leaf(&mut |name| all &= is_known(name));
    all
}

/// Binds a filter in a scope.
pub(super) fn bind_filter(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    filter: &Expr<Name>,
) -> Result<SqlExpr, PlanError> {
    let bound = bind(context, scope, filter)?;
    expect(&bound, ColumnType::Boolean, "a filter")?;
    Ok(bound.expr)
}

fn bind(context: &FilterContext<'_>, scope: &mut Scope<'_>, expr: &Expr<Name>) -> Result<Typed, PlanError> {
    use ColumnType::Boolean;
    let truth = |expr| Ok(Typed::new(expr, Boolean));
    let unmoved;
    let context = if !context.shift.is_none() && compares_own_time(context, expr) {
        unmoved = FilterContext { shift: Shift::default(), ..*context };
        &unmoved
    } else {
        context
    };
    match expr {
        Expr::Leaf(name) => bind_name(context, scope, name),
        Expr::Literal(literal) => Ok(Typed::new(Expr::Literal(literal.clone()), literal.column_type())),
        Expr::Parameter(literal) => Ok(Typed::new(Expr::Parameter(literal.clone()), literal.column_type())),
        Expr::Unary { op, arg } => {
            let arg = bind(context, scope, arg)?;
            let (wanted, what) = match op {
                UnaryOp::Not => (Boolean, "`not`"),
                UnaryOp::Negate => (ColumnType::Decimal, "`-`"),
            };
            expect(&arg, wanted, what)?;
            let column_type = if *op == UnaryOp::Not { Boolean } else { arg.column_type };
            Ok(Typed::new(Expr::Unary { op: *op, arg: Box::new(arg.expr) }, column_type))
        }
        Expr::Binary { op, left, right } => {
            check_label(context, left, right)?;
            check_label(context, right, left)?;
            let bound = (bind(context, scope, left)?, bind_compared(context, scope, right)?);
            binary(context, *op, bound.0, bound.1).map_err(|error| within(error, expr))
        }
        Expr::Case { branches, otherwise } => {
            let mut column_type = ColumnType::Unknown;
            let mut bound = Vec::new();
            for (when, then) in branches {
                let (when, then) = (bind(context, scope, when)?, bind(context, scope, then)?);
                expect(&when, Boolean, "`when`")?;
                column_type = wider(column_type, then.column_type);
                bound.push((when.expr, then.expr));
            }
            let otherwise = otherwise.as_ref().map(|expr| bind(context, scope, expr)).transpose()?;
            if let Some(otherwise) = &otherwise {
                column_type = wider(column_type, otherwise.column_type);
            }
            let otherwise = otherwise.map(|typed| Box::new(typed.expr));
            Ok(Typed::new(Expr::Case { branches: bound, otherwise }, column_type))
        }
        Expr::Cast { arg, to } => {
            let arg = bind(context, scope, arg)?;
            cast(context, arg, *to)
        }
        Expr::IsNull { arg, negated } => truth(bind(context, scope, arg)?.expr.is_null(*negated)),
        Expr::IsTrue { arg, negated } => {
            let arg = bind(context, scope, arg)?;
            expect(&arg, Boolean, "`is true`")?;
            truth(arg.expr.is_true(*negated))
        }
        Expr::In { arg, list, negated } => {
            list.iter().try_for_each(|item| check_label(context, arg, item))?;
            let written = expr;
            let arg = bind(context, scope, arg)?;
            let arg = Typed::new(day_if_dates(context, &arg, list), arg.column_type);
            let mut members = Vec::new();
            for item in list {
                let item = bind_compared(context, scope, item)?;
                let (_, item) = agree(Typed::new(arg.expr.clone(), compared_type(&arg, list)), item)
                    .map_err(|error| within(error, written))?;
                members.push(item.expr);
            }
            truth(Expr::In { arg: Box::new(arg.expr), list: members, negated: *negated })
        }
        Expr::Between { arg, low, high, negated } => {
            let low = Expr::Binary { op: BinaryOp::GtEq, left: arg.clone(), right: low.clone() };
            let high = Expr::Binary { op: BinaryOp::LtEq, left: arg.clone(), right: high.clone() };
            let both = low.and(high);
            let both = if *negated { Expr::Unary { op: UnaryOp::Not, arg: Box::new(both) } } else { both };
            bind(context, scope, &both)
        }
        Expr::Like { arg, pattern, negated } => {
            let (arg, pattern) = (bind(context, scope, arg)?, bind(context, scope, pattern)?);
            expect(&arg, ColumnType::String, "`like`")?;
            expect(&pattern, ColumnType::String, "`like`")?;
            truth(Expr::Like { arg: Box::new(arg.expr), pattern: Box::new(pattern.expr), negated: *negated })
        }
        Expr::Call { function, args } => call(context, scope, *function, args),
    }
}

/// Binds what a value is compared with, where a text without quotes is taken for a name.
fn bind_compared(context: &FilterContext<'_>, scope: &mut Scope<'_>, expr: &Expr<Name>) -> Result<Typed, PlanError> {
    bind(context, scope, expr).map_err(|mut error| {
        if let Expr::Leaf(Name::Path(words)) = expr
            && let [word] = words.as_slice()
            && error.code == PlanErrorCode::UnknownField
        {
            let help = error.help.take().map_or_else(String::new, |help| format!("{help} "));
            error.help = Some(format!("{help}A text stands in single quotes: `'{}'`.", word.value));
        }
        error
    })
}

/// Says in which part of a filter something is wrong.
fn within(mut error: PlanError, part: &Expr<Name>) -> PlanError {
    let part = formula(part, &|name| match name {
        Name::Path(words) => words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join("."),
        Name::Exists { .. } => "exists(…)".to_owned(),
        Name::Claim { name } => format!("$principal.{}", name.value),
        Name::UnknownFunction { name } | Name::AggregateFunction { name } => format!("{}(…)", name.value),
    });
    if !error.message.contains(" in `") {
        error.message = format!("{} in `{part}`", error.message);
    }
    error
}

/// Refuses a text that is the label of no bucket: it would silently mean no row.
fn check_label(context: &FilterContext<'_>, side: &Expr<Name>, other: &Expr<Name>) -> Result<(), PlanError> {
    let (Expr::Leaf(Name::Path(words)), Expr::Literal(Literal::String(text)) | Expr::Parameter(Literal::String(text))) =
        (side, other)
    else {
        return Ok(());
    };
    let path: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    let Ok(found) = bind_key(context.project, context.model, &path) else { return Ok(()) };
    let buckets = &context.project.dimensions[found.dimension].buckets;
    if buckets.is_empty() || buckets.iter().any(|bucket| bucket.label == *text) {
        return Ok(());
    }
    let labels: Vec<String> = buckets.iter().map(|bucket| format!("`{}`", bucket.label)).collect();
    Err(PlanError::new(PlanErrorCode::InvalidFilter, format!("`{}` has no bucket `{text}`", path.join(".")))
        .help(format!("The buckets are {}.", labels.join(", "))))
}

fn expect(typed: &Typed, wanted: ColumnType, place: &str) -> Result<(), PlanError> {
    let found = typed.column_type;
    let fits = found == wanted || found == ColumnType::Unknown || (wanted.is_numeric() && found.is_numeric());
    if fits {
        return Ok(());
    }
    let wanted = if wanted.is_numeric() { "a number".to_owned() } else { with_article(wanted) };
    let found = with_article(found);
    Err(PlanError::new(PlanErrorCode::InvalidFilter, format!("{place} takes {wanted}, and {found} is given")))
}

fn with_article(column_type: ColumnType) -> String {
    let article = if column_type == ColumnType::Integer { "an" } else { "a" };
    format!("{article} {column_type}")
}

fn wider(left: ColumnType, right: ColumnType) -> ColumnType {
    use ColumnType::{Decimal, Float, Unknown};
    match (left, right) {
        (a, b) if a == b => a,
        (Unknown, other) | (other, Unknown) => other,
        (Float, _) | (_, Float) => Float,
        (Decimal, _) | (_, Decimal) => Decimal,
        (other, _) => other,
    }
}
