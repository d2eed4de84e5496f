//! Completes joins: the pairs of their keys, and the proof that each row meets at most one row of the other model.
//!
//! `{ to: depots, key: origin_depot_id, as: origin }` becomes the pair `depot_id = origin_depot_id`, where `depot_id` is
//! the primary key of depots. A key that is no key of the other model would multiply rows: `join-not-to-one`.
//!
//! **Invariant:** every join of a project is to-one.

use std::collections::BTreeSet;

use super::{
    back_joins,
    context::{Context, Target},
    expression::{Scope, expression},
    models::unknown_column,
    topology, versions,
};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{DimensionId, Id, JoinId},
    project::{JoinKey, Ref, Relationship, Route, Versions},
    sql::{Expr, article, wider},
    syntax::{ExpressionDef, JoinDef, JoinKeyDef, Text},
};

/// Completes all joins.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    for id in context.project.joins.ids().collect::<Vec<_>>() {
        if context.target(id) == Target::Known && context.project.joins[id].reverse_of.is_none() {
            complete(context, id, diagnostics);
        }
    }
    back_joins::complete(context, diagnostics);
    report_circles(context, diagnostics);
}

fn complete(context: &mut Context<'_>, id: JoinId, diagnostics: &mut Diagnostics) {
    let (def, _) = context.joins[id.index()];
    let join = &context.project.joins[id];
    let (from, to) = (join.from, join.to);
    let subject = format!("join `{}` of model `{}`", join.role, context.project.models[from].name);
    let Some(theirs) = their_columns(context, def, id, diagnostics) else { return };
    let mut keys = Vec::with_capacity(theirs.len());
    let mut broken = false;
    for (pair, theirs) in def.keys.iter().zip(&theirs) {
        let Some((column, theirs_type)) = context.columns(to).find(&theirs.value) else {
            diagnostics.push(unknown_column(context, to, theirs));
            broken = true;
            continue;
        };
        let scope = Scope::of_model(from, &subject);
        let Some(ours) = expression(context, &scope, &pair.ours, diagnostics) else {
            broken = true;
            continue;
        };
        if wider(theirs_type, ours.column_type).is_none() {
            let message = format!(
                "{subject} compares column `{column}`, {}, with {}",
                article(theirs_type),
                article(ours.column_type)
            );
            let help = match (theirs_type, ours.column_type) {
                (ColumnType::Date, ColumnType::Timestamp | ColumnType::DateTime) => {
                    format!("Write `date(…)` around our side: `key: {{ {column}: date(…) }}`.")
                }
                _ => format!("Write `cast(… as {theirs_type})` around our side."),
            };
            diagnostics.push(Diagnostic::new(Code::TypeMismatch, pair.ours.span(), message).help(help));
        }
        keys.push(JoinKey { theirs: column, theirs_type, ours: ours.expr });
    }
    let mut as_of = None;
    if !broken {
        match def.as_of {
            Some(_) => as_of = versions::as_of(context, id, &keys, &subject, diagnostics),
            None => check_to_one(context, id, &keys, &subject, diagnostics),
        }
    }
    let relationship = if is_our_key(context, id, &keys) { Relationship::OneToOne } else { Relationship::ManyToOne };
    let join = &mut context.project.joins[id];
    join.keys = keys;
    join.relationship = relationship;
    join.as_of = as_of;
}

/// Returns the other model's column of each pair: as written, else its primary key, else the column of our name.
fn their_columns(context: &Context<'_>, def: &JoinDef, id: JoinId, diagnostics: &mut Diagnostics) -> Option<Vec<Text>> {
    let to = context.project.joins[id].to;
    let other = &context.project.models[to];
    let implied = |pair: &JoinKeyDef| match (&pair.theirs, &pair.ours) {
        (Some(theirs), _) => Some(theirs.clone()),
        (None, ExpressionDef::Portable(ours)) if def.keys.len() > 1 => Some(ours.clone()),
        (None, ours) => match (&other.versions, other.primary_key.as_slice()) {
            (Some(Versions { of, .. }), key) if of.len() == 1 && (def.as_of.is_some() || key.len() != 1) => {
                Some(Text::new(of[0].clone(), ours.span()))
            }
            (_, [column]) if def.as_of.is_none() || other.versions.is_none() => {
                Some(Text::new(column.clone(), ours.span()))
            }
            _ => None,
        },
    };
    let columns: Option<Vec<Text>> = def.keys.iter().map(implied).collect();
    // Versions that are broken were reported.
    let broken = def.as_of.is_some() && other.versions.is_none() && context.models[to.index()].versions.is_some();
    if columns.is_none() && !broken {
        let (what, of) = match &other.versions {
            Some(versions) => ("key of the versions", &versions.of),
            None => ("primary key", &other.primary_key),
        };
        let message = match of.len() {
            0 => format!("model `{}` has no primary key to join to", other.name),
            n => format!("the {what} of model `{}` has {n} columns, the join has one", other.name),
        };
        let help = match of.len() {
            0 => format!("Give `{}` a `primary_key`, or write pairs: `key: {{ theirs: ours }}`.", other.name),
            _ => format!("Write all of them: `key: [{}]`, or pairs of theirs and ours.", of.join(", ")),
        };
        let span = def.keys.first().map_or(def.span, |pair| pair.ours.span());
        diagnostics.push(
            Diagnostic::new(Code::JoinNotToOne, span, message)
                .also(context.models[to.index()].name.span, "the other model")
                .help(help),
        );
    }
    columns
}

