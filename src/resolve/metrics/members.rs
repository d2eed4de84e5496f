//! What a metric is computed for each of: `per: customers`, `per: [origin, day]`.
//!
//! A word is a granularity, else a model, else the role of a join, else a dimension.
//!
//! **Invariant:** every model whose rows are counted reaches each of the members over one route.

use super::Context;
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::ModelId,
    project::{Member, Project, routes_to},
    resolve::{
        expression::Scope,
        metrics::simple::path_words,
        names::suggest,
        path::{Found, find},
    },
    syntax::Text,
    time::Granularity,
};

/// Finds what words stand for, seen from the models whose rows are counted.
pub(super) fn resolve(
    context: &Context<'_>,
    models: &[ModelId],
    written: &[Text],
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Member> {
    written.iter().filter_map(|text| member(context, models, text, subject, diagnostics)).collect()
}

fn member(
    context: &Context<'_>,
    models: &[ModelId],
    text: &Text,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Member> {
    let project = &context.project;
    if let Some(size) = Granularity::from_name(&text.value) {
        return Some(Member::Time(size));
    }
    if let Some(model) = model_named(project, models, &text.value) {
        return thing(context, models, text, model, subject, diagnostics);
    }
    let words = path_words(text);
    for model in models {
        match find(context, Scope::of_model(*model, subject), &words) {
            Ok(Found::Dimension { at: None, .. }) => {}
            Ok(Found::Broken) => return None,
            Ok(Found::Dimension { at: Some(_), .. } | Found::Column { .. }) => {
                let message = format!("{subject} is computed per `{}`, which is no plain dimension", text.value);
                diagnostics.push(
                    Diagnostic::new(Code::UnknownDimension, text.span, message)
                        .help("Write a model, a role, a dimension, or a granularity such as `day`."),
                );
                return None;
            }
            Err(_) if words.len() == 1 => {
                let message =
                    format!("{subject} is computed per `{}`, which is neither a model nor a dimension", text.value);
                let names = project.model_ids.keys().map(String::as_str);
                let dimensions =
                    project.models[*model].dimensions.iter().map(|id| project.dimensions[*id].name.as_str());
                let diagnostic = Diagnostic::new(Code::UnknownDimension, text.span, message);
                diagnostics.push(suggest(diagnostic, &text.value, names.chain(dimensions), "models and dimensions"));
                return None;
            }
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return None;
            }
        }
    }
    Some(Member::Dimension(words.into_iter().map(|word| word.value).collect()))
}

/// Finds the model of a name, or at the end of the joins of a role.
fn model_named(project: &Project, models: &[ModelId], name: &str) -> Option<ModelId> {
    project.model_named(name).or_else(|| {
        let first = models.first()?;
        routes_to(project, *first, name).first().map(|route| project.route_end(*first, route))
    })
}

fn thing(
    context: &Context<'_>,
    models: &[ModelId],
    text: &Text,
    model: ModelId,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Member> {
    let project = &context.project;
    if project.models[model].primary_key.is_empty() {
        let message = format!("{subject} is computed per `{}`, whose rows nothing tells apart", text.value);
        diagnostics.push(
            Diagnostic::new(Code::UnreachableModel, text.span, message)
                .also(project.models[model].span, "the model")
                .help("Give the model a `primary_key`."),
        );
        return None;
    }
    for from in models {
        let here = &project.models[*from].name;
        let routes = routes_to(project, *from, &text.value);
        let (code, message, help) = match routes.as_slice() {
            [_] => continue,
            [] => (
                Code::UnreachableModel,
                format!("{subject} is computed per `{}`, to which no join leads from `{here}`", text.value),
                "Join the models, many to one.".to_owned(),
            ),
            several => {
                let roles: Vec<String> = several
                    .iter()
                    .filter_map(|route| route.0.last())
                    .map(|join| format!("`{}`", project.joins[*join].role))
                    .collect();
                (
                    Code::AmbiguousJoinPath,
                    format!("{subject} is computed per `{}`, to which several joins lead from `{here}`", text.value),
                    format!("Write the role: {}.", roles.join(" or ")),
                )
            }
        };
        diagnostics.push(Diagnostic::new(code, text.span, message).help(help));
        return None;
    }
    Some(Member::Model { name: text.value.clone(), model })
}
