//! What hides with a hidden dimension or metric: whatever is made of it.
//!
//! With `revenue` hidden, `revenue_per_parcel` is too, and so is a saved query that asks for it. With `email` hidden or
//! masked, the dimension `email_domain` and the metric `distinct_emails` are: their values would tell of it.
//!
//! **Invariant:** a member that can be seen reads no dimension whose value is kept from those who see it.

use std::collections::BTreeSet;

use super::Members;
use crate::{
    diagnostics::Diagnostics,
    files::Spanned,
    ids::{DimensionId, Id, MetricId, ModelId},
    project::{Member, MetricKind, Project, Ref, Restriction, SavedQuery},
    resolve::{
        context::Context,
        expression::{Scope, typed},
        path::{Found, find},
    },
    sql::{Expr, Name},
};

/// Returns what is kept from those without the roles, for each policy, and for the masks that no policy names.
pub(super) fn restrictions(context: &Context<'_>, policies: Vec<Members>) -> Vec<Restriction> {
    let project = &context.project;
    let named: BTreeSet<DimensionId> = policies.iter().flat_map(|policy| &policy.dimensions).copied().collect();
    let masks = project.dimensions.iter().filter(|(id, dimension)| dimension.mask.is_some() && !named.contains(id));
    let masked: Vec<DimensionId> = masks.map(|(id, _)| id).collect();
    let (name, span, visible_to, metrics) = (String::new(), None, Vec::new(), Vec::new());
    let of_masks = Members { name, span, visible_to, dimensions: masked, metrics };
    let all: Vec<Members> = policies
        .into_iter()
        .chain([of_masks])
        .filter(|members| !members.dimensions.is_empty() || !members.metrics.is_empty())
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    let readers = Readers::of(project);
    let saved: Vec<Reads> = project.saved_queries.iter().map(|query| reads_of_saved(context, query)).collect();
    all.into_iter().map(|members| restriction(project, &readers, &saved, members)).collect()
}

fn restriction(project: &Project, readers: &Readers, saved: &[Reads], members: Members) -> Restriction {
    let mut found = Reads::default();
    readers.follow(&members, &mut found);
    let is_masked = |id: &DimensionId| project.dimensions[*id].mask.is_some();
    let (masked, hidden): (BTreeSet<_>, BTreeSet<_>) = members.dimensions.iter().partition(|id| is_masked(id));
    let masked: Vec<DimensionId> = masked.into_iter().collect();
    found.dimensions.extend(hidden);
    found.metrics.extend(&members.metrics);
    // What a policy masks by name is masked, also if it is made of another one that the policy names.
    found.dimensions.retain(|id| masked.binary_search(id).is_err());
    let kept = |id: &DimensionId| found.dimensions.contains(id);
    // A masked key or filter of a saved query is still a key; what is hidden is none.
    let saved_queries = saved
        .iter()
        .enumerate()
        .filter(|(_, reads)| reads.dimensions.iter().any(kept) || !reads.metrics.is_disjoint(&found.metrics));
    Restriction {
        name: members.name,
        span: members.span,
        visible_to: members.visible_to,
        saved_queries: saved_queries.map(|(position, _)| position).collect(),
        masked,
        dimensions: found.dimensions.into_iter().collect(),
        metrics: found.metrics.into_iter().collect(),
    }
}

/// Members.
#[derive(Default)]
struct Reads {
    dimensions: BTreeSet<DimensionId>,
    metrics: BTreeSet<MetricId>,
}

/// Who reads what: for each dimension and metric the members that are made of it.
struct Readers {
    of_dimensions: Vec<Reads>,
    of_metrics: Vec<Reads>,
}

impl Readers {
    fn of(project: &Project) -> Self {
        let mut readers = Self {
            of_dimensions: project.dimensions.ids().map(|_| Reads::default()).collect(),
            of_metrics: project.metrics.ids().map(|_| Reads::default()).collect(),
        };
        for (id, dimension) in project.dimensions.iter() {
            let mut read = BTreeSet::new();
            gather(&dimension.expr, &mut read);
            if let Some(path) = &dimension.same_as {
                read.extend(meant_by(project, path));
            }
            read.remove(&id);
            if let Some(metric) = dimension.metric {
                readers.of_metrics[metric.index()].dimensions.insert(id);
            }
            for dimension in read {
                readers.of_dimensions[dimension.index()].dimensions.insert(id);
            }
        }
        for (id, metric) in project.metrics.iter() {
            let read = reads_of_metric(project, &metric.kind);
            for dimension in read.dimensions {
                readers.of_dimensions[dimension.index()].metrics.insert(id);
            }
            for metric in read.metrics {
                readers.of_metrics[metric.index()].metrics.insert(id);
            }
        }
        readers
    }

    /// Gathers everything that is made of these members, over any number of steps.
    fn follow(&self, members: &Members, found: &mut Reads) {
        let mut open: Vec<&Reads> = members.dimensions.iter().map(|id| &self.of_dimensions[id.index()]).collect();
        open.extend(members.metrics.iter().map(|id| &self.of_metrics[id.index()]));
        while let Some(readers) = open.pop() {
            for dimension in &readers.dimensions {
                if found.dimensions.insert(*dimension) {
                    open.push(&self.of_dimensions[dimension.index()]);
                }
            }
            for metric in &readers.metrics {
                if found.metrics.insert(*metric) {
                    open.push(&self.of_metrics[metric.index()]);
                }
            }
        }
    }
}