/// The other model's columns must hold one of its keys, or a row of ours could meet several of theirs.
fn check_to_one(context: &Context<'_>, id: JoinId, keys: &[JoinKey], subject: &str, diagnostics: &mut Diagnostics) {
    let (def, _) = context.joins[id.index()];
    let to = context.project.joins[id].to;
    let other = &context.project.models[to];
    let met: BTreeSet<String> = keys.iter().map(|key| key.theirs.to_lowercase()).collect();
    let known = [&other.primary_key].into_iter().chain(&other.unique);
    if known.clone().any(|key| !key.is_empty() && key.iter().all(|column| met.contains(&column.to_lowercase()))) {
        return;
    }
    let columns = keys.iter().map(|key| format!("`{}`", key.theirs)).collect::<Vec<_>>().join(", ");
    let message = format!("{subject} may meet several rows of `{}`: {columns} is no key of it", other.name);
    let keys: Vec<String> = known.filter(|key| !key.is_empty()).map(|key| format!("`[{}]`", key.join(", "))).collect();
    let help = if let Some(versions) = &other.versions {
        format!(
            "Its rows are versions: add `as_of:` with the time at which one counts, `time` for the metric's, and join by \
             `[{}]`.",
            versions.of.join(", ")
        )
    } else if keys.is_empty() {
        format!("Give `{}` a `primary_key`.", other.name)
    } else {
        format!(
            "Join by a key of `{}` ({}), declare `unique: [[…]]` there if the columns are one, or declare the join from the \
             other side.",
            other.name,
            keys.join(" or ")
        )
    };
    diagnostics.push(
        Diagnostic::new(Code::JoinNotToOne, key_span(def), message)
            .also(context.models[to.index()].name.span, "the other model")
            .help(help),
    );
}

/// Returns the place of all pairs of a join.
pub(super) fn key_span(def: &JoinDef) -> Span {
    match (def.keys.first(), def.keys.last()) {
        (Some(first), Some(last)) => {
            let begin = first.theirs.as_ref().map_or(first.ours.span(), |theirs| theirs.span);
            Span { end: last.ours.span().end.max(begin.end), ..begin }
        }
        _ => def.span,
    }
}

/// Returns whether our side of the pairs holds a key of ours, so that no two rows of ours share one of theirs.
fn is_our_key(context: &Context<'_>, id: JoinId, keys: &[JoinKey]) -> bool {
    let from = &context.project.models[context.project.joins[id].from];
    let ours: BTreeSet<String> = keys
        .iter()
        .filter_map(|key| match &key.ours {
            Expr::Leaf(Ref::Column { route, column, .. }) if *route == Route::here() => Some(column.to_lowercase()),
            Expr::Leaf(Ref::Dimension { route, dimension }) if *route == Route::here() => {
                match &context.project.dimensions[*dimension].expr {
                    Expr::Leaf(Ref::Column { route, column, .. }) if *route == Route::here() => {
                        Some(column.to_lowercase())
                    }
                    _ => None,
                }
            }
            _ => None,
        })
        .collect();
    [&from.primary_key]
        .into_iter()
        .chain(&from.unique)
        .any(|key| !key.is_empty() && key.iter().all(|column| ours.contains(&column.to_lowercase())))
}

/// A join whose key needs the join itself cannot be walked.
fn report_circles(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let n_joins = context.project.joins.len();
    let dimension_node = |id: DimensionId| n_joins + id.index();
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(n_joins + context.project.dimensions.len());
    for join in context.project.joins.values() {
        let mut nodes = Vec::new();
        nodes.extend(join.reverse_of.map(Id::index));
        let ours = join.keys.iter().map(|key| &key.ours).chain(join.own_as_of());
        ours.for_each(|expr| gather_needs(expr, &dimension_node, &mut nodes));
        needs.push(nodes);
    }
    for dimension in context.project.dimensions.values() {
        let mut nodes = Vec::new();
        gather_needs(&dimension.expr, &dimension_node, &mut nodes);
        needs.push(nodes);
    }
    for circle in topology::order(&needs).circles {
        let joins: Vec<JoinId> =
            circle.iter().filter(|node| **node < n_joins).map(|n| JoinId::from_index(*n)).collect();
        let Some((first, others)) = joins.split_first() else { continue };
        let name = |id: JoinId| {
            let join = &context.project.joins[id];
            format!("`{}.{}`", context.project.models[join.from].name, join.role)
        };
        let key_span = |id: JoinId| {
            let def = context.joins[id.index()].0;
            def.keys.first().map_or(def.span, |pair| pair.ours.span())
        };
        let message = format!("join {} needs itself to find its key", name(*first));
        let mut diagnostic = Diagnostic::new(Code::CyclicJoin, key_span(*first), message)
            .help("Write the key with columns of the model that declares the join.");
        for join in others {
            diagnostic = diagnostic.also(key_span(*join), format!("by way of {}", name(*join)));
        }
        diagnostics.push(diagnostic);
    }
}

fn gather_needs(expr: &Expr<Ref>, dimension_node: &impl Fn(DimensionId) -> usize, nodes: &mut Vec<usize>) {
    expr.for_each_leaf(&mut |leaf| match leaf {
        Ref::Column { route, .. } => nodes.extend(route.0.iter().map(|join| join.index())),
        Ref::Dimension { route, dimension } => {
            nodes.extend(route.0.iter().map(|join| join.index()));
            nodes.push(dimension_node(*dimension));
        }
        Ref::Exists { route, join, filter } => {
            nodes.extend(route.0.iter().map(|join| join.index()));
            nodes.push(join.index());
            if let Some(filter) = filter {
                gather_needs(filter, dimension_node, nodes);
            }
        }
        Ref::Calendar { day, .. } => gather_needs(day, dimension_node, nodes),
        Ref::Claim { .. } | Ref::Verbatim(_) => {}
    });
}
