//! A filter of a request → SQL, in the scope of one scan.
//!
//! `customers.country in ('DE', 'FR') and time.month >= '2025-01-01'` joins the customers once and compares the month.
//! A filter must reach the model of every metric of the query; it is never applied to some of them.
//!
//! **Invariant:** values of the request stay parameters.

use super::{
    PlanError, PlanErrorCode,
    bind::{BoundPath, Shift, bind_path},
    scope::Scope,
    time::{self, Cut, TimeValue},
};
use crate::{
    catalog::ColumnType,
    files::Spanned,
    ids::{JoinId, ModelId},
    project::{DimensionKind, Project, Route, TimeAxis, to_one_routes},
    sql::{BinaryOp, Expr, Function, Literal, Name, SqlExpr, UnaryOp},
    time::{Granularity, NaiveDate, TimePart},
};

/// What a filter is bound against.
pub(super) struct FilterContext<'c> {
    /// The project.
    pub(super) project: &'c Project,
    /// The model of the scan.
    pub(super) model: ModelId,
    /// The time axis of the scan, for `time.…`.
    pub(super) axis: Option<&'c TimeAxis>,
    /// How far back the scan is taken: `time.…` means the shifted time.
    pub(super) shift: Shift,
    /// How periods are cut.
    pub(super) cut: Cut,
}

/// A part of a filter with its type.
struct Typed {
    expr: SqlExpr,
    column_type: ColumnType,
    /// A time without a granularity: compared with a day, its local day counts.
    time: Option<TimeValue>,
}

impl Typed {
    fn new(expr: SqlExpr, column_type: ColumnType) -> Self {
        Self { expr, column_type, time: None }
    }
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
            let (left, right) = (bind(context, scope, left)?, bind(context, scope, right)?);
            binary(context, *op, left, right)
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
            Ok(Typed::new(Expr::Cast { arg: Box::new(arg.expr), to: *to }, *to))
        }
        Expr::IsNull { arg, negated } => truth(bind(context, scope, arg)?.expr.is_null(*negated)),
        Expr::IsTrue { arg, negated } => {
            let arg = bind(context, scope, arg)?;
            expect(&arg, Boolean, "`is true`")?;
            truth(arg.expr.is_true(*negated))
        }
        Expr::In { arg, list, negated } => {
            let arg = bind(context, scope, arg)?;
            let arg = Typed::new(day_if_dates(context, &arg, list), arg.column_type);
            let mut members = Vec::new();
            for item in list {
                let item = bind(context, scope, item)?;
                let (_, item) = agree(Typed::new(arg.expr.clone(), compared_type(&arg, list)), item)?;
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

fn bind_name(context: &FilterContext<'_>, scope: &mut Scope<'_>, name: &Name) -> Result<Typed, PlanError> {
    match name {
        Name::Path(words) => bind_words(context, scope, words),
        Name::Exists { path, filter, .. } => exists(context, scope, path, filter.as_deref()),
        Name::UnknownFunction { name } => {
            Err(PlanError::new(PlanErrorCode::InvalidFilter, format!("there is no function `{}`", name.value))
                .help("The functions are listed in docs/guide/expressions.md."))
        }
        Name::AggregateFunction { name } => Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`{}` is an aggregate, and a filter is about single rows", name.value),
        )
        .help("Put conditions on metrics into `having`.")),
    }
}

fn bind_words(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    words: &[Spanned<String>],
) -> Result<Typed, PlanError> {
    let path: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    let (found, rest) = if path[0] == "time" {
        let axis = context.axis.ok_or_else(|| {
            PlanError::new(
                PlanErrorCode::UnreachableDimension,
                "the filter names `time`, and a metric has no time axis",
            )
        })?;
        (BoundPath { route: axis.route.clone(), dimension: axis.dimension }, &path[1..])
    } else {
        find(context, &path)?
    };
    let definition = &context.project.dimensions[found.dimension];
    let shift = if path[0] == "time" { context.shift } else { Shift::default() };
    match (definition.kind, rest) {
        (DimensionKind::Time { .. }, []) => {
            let value = scope.time(&found.route, found.dimension);
            Ok(Typed { expr: value.expr.clone(), column_type: value.column_type, time: Some(value) })
        }
        (DimensionKind::Time { .. }, [word]) => {
            let value = scope.time(&found.route, found.dimension);
            if let Some(granularity) = Granularity::from_name(word) {
                time::check_finest(definition, granularity)?;
                let expr = value.period(context.cut, granularity, shift);
                return Ok(Typed::new(expr, time::period_type(value.column_type, granularity)));
            }
            let Some(part) = TimePart::from_name(word) else { return Err(no_granularity(word)) };
            if part == TimePart::HourOfDay {
                time::check_finest(definition, Granularity::Hour)?;
            }
            Ok(Typed::new(value.part(context.cut, part, shift), ColumnType::Integer))
        }
        (DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. }, []) => {
            Ok(Typed::new(scope.dimension(&found.route, found.dimension), definition.column_type))
        }
        (_, [word, ..]) => Err(no_granularity(word)),
    }
}

