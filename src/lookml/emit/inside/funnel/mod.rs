//! Funnels → explores whose view has one row per base, with what was credited to it.
//!
//! An event is credited to the latest base that the filters of a query leave. So filters stand where the bases are chosen:
//!
//! ```sql
//! WITH bases AS (
//!   SELECT … FROM events WHERE … AND {% condition bookings_to_deliveries.country %} customers.country {% endcondition %}
//! ), step_2 AS (…) …
//! ```
//!
//! **Invariant:** metrics over the same steps share an explore, and events are credited by the planner's own SQL.

mod measures;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        super::tree::{self, DimensionType, View},
        Emission, draft, label,
        splice::Splices,
        union::Names,
    },
    InsideExplore,
    fields::Fields,
    free_name, head, report,
};
use crate::{
    ids::{MetricId, ModelId},
    plan::WholeData,
    project::{Empty, Funnel, FunnelResult, FunnelStep, MetricKind, Project},
};

/// What came of a base.
const CONVERSIONS: &str = "conversions";
const PASSED: &str = "passed";
const IS_CONVERTED: &str = "is_converted";

/// Names of columns that crediting uses.
const OF_EVENTS: [&str; 3] = ["key_value", "happened_at", "based_at"];

/// Makes the explores of funnels.
pub(super) fn build(emission: &mut Emission<'_>, taken: &mut BTreeSet<String>) -> Vec<InsideExplore> {
    let project = emission.project;
    let groups = groups(emission);
    if groups.is_empty() {
        return Vec::new();
    }
    let named = emission.named_tables();
    let data = WholeData::of(&named.0);
    let mut built = Vec::new();
    for (funnel, metrics) in groups {
        let ends = [funnel.steps.first(), funnel.steps.last()].map(|step| step.map(|step| step.metric));
        let [first, last] = ends.map(|metric| metric.map_or("", |metric| project.metrics[metric].name.as_str()));
        let wanted =
            if is_one_by_one(funnel) { format!("time_from_{first}_to_{last}") } else { format!("{first}_to_{last}") };
        let name = free_name(emission, taken, &wanted);
        match make(emission, (&data, named.1.clone()), funnel, &metrics, &name) {
            Ok(explore) => {
                taken.insert(name);
                built.push(explore);
            }
            Err(reason) => emission.homes.extend(metrics.into_iter().map(|metric| (metric, Err(reason.clone())))),
        }
    }
    built
}

/// Puts the metrics over the same steps together; says of the others why they cannot be said.
fn groups<'p>(emission: &mut Emission<'p>) -> Vec<(&'p Funnel, Vec<MetricId>)> {
    let project = emission.project;
    let mut groups: Vec<(&Funnel, Vec<MetricId>)> = Vec::new();
    for (id, metric) in project.metrics.iter() {
        let MetricKind::Funnel(funnel) = &metric.kind else { continue };
        if let Err(reason) = is_sayable(emission, id, funnel) {
            emission.homes.insert(id, Err(reason));
            continue;
        }
        match groups.iter_mut().find(|(known, _)| has_the_same_rows(known, funnel)) {
            Some((_, metrics)) => metrics.push(id),
            None => groups.push((funnel, vec![id])),
        }
    }
    groups
}

fn is_sayable(emission: &Emission<'_>, metric: MetricId, funnel: &Funnel) -> Result<(), String> {
    let project = emission.project;
    let homes = funnel.steps.iter().map(|step| &emission.homes[&step.metric]).chain([&emission.homes[&metric]]);
    for home in homes {
        home.as_ref().map_err(Clone::clone)?;
    }
    if project.policies.restrictions.iter().any(|restriction| restriction.metrics.contains(&metric)) {
        return Err("not everyone may see it, and the explore of a funnel has no grants".to_owned());
    }
    if funnel.result == FunnelResult::Conversions && project.metrics[metric].when_empty == Empty::Null {
        return Err("over no rows Looker says 0, the API null".to_owned());
    }
    Ok(())
}

/// Whether there is one row for each conversion, not for each base.
fn is_one_by_one(funnel: &Funnel) -> bool {
    matches!(funnel.result, FunnelResult::TimeBetween { .. })
}

/// Whether each row has a key: that of its base, with that of the conversion where each has a row.
fn has_key(emission: &Emission<'_>, funnel: &Funnel) -> bool {
    let last = funnel.steps.last().and_then(|step| emission.homes[&step.metric].as_ref().ok());
    !is_one_by_one(funnel) || last.is_some_and(|home| !emission.project.models[home.model].primary_key.is_empty())
}

