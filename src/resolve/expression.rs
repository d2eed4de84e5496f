//! Text of an expression over rows → expression over columns and dimensions, with its type.
//!
//! `customers.country <> 'XX'` of a metric on shipments becomes a comparison of the dimension `country` at the end of
//! the route `customers`. `exists(claims where kind = 'lost')` finds the join by which claims lead here.
//!
//! **Invariant:** every mistake is reported once, at the word that is wrong.

use super::{
    context::{Context, Target},
    lowering,
    metrics::aggregate_names,
    names::suggest,
    path::{At, Axis, Found, Place, find, path_span, written},
    typing::{Typed, Typing},
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::{Span, Spanned},
    ids::{DimensionId, Id, ModelId},
    project::{Ref, Route, TimeAxis},
    sql::{Dialect, Expr, Name, ParseError, article, functions, other_words, parse_expression},
    syntax::{ExpressionDef, Text},
};

/// Whose names an expression may use.
pub(super) type Scope<'s> = Place<'s>;

impl<'s> Scope<'s> {
    /// The names of a model.
    pub(super) fn of_model(model: ModelId, subject: &'s str) -> Self {
        Self { model, own: None, axis: Axis::None, principal: false, subject }
    }

    /// The names of a model, within the expression of one of its dimensions.
    pub(super) fn of_dimension(model: ModelId, own: DimensionId, subject: &'s str) -> Self {
        Self { model, own: Some(own), axis: Axis::None, principal: false, subject }
    }

    /// The names of a model, and the claims of who asks.
    pub(super) fn of_policy(model: ModelId, subject: &'s str) -> Self {
        Self { principal: true, ..Self::of_model(model, subject) }
    }

    /// The names of a metric's model, and `time` for its axis.
    pub(super) fn of_metric(model: ModelId, axis: Option<&'s TimeAxis>, subject: &'s str) -> Self {
        Self { model, own: None, axis: Axis::Metric(axis), principal: false, subject }
    }
}

/// Parses a text, or reports why it is no expression.
pub(super) fn parse(text: &Text, diagnostics: &mut Diagnostics) -> Option<Expr<Name>> {
    match parse_expression(&text.value, text.span) {
        Ok(expr) => Some(expr),
        Err(error) => {
            diagnostics.push(not_parsed(error));
            None
        }
    }
}

