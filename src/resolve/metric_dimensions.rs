//! Metrics as dimensions: `{ name: first_booked_at, type: time, metric: first_booking }` of a customer.
//!
//! Dimensions are completed before metrics, so the type of such a dimension is foreseen there and checked here.
//!
//! **Invariant:** no metric rests on a dimension that shows it.

use std::collections::BTreeSet;

use super::{context::Context, names::unknown_metric};
use crate::{
    catalog::ColumnType,
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{DimensionId, Id, MetricId, ModelId},
    project::{DimensionKind, MetricKind, Project, Ref, routes_to},
    sql::{Expr, Name, article, parse_expression},
    syntax::{DimensionDef, ExpressionDef},
};

/// Returns the type that the metric of a dimension will have, as far as its definition shows it.
pub(super) fn foreseen_type(context: &Context<'_>, def: &DimensionDef) -> ColumnType {
    let metric = def.metric.as_ref().and_then(|metric| context.project.metric_named(&metric.value));
    let Some(metric) = metric.map(|id| context.metrics[id.index()]) else { return ColumnType::Unknown };
    match metric.agg.as_ref().map(|agg| agg.value.as_str()) {
        Some("count" | "count_distinct" | "approx_count_distinct") => ColumnType::Integer,
        Some("min" | "max" | "sum") => column_type(context, metric).unwrap_or(ColumnType::Unknown),
        Some("avg" | "median") => ColumnType::Float,
        _ => ColumnType::Unknown,
    }
}

/// Returns the type of the column that a metric's expression names, be it directly or as a plain dimension.
fn column_type(context: &Context<'_>, metric: &crate::syntax::MetricDef) -> Option<ColumnType> {
    let model = context.project.model_named(&metric.model.as_ref()?.value)?;
    let Some(ExpressionDef::Portable(text)) = &metric.expr else { return None };
    let Ok(Expr::Leaf(Name::Path(words))) = parse_expression(&text.value, text.span) else { return None };
    let [word] = words.as_slice() else { return None };
    let has_expression = context.dimension(model, &word.value).is_some_and(|id| {
        context.dimensions[id.index()].expr.is_some() || context.dimensions[id.index()].metric.is_some()
    });
    if has_expression {
        return None;
    }
    context.columns(model).find(&word.value).map(|(_, column_type)| column_type)
}

/// Gives dimensions their metrics, once metrics are complete.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let ids: Vec<DimensionId> = context.project.dimensions.ids().collect();
    for id in ids {
        if let Some(metric) = check(context, id, diagnostics) {
            context.project.dimensions[id].metric = Some(metric);
        }
    }
    report_circles(context, diagnostics);
}

fn check(context: &mut Context<'_>, id: DimensionId, diagnostics: &mut Diagnostics) -> Option<MetricId> {
    let written = context.dimensions[id.index()].metric.as_ref()?;
    let project = &context.project;
    let dimension = &project.dimensions[id];
    let model = &project.models[dimension.model];
    let subject = format!("dimension `{}` of model `{}`", dimension.name, model.name);
    let Some(metric) = project.metric_named(&written.value) else {
        diagnostics.push(unknown_metric(project, written.span, &subject, &written.value));
        return None;
    };
    if model.primary_key.is_empty() {
        let message = format!("{subject} shows a metric of each row, and nothing tells rows apart");
        let help = "Give the model a `primary_key`.";
        diagnostics.push(Diagnostic::new(Code::UnreachableModel, written.span, message).help(help));
    }
    for leaf in project.leaves(metric) {
        let Some(simple) = project.simple(leaf) else { continue };
        let from = &project.models[simple.model].name;
        let (code, message, help) = match routes_to(project, simple.model, &model.name).len() {
            1 => continue,
            0 => (
                Code::UnreachableModel,
                format!("{subject} shows metric `{}`, and no join leads from its model `{from}` here", written.value),
                "Join the metric's model to this one, many to one.",
            ),
            _ => (
                Code::AmbiguousJoinPath,
                format!(
                    "{subject} shows metric `{}`, and several joins lead from its model `{from}` here",
                    written.value
                ),
                "Show a metric of a model that is joined once.",
            ),
        };
        diagnostics.push(Diagnostic::new(code, written.span, message).help(help));
        break;
    }
    let found = project.metrics[metric].value_type;
    let fits = match dimension.kind {
        DimensionKind::Number => found.is_numeric(),
        DimensionKind::Time { .. } => found.is_time(),
        DimensionKind::String => found == ColumnType::String,
        DimensionKind::Boolean { .. } => false,
    };
    if !fits && found != ColumnType::Unknown {
        let message = format!("{subject} shows metric `{}`, whose value is {}", written.value, article(found));
        let help = "Write `type: number` or `type: time`, as the metric is.";
        diagnostics.push(Diagnostic::new(Code::TypeMismatch, written.span, message).help(help));
    }
    let plain = dimension.buckets.is_empty();
    if plain && found != ColumnType::Unknown {
        context.project.dimensions[id].column_type = found;
    }
    Some(metric)
}

