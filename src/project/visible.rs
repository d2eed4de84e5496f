//! A project as a principal sees it: what may not be seen has no name.
//!
//! **Invariant:** names are found here, and here only, wherever somebody asks; a hidden name is not found and not
//! offered, exactly as one that nobody gave.

use std::ops::Deref;

use super::{Principal, Project, Restriction, SavedQuery};
use crate::ids::{DimensionId, MetricId, ModelId};

/// A project without what a principal may not see.
#[derive(Clone, Debug)]
pub struct Visible<'p> {
    project: &'p Project,
    /// The restrictions that hold for the principal, by position.
    unmet: Vec<usize>,
}

impl Deref for Visible<'_> {
    type Target = Project;

    fn deref(&self) -> &Project {
        self.project
    }
}

impl<'p> Visible<'p> {
    /// Returns the project as a principal sees it.
    pub fn to(project: &'p Project, principal: &Principal) -> Self {
        let all = project.policies.restrictions.iter().enumerate();
        let unmet = all.filter(|(_, restriction)| !principal.has_one_of(&restriction.visible_to));
        Self { project, unmet: unmet.map(|(position, _)| position).collect() }
    }

    /// Returns the project with every name, for those who can read its files.
    pub fn whole(project: &'p Project) -> Self {
        Self { project, unmet: Vec::new() }
    }

    /// Returns what this view leaves out: two views of one project with the same are the same.
    pub fn unmet(&self) -> &[usize] {
        &self.unmet
    }

    /// Returns whether a metric exists.
    pub fn shows_metric(&self, metric: MetricId) -> bool {
        !self.restrictions().any(|restriction| restriction.metrics.binary_search(&metric).is_ok())
    }

    /// Returns whether a dimension exists, masked or not.
    pub fn shows_dimension(&self, dimension: DimensionId) -> bool {
        !self.restrictions().any(|restriction| restriction.dimensions.binary_search(&dimension).is_ok())
    }

    /// Returns whether a dimension shows its mask instead of its value.
    pub fn masks(&self, dimension: DimensionId) -> bool {
        self.restrictions().any(|restriction| restriction.masked.binary_search(&dimension).is_ok())
    }

    /// Finds a metric by name.
    pub fn metric_named(&self, name: &str) -> Option<MetricId> {
        self.project.metric_named(name).filter(|id| self.shows_metric(*id))
    }

    /// Returns the names of all metrics, ascending.
    pub fn metric_names(&self) -> impl Iterator<Item = &'p str> {
        let shown = self.project.metric_ids.iter().filter(|(_, id)| self.shows_metric(**id));
        shown.map(|(name, _)| name.as_str())
    }

    /// Finds a dimension of a model by name.
    pub fn dimension_named(&self, model: ModelId, name: &str) -> Option<DimensionId> {
        self.project.dimension_named(model, name).filter(|id| self.shows_dimension(*id))
    }

    /// Returns the dimensions of a model, in source order.
    pub fn dimensions_of(&self, model: ModelId) -> impl Iterator<Item = DimensionId> {
        self.project.models[model].dimensions.iter().copied().filter(|id| self.shows_dimension(*id))
    }

    /// Returns the saved queries, by name.
    pub fn saved_queries(&self) -> impl Iterator<Item = &'p SavedQuery> {
        let hidden = |at: &usize| self.restrictions().any(|restriction| restriction.saved_queries.contains(at));
        self.project.saved_queries.iter().enumerate().filter(move |(at, _)| !hidden(at)).map(|(_, query)| query)
    }

    fn restrictions(&self) -> impl Iterator<Item = &'p Restriction> {
        self.unmet.iter().map(|position| &self.project.policies.restrictions[*position])
    }
}