/// Turns the parser's refusal into a diagnostic.
pub(super) fn not_parsed(error: ParseError) -> Diagnostic {
    let code = if error.too_large { Code::ExpressionTooLarge } else { Code::InvalidExpression };
    let diagnostic = Diagnostic::new(code, error.span, error.message);
    match error.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Resolves a condition over rows.
pub(super) fn condition(
    context: &Context<'_>,
    scope: &Scope<'_>,
    text: &Text,
    diagnostics: &mut Diagnostics,
) -> Option<Expr<Ref>> {
    let parsed = parse(text, diagnostics)?;
    Some(condition_of(context, scope, &parsed, text.span, diagnostics))
}

/// Resolves a condition over rows that was parsed before.
pub(super) fn condition_of(
    context: &Context<'_>,
    scope: &Scope<'_>,
    parsed: &Expr<Name>,
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Expr<Ref> {
    let typed = typed(context, scope, parsed, span, diagnostics);
    if !matches!(typed.column_type, ColumnType::Boolean | ColumnType::Unknown) {
        let message = format!("the filter of {} is {}, not a condition", scope.subject, article(typed.column_type));
        diagnostics
            .push(Diagnostic::new(Code::TypeMismatch, span, message).help("Compare the value with another one."));
    }
    typed.expr
}

/// Resolves an expression over rows, in the portable language or one text per dialect.
pub(super) fn expression(
    context: &Context<'_>,
    scope: &Scope<'_>,
    def: &ExpressionDef,
    diagnostics: &mut Diagnostics,
) -> Option<Typed<Ref>> {
    match def {
        ExpressionDef::Portable(text) => {
            let parsed = parse(text, diagnostics)?;
            Some(typed(context, scope, &parsed, text.span, diagnostics))
        }
        ExpressionDef::PerDialect(texts, span) => Some(verbatim(context, scope, texts, *span, diagnostics)),
    }
}

/// Resolves an expression over rows that was parsed before.
pub(super) fn typed(
    context: &Context<'_>,
    scope: &Scope<'_>,
    parsed: &Expr<Name>,
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Typed<Ref> {
    let (zone, calendar) = (context.project.time_zone, context.project.calendar);
    let mut leaf = |name: &Name, diagnostics: &mut Diagnostics| match name {
        Name::Path(words) => path(context, scope, words, diagnostics),
        Name::Exists { path, filter, span } => exists(context, scope, path, filter.as_deref(), *span, diagnostics),
        Name::UnknownFunction { name } => {
            diagnostics.push(unknown_function(name));
            Typed::broken()
        }
        Name::Claim { name } if scope.principal && matches!(name.value.as_str(), "id" | "roles") => {
            diagnostics.push(no_claim(name));
            Typed::broken()
        }
        Name::Claim { name } if scope.principal => Typed {
            expr: Expr::Leaf(Ref::Claim { name: name.value.clone(), column_type: ColumnType::Unknown }),
            column_type: ColumnType::Unknown,
        },
        Name::Claim { name } => {
            diagnostics.push(claim_outside_of_policy(name));
            Typed::broken()
        }
        Name::AggregateFunction { name } => {
            let message = format!("`{}` aggregates rows, which an expression over one row cannot", name.value);
            let help = format!("Define a metric with {}.", aggregate_names::keys_for(&name.value));
            diagnostics.push(Diagnostic::new(Code::AggregateInExpression, name.span, message).help(help));
            Typed::broken()
        }
    };
    let typed = Typing { zone, calendar, whole: span, diagnostics, leaf: &mut leaf }.of(parsed);
    check_labels(context, scope, parsed, diagnostics);
    typed
}

/// Reports each text beside a dimension with buckets that is the label of none: it would silently mean no row.
fn check_labels(context: &Context<'_>, scope: &Scope<'_>, parsed: &Expr<Name>, diagnostics: &mut Diagnostics) {
    parsed.for_each_compared_text(&mut |words, text| {
        let Ok(Found::Dimension { dimension, at: None, .. }) = find(context, *scope, words) else { return };
        if let Some(labels) = context.project.dimensions[dimension].labels_instead_of(text) {
            let message = format!("`{}` has no bucket `{text}`", written(words));
            let diagnostic = Diagnostic::new(Code::UnknownBucket, path_span(words), message);
            diagnostics.push(diagnostic.help(format!("The buckets are {labels}.")));
        }
    });
}

/// Reports a claim of who asks in a text that means the same for everyone.
pub(super) fn claim_outside_of_policy(name: &Spanned<String>) -> Diagnostic {
    let message = format!("claim `{}` of `$principal` is named outside of a policy", name.value);
    Diagnostic::new(Code::InvalidExpression, name.span, message)
        .help("What a number means is the same for everyone; filter rows by who asks with `rows` under `policies`.")
}

/// Reports a claim by the name of what a principal is beside its claims: who writes it means that, and nobody would see a
/// row.
fn no_claim(name: &Spanned<String>) -> Diagnostic {
    let message =
        format!("`$principal.{0}` is no claim: the `{0}` of a principal stands beside its claims", name.value);
    let help = match name.value.as_str() {
        "roles" => {
            "Write `unless: [role]` for the roles that see all rows, or a claim of another name under `claims:`."
        }
        _ => "Write a claim of another name, such as `$principal.user_id`, and its value under `claims:`.",
    };
    Diagnostic::new(Code::InvalidPolicy, name.span, message).help(help)
}

/// Reports a function that the language does not have.
pub(super) fn unknown_function(name: &Spanned<String>) -> Diagnostic {
    let lower = name.value.to_lowercase();
    let message = format!("there is no function `{}`", name.value);
    let diagnostic = Diagnostic::new(Code::UnknownFunction, name.span, message);
    if matches!(lower.as_str(), "now" | "current_date" | "current_timestamp" | "today" | "getdate") {
        return diagnostic
            .help("A definition must not depend on the moment of asking; give the query a time range instead.");
    }
    match (other_words(&lower), nearest(&lower, functions().iter().map(|function| function.name))) {
        (Some(words), _) => diagnostic.help(format!("Write `{words}`.")),
        (None, Some(near)) => diagnostic.help(format!("Did you mean `{near}`?")),
        (None, None) => diagnostic.help("Write `expr: { duckdb: …, bigquery: … }` for SQL of one warehouse."),
    }
}

fn path(
    context: &Context<'_>,
    scope: &Scope<'_>,
    words: &[Spanned<String>],
    diagnostics: &mut Diagnostics,
) -> Typed<Ref> {
    match find(context, *scope, words) {
        Ok(Found::Column { route, column, column_type, at }) => {
            let value = Typed { expr: Expr::Leaf(Ref::Column { route, column, column_type }), column_type };
            taken(context, value, at, words, diagnostics)
        }
        Ok(Found::Dimension { route, dimension, at }) => {
            let column_type = context.project.dimensions[dimension].column_type;
            let value = Typed { expr: Expr::Leaf(Ref::Dimension { route, dimension }), column_type };
            taken(context, value, at, words, diagnostics)
        }
        Ok(Found::Broken) => Typed::broken(),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Typed::broken()
        }
    }
}

/// Takes a time at a granularity or a part.
fn taken(
    context: &Context<'_>,
    value: Typed<Ref>,
    at: Option<At>,
    words: &[Spanned<String>],
    diagnostics: &mut Diagnostics,
) -> Typed<Ref> {
    let column_type = value.column_type;
    let (zone, calendar) = (context.project.time_zone, context.project.calendar);
    let taken = match at {
        None => Some(value),
        Some(_) if !column_type.is_time() && column_type != ColumnType::Unknown => None,
        Some(At::Granularity(granularity)) => lowering::truncate(value, granularity, zone, calendar),
        Some(At::Calendar(granularity)) => {
            let column_type = context.project.granularities[granularity].column_type;
            let day = Box::new(lowering::to_date(value, zone));
            Some(Typed { expr: Expr::Leaf(Ref::Calendar { granularity, day }), column_type })
        }
        Some(At::Part(part)) => lowering::part(value, part, zone, calendar),
    };
    taken.unwrap_or_else(|| {
        let (last, name) = (&words[words.len() - 1], written(&words[..words.len() - 1]));
        let message = format!("`{name}` is {}, so it has no `{}`", article(column_type), last.value);
        diagnostics.push(Diagnostic::new(Code::TypeMismatch, last.span, message).help(if column_type.is_time() {
            "A date has no hours."
        } else {
            "Only times have granularities and parts."
        }));
        Typed::broken()
    })
}

/// What an `exists` asks: the route to the one side, and the join of the many side that leads there.
pub(super) struct Asked {
    /// How to get to the model on the one side.
    pub(super) route: Route,
    /// The join.
    pub(super) join: crate::ids::JoinId,
}

fn exists(
    context: &Context<'_>,
    scope: &Scope<'_>,
    words: &[Spanned<String>],
    filter: Option<&Expr<Name>>,
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Typed<Ref> {
    match find_many_side(context, scope, words) {
        Ok(Some(Asked { route, join })) => {
            let many = context.project.joins[join].from;
            let filter = filter.map(|filter| {
                let inner = Scope { principal: scope.principal, ..Scope::of_model(many, scope.subject) };
                Box::new(condition_of(context, &inner, filter, span, diagnostics))
            });
            Typed { expr: Expr::Leaf(Ref::Exists { route, join, filter }), column_type: ColumnType::Boolean }
        }
        Ok(None) => Typed::broken(),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Typed::broken()
        }
    }
}

/// Finds the join that an `exists` means; nothing if it was reported elsewhere.
pub(super) fn find_many_side(
    context: &Context<'_>,
    scope: &Scope<'_>,
    words: &[Spanned<String>],
) -> Result<Option<Asked>, Diagnostic> {
    let project = &context.project;
    let (mut model, mut route, mut walked) = (scope.model, Route::here(), 0);
    // To-one roles in front lead to the model on the one side.
    while walked + 1 < words.len()
        && let Some(join) = context.join(model, &words[walked].value)
    {
        if context.target(join) == Target::Broken {
            return Ok(None);
        }
        model = project.joins[join].to;
        route.0.push(join);
        walked += 1;
    }
    let one = &project.models[model].name;
    let name = &words[walked];
    let Some(many) = project.model_named(&name.value) else {
        if context.join(model, &name.value).is_some() {
            return Err(to_one(one, name));
        }
        let message = format!("{} asks for rows of unknown model `{}`", scope.subject, name.value);
        let diagnostic = Diagnostic::new(Code::UnknownModel, name.span, message);
        return Err(suggest(diagnostic, &name.value, project.model_ids.keys().map(String::as_str), "models"));
    };
    let leading: Vec<_> = context.joins_to[model.index()]
        .iter()
        .copied()
        .filter(|join| project.joins[*join].from == many)
        .filter(|join| words.get(walked + 1).is_none_or(|role| project.joins[*join].role == role.value))
        .collect();
    match leading.as_slice() {
        [join] => Ok(Some(Asked { route, join: *join })),
        [] if context.join(model, &name.value).is_some() => Err(to_one(one, name)),
        [] => {
            let message = format!("no join leads from model `{}` to `{one}`", written(&words[walked..]));
            Err(Diagnostic::new(Code::UnreachableModel, path_span(&words[walked..]), message)
                .help(format!("`exists` follows a join that `{}` declares to `{one}`; add it there.", name.value)))
        }
        several => {
            let message = format!("model `{}` joins to `{one}` in {} roles", name.value, several.len());
            let roles: Vec<String> =
                several.iter().map(|join| format!("`{}.{}`", name.value, project.joins[*join].role)).collect();
            let mut diagnostic = Diagnostic::new(Code::AmbiguousJoinPath, name.span, message)
                .label(roles.join(" or "))
                .help(format!("Write `exists({} where …)`.", roles[0].trim_matches('`')));
            for join in several {
                diagnostic = diagnostic.also(project.joins[*join].span, "one of them");
            }
            Err(diagnostic)
        }
    }
}

fn to_one(one: &str, name: &Spanned<String>) -> Diagnostic {
    let message = format!("model `{one}` has at most one row of `{}`", name.value);
    Diagnostic::new(Code::InvalidExpression, name.span, message)
        .help(format!("`exists` is for to-many joins; compare a dimension of it: `{}.… = …`.", name.value))
}

fn verbatim(
    context: &Context<'_>,
    scope: &Scope<'_>,
    texts: &[(Text, Text)],
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Typed<Ref> {
    let mut by_dialect = std::collections::BTreeMap::new();
    for (name, text) in texts {
        match Dialect::from_name(&name.value) {
            Some(dialect) => {
                by_dialect.insert(dialect, text.value.clone());
            }
            None => {
                let message = format!("{} has SQL of unknown dialect `{}`", scope.subject, name.value);
                let names = Dialect::ALL.iter().map(|dialect| dialect.name());
                let diagnostic = Diagnostic::new(Code::WrongValue, name.span, message);
                diagnostics.push(suggest(diagnostic, &name.value, names, "dialects"));
            }
        }
    }
    if let Some(dialect) = context.dialect.filter(|dialect| !by_dialect.contains_key(dialect)) {
        let message = format!("{} has no SQL for `{}`, the dialect of the connection", scope.subject, dialect.name());
        diagnostics.push(
            Diagnostic::new(Code::DialectMissing, span, message)
                .help(format!("Add `{}: …`, or write one portable expression.", dialect.name())),
        );
    }
    Typed { expr: Expr::Leaf(Ref::Verbatim(by_dialect)), column_type: ColumnType::Unknown }
}
