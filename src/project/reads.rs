//! The tables and columns of the warehouse that a definition reads.
//!
//! `revenue` → `marts.fct_shipments`: `price_cents`, `booked_at`, `currency`; `marts.fx_rates`: `currency`, `day`, `eur`.
//!
//! **Invariant:** whatever a definition names is among them, over joins and through metrics below it, too.

use std::collections::{BTreeMap, BTreeSet};

use super::{Back, Cumulation, Dimension, Input, Join, Member, MetricKind, Project, Ref, Route, Size, Source};
use crate::{
    ids::{DimensionId, GranularityId, JoinId, MetricId, ModelId, TableId},
    sql::{Expr, tables_of_select},
};

/// Columns by table; of a table that SQL of the project's own names, no columns are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    columns: BTreeMap<String, BTreeSet<String>>,
    /// Tables of which any column may be read.
    whole: BTreeSet<String>,
}

impl Reads {
    /// Returns whether a table is read.
    pub fn reads_table(&self, table: &str) -> bool {
        self.columns.contains_key(table) || self.whole.contains(table)
    }

    /// Returns whether a column is read, or may be; names of columns are compared without regard to case.
    pub fn reads_column(&self, table: &str, column: &str) -> bool {
        self.whole.contains(table)
            || self
                .columns
                .get(table)
                .is_some_and(|columns| columns.iter().any(|read| read.eq_ignore_ascii_case(column)))
    }
}

/// A definition and what it reads.
#[derive(Clone, Debug)]
pub struct Reader {
    /// What kind of definition it is, in the plural: `metrics`.
    pub kind: &'static str,
    /// Its name; of a dimension or a join with its model: `shipments.service`.
    pub name: String,
    /// What it reads.
    pub reads: Reads,
}

impl Project {
    /// Returns every definition that reads tables. A metric reads what the metrics below it read, the joins on the way and
    /// the filters of their models; a rollup what its metrics and dimensions do.
    pub fn reads(&self) -> Vec<Reader> {
        let mut found = Vec::new();
        let mut add = |kind, name: String, read: &dyn Fn(&mut Walk<'_>)| {
            let mut walk = Walk::new(self);
            read(&mut walk);
            found.push(Reader { kind, name, reads: walk.reads });
        };
        for (id, metric) in self.metrics.iter() {
            add("metrics", metric.name.clone(), &|walk| walk.metric(id));
        }
        for (id, dimension) in self.dimensions.iter() {
            let name = format!("{}.{}", self.models[dimension.model].name, dimension.name);
            add("dimensions", name, &|walk| walk.dimension(id));
        }
        for (id, join) in self.joins.iter().filter(|(_, join)| join.reverse_of.is_none()) {
            let name = format!("{}.{}", self.models[join.from].name, join.role);
            add("joins", name, &|walk| walk.join(id));
        }
        for (id, model) in self.models.iter() {
            add("models", model.name.clone(), &|walk| walk.keys(id));
        }
        for (id, granularity) in self.granularities.iter() {
            add("granularities", granularity.name.clone(), &|walk| walk.granularity(id));
        }
        for policy in self.policies.rows.values() {
            add("policies", policy.name.clone(), &|walk| walk.expr(policy.model, &policy.condition));
        }
        for rollup in &self.rollups {
            add("rollups", rollup.name.clone(), &|walk| {
                rollup.metrics.iter().for_each(|metric| walk.metric(*metric));
                for (route, dimension) in &rollup.dimensions {
                    walk.route(route);
                    walk.dimension(*dimension);
                }
            });
        }
        found
    }

    /// Returns the granularities of calendars that metrics and the metrics below them name.
    pub fn granularities_of(&self, metrics: impl IntoIterator<Item = MetricId>) -> BTreeSet<GranularityId> {
        let mut walk = Walk::new(self);
        metrics.into_iter().for_each(|metric| walk.metric(metric));
        walk.granularities
    }
}

/// A walk over everything that a definition names, each thing once.
struct Walk<'p> {
    project: &'p Project,
    reads: Reads,
    models: BTreeSet<ModelId>,
    dimensions: BTreeSet<DimensionId>,
    joins: BTreeSet<JoinId>,
    metrics: BTreeSet<MetricId>,
    granularities: BTreeSet<GranularityId>,
}

impl<'p> Walk<'p> {
    fn new(project: &'p Project) -> Self {
        Self {
            project,
            reads: Reads::default(),
            models: BTreeSet::new(),
            dimensions: BTreeSet::new(),
            joins: BTreeSet::new(),
            metrics: BTreeSet::new(),
            granularities: BTreeSet::new(),
        }
    }

    fn metric(&mut self, metric: MetricId) {
        if !self.metrics.insert(metric) {
            return;
        }
        let project = self.project;
        match &project.metrics[metric].kind {
            MetricKind::Simple(simple) => {
                self.model(simple.model);
                for expr in simple.expr.iter().chain(&simple.filter) {
                    self.expr(simple.model, expr);
                }
                if let Some(axis) = &simple.time {
                    self.route(&axis.route);
                    self.dimension(axis.dimension);
                }
                self.members(simple.balance.iter().flat_map(|balance| &balance.per));
            }
            MetricKind::Derived { inputs, .. } => inputs.iter().for_each(|input| self.input(input)),
            MetricKind::Cumulative { metric, cumulation, .. } => {
                self.cumulation(Some(*cumulation));
                self.metric(*metric);
            }
            MetricKind::Nested(nested) => {
                self.members(&nested.per);
                self.metric(nested.metric);
            }
            MetricKind::Funnel(funnel) => {
                let last = funnel.steps.last();
                for step in &funnel.steps {
                    self.metric(step.metric);
                    self.of_metric(step.metric, &step.by);
                }
                for (first, second) in &funnel.same {
                    funnel.steps.first().into_iter().for_each(|step| self.of_metric(step.metric, first));
                    last.into_iter().for_each(|step| self.of_metric(step.metric, second));
                }
            }
        }
    }

