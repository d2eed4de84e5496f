//! Metrics over several facts → fact-union explores.
//!
//! Looker has one base for each explore and one time axis for each base. A metric over claims by their opening and
//! parcels by their delivery gets a view that holds the rows of both under one another: when each happened, the
//! dimensions that both share, and what is counted of each. An aggregate over the union is one over each fact's own
//! rows, so no row is multiplied and no group is lost.
//!
//! There is one such explore for each set of facts that some metric needs together, named after the explores of its
//! facts: `claims_and_shipments_by_delivered`. Metrics over the same facts share it, with the inputs that they name.
//!
//! **Invariant:** a new metric over known facts changes the view of the union only.

pub(super) mod branch;
pub(super) mod columns;
mod facts;
pub(super) mod fields;
pub(super) mod formula;
mod gathered;
mod joined;
pub(super) mod leaves;
pub(super) mod shared;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use facts::Fact;

use super::{
    super::{
        lexical::identifier,
        report::{Entry, Outcome, Subject},
        tree::{Explore, Filter, Timeframe, View},
    },
    Emission, draft,
    splice::Splices,
    time,
};
use crate::{
    catalog::ColumnType,
    ids::{MetricId, ModelId},
    plan::WholeData,
    project::{MetricKind, Project},
    time::Granularity,
};
use joined::Joined;
use shared::Shared;

/// Facts under one another.
pub(super) struct Union {
    /// The name of the view and of the explore.
    pub(super) name: String,
    /// The facts, in the order of their selects.
    facts: Vec<Fact>,
    /// The names of the facts, which stand in the key.
    parts: Vec<String>,
    /// The dimensions of facts that all others know as well, which are columns.
    shared: Vec<Shared>,
    shared_names: Vec<String>,
    /// The models that all facts reach, which are joined under the names that one of the facts has for them.
    joined: Vec<Joined>,
    anchor: usize,
    /// The name of the time group, and its members; none if no fact has a time.
    time: String,
    frames: Vec<Timeframe>,
    /// Whether times are shown as local days, because facts have times of different kinds or are moved.
    by_days: bool,
    /// Whether every fact has a key.
    has_key: bool,
}

/// A fact-union explore.
pub(super) struct UnionExplore {
    pub(super) view: View,
    pub(super) explore: Explore,
    pub(super) union: Union,
    /// The metrics that are in it.
    pub(super) metrics: Vec<MetricId>,
}

/// Names that are taken in a view over a derived table: of its fields, and of the columns that they show.
///
/// A dimension is both at once. A group is a column, of which the fields are its members; a measure is a field alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    fields: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Names {
    /// Takes a name for a column and its field, or the next free one after it.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        self.claim_all(wanted, |name| vec![name.to_owned()])
    }

    /// Takes a name for a column whose fields are called after it.
    pub(super) fn claim_all(&mut self, wanted: &str, fields: impl Fn(&str) -> Vec<String>) -> String {
        let is_taken = |name: &String| self.fields.contains(name) || self.groups.contains(name);
        let free = draft::unique(&identifier(wanted), |name| !fields(name).iter().any(is_taken));
        self.fields.extend(fields(&free));
        free
    }

    /// Takes a name for the column of a group with these members: the short one, else the whole one or the next after it.
    pub(super) fn claim_group(&mut self, short: &str, whole: &str, frames: &[Timeframe]) -> String {
        let members =
            |name: &str| -> Vec<String> { frames.iter().map(|frame| format!("{name}_{}", frame.word())).collect() };
        let is_free = |name: &str| {
            !self.fields.contains(name)
                && !self.groups.contains(name)
                && members(name).iter().all(|member| !self.fields.contains(member))
        };
        let (short, whole) = (identifier(short), identifier(whole));
        let free = if is_free(&short) { short } else { draft::unique(&whole, is_free) };
        self.fields.extend(members(&free));
        self.groups.insert(free.clone());
        free
    }

    /// Takes a name for a measure, which may have that of a group.
    pub(super) fn claim_measure(&mut self, wanted: &str) -> String {
        let free = draft::unique(&identifier(wanted), |name| !self.fields.contains(name));
        self.fields.insert(free.clone());
        free
    }
}

impl Union {
    /// Returns the models that are read, with those on the ways to what is shared.
    pub(super) fn models(&self, project: &Project) -> Vec<ModelId> {
        let mut models = Vec::new();
        for (at, fact) in self.facts.iter().enumerate() {
            models.push(fact.home.model);
            let columns = self.shared.iter().map(|shared| &shared.at[at].0);
            for route in columns.chain(self.joined.iter().map(|joined| &joined.at[at])) {
                models.extend(route.0.iter().map(|join| project.joins[*join].to));
            }
        }
        models
    }

    /// Returns the joined models with the names of their views in the explore.
    pub(super) fn joined_views(&self, emission: &Emission<'_>) -> Vec<(String, ModelId)> {
        let base = self.facts[self.anchor].home.model;
        let alias =
            |joined: &Joined| emission.scope(base).alias(&joined.at[self.anchor]).unwrap_or_default().to_owned();
        self.joined.iter().map(|joined| (alias(joined), joined.model)).collect()
    }

