//! Completes dimensions: what they are computed from, their kind, type, granularity and buckets.
//!
//! `{ name: weight_class, type: number, expr: weight_kg, buckets: [1, 5] }` becomes a string dimension with the values
//! `<1`, `1–5` and `5+`.
//!
//! **Invariant:** a dimension is completed behind all dimensions that its expression names; circles are reported.

mod buckets;

pub(super) use buckets::{compare, is_decimal};

use super::{
    context::Context,
    expression::{Scope, find_many_side, parse, typed},
    metric_dimensions,
    models::unknown_column,
    path::{Found, find},
    topology,
    typing::Typed,
};
use crate::{
    catalog::{ColumnType, Form},
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{DimensionId, Id, ModelId},
    project::{DimensionKind, Ref, Route},
    sql::{Expr, Name, TEXT_OF_FLOAT, article},
    syntax::{DimensionDef, ExpressionDef},
    time::Granularity,
};

/// What a dimension is computed from, before names are resolved.
enum Written {
    /// The column of its name.
    Column,
    /// An expression.
    Parsed(Expr<Name>),
    /// SQL of one dialect each.
    Verbatim,
    /// Reported.
    Broken,
}

/// Completes all dimensions.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let written: Vec<Written> = context.dimensions.iter().map(|def| read(def, diagnostics)).collect();
    let needs: Vec<Vec<usize>> = context
        .project
        .dimensions
        .ids()
        .map(|id| match &written[id.index()] {
            Written::Parsed(expr) => {
                let mut needs = Vec::new();
                let scope = Scope::of_dimension(context.project.dimensions[id].model, id, "");
                gather_needs(context, &scope, expr, &mut needs);
                needs
            }
            Written::Column | Written::Verbatim | Written::Broken => Vec::new(),
        })
        .collect();
    let order = topology::order(&needs);
    let mut circular = vec![false; written.len()];
    for circle in &order.circles {
        report_circle(context, circle, diagnostics);
        for node in circle {
            circular[*node] = true;
        }
    }
    for node in order.nodes {
        let id = DimensionId::from_index(node);
        if circular[node] {
            set_declared_kind(context, id);
        } else {
            complete(context, id, &written[node], diagnostics);
        }
    }
}

fn read(def: &DimensionDef, diagnostics: &mut Diagnostics) -> Written {
    match &def.expr {
        None => Written::Column,
        Some(ExpressionDef::Portable(text)) => parse(text, diagnostics).map_or(Written::Broken, Written::Parsed),
        Some(ExpressionDef::PerDialect(..)) => Written::Verbatim,
    }
}

/// Gathers the dimensions that an expression names.
fn gather_needs(context: &Context<'_>, scope: &Scope<'_>, expr: &Expr<Name>, needs: &mut Vec<usize>) {
    expr.for_each_leaf(&mut |name| match name {
        Name::Path(words) => {
            if let Ok(Found::Dimension { dimension, .. }) = find(context, *scope, words) {
                needs.push(dimension.index());
            }
        }
        Name::Exists { path, filter: Some(filter), .. } => {
            if let Ok(Some(asked)) = find_many_side(context, scope, path) {
                let inner = Scope::of_model(context.project.joins[asked.join].from, "");
                gather_needs(context, &inner, filter, needs);
            }
        }
        Name::Exists { filter: None, .. }
        | Name::Claim { .. }
        | Name::UnknownFunction { .. }
        | Name::AggregateFunction { .. } => {}
    });
}

fn report_circle(context: &Context<'_>, circle: &[usize], diagnostics: &mut Diagnostics) {
    let name = |node: &usize| {
        let dimension = &context.project.dimensions[DimensionId::from_index(*node)];
        format!("`{}.{}`", context.project.models[dimension.model].name, dimension.name)
    };
    let place = |node: &usize| {
        let def = context.dimensions[*node];
        def.expr.as_ref().map_or(def.span, ExpressionDef::span)
    };
    let names: Vec<String> = circle.iter().chain(circle.first()).map(name).collect();
    let message = format!("dimension {} is defined by itself: {}", names[0], names.join(" → "));
    let mut diagnostic =
        Diagnostic::new(Code::CyclicDimension, place(&circle[0]), message).help("Define one of them by columns only.");
    for node in &circle[1..] {
        diagnostic = diagnostic.also(place(node), format!("by way of {}", name(node)));
    }
    diagnostics.push(diagnostic);
}

/// Gives a dimension that cannot be completed the kind that it declares, so that its users make no noise.
fn set_declared_kind(context: &mut Context<'_>, id: DimensionId) {
    let def = context.dimensions[id.index()];
    if let Some(kind) = def.kind.as_ref().and_then(|kind| kind_named(&kind.value)) {
        context.project.dimensions[id].kind = kind;
    }
}

fn kind_named(name: &str) -> Option<DimensionKind> {
    match name {
        "string" => Some(DimensionKind::String),
        "number" => Some(DimensionKind::Number),
        "boolean" => Some(DimensionKind::Boolean { nullable: false }),
        "time" => Some(DimensionKind::Time { finest: Granularity::Second }),
        _ => None,
    }
}