    fn input(&mut self, input: &'p Input) {
        self.metric(input.metric);
        for (model, filter) in &input.filter {
            self.expr(*model, filter);
        }
        if let Some(Back::Periods { of, .. }) = input.offset {
            self.granularity(of);
        }
        self.cumulation(input.cumulation);
    }

    fn cumulation(&mut self, cumulation: Option<Cumulation>) {
        if let Some(Cumulation::ToDate(Size::Calendar(granularity) | Size::FirstDay(granularity))) = cumulation {
            self.granularity(granularity);
        }
    }

    /// An expression of the rows of a simple metric.
    fn of_metric(&mut self, metric: MetricId, expr: &Expr<Ref>) {
        if let Some(simple) = self.project.simple(metric) {
            self.expr(simple.model, expr);
        }
    }

    fn members(&mut self, members: impl IntoIterator<Item = &'p Member>) {
        for member in members {
            match member {
                Member::Model { model, .. } => {
                    self.model(*model);
                    self.project.models[*model].primary_key.iter().for_each(|column| self.column(*model, column));
                }
                // A path means another column in each metric that is grouped by it.
                Member::Dimension(path) => {
                    self.granularities.extend(path.iter().filter_map(|word| self.project.calendar_granularity(word)));
                }
                Member::Time(_) => {}
            }
        }
    }

    fn dimension(&mut self, dimension: DimensionId) {
        if !self.dimensions.insert(dimension) {
            return;
        }
        let Dimension { model, expr, metric, .. } = &self.project.dimensions[dimension];
        self.model(*model);
        match metric {
            Some(metric) => self.metric(*metric),
            None => self.expr(*model, expr),
        }
    }

    /// A model with its keys, and what its table says of freshness and promises.
    fn keys(&mut self, model: ModelId) {
        let project = self.project;
        let declared = &project.models[model];
        self.model(model);
        let mut columns: Vec<&String> = declared.primary_key.iter().chain(declared.unique.iter().flatten()).collect();
        if let Source::Table(table) = &declared.source {
            let table = &project.tables[*table];
            columns.extend(table.freshness.iter().map(|freshness| &freshness.column));
        }
        columns.into_iter().for_each(|column| self.column(model, column));
    }

    fn model(&mut self, model: ModelId) {
        if !self.models.insert(model) {
            return;
        }
        let declared = &self.project.models[model];
        match &declared.source {
            Source::Table(table) => {
                let (name, rule) = (self.table(*table), self.project.tables[*table].partition_rule());
                let columns = self.reads.columns.entry(name).or_default();
                columns.extend(rule.map(|rule| rule.column));
            }
            Source::Select(text) => self.reads.whole.extend(tables_of_select(text)),
        }
        if let Some(filter) = &declared.filter {
            self.expr(model, filter);
        }
        if let Some(versions) = &declared.versions {
            for column in versions.of.iter().chain([&versions.from, &versions.to]) {
                self.column(model, column);
            }
        }
    }

    fn table(&self, table: TableId) -> String {
        self.project.tables[table].name.clone()
    }

    fn column(&mut self, model: ModelId, column: &str) {
        if let Source::Table(table) = &self.project.models[model].source {
            self.reads.columns.entry(self.table(*table)).or_default().insert(column.to_owned());
        }
    }

    fn route(&mut self, Route(joins): &Route) {
        joins.iter().for_each(|join| self.join(*join));
    }

    fn join(&mut self, join: JoinId) {
        if !self.joins.insert(join) {
            return;
        }
        let declared = &self.project.joins[join];
        let Join { from, to, keys, reverse_of, .. } = declared;
        self.model(*from);
        self.model(*to);
        match reverse_of {
            Some(declared) => self.join(*declared),
            None => {
                for key in keys {
                    self.column(*to, &key.theirs);
                    self.expr(*from, &key.ours);
                }
                declared.own_as_of().into_iter().for_each(|time| self.expr(*from, time));
            }
        }
    }

    fn granularity(&mut self, granularity: GranularityId) {
        self.granularities.insert(granularity);
        let found = &self.project.granularities[granularity];
        let calendar = &self.project.calendars[found.calendar];
        let columns = self.reads.columns.entry(self.table(calendar.table)).or_default();
        columns.extend([calendar.date.clone(), found.column.clone()]);
    }

    /// An expression over the rows of a model.
    fn expr(&mut self, model: ModelId, expr: &Expr<Ref>) {
        expr.for_each_leaf(&mut |leaf| match leaf {
            Ref::Column { route, column, .. } => {
                self.route(route);
                self.column(self.end(model, route), column);
            }
            Ref::Dimension { route, dimension } => {
                self.route(route);
                self.dimension(*dimension);
            }
            Ref::Exists { route, join, filter } => {
                self.route(route);
                self.join(*join);
                filter.iter().for_each(|filter| self.expr(self.project.joins[*join].from, filter));
            }
            Ref::Calendar { granularity, day } => {
                self.granularity(*granularity);
                self.expr(model, day);
            }
            Ref::Verbatim(_) => {
                if let Source::Table(table) = &self.project.models[model].source {
                    self.reads.whole.insert(self.table(*table));
                }
            }
            Ref::Claim { .. } => {}
        });
    }

    fn end(&self, model: ModelId, Route(joins): &Route) -> ModelId {
        joins.last().map_or(model, |join| self.project.joins[*join].to)
    }
}