    /// Returns the members of the time group that show periods.
    fn periods(&self) -> impl Iterator<Item = (String, Granularity)> + '_ {
        self.frames
            .iter()
            .filter_map(|frame| time::granularity(*frame).map(|size| (format!("{}_{}", self.time, frame.word()), size)))
    }

    /// Returns whether rows of some fact are gathered over time.
    fn has_windows(&self) -> bool {
        self.facts.iter().any(|fact| fact.window.is_some())
    }

    /// The field that the explore is filtered on.
    fn time_field(&self) -> String {
        let (frame, _) = time::default_filter_of(&self.frames);
        format!("{}.{}_{}", self.name, self.time, frame.word())
    }
}

/// Makes the fact-union explores of all metrics that have no explore of one model.
pub(super) fn build(emission: &mut Emission<'_>) -> Vec<UnionExplore> {
    let project = emission.project;
    let mut wanted: BTreeMap<Vec<Fact>, Vec<MetricId>> = BTreeMap::new();
    for (id, metric) in project.metrics.iter() {
        let is_built = matches!(emission.built.get(&id), Some(Ok(_)));
        if is_built || !matches!(metric.kind, MetricKind::Derived { .. } | MetricKind::Cumulative { .. }) {
            continue;
        }
        match facts::facts(emission, id) {
            Ok(facts) => wanted.entry(facts.into_iter().collect()).or_default().push(id),
            Err(reason) if emission.homes[&id].is_err() || accumulates(project, id) => {
                emission.homes.insert(id, Err(reason));
            }
            Err(_) => {}
        }
    }
    let mut taken: BTreeSet<String> = emission.drafts.iter().map(|draft| draft.view.clone()).collect();
    taken.extend(emission.calendars.values().map(|view| view.name.clone()));
    taken.extend(emission.explore_names.values().cloned());
    let mut built = Vec::new();
    if wanted.is_empty() {
        return built;
    }
    let named = emission.named_tables();
    let data = WholeData::of(&named.0);
    for (facts, metrics) in wanted {
        match explore(emission, (&data, named.1.clone()), facts, &metrics, &mut taken) {
            Ok(explore) => built.push(explore),
            Err(reason) => {
                for metric in metrics {
                    emission.homes.insert(metric, Err(reason.clone()));
                }
            }
        }
    }
    built
}

/// Returns whether a metric rests on anything that is accumulated over time, which only such an explore can say.
fn accumulates(project: &Project, metric: MetricId) -> bool {
    match &project.metrics[metric].kind {
        MetricKind::Cumulative { .. } => true,
        MetricKind::Derived { inputs, .. } => {
            inputs.iter().any(|input| input.cumulation.is_some() || accumulates(project, input.metric))
        }
        MetricKind::Simple(_) | MetricKind::Nested(_) | MetricKind::Funnel(_) => false,
    }
}

