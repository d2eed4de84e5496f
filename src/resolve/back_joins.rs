//! Adds the joins that may be walked the other way: one-to-one joins, and those with `fan_out`.
//!
//! `party_details` joins to `parties` by its own primary key, so a party has at most one row of details, and
//! `party_details.tier` is a dimension of parties as well. A join with `fan_out` leads back to many rows.
//!
//! **Invariant:** a join that is added takes no name and no path away from one that is declared.

use super::{
    context::{Context, Target},
    expression::{Scope, expression},
    names::camel_case,
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, JoinId, ModelId},
    project::{FanOut, Join, Relationship},
    sql::{Expr, article, wider},
    syntax::{ExpressionDef, JoinDef},
};

/// Adds a join the other way for each join that allows it. Its keys and types are those of the join it reverses.
pub(super) fn add(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for id in context.project.joins.ids().collect::<Vec<_>>() {
        if context.target(id) != Target::Known {
            continue;
        }
        let (def, _) = context.joins[id.index()];
        let to_one = meets_one(context, id, def);
        let fan_out = match &def.fan_out {
            None if to_one => None,
            None => continue,
            Some(fan_out) if to_one => {
                let message = "`fan_out` is for joins from many rows, and this one is one to one".to_owned();
                diagnostics.push(
                    Diagnostic::new(Code::InvalidFanOut, fan_out.span, message)
                        .help("Leave it out: dimensions of this model may be used from the other side as they are."),
                );
                continue;
            }
            Some(fan_out) => Some(match &fan_out.weight {
                None => FanOut::Dedupe,
                Some(_) => FanOut::Weight { weight: Expr::null(), column_type: ColumnType::Unknown },
            }),
        };
        add_one(context, id, fan_out, diagnostics);
    }
}

fn add_one(context: &mut Context<'_>, id: JoinId, fan_out: Option<FanOut>, diagnostics: &mut Diagnostics) {
    let (def, _) = context.joins[id.index()];
    let Join { from, to, role: declared, span, .. } = context.project.joins[id].clone();
    let role = back_role(context, from, to, &declared);
    if let Some(taken) = taken(context, to, &role) {
        if let Some(fan_out) = &def.fan_out {
            let one = &context.project.models[to].name;
            let message = format!("the way back over this join is called `{role}`, as is a {taken} of model `{one}`");
            diagnostics.push(
                Diagnostic::new(Code::NameClash, fan_out.span, message).help(format!("Rename the {taken} of `{one}`.")),
            );
        }
        return;
    }
    let is_to_one = fan_out.is_none();
    // Where the other model declares how to get here, that is the way.
    if is_to_one && context.project.models[to].joins.iter().any(|join| context.project.joins[*join].to == from) {
        return;
    }
    let back = context.project.joins.push(Join {
        role: role.clone(),
        from: to,
        to: from,
        keys: Vec::new(),
        relationship: Relationship::OneToOne,
        as_of: None,
        complete: false,
        reverse_of: Some(id),
        fan_out,
        span,
    });
    context.joins.push((def, Target::Known));
    context.project.models[to].back_joins.push(back);
    if is_to_one {
        context.back_join_ids[to.index()].insert(role, back);
    }
}

/// Names the way back: the model that declares the join, and the join's role where there are several or it joins to itself.
fn back_role(context: &Context<'_>, from: ModelId, to: ModelId, declared: &str) -> String {
    let name = &context.project.models[from].name;
    let n_joins = context.joins_to[to.index()].iter().filter(|join| context.project.joins[**join].from == from).count();
    if n_joins == 1 && from != to { name.clone() } else { format!("{name}_as_{declared}") }
}

/// Says what has a name already in the API below a model.
fn taken(context: &Context<'_>, model: ModelId, role: &str) -> Option<&'static str> {
    let field = camel_case(role);
    let members = &context.project.models[model];
    let dimension = members.dimensions.iter().any(|id| camel_case(&context.project.dimensions[*id].name) == field);
    let mut joins = members.joins.iter().chain(&members.back_joins);
    let join = joins.any(|id| camel_case(&context.project.joins[*id].role) == field);
    match (dimension, join) {
        (true, _) => Some("dimension"),
        (_, true) => Some("join"),
        _ => None,
    }
}

/// Returns whether no two rows of the declaring model share a row of the other, as far as the key is written in columns.
fn meets_one(context: &Context<'_>, id: JoinId, def: &JoinDef) -> bool {
    let Join { from, to, .. } = &context.project.joins[id];
    let (from, to) = (*from, *to);
    if from == to || def.as_of.is_some() {
        return false;
    }
    let column = |ours: &ExpressionDef| match ours {
        ExpressionDef::Portable(text) => {
            let (name, _) = context.columns(from).find(&text.value)?;
            // A dimension of that name may be something else than the column.
            let plain = context.dimension(from, &text.value).is_none_or(|dimension| {
                let def = context.dimensions[dimension.index()];
                def.expr.is_none() && def.metric.is_none() && def.buckets.is_empty()
            });
            plain.then(|| name.to_lowercase())
        }
        ExpressionDef::PerDialect(..) => None,
    };
    let ours: Vec<String> = def.keys.iter().filter_map(|pair| column(&pair.ours)).collect();
    let model = &context.project.models[from];
    let holds = |key: &Vec<String>| !key.is_empty() && key.iter().all(|column| ours.contains(&column.to_lowercase()));
    [&model.primary_key].into_iter().chain(&model.unique).any(holds)
}

/// Completes the weights; dimensions are known.
pub(super) fn complete(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for id in context.project.joins.ids().collect::<Vec<_>>() {
        let Some(declared) = context.project.joins[id].reverse_of else { continue };
        let (def, _) = context.joins[declared.index()];
        let Some(written) = def.fan_out.as_ref().and_then(|fan_out| fan_out.weight.as_ref()) else { continue };
        let many = context.project.joins[declared].from;
        let subject = format!("the weight of model `{}`", context.project.models[many].name);
        let Some(weight) = expression(context, &Scope::of_model(many, &subject), written, diagnostics) else {
            continue;
        };
        if wider(ColumnType::Decimal, weight.column_type).is_none() {
            let message = format!("{subject} is {}, not a number", article(weight.column_type));
            diagnostics.push(
                Diagnostic::new(Code::TypeMismatch, written.span(), message)
                    .help("Name a number between 0 and 1; those of one row of the other model add up to 1."),
            );
        }
        context.project.joins[id].fan_out =
            Some(FanOut::Weight { weight: weight.expr, column_type: weight.column_type });
    }
}
