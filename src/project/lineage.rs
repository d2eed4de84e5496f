//! What a metric is made of.

use std::collections::BTreeSet;

use super::{Leaves, MetricKind, NestedMetric, Project, Ref, Route, SimpleMetric};
use crate::ids::MetricId;

impl Project {
    /// Returns the simple metrics at the bottom of a metric, each once.
    pub fn leaves(&self, metric: MetricId) -> Leaves {
        let mut leaves = Leaves::new();
        self.gather_leaves(metric, &mut leaves, &mut BTreeSet::new());
        leaves
    }

    fn gather_leaves(&self, metric: MetricId, leaves: &mut Leaves, seen: &mut BTreeSet<MetricId>) {
        if !seen.insert(metric) {
            return;
        }
        match &self.metrics[metric].kind {
            MetricKind::Simple(_) => leaves.push(metric),
            MetricKind::Derived { inputs, .. } => {
                for input in inputs {
                    self.gather_leaves(input.metric, leaves, seen);
                }
            }
            MetricKind::Cumulative { metric, .. } | MetricKind::Nested(NestedMetric { metric, .. }) => {
                self.gather_leaves(*metric, leaves, seen);
            }
            // Its numbers are those of its bases; conversions only decide which of them count.
            MetricKind::Funnel(funnel) => {
                if let Some(base) = funnel.steps.first() {
                    self.gather_leaves(base.metric, leaves, seen);
                }
            }
        }
    }

    /// Returns the metrics that a metric is made of directly, each once, in the order in which they are named.
    pub fn inputs(&self, metric: MetricId) -> Vec<MetricId> {
        let inputs: Vec<MetricId> = match &self.metrics[metric].kind {
            MetricKind::Simple(_) => Vec::new(),
            MetricKind::Derived { inputs, .. } => inputs.iter().map(|input| input.metric).collect(),
            MetricKind::Cumulative { metric, .. } | MetricKind::Nested(NestedMetric { metric, .. }) => vec![*metric],
            MetricKind::Funnel(funnel) => funnel.steps.iter().map(|step| step.metric).collect(),
        };
        let mut seen = BTreeSet::new();
        inputs.into_iter().filter(|input| seen.insert(*input)).collect()
    }

    /// Returns the simple metric behind an id, if that is what it is.
    pub fn simple(&self, metric: MetricId) -> Option<&SimpleMetric> {
        match &self.metrics[metric].kind {
            MetricKind::Simple(simple) => Some(simple),
            MetricKind::Derived { .. }
            | MetricKind::Cumulative { .. }
            | MetricKind::Nested(_)
            | MetricKind::Funnel(_) => None,
        }
    }

    /// Returns how a name in an expression of a model is shown to people: `customers.country`.
    pub fn leaf_name(&self, leaf: &Ref) -> String {
        let path = |route: &Route, name: &str| {
            let roles = route.0.iter().map(|join| self.joins[*join].role.as_str());
            roles.chain([name]).collect::<Vec<_>>().join(".")
        };
        match leaf {
            Ref::Column { route, column, .. } => path(route, column),
            Ref::Dimension { route, dimension } => path(route, &self.dimensions[*dimension].name),
            Ref::Exists { .. } => "exists(…)".to_owned(),
            Ref::Calendar { granularity, .. } => self.granularities[*granularity].name.clone(),
            Ref::Claim { name, .. } => format!("$principal.{name}"),
            Ref::Verbatim(_) => "…".to_owned(),
        }
    }
}