fn explore(
    emission: &mut Emission<'_>,
    (data, mut splices): (&WholeData<'_>, Splices),
    facts: Vec<Fact>,
    metrics: &[MetricId],
    taken: &mut BTreeSet<String>,
) -> Result<UnionExplore, String> {
    let mut union = union(emission, facts, taken)?;
    let names = fields::name(emission, &mut union)?;
    let fact = (union.anchor, &union.facts[union.anchor]);
    let mut joins = joined::joins(emission, &union.name, fact, &union.joined)?;
    joins.extend(fields::calendars(emission, &union).into_iter().map(|joined| joined.join));
    let mut counted = leaves::Leaves::new(emission, &union.facts, names);
    let mut reasons = Vec::new();
    let mut shown = BTreeMap::new();
    for metric in metrics {
        match fields::measure(&mut counted, *metric, &mut shown) {
            Ok(()) => {}
            Err(reason) => reasons.push((*metric, reason)),
        }
    }
    if shown.is_empty() {
        return Err(reasons.into_iter().next().map_or_else(|| "nothing is counted".to_owned(), |(_, reason)| reason));
    }
    let leaves::Leaves { columns, dimensions, measures, .. } = counted;
    let mut selects = Vec::new();
    for at in 0..union.facts.len() {
        selects.push(branch::branch(emission, data, &union, at, &columns, &mut splices)?);
    }
    let mut select = selects.remove(0);
    select.union_all = selects;
    let derived_table = splices.select(&select, emission.options.dialect)?;
    let view = fields::view(emission, &union, derived_table, dimensions, measures)?;
    let explore = Explore { joins, ..head(emission, &union) };
    for (metric, reason) in reasons {
        emission.homes.insert(metric, Err(reason));
    }
    for fact in &union.facts {
        emission.guard(fact.home.model);
    }
    report(emission, &union, &shown);
    fields::report_calendars(emission, &union);
    Ok(UnionExplore { view, explore, union, metrics: shown.into_keys().collect() })
}

/// Puts facts under one another, if they can be shown along one time.
fn union(emission: &Emission<'_>, facts: Vec<Fact>, taken: &mut BTreeSet<String>) -> Result<Union, String> {
    let project = emission.project;
    for fact in &facts {
        if let Some(reason) = emission.unreadable.get(&fact.home) {
            return Err(reason.clone());
        }
    }
    let (frames, by_days) = frames(emission, &facts)?;
    let parts: Vec<String> = facts.iter().map(|fact| part(emission, &facts, fact)).collect();
    let name = draft::unique(&parts.join("_and_"), |name| !taken.contains(name));
    taken.insert(name.clone());
    Ok(Union {
        shared: shared::shared(emission, &facts),
        has_key: facts.iter().all(|fact| !project.models[fact.home.model].primary_key.is_empty()),
        name,
        facts,
        parts,
        shared_names: Vec::new(),
        joined: Vec::new(),
        anchor: 0,
        time: String::new(),
        frames,
        by_days,
    })
}

/// Names a fact: `shipments_by_delivered`, `52_weeks_before`.
fn part(emission: &Emission<'_>, facts: &[Fact], fact: &Fact) -> String {
    let explore = emission.explore_name(&fact.home);
    let explore = fact.window.map_or(explore.clone(), |window| format!("{explore}_{}", window.name()));
    if fact.later == 0 {
        return explore;
    }
    let before = words::before(fact.later).replace(' ', "_");
    let is_beside = facts.iter().any(|other| (&other.home, other.window, other.later) == (&fact.home, fact.window, 0));
    if is_beside { before } else { format!("{explore}_{before}") }
}

/// Returns the timeframes that all facts have, and whether times are shown as days.
fn frames(emission: &Emission<'_>, facts: &[Fact]) -> Result<(Vec<Timeframe>, bool), String> {
    let project = emission.project;
    let axes: Vec<_> = facts.iter().filter_map(|fact| fact.home.axis.as_ref()).collect();
    if axes.is_empty() {
        return Ok((Vec::new(), false));
    }
    if axes.len() < facts.len() {
        return Err("some of its inputs have a time and others have none".to_owned());
    }
    let dimensions: Vec<_> = axes.iter().map(|axis| &project.dimensions[axis.dimension]).collect();
    let column_type = dimensions[0].column_type;
    let has_windows = facts.iter().any(|fact| fact.window.is_some());
    let by_days = has_windows
        || facts.iter().any(|fact| fact.later != 0)
        || dimensions.iter().any(|dimension| dimension.column_type != column_type);
    let mut frames = time::timeframes(project, dimensions[0]);
    for dimension in &dimensions[1..] {
        let theirs = time::timeframes(project, dimension);
        frames.retain(|frame| theirs.contains(frame));
    }
    if by_days {
        let is_within_a_day = |frame| match frame {
            Timeframe::Time | Timeframe::HourOfDay => true,
            other => time::granularity(other).is_some_and(Granularity::is_within_a_day),
        };
        frames.retain(|frame| !is_within_a_day(*frame));
    }
    if has_windows {
        // What is accumulated is told at the end of a period, and a part of a date has none.
        frames.retain(|frame| time::granularity(*frame).is_some());
    }
    if frames.iter().all(|frame| *frame == Timeframe::Raw) {
        return Err("its inputs have times that no period fits".to_owned());
    }
    Ok((frames, by_days))
}

/// Returns the type of the times that a union shows.
fn time_type(emission: &Emission<'_>, union: &Union) -> ColumnType {
    let axis = union.facts.first().and_then(|fact| fact.home.axis.as_ref());
    match axis {
        Some(axis) if !union.by_days => emission.project.dimensions[axis.dimension].column_type,
        Some(_) | None => ColumnType::Date,
    }
}

/// Names the explore and says what it is.
fn head(emission: &Emission<'_>, union: &Union) -> Explore {
    let is_partitioned = union.facts.iter().any(|fact| emission.partition(fact.home.model).is_some());
    let filter = ((is_partitioned || union.has_windows()) && !union.frames.is_empty()).then(|| {
        let (_, value) = time::default_filter_of(&union.frames);
        Filter { field: union.time_field(), value: value.to_owned() }
    });
    let groups: BTreeSet<Option<String>> =
        union.facts.iter().map(|fact| emission.datagroup_of(fact.home.model)).collect();
    let datagroup = (groups.len() == 1).then(|| groups.into_iter().next().flatten()).flatten();
    Explore {
        name: union.name.clone(),
        label: Some(words::label(emission, &union.facts)),
        group_label: Some(words::title(emission, &union.facts)),
        description: Some(words::description(emission, &union.facts)),
        view_name: union.name.clone(),
        always_filter: filter.into_iter().collect(),
        persist_with: datagroup,
        ..Explore::default()
    }
}

/// Reports the metrics of a union; the inputs that are metrics as they are have a further explore here.
fn report(emission: &mut Emission<'_>, union: &Union, shown: &BTreeMap<MetricId, String>) {
    for (metric, field) in shown {
        emission.entries.push(Entry {
            subject: Subject::Metric,
            name: emission.project.metrics[*metric].name.clone(),
            explore: Some(union.name.clone()),
            field: Some(format!("{}.{field}", union.name)),
            outcome: Outcome::Emitted,
            reason: None,
        });
        emission.united.insert(*metric);
    }
}