/// Finds the dimension of a path whose last word may be a granularity or a part.
fn find<'w>(context: &FilterContext<'_>, path: &'w [&'w str]) -> Result<(BoundPath, &'w [&'w str]), PlanError> {
    let last = path[path.len() - 1];
    let is_size = Granularity::from_name(last).is_some() || TimePart::from_name(last).is_some();
    if is_size && path.len() > 1 {
        let (before, size) = path.split_at(path.len() - 1);
        if let Ok(found) = bind_path(context.project, context.model, before) {
            return Ok((found, size));
        }
    }
    match bind_path(context.project, context.model, path) {
        Ok(found) => Ok((found, &[])),
        Err(_) if path.len() == 1 && context.project.metric_named(last).is_some() => Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`{last}` is a metric, and a filter is about single rows"),
        )
        .help("Put conditions on metrics into `having`.")),
        Err(error) => Err(error),
    }
}

fn no_granularity(word: &str) -> PlanError {
    PlanError::new(PlanErrorCode::InvalidFilter, format!("`{word}` is neither a granularity nor a part of a date"))
        .help("Write one of hour, day, week, month, quarter, year, or a part such as day_of_week.")
}

fn exists(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    path: &[Spanned<String>],
    filter: Option<&Expr<Name>>,
) -> Result<Typed, PlanError> {
    let (route, join) = find_to_many(context, path)?;
    let many = context.project.joins[join].from;
    let mut error = None;
    let expr = scope.exists(&route, join, &mut |inner| {
        let context = FilterContext { model: many, axis: None, shift: Shift::default(), ..*context };
        match filter.map(|filter| bind_filter(&context, inner, filter)).transpose() {
            Ok(bound) => bound,
            Err(wrong) => {
                error.get_or_insert(wrong);
                None
            }
        }
    });
    error.map_or(Ok(Typed::new(expr, ColumnType::Boolean)), Err)
}

