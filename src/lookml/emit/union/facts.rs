//! A metric → the facts that it counts: models, each along a time axis, some of them moved to a later time.
//!
//! `claims / parcels_delivered` counts claims by their opening and parcels by their delivery; growth against 52 weeks
//! before counts parcels twice, once 364 days later.
//!
//! **Invariant:** a fact is only there if a sum over its rows, at any keys, is what the API says.

use std::collections::BTreeSet;

use super::super::{Emission, home::Home, measure};
use crate::{
    ids::MetricId,
    project::{Back, Input, MetricKind, Project},
    time::Unit,
};

/// The rows of a model along a time axis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::lookml::emit) struct Fact {
    /// The model and the axis.
    pub(super) home: Home,
    /// How many days later than they are the rows are shown.
    pub(super) later: i64,
}

/// Finds the facts of a metric, or says why it cannot be counted over them.
pub(super) fn facts(emission: &Emission<'_>, metric: MetricId) -> Result<BTreeSet<Fact>, String> {
    let mut found = BTreeSet::new();
    gather(emission, metric, 0, &mut found)?;
    Ok(found)
}

fn gather(emission: &Emission<'_>, metric: MetricId, later: i64, found: &mut BTreeSet<Fact>) -> Result<(), String> {
    let project = emission.project;
    if project.policies.restrictions.iter().any(|restriction| restriction.metrics.contains(&metric)) {
        let kept = || "not everyone may see it, and an explore over several models has no grants".to_owned();
        return Err(emission.homes[&metric].clone().err().unwrap_or_else(kept));
    }
    match &project.metrics[metric].kind {
        MetricKind::Simple(simple) if simple.balance.is_some() => Err(measure::BALANCE.to_owned()),
        MetricKind::Simple(_) => {
            let home = emission.homes[&metric].clone()?;
            found.insert(Fact { home, later });
            Ok(())
        }
        MetricKind::Derived { inputs, .. } => {
            inputs.iter().try_for_each(|input| gather(emission, input.metric, later + moved(project, input)?, found))
        }
        MetricKind::Cumulative { .. } => Err(measure::CUMULATIVE.to_owned()),
        MetricKind::Nested(_) => Err(measure::NESTED.to_owned()),
        MetricKind::Funnel(_) => Err(measure::FUNNEL.to_owned()),
    }
}

/// Returns by how many days an input is taken back.
pub(super) fn moved(project: &Project, input: &Input) -> Result<i64, String> {
    let inner = &project.metrics[input.metric].name;
    if input.cumulation.is_some() {
        return Err(measure::CUMULATIVE.to_owned());
    }
    if input.ignore.is_some() {
        return Err(format!("`{inner}` ignores keys, and a measure of Looker is grouped by all fields of a query"));
    }
    if let Some(size) = input.offset_to {
        return Err(format!("`{inner}` is taken back to the start of the {size}, which Looker has no word for"));
    }
    match input.offset {
        None => Ok(0),
        Some(Back::Time(offset)) => {
            let days = match offset.unit {
                Unit::Day => Some(1),
                Unit::Week => Some(7),
                Unit::Second | Unit::Minute | Unit::Hour | Unit::Month | Unit::Quarter | Unit::Year => None,
            };
            let days = days.and_then(|days: i64| days.checked_mul(offset.count));
            days.ok_or_else(|| {
                format!(
                    "`{inner}` is taken back {offset}, by periods of different length, which no row can be moved by"
                )
            })
        }
        Some(Back::Periods { .. }) => {
            Err(format!("`{inner}` goes back by periods of a calendar, which Looker does not know"))
        }
    }
}