fn has_the_same_rows(one: &Funnel, other: &Funnel) -> bool {
    let is_as = match (one.result, other.result) {
        (FunnelResult::TimeBetween { unit, .. }, FunnelResult::TimeBetween { unit: theirs, .. }) => unit == theirs,
        _ => is_one_by_one(one) == is_one_by_one(other),
    };
    is_as && one.steps == other.steps && one.same == other.same
}

fn make(
    emission: &mut Emission<'_>,
    (data, mut splices): (&WholeData<'_>, Splices),
    funnel: &Funnel,
    metrics: &[MetricId],
    name: &str,
) -> Result<InsideExplore, String> {
    let project = emission.project;
    let home = emission.homes[&funnel.steps[0].metric].clone()?;
    if home.axis.is_none() {
        return Err("its first events have no time".to_owned());
    }
    if project.models[home.model].primary_key.is_empty() {
        let reason = "of two first events at one time nobody knows the later one: `{}` has no primary key";
        return Err(reason.replace("{}", &project.models[home.model].name));
    }
    let mut names = names(funnel, project.models[home.model].primary_key.len());
    let fields = Fields::new(emission, name, &home, &mut names)?;
    let select = steps::select(emission, data, funnel, &fields, &mut splices)?;
    let derived_table = splices.select(&select, emission.options.dialect)?;
    let measures = measures::measures(emission, funnel, metrics, &mut names)?;
    let homes = funnel.steps.iter().filter_map(|step| emission.homes[&step.metric].as_ref().ok());
    let counted: BTreeSet<ModelId> = homes.map(|home| home.model).collect();
    let models = counted.iter().copied().chain(fields.models(project)).collect();
    let explore = head(emission, &fields, (label::human(name), description(project, funnel)), &counted);
    let view = view(emission, funnel, &fields, derived_table, measures);
    for model in counted {
        emission.guard(model);
    }
    let field = |metric: &MetricId| {
        let tag = format!("entente:{}", project.metrics[*metric].name);
        let measure = view.measures.iter().find(|measure| measure.docs.tags.contains(&tag));
        measure.map(|measure| (*metric, measure.name.clone()))
    };
    let shown: BTreeMap<MetricId, String> = metrics.iter().filter_map(field).collect();
    report(emission, name, shown);
    Ok(InsideExplore { view, explore, models, metrics: metrics.to_vec() })
}

/// The names that no dimension may take.
fn names(funnel: &Funnel, n_keys: usize) -> Names {
    let mut names = Names::default();
    let ids = (1..=n_keys.max(funnel.same.len())).flat_map(|n| [format!("id_{n}"), format!("same_{n}")]);
    let own = [CONVERSIONS, PASSED, IS_CONVERTED].into_iter().chain(OF_EVENTS).map(str::to_owned);
    for name in own.chain(ids) {
        names.claim(&name);
    }
    names
}

fn view(
    emission: &Emission<'_>,
    funnel: &Funnel,
    fields: &Fields,
    derived_table: String,
    measures: Vec<tree::Measure>,
) -> View {
    let column = |name: &str, kind: DimensionType| draft::hidden(name, kind, &emission.own_column(name));
    let is_one_by_one = is_one_by_one(funnel);
    let has_key = has_key(emission, funnel);
    let mut made = fields.view(emission, derived_table, (has_key, "When the first event happened."));
    if is_one_by_one {
        made.dimensions.push(column(PASSED, DimensionType::Number));
    } else {
        let is_there = format!("{} IS NOT NULL", emission.own_column(CONVERSIONS));
        made.dimensions.push(column(CONVERSIONS, DimensionType::Number));
        made.dimensions.push(draft::hidden(IS_CONVERTED, DimensionType::YesNo, &is_there));
    }
    made.measures = measures;
    made
}

fn description(project: &Project, funnel: &Funnel) -> String {
    let step = |(at, step): (usize, &FunnelStep)| {
        let label = label::of_metric(&project.metrics[step.metric]);
        let name = if at == 0 { label } else { label::within(&label) };
        step.within.map_or(name.clone(), |within| format!("{name} within {within}"))
    };
    let steps: Vec<String> = funnel.steps.iter().enumerate().map(step).collect();
    format!(
        "One row for each of the first of: {}. Filters choose the first events, and an event counts for the latest of them; a filter on their time cuts what has been counted.",
        steps.join(", then ")
    )
}
