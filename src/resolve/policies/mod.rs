//! Completes policies: conditions on rows, members that only some roles see, and masks.
//!
//! `{ name: own_country, model: customers, rows: country = $principal.country }` becomes a condition on customers that
//! every model which joins to them inherits.
//!
//! **Invariant:** a policy that is not understood gives no project; none is ever left out.

mod claims;
mod principal;
mod reach;

pub use principal::principal;

use super::{
    context::Context,
    expression::{Scope, condition},
    metrics::path_words,
    names::{suggest, unknown_metric, unknown_model},
    path::written,
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{DimensionId, Id, MetricId, ModelId},
    project::{DimensionKind, Mask, RowPolicy, TooManyRoutes},
    sql::article,
    syntax::{PolicyDef, Text},
};

/// Completes all policies and masks.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for id in context.project.dimensions.ids().collect::<Vec<_>>() {
        if let Some(mask) = &context.dimensions[id.index()].mask {
            context.project.dimensions[id].mask = read_mask(context, id, mask, diagnostics);
        }
    }
    let mut defs: Vec<&PolicyDef> = context.definitions.policies.iter().collect();
    defs.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    let mut members = Vec::new();
    for def in defs {
        match (&def.model, &def.rows) {
            (Some(model), Some(rows)) => {
                if let Some(policy) = of_rows(context, def, model, rows, diagnostics) {
                    context.project.policies.rows.push(policy);
                }
            }
            _ => members.push(of_members(context, def, diagnostics)),
        }
    }
    check_replaced(context, diagnostics);
    if !diagnostics.has_errors() {
        context.project.policies.restrictions = reach::restrictions(context, members);
        if let Err(TooManyRoutes(model)) = context.project.inherit_policies() {
            let model = &context.project.models[model];
            let message = format!("joins lead from model `{}` to models with policies in over 1,000 ways", model.name);
            diagnostics.push(
                Diagnostic::new(Code::InvalidPolicy, model.span, message)
                    .help("Remove joins that no metric needs, or put the policy on a nearer model."),
            );
        }
    }
}

fn read_mask(context: &Context<'_>, id: DimensionId, mask: &Text, diagnostics: &mut Diagnostics) -> Option<Mask> {
    let dimension = &context.project.dimensions[id];
    let subject = format!("dimension `{}`", dimension.name);
    let Some(found) = Mask::ALL.into_iter().find(|known| known.name() == mask.value) else {
        let message = format!("{subject} has the unknown mask `{}`", mask.value);
        let names = Mask::ALL.map(Mask::name);
        diagnostics.push(suggest(Diagnostic::new(Code::WrongValue, mask.span, message), &mask.value, names, "masks"));
        return None;
    };
    if found == Mask::Sha256 && dimension.kind != DimensionKind::String {
        let message = format!("{subject} is {}, and `sha256` masks texts", article(dimension.column_type));
        diagnostics.push(
            Diagnostic::new(Code::TypeMismatch, mask.span, message)
                .help("Write `mask: null`, or make the dimension a string with `cast(… as string)`."),
        );
    }
    Some(found)
}