/// Reports dimensions whose metric rests on themselves.
fn report_circles(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let ids: Vec<DimensionId> = context.project.dimensions.ids().collect();
    for id in ids {
        let project = &context.project;
        let Some(metric) = project.dimensions[id].metric else { continue };
        let mut walk = Walk { project, metrics: BTreeSet::new(), dimensions: BTreeSet::new(), models: BTreeSet::new() };
        walk.metric(metric);
        if !walk.dimensions.contains(&id) {
            continue;
        }
        let name = &project.dimensions[id].name;
        let written = context.dimensions[id.index()].metric.as_ref().expect("it has a metric");
        let message =
            format!("dimension `{name}` shows metric `{}`, which is computed with the dimension", written.value);
        let help = "Compute the metric without the dimension.";
        diagnostics.push(Diagnostic::new(Code::CyclicDimension, written.span, message).help(help));
        context.project.dimensions[id].metric = None;
    }
}

/// Everything that a metric is computed with.
struct Walk<'p> {
    project: &'p Project,
    metrics: BTreeSet<MetricId>,
    dimensions: BTreeSet<DimensionId>,
    models: BTreeSet<ModelId>,
}

impl Walk<'_> {
    fn metric(&mut self, id: MetricId) {
        if !self.metrics.insert(id) {
            return;
        }
        let project = self.project;
        match &project.metrics[id].kind {
            MetricKind::Simple(simple) => {
                self.model(simple.model);
                simple.expr.iter().chain(&simple.filter).for_each(|expr| self.expr(expr));
                if let Some(axis) = &simple.time {
                    self.dimension(axis.dimension);
                }
            }
            MetricKind::Derived { inputs, .. } => {
                inputs.iter().flat_map(|input| input.filter.values()).for_each(|expr| self.expr(expr));
            }
            MetricKind::Funnel(funnel) => {
                funnel.steps.iter().for_each(|step| self.expr(&step.by));
                funnel.same.iter().for_each(|(first, last)| {
                    self.expr(first);
                    self.expr(last);
                });
            }
            MetricKind::Cumulative { .. } | MetricKind::Nested(_) => {}
        }
        project.inputs(id).into_iter().for_each(|input| self.metric(input));
    }

    fn model(&mut self, id: ModelId) {
        if self.models.insert(id) {
            self.project.models[id].filter.iter().for_each(|filter| self.expr(filter));
        }
    }

    fn dimension(&mut self, id: DimensionId) {
        if !self.dimensions.insert(id) {
            return;
        }
        let dimension = &self.project.dimensions[id];
        self.expr(&dimension.expr);
        if let Some(metric) = dimension.metric {
            self.metric(metric);
        }
    }

    fn expr(&mut self, expr: &Expr<Ref>) {
        expr.for_each_leaf(&mut |leaf| match leaf {
            Ref::Column { route, .. } => self.route(route),
            Ref::Dimension { route, dimension } => {
                self.route(route);
                self.dimension(*dimension);
            }
            Ref::Exists { route, join, filter } => {
                self.route(route);
                self.model(self.project.joins[*join].from);
                filter.iter().for_each(|filter| self.expr(filter));
            }
            Ref::Calendar { day, .. } => self.expr(day),
            Ref::Claim { .. } | Ref::Verbatim(_) => {}
        });
    }

    fn route(&mut self, route: &crate::project::Route) {
        for join in &route.0 {
            let join = &self.project.joins[*join];
            self.model(join.to);
            join.keys.iter().map(|key| &key.ours).chain(join.own_as_of()).for_each(|expr| self.expr(expr));
        }
    }
}
