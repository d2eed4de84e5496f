//! What a metric is made of.

use std::collections::BTreeSet;

use super::{Leaves, MetricKind, Project};
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
            MetricKind::Cumulative { metric, .. } => self.gather_leaves(*metric, leaves, seen),
        }
    }
}