fn complete(context: &mut Context<'_>, id: DimensionId, written: &Written, diagnostics: &mut Diagnostics) {
    let def = context.dimensions[id.index()];
    let model = context.project.dimensions[id].model;
    let model_name = context.project.models[model].name.clone();
    let subject = format!("dimension `{}` of model `{model_name}`", def.name.value);
    let scope = Scope::of_dimension(model, id, &subject);
    let value = match (written, &def.expr) {
        (Written::Broken, _) => Typed::broken(),
        // A metric as a dimension has no expression.
        (Written::Column, _) if def.metric.is_some() => {
            Typed { expr: Expr::null(), column_type: metric_dimensions::foreseen_type(context, def) }
        }
        (Written::Column, _) | (_, None) => match context.columns(model).find(&def.name.value) {
            Some((column, column_type)) => {
                Typed { expr: Expr::Leaf(Ref::Column { route: Route::here(), column, column_type }), column_type }
            }
            None => {
                diagnostics.push(unknown_column(context, model, &def.name));
                Typed::broken()
            }
        },
        (Written::Parsed(expr), Some(text)) => typed(context, &scope, expr, text.span(), diagnostics),
        (Written::Verbatim, Some(text)) => {
            super::expression::expression(context, &scope, text, diagnostics).unwrap_or_else(Typed::broken)
        }
    };
    if matches!(written, Written::Column) {
        report_foreign(context, model, &value.expr, def.name.span, &subject, diagnostics);
    }
    let (kind, column_type) = decide_kind(context, model, def, &subject, value.column_type, diagnostics);
    let buckets = buckets::resolve(def, &subject, kind, diagnostics);
    let same_as = resolve_same_as(context, def, &subject, diagnostics);
    let project = &context.project;
    let money = project.dimensions[id].unit.as_deref().or(project.currency.as_deref());
    let format = super::metrics::format_named(def.format.as_ref(), money, &subject, diagnostics);
    let dimension = &mut context.project.dimensions[id];
    dimension.expr = value.expr;
    dimension.kind = kind;
    dimension.column_type = if buckets.is_empty() { column_type } else { ColumnType::String };
    dimension.buckets = buckets;
    dimension.same_as = same_as;
    dimension.format = format;
}

/// Reports a column of a type that no answer holds, taken as it is.
pub(super) fn report_foreign(
    context: &Context<'_>,
    model: ModelId,
    value: &Expr<Ref>,
    place: Span,
    subject: &str,
    diagnostics: &mut Diagnostics,
) {
    if let Expr::Leaf(Ref::Column { route, column, .. }) = value
        && context.project.form(context.project.route_end(model, route), column) == Some(Form::Foreign)
    {
        let message = format!("{subject} takes column `{column}`, whose type no answer can hold");
        let help =
            format!("Write `expr: cast({column} as string)`, or SQL of the warehouse as `expr: {{ duckdb: … }}`.");
        diagnostics.push(Diagnostic::new(Code::UncheckedColumn, place, message).help(help));
    }
}

/// Decides the kind by `type:`, else by the type of the value, and the type of the values.
fn decide_kind(
    context: &Context<'_>,
    model: ModelId,
    def: &DimensionDef,
    subject: &str,
    found: ColumnType,
    diagnostics: &mut Diagnostics,
) -> (DimensionKind, ColumnType) {
    // Other words were reported when the file was loaded.
    let declared = def.kind.as_ref().and_then(|kind| kind_named(&kind.value));
    let kind = declared.unwrap_or(match found {
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float => DimensionKind::Number,
        ColumnType::Boolean => DimensionKind::Boolean { nullable: false },
        ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => {
            DimensionKind::Time { finest: Granularity::Second }
        }
        ColumnType::String | ColumnType::Json | ColumnType::Unknown => DimensionKind::String,
    });
    let nullable = def.nullable.as_ref().is_some_and(|nullable| nullable.value);
    let (kind, fits, assumed) = match kind {
        DimensionKind::String => (kind, found == ColumnType::String, ColumnType::String),
        DimensionKind::Number => (kind, found.is_numeric(), ColumnType::Float),
        DimensionKind::Boolean { .. } => {
            (DimensionKind::Boolean { nullable }, found == ColumnType::Boolean, ColumnType::Boolean)
        }
        DimensionKind::Time { .. } => {
            let (finest, assumed) = finest_granularity(context, model, def, subject, found, diagnostics);
            (DimensionKind::Time { finest }, found.is_time(), assumed)
        }
    };
    report_useless_keys(def, subject, kind, diagnostics);
    if found == ColumnType::Unknown {
        return (kind, assumed);
    }
    if !fits {
        let name = kind_name(kind);
        let message = format!("{subject} is declared as {name}, but its value is {}", article(found));
        let span = def.kind.as_ref().map_or(def.name.span, |kind| kind.span);
        let value = if def.expr.is_some() { "…" } else { def.name.value.as_str() };
        let help = match (kind, found) {
            (_, ColumnType::Json) => format!("Write `expr: json_text({value}, 'key')`."),
            (DimensionKind::String, ColumnType::Float) => TEXT_OF_FLOAT.replace('…', value),
            (DimensionKind::String, _) => format!("Write `expr: cast({value} as string)`, or another `type`."),
            (DimensionKind::Number, _) => format!("Write `expr: cast({value} as decimal)`, or another `type`."),
            (DimensionKind::Boolean { .. }, ColumnType::Integer) => format!("Write `expr: {value} = 1`."),
            (DimensionKind::Boolean { .. }, _) => "Write a condition as its `expr`.".to_owned(),
            (DimensionKind::Time { .. }, _) => format!("Write `expr: cast({value} as date)` or `as timestamp`."),
        };
        diagnostics.push(Diagnostic::new(Code::TypeMismatch, span, message).help(help));
    }
    (kind, found)
}

