//! What leads to what, the other way round: the metrics above a metric, the metrics of a model, the joins of a role.
//!
//! `project.used_by(revenue)` → revenue per parcel, growth of revenue, without a look at any other metric.
//!
//! **Invariant:** made once, when it is first asked for, of a project that is finished; looking up costs no scan.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use super::{Model, Project, Ref, as_of::models_by_metric};
use crate::ids::{Arena, Id, JoinId, MetricId, ModelId};

/// The place of an index that is made when it is first asked for.
#[derive(Clone, Debug, Default)]
pub struct LazyIndex(OnceLock<Index>);

#[derive(Clone, Debug)]
struct Index {
    used_by: Vec<Vec<MetricId>>,
    metrics_of: Vec<Vec<MetricId>>,
    joins_named: BTreeMap<String, Vec<JoinId>>,
    columns_on_the_many_side: Vec<BTreeSet<String>>,
    by_metric: Vec<bool>,
}

impl Project {
    /// Returns the metrics that a metric is a direct input of.
    pub fn used_by(&self, metric: MetricId) -> &[MetricId] {
        &self.index().used_by[metric.index()]
    }

    /// Returns the simple metrics of a model.
    pub fn metrics_of(&self, model: ModelId) -> &[MetricId] {
        &self.index().metrics_of[model.index()]
    }

    /// Returns the joins that are known by a role.
    pub fn joins_named(&self, role: &str) -> &[JoinId] {
        self.index().joins_named.get(role).map_or(&[], Vec::as_slice)
    }

    /// Returns the columns of the models that join to a model, as far as their definitions name them.
    pub fn columns_on_the_many_side(&self, model: ModelId) -> &BTreeSet<String> {
        &self.index().columns_on_the_many_side[model.index()]
    }

    /// Returns whether rows of a model may meet versions that depend on the time of the metric which is asked for.
    pub fn may_be_by_metric(&self, model: ModelId) -> bool {
        self.index().by_metric[model.index()]
    }

    fn index(&self) -> &Index {
        self.index.0.get_or_init(|| Index::of(self))
    }
}

impl Index {
    fn of(project: &Project) -> Self {
        let mut index = Self {
            used_by: lists(&project.metrics),
            metrics_of: lists(&project.models),
            joins_named: BTreeMap::new(),
            columns_on_the_many_side: vec![BTreeSet::new(); project.models.len()],
            by_metric: models_by_metric(project),
        };
        for metric in project.metrics.ids() {
            for input in project.inputs(metric) {
                index.used_by[input.index()].push(metric);
            }
            if let Some(simple) = project.simple(metric) {
                index.metrics_of[simple.model.index()].push(metric);
            }
        }
        for (id, join) in project.joins.iter() {
            index.joins_named.entry(join.role.clone()).or_default().push(id);
        }
        let columns: Vec<BTreeSet<&str>> = project.models.values().map(|model| own_columns(project, model)).collect();
        let declared = project.joins.values().filter(|join| join.reverse_of.is_none());
        let pairs: BTreeSet<(ModelId, ModelId)> = declared.map(|join| (join.from, join.to)).collect();
        for (from, to) in pairs {
            let names = columns[from.index()].iter().map(|name| (*name).to_owned());
            index.columns_on_the_many_side[to.index()].extend(names);
        }
        index
    }
}

fn lists<I: Id, T, L>(of: &Arena<I, T>) -> Vec<Vec<L>> {
    of.ids().map(|_| Vec::new()).collect()
}

/// Returns the columns of a model's own table that its joins, dimensions and filter name.
fn own_columns<'p>(project: &'p Project, model: &'p Model) -> BTreeSet<&'p str> {
    let mut columns = BTreeSet::new();
    let joins = || model.joins.iter().map(|join| &project.joins[*join]);
    let keys = joins().flat_map(|join| join.keys.iter().map(|key| &key.ours).chain(join.own_as_of()));
    let dimensions = model.dimensions.iter().map(|dimension| &project.dimensions[*dimension].expr);
    for expr in keys.chain(dimensions).chain(&model.filter) {
        expr.for_each_leaf(&mut |leaf| {
            if let Ref::Column { route, column, .. } = leaf
                && route.0.is_empty()
            {
                columns.insert(column.as_str());
            }
        });
    }
    columns
}