fn reads_of_metric(project: &Project, kind: &MetricKind) -> Reads {
    let mut read = Reads::default();
    let per = |members: &[Member], dimensions: &mut BTreeSet<DimensionId>| {
        for member in members {
            if let Member::Dimension(path) = member {
                dimensions.extend(meant_by(project, path));
            }
        }
    };
    match kind {
        MetricKind::Simple(simple) => {
            simple.expr.iter().chain(&simple.filter).for_each(|expr| gather(expr, &mut read.dimensions));
            read.dimensions.extend(simple.time.as_ref().map(|axis| axis.dimension));
            simple.balance.iter().for_each(|balance| per(&balance.per, &mut read.dimensions));
        }
        MetricKind::Derived { inputs, .. } => {
            for input in inputs {
                read.metrics.insert(input.metric);
                input.filter.iter().for_each(|(_, filter)| gather(filter, &mut read.dimensions));
            }
        }
        MetricKind::Cumulative { metric, .. } => _ = read.metrics.insert(*metric),
        MetricKind::Nested(nested) => {
            read.metrics.insert(nested.metric);
            per(&nested.per, &mut read.dimensions);
        }
        MetricKind::Funnel(funnel) => {
            for step in &funnel.steps {
                read.metrics.insert(step.metric);
                gather(&step.by, &mut read.dimensions);
            }
            for (first, last) in &funnel.same {
                gather(first, &mut read.dimensions);
                gather(last, &mut read.dimensions);
            }
        }
    }
    read
}

/// Gathers the dimensions that an expression names, inside of `exists` too.
fn gather(expr: &Expr<Ref>, found: &mut BTreeSet<DimensionId>) {
    expr.for_each_leaf(&mut |leaf| match leaf {
        Ref::Dimension { dimension, .. } => _ = found.insert(*dimension),
        Ref::Exists { filter: Some(filter), .. } => gather(filter, found),
        Ref::Calendar { day, .. } => gather(day, found),
        Ref::Exists { filter: None, .. } | Ref::Column { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => {}
    });
}

/// Finds a dimension that is a metric among those that an expression reads, also through other dimensions.
pub(super) fn metric_dimension(project: &Project, expr: &Expr<Ref>) -> Option<DimensionId> {
    let mut open = BTreeSet::new();
    gather(expr, &mut open);
    let mut seen = BTreeSet::new();
    while let Some(dimension) = open.pop_first() {
        if project.dimensions[dimension].metric.is_some() {
            return Some(dimension);
        }
        if seen.insert(dimension) {
            gather(&project.dimensions[dimension].expr, &mut open);
        }
    }
    None
}

/// Returns every dimension that a path may mean: that of a model, or of any join in the role; of every model that has
/// one of that name where the path is a single word.
fn meant_by(project: &Project, path: &[String]) -> Vec<DimensionId> {
    let (models, dimension): (BTreeSet<ModelId>, _) = match path {
        [.., role, dimension] => {
            let models = project.model_named(role).into_iter();
            let roles = project.joins.values().filter(|join| join.role == *role).map(|join| join.to);
            (models.chain(roles).collect(), dimension)
        }
        [dimension] => (project.models.ids().collect(), dimension),
        [] => return Vec::new(),
    };
    models.into_iter().filter_map(|model| project.dimension_named(model, dimension)).collect()
}

/// Returns what a saved query names.
fn reads_of_saved(context: &Context<'_>, query: &SavedQuery) -> Reads {
    let project = &context.project;
    let mut reads = Reads { metrics: query.metrics.iter().copied().collect(), dimensions: BTreeSet::new() };
    let mut name_metrics = |expr: &Expr<Name>| {
        expr.for_each_leaf(&mut |name| {
            if let Name::Path(words) = name {
                reads.metrics.extend(words.first().and_then(|word| project.metric_named(&word.value)));
            }
        });
    };
    query.having.iter().for_each(&mut name_metrics);
    query.order.iter().for_each(|(term, _)| name_metrics(term));
    let leaves = query.metrics.iter().flat_map(|metric| project.leaves(*metric));
    let mut models: BTreeSet<ModelId> = leaves
        .filter_map(|leaf| match &project.metrics[leaf].kind {
            MetricKind::Simple(simple) => Some(simple.model),
            MetricKind::Derived { .. }
            | MetricKind::Cumulative { .. }
            | MetricKind::Nested(_)
            | MetricKind::Funnel(_) => None,
        })
        .collect();
    if models.is_empty() {
        models = project.models.ids().collect();
    }
    for model in models {
        let scope = Scope::of_model(model, "");
        for path in &query.by {
            let words: Vec<Spanned<String>> = path.iter().map(|word| Spanned::new(word.clone(), query.span)).collect();
            if let Ok(Found::Dimension { dimension, .. }) = find(context, scope, &words) {
                reads.dimensions.insert(dimension);
            }
        }
        if let Some(filter) = &query.filter {
            gather_metrics(project, filter, &mut reads.metrics);
            let mut elsewhere = Diagnostics::new();
            gather(&typed(context, &scope, filter, query.span, &mut elsewhere).expr, &mut reads.dimensions);
        }
    }
    reads
}

/// Gathers the metrics of members that a filter names, as in `customers.revenue > 5`: what no dimension has as its name.
fn gather_metrics(project: &Project, filter: &Expr<Name>, found: &mut BTreeSet<MetricId>) {
    filter.for_each_leaf(&mut |name| match name {
        Name::Path(words) => {
            let path: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
            let metric = path.last().and_then(|word| project.metric_named(word));
            found.extend(metric.filter(|_| path.len() > 1 && meant_by(project, &path).is_empty()));
        }
        Name::Exists { filter: Some(filter), .. } => gather_metrics(project, filter, found),
        Name::Exists { filter: None, .. }
        | Name::Claim { .. }
        | Name::UnknownFunction { .. }
        | Name::AggregateFunction { .. } => {}
    });
}