/// Finds the one join by which rows of another model point to this model, or to one that it joins to.
fn find_to_many(context: &FilterContext<'_>, path: &[Spanned<String>]) -> Result<(Route, JoinId), PlanError> {
    let project = context.project;
    let text = path.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".");
    let refuse = |message: String, help: &str| Err(PlanError::new(PlanErrorCode::UnknownField, message).help(help));
    let (model, role) = match path {
        [model] => (model.value.as_str(), None),
        [model, role] => (model.value.as_str(), Some(role.value.as_str())),
        _ => return refuse(format!("`exists` knows no `{text}`"), "Write the name of a model."),
    };
    let Some(many) = project.model_named(model) else {
        let error = PlanError::new(PlanErrorCode::UnknownField, format!("there is no model `{model}`"));
        return Err(match crate::diagnostics::nearest(model, project.model_ids.keys().map(String::as_str)) {
            Some(near) => error.help(format!("Did you mean `{near}`?")),
            None => error,
        });
    };
    let mut found = Vec::new();
    for route in to_one_routes(project, context.model) {
        let one = project.route_end(context.model, &route);
        for join in &project.models[many].joins {
            let definition = &project.joins[*join];
            if definition.to == one && role.is_none_or(|role| definition.role == role) {
                found.push((route.clone(), *join));
            }
        }
        // The nearest model counts: claims of the parcel, not claims of another parcel of its customer.
        if !found.is_empty() {
            break;
        }
    }
    let here = &project.models[context.model].name;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => refuse(
            format!("`{model}` does not join to `{here}`"),
            "`exists` needs a join from the other model to this one.",
        ),
        _ => Err(PlanError::new(
            PlanErrorCode::AmbiguousJoinPath,
            format!("`{model}` joins to `{here}` in several roles"),
        )
        .help(format!(
            "Name the role: {}.",
            found
                .iter()
                .map(|(_, join)| format!("`exists({model}.{} …)`", project.joins[*join].role))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

fn binary(context: &FilterContext<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, PlanError> {
    use BinaryOp::{Add, And, Concat, Divide, Eq, Gt, GtEq, Lt, LtEq, Modulo, Multiply, NotEq, Or, Same, Subtract};
    match op {
        And | Or => {
            expect(&left, ColumnType::Boolean, "`and`, `or`")?;
            expect(&right, ColumnType::Boolean, "`and`, `or`")?;
            Ok(Typed::new(left.expr.binary(op, right.expr), ColumnType::Boolean))
        }
        Add | Subtract | Multiply | Divide | Modulo => {
            expect(&left, ColumnType::Decimal, "arithmetic")?;
            expect(&right, ColumnType::Decimal, "arithmetic")?;
            let column_type = if op == Divide { ColumnType::Float } else { wider(left.column_type, right.column_type) };
            Ok(Typed::new(left.expr.binary(op, right.expr), column_type))
        }
        Concat => Ok(Typed::new(left.expr.binary(op, right.expr), ColumnType::String)),
        Eq | NotEq | Lt | LtEq | Gt | GtEq | Same => {
            if let Some(compared) = compare_day(context, op, &left, &right) {
                return Ok(Typed::new(compared, ColumnType::Boolean));
            }
            let (left, right) = agree(left, right)?;
            Ok(Typed::new(left.expr.binary(op, right.expr), ColumnType::Boolean))
        }
    }
}

/// Compares a time with a day: its local day counts, and the bare column is compared with the day's ends.
fn compare_day(context: &FilterContext<'_>, op: BinaryOp, left: &Typed, right: &Typed) -> Option<SqlExpr> {
    use BinaryOp::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let (time, day, op) = match (&left.time, &right.time) {
        (Some(time), None) => (time, constant_day(right)?, op),
        (None, Some(time)) => (time, constant_day(left)?, turned(op)),
        _ => return None,
    };
    let column = || time.expr.clone();
    let start = |day| {
        let literal = time::day_start(time.column_type, day, context.cut.zone);
        Expr::Parameter(literal)
    };
    let next = day.succ_opt()?;
    Some(match op {
        GtEq => column().binary(GtEq, start(day)),
        Lt => column().binary(Lt, start(day)),
        Gt => column().binary(GtEq, start(next)),
        LtEq => column().binary(Lt, start(next)),
        Eq => column().binary(GtEq, start(day)).and(column().binary(Lt, start(next))),
        NotEq => column().binary(Lt, start(day)).or(column().binary(GtEq, start(next))),
        _ => return None,
    })
}

fn turned(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::LtEq => BinaryOp::GtEq,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::GtEq => BinaryOp::LtEq,
        other => other,
    }
}

fn constant_day(typed: &Typed) -> Option<NaiveDate> {
    match &typed.expr {
        Expr::Literal(literal) | Expr::Parameter(literal) => match literal {
            Literal::Date(day) => Some(*day),
            Literal::String(text) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// For `booked_at in ('2025-01-01', …)`: the local day of the time.
fn day_if_dates(context: &FilterContext<'_>, arg: &Typed, list: &[Expr<Name>]) -> SqlExpr {
    match &arg.time {
        Some(time) if compared_type(arg, list) == ColumnType::Date => time.day(context.cut),
        _ => arg.expr.clone(),
    }
}

fn compared_type(arg: &Typed, list: &[Expr<Name>]) -> ColumnType {
    let is_day = |item: &Expr<Name>| match item {
        Expr::Literal(literal) | Expr::Parameter(literal) => match literal {
            Literal::Date(_) => true,
            Literal::String(text) => text.parse::<NaiveDate>().is_ok(),
            _ => false,
        },
        _ => false,
    };
    if arg.column_type.is_time() && list.iter().all(is_day) { ColumnType::Date } else { arg.column_type }
}

/// Makes both sides of a comparison one type: text that is a date becomes one beside a date.
fn agree(left: Typed, right: Typed) -> Result<(Typed, Typed), PlanError> {
    let left_type = left.column_type;
    let right_type = right.column_type;
    let (left, right) = (read_as(left, right_type)?, read_as(right, left_type)?);
    let (a, b) = (left.column_type, right.column_type);
    let comparable = a == b
        || (a.is_numeric() && b.is_numeric())
        || matches!(a, ColumnType::Unknown | ColumnType::Json)
        || matches!(b, ColumnType::Unknown | ColumnType::Json);
    if comparable {
        return Ok((left, right));
    }
    Err(PlanError::new(
        PlanErrorCode::InvalidFilter,
        format!("{} is compared with {}", with_article(a), with_article(b)),
    )
    .help(format!("Write {} on both sides, or cast one of them.", with_article(a))))
}

/// Reads a constant text as the type it is compared with.
fn read_as(typed: Typed, other: ColumnType) -> Result<Typed, PlanError> {
    let (Expr::Literal(Literal::String(text)) | Expr::Parameter(Literal::String(text))) = &typed.expr else {
        return Ok(typed);
    };
    let wrong = |example: &str| {
        PlanError::new(PlanErrorCode::InvalidFilter, format!("`{text}` is no {other}"))
            .help(format!("Write it like `{example}`."))
    };
    let literal = match other {
        ColumnType::Date => Literal::Date(text.parse().map_err(|_| wrong("2025-01-31"))?),
        ColumnType::DateTime => {
            Literal::DateTime(text.replace(' ', "T").parse().map_err(|_| wrong("2025-01-31T14:30:00"))?)
        }
        ColumnType::Timestamp => {
            let instant = chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "T"));
            Literal::Timestamp(instant.map_err(|_| wrong("2025-01-31T14:30:00Z"))?.naive_utc())
        }
        _ => return Ok(typed),
    };
    let column_type = literal.column_type();
    let expr = match &typed.expr {
        Expr::Literal(_) => Expr::Literal(literal),
        _ => Expr::Parameter(literal),
    };
    Ok(Typed::new(expr, column_type))
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

fn call(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    function: Function,
    args: &[Expr<Name>],
) -> Result<Typed, PlanError> {
    use ColumnType::{Boolean, Date, Float, Integer, String};
    let mut bound = Vec::new();
    for arg in args {
        bound.push(bind(context, scope, arg)?);
    }
    let first = bound.first().map_or(ColumnType::Unknown, |typed| typed.column_type);
    let widest = bound.iter().fold(ColumnType::Unknown, |widest, typed| wider(widest, typed.column_type));
    let day = |typed: &Typed| {
        let read = typed.time.clone().or_else(|| {
            constant_day(typed).map(|day| TimeValue { expr: Expr::Parameter(Literal::Date(day)), column_type: Date })
        });
        let plain = TimeValue { expr: typed.expr.clone(), column_type: typed.column_type };
        let time = read.unwrap_or(plain);
        if time.column_type.is_time() || time.column_type == ColumnType::Unknown {
            return Ok(time.day(context.cut));
        }
        Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("a date is needed, and {} is given", with_article(typed.column_type)),
        ))
    };
    let calendar = context.cut.calendar;
    let (week_start, fiscal_start_month) = (calendar.week_start, calendar.fiscal_start_month);
    let arity = |count: usize, name: &str| {
        if bound.len() == count {
            return Ok(());
        }
        Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`{name}` takes {count} values, and {} are given", bound.len()),
        ))
    };
    let (function, column_type, args) = match function {
        Function::WrittenDate => {
            arity(1, "date")?;
            return Ok(Typed::new(day(&bound[0])?, Date));
        }
        Function::WrittenTruncate(granularity) => {
            arity(1, "trunc")?;
            return Ok(Typed::new(time::truncate(day(&bound[0])?, granularity, calendar), Date));
        }
        Function::WrittenPeriodsBetween(granularity) => {
            arity(2, "periods_between")?;
            let days = vec![day(&bound[0])?, day(&bound[1])?];
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, Integer, days)
        }
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            (function, Boolean, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::Length | Function::Part { .. } | Function::PeriodsBetween { .. } => {
            (function, Integer, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Concat
        | Function::Substring
        | Function::Replace
        | Function::JsonText => (function, String, bound.into_iter().map(|typed| typed.expr).collect()),
        Function::Coalesce | Function::Greatest | Function::Least => {
            (function, widest, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::Floor | Function::Ceil if first == Float => {
            (function, Float, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::NullIf
        | Function::Abs
        | Function::Round
        | Function::Floor
        | Function::Ceil
        | Function::DateOf
        | Function::LocalTime(_)
        | Function::InstantOf(_)
        | Function::Truncate { .. }
        | Function::TruncateHour(_)
        | Function::AddUnits(_) => (function, first, bound.into_iter().map(|typed| typed.expr).collect()),
    };
    Ok(Typed::new(Expr::call(function, args), column_type))
}
