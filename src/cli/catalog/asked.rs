//! What saved queries and tests name, so that it is known which of them a change touches.
//!
//! `weekly_network_review` is by `origin.region`: it names the join `shipments.origin` and the dimension `depots.region`.
//!
//! **Invariant:** whatever touches a definition touches what names it.

use std::collections::BTreeSet;

use crate::{
    files::Spanned,
    ids::{MetricId, ModelId},
    plan,
    project::{Project, Visible},
    sql::{Expr, Name},
};

/// A saved query or a test.
pub(super) struct Asked {
    /// What kind of definition it is, in the plural: `saved_queries`.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: String,
    /// The definitions that it names: their kinds and names, as readers are called.
    pub(super) names: BTreeSet<(&'static str, String)>,
}

/// Returns the saved queries and the tests of a project.
pub(super) fn asked(project: &Project) -> Vec<Asked> {
    let visible = &Visible::whole(project);
    let saved = project.saved_queries.iter().map(|query| {
        let mut walk = Walk::new(visible, &query.metrics);
        query.by.iter().for_each(|path| walk.path(path));
        query.filter.iter().for_each(|filter| walk.condition(filter));
        let orders = query.order.iter().map(|(term, _)| term);
        query.having.iter().chain(orders).for_each(|term| walk.metrics_of(term));
        Asked { kind: "saved_queries", name: query.name.clone(), names: walk.names }
    });
    let tests = project.tests.iter().map(|test| {
        let mut walk = Walk::new(visible, &[test.metric]);
        test.by.iter().for_each(|path| walk.path(path));
        test.filter.iter().for_each(|filter| walk.condition(filter));
        Asked { kind: "tests", name: test.name.clone(), names: walk.names }
    });
    saved.chain(tests).collect()
}

struct Walk<'p> {
    project: &'p Visible<'p>,
    /// The models whose rows are counted; for keys alone there are none.
    models: Vec<ModelId>,
    names: BTreeSet<(&'static str, String)>,
}

impl<'p> Walk<'p> {
    fn new(project: &'p Visible<'p>, metrics: &[MetricId]) -> Self {
        let models = metrics.iter().flat_map(|metric| project.leaves(*metric));
        let models = models.filter_map(|leaf| Some(project.simple(leaf)?.model)).collect();
        let names = metrics.iter().map(|metric| ("metrics", project.metrics[*metric].name.clone())).collect();
        Self { project, models, names }
    }

    /// Adds the dimension of a path, and the joins that lead to it from each model; its last word may be a granularity.
    fn path(&mut self, path: &[String]) {
        let project = self.project;
        let own = path.first().and_then(|first| project.model_named(first));
        let starts = if self.models.is_empty() { own.into_iter().collect() } else { self.models.clone() };
        for model in starts {
            let whole = plan::find_dimension(project, model, path).ok();
            let before = path.split_last().filter(|(_, before)| !before.is_empty());
            let found =
                whole.or_else(|| before.and_then(|(_, before)| plan::find_dimension(project, model, before).ok()));
            let Some((route, dimension)) = found else { continue };
            for join in route.0 {
                let join = &project.joins[join];
                let join = join.reverse_of.map_or(join, |declared| &project.joins[declared]);
                self.names.insert(("joins", format!("{}.{}", project.models[join.from].name, join.role)));
            }
            let dimension = &project.dimensions[dimension];
            self.names.insert(("dimensions", format!("{}.{}", project.models[dimension.model].name, dimension.name)));
        }
    }

    fn condition(&mut self, condition: &Expr<Name>) {
        condition.for_each_leaf(&mut |leaf| match leaf {
            Name::Path(words) => self.path(&plain(words)),
            Name::Exists { path, filter, .. } => {
                let Some(many) = path.first().and_then(|first| self.project.model_named(&first.value)) else { return };
                self.names.insert(("models", self.project.models[many].name.clone()));
                let outer = std::mem::replace(&mut self.models, vec![many]);
                filter.iter().for_each(|filter| self.condition(filter));
                self.models = outer;
            }
            Name::UnknownFunction { .. } | Name::Claim { .. } | Name::AggregateFunction { .. } => {}
        });
    }

    fn metrics_of(&mut self, term: &Expr<Name>) {
        term.for_each_leaf(&mut |leaf| {
            if let Name::Path(words) = leaf
                && let Some(metric) = self.project.metric_named(&plain(words).join("."))
            {
                self.names.insert(("metrics", self.project.metrics[metric].name.clone()));
            }
        });
    }
}

fn plain(words: &[Spanned<String>]) -> Vec<String> {
    words.iter().map(|word| word.value.clone()).collect()
}