fn kind_name(kind: DimensionKind) -> &'static str {
    match kind {
        DimensionKind::String => "a string",
        DimensionKind::Number => "a number",
        DimensionKind::Boolean { .. } => "a boolean",
        DimensionKind::Time { .. } => "a time",
    }
}

/// Returns the finest granularity of a time dimension, and the type that is assumed if it is not known.
fn finest_granularity(
    context: &Context<'_>,
    model: ModelId,
    def: &DimensionDef,
    subject: &str,
    found: ColumnType,
    diagnostics: &mut Diagnostics,
) -> (Granularity, ColumnType) {
    let by_type = if found == ColumnType::Date { Granularity::Day } else { Granularity::Second };
    let finest = def.granularity.as_ref().map_or(by_type, |granularity| granularity.value);
    if finest.is_within_a_day() && found == ColumnType::Date {
        let span = def.granularity.as_ref().map_or(def.name.span, |granularity| granularity.span);
        let message = format!("{subject} is a date, which has no {finest}s");
        diagnostics.push(Diagnostic::new(Code::TypeMismatch, span, message).help("Write `granularity: day`."));
    }
    let assumed = if finest.is_within_a_day() { ColumnType::Timestamp } else { ColumnType::Date };
    if found == ColumnType::Unknown && def.granularity.is_none() && def.metric.is_none() && should_know(context, model)
    {
        let message = format!("the type of {subject} is not known, so it is taken as an instant");
        diagnostics.push(Diagnostic::new(Code::UncheckedColumn, def.name.span, message).help(format!(
            "Write `expr: cast({} as timestamp)` for an instant, `as datetime` for a wall clock, `as date` for a day.",
            def.name.value
        )));
    }
    (finest, assumed)
}

/// Returns whether there is a catalog, so that an unknown type is remarkable; an unknown table was reported itself.
fn should_know(context: &Context<'_>, model: ModelId) -> bool {
    let tables = &context.catalog.tables;
    let table = &context.models[model.index()].table;
    context.has_catalog && table.as_ref().is_none_or(|table| tables.contains_key(&table.value))
}

/// Keys that say nothing about a dimension of this kind.
fn report_useless_keys(def: &DimensionDef, subject: &str, kind: DimensionKind, diagnostics: &mut Diagnostics) {
    let is_time = matches!(kind, DimensionKind::Time { .. });
    let is_boolean = matches!(kind, DimensionKind::Boolean { .. });
    if let Some(granularity) = def.granularity.as_ref().filter(|_| !is_time) {
        let message = format!("{subject} has a granularity, but is no time");
        diagnostics.push(
            Diagnostic::new(Code::WrongValue, granularity.span, message)
                .help("Write `type: time`, or leave `granularity` out."),
        );
    }
    if let Some(nullable) = def.nullable.as_ref().filter(|nullable| nullable.value && !is_boolean) {
        let message = format!("{subject} is nullable in any case: only a boolean has to say it");
        diagnostics.push(Diagnostic::new(Code::WrongValue, nullable.span, message).help("Leave `nullable` out."));
    }
}

/// Checks that `same_as: origin.region` is a dimension somewhere.
fn resolve_same_as(
    context: &Context<'_>,
    def: &DimensionDef,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<String>> {
    let same = def.same_as.as_ref()?;
    let words: Vec<String> = same.value.split('.').map(str::to_owned).collect();
    let known = match words.as_slice() {
        [.., owner, name] => {
            let by_role = context.models_by_role.get(owner.as_str()).into_iter().flatten().copied();
            let models = context.project.model_named(owner).into_iter().chain(by_role);
            models.into_iter().any(|model| context.dimension(model, name).is_some())
        }
        _ => false,
    };
    if !known {
        let message = format!("{subject} is the same as unknown dimension `{}`", same.value);
        diagnostics.push(
            Diagnostic::new(Code::UnknownDimension, same.span, message)
                .help("Write the role or model and the dimension, such as `origin.region`."),
        );
    }
    Some(words)
}