fn texts(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

fn of_rows(
    context: &Context<'_>,
    def: &PolicyDef,
    model: &Text,
    rows: &Text,
    diagnostics: &mut Diagnostics,
) -> Option<RowPolicy> {
    let subject = format!("policy `{}`", def.name.value);
    let id = find_model(context, model, &format!("{subject} is about"), diagnostics);
    let replaces: Vec<Option<ModelId>> = def
        .replaces
        .iter()
        .map(|name| {
            let replaced = find_model(context, name, &format!("{subject} replaces the policies of"), diagnostics)?;
            check_reached(context, &subject, id?, replaced, name, diagnostics);
            Some(replaced)
        })
        .collect();
    let id = id?;
    let condition = condition(context, &Scope::of_policy(id, &subject), rows, diagnostics)?;
    let condition = claims::typed(&context.project, condition);
    if let Some(dimension) = reach::metric_dimension(&context.project, &condition) {
        let name = &context.project.dimensions[dimension].name;
        let message = format!("{subject} reads `{name}`, which is a metric, and metrics are computed under policies");
        diagnostics.push(
            Diagnostic::new(Code::InvalidPolicy, rows.span, message)
                .help("Ask whether there is a row, with `exists(…)`, or read a column."),
        );
    }
    let replaces = replaces.into_iter().flatten().collect();
    Some(RowPolicy {
        name: def.name.value.clone(),
        model: id,
        condition,
        unless: texts(&def.unless),
        replaces,
        span: def.name.span,
    })
}

fn find_model(context: &Context<'_>, name: &Text, subject: &str, diagnostics: &mut Diagnostics) -> Option<ModelId> {
    let found = context.project.model_named(&name.value);
    if found.is_none() {
        let message = format!("{subject} unknown model `{}`", name.value);
        let diagnostic = Diagnostic::new(Code::UnknownModel, name.span, message);
        diagnostics.push(unknown_model(&context.project, diagnostic));
    }
    found
}

/// A policy replaces what its model inherits, so joins have to lead there.
fn check_reached(
    context: &Context<'_>,
    subject: &str,
    model: ModelId,
    replaced: ModelId,
    name: &Text,
    diagnostics: &mut Diagnostics,
) {
    if context.reaches(model, replaced) {
        return;
    }
    let own = &context.project.models[model].name;
    let message = if model == replaced {
        format!("{subject} replaces the policies of its own model `{own}`")
    } else {
        format!("{subject} replaces the policies of `{}`, to which no joins of `{own}` lead", name.value)
    };
    let help = if model == replaced {
        "All policies of one model hold together; write one condition with `or` instead of two policies."
    } else {
        "Leave it out: the model inherits nothing from there."
    };
    diagnostics.push(Diagnostic::new(Code::InvalidPolicy, name.span, message).help(help));
}

/// Reports a `replaces` of a model that has no policy: it would begin to count with a policy that nobody thinks of.
fn check_replaced(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let with_policies: Vec<&str> = context
        .definitions
        .policies
        .iter()
        .filter(|def| def.rows.is_some())
        .filter_map(|def| def.model.as_ref().map(|model| model.value.as_str()))
        .collect();
    for def in &context.definitions.policies {
        for name in &def.replaces {
            let known = context.project.model_named(&name.value).is_some();
            if known && !with_policies.contains(&name.value.as_str()) {
                let message = format!(
                    "policy `{}` replaces the policies of `{}`, which has none on its rows",
                    def.name.value, name.value
                );
                diagnostics.push(
                    Diagnostic::new(Code::InvalidPolicy, name.span, message)
                        .help("Leave it out, or write the policy of that model."),
                );
            }
        }
    }
}

/// What a policy names that only some roles see.
pub(super) struct Members {
    /// The name of the policy; empty for the masks that no policy names.
    pub(super) name: String,
    /// Where it was written.
    pub(super) span: Option<Span>,
    /// The roles.
    pub(super) visible_to: Vec<String>,
    /// The dimensions.
    pub(super) dimensions: Vec<DimensionId>,
    /// The metrics.
    pub(super) metrics: Vec<MetricId>,
}

fn of_members(context: &Context<'_>, def: &PolicyDef, diagnostics: &mut Diagnostics) -> Members {
    let subject = format!("policy `{}`", def.name.value);
    let metrics = def.metrics.iter().filter_map(|name| {
        let found = context.project.metric_named(&name.value);
        if found.is_none() {
            diagnostics.push(unknown_metric(&context.project, name.span, &subject, &name.value));
        }
        found
    });
    let metrics = metrics.collect();
    let dimensions = def.dimensions.iter().filter_map(|path| find_dimension(context, &subject, path, diagnostics));
    let name = def.name.value.clone();
    Members {
        name,
        span: Some(def.name.span),
        visible_to: texts(&def.visible_to),
        dimensions: dimensions.collect(),
        metrics,
    }
}

/// Finds the dimension of `customers.email`: of a model, not of a way to it, so that no way around it is left.
fn find_dimension(
    context: &Context<'_>,
    subject: &str,
    path: &Text,
    diagnostics: &mut Diagnostics,
) -> Option<DimensionId> {
    let words = path_words(path);
    let [model, dimension] = words.as_slice() else {
        let message = format!("{subject} names `{}`, which is not a model and a dimension", written(&words));
        diagnostics.push(
            Diagnostic::new(Code::InvalidPolicy, path.span, message)
                .help("Write the dimension behind its model, such as `customers.email`."),
        );
        return None;
    };
    let id = find_model(context, model, &format!("{subject} names a dimension of"), diagnostics)?;
    let found = context.dimension(id, &dimension.value);
    if found.is_none() {
        let message = format!("{subject} names unknown dimension `{}` of model `{}`", dimension.value, model.value);
        let dimensions = context.project.models[id].dimensions.iter();
        let names = dimensions.map(|dimension| context.project.dimensions[*dimension].name.as_str());
        let diagnostic = Diagnostic::new(Code::UnknownDimension, dimension.span, message);
        diagnostics.push(suggest(diagnostic, &dimension.value, names, "dimensions"));
    }
    found
}
