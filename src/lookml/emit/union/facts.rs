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
    project::{Back, Cumulation, Input, MetricKind, Project, Take},
    time::{Granularity, Unit},
};

/// The rows of a model along a time axis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::lookml::emit) struct Fact {
    /// The model and the axis.
    pub(in crate::lookml::emit) home: Home,
    /// How many days later than they are the rows are shown.
    pub(in crate::lookml::emit) later: i64,
    /// The time over which the rows are gathered, if each period shows more than its own.
    pub(in crate::lookml::emit) window: Option<Window>,
}

/// The time up to the end of a period over which rows are gathered for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::lookml::emit) struct Window {
    pub(super) over: Cumulation,
    /// Whether it ends with the first day of a longer period, not with the last.
    pub(super) to_first_day: bool,
}

impl Window {
    /// Returns the window of a metric that accumulates over whole days.
    pub(super) fn of(above: Option<Self>, over: Cumulation, take: Take) -> Result<Option<Self>, String> {
        let by_hours = "it accumulates within a day, and an explore gathers whole days";
        match over {
            _ if above.is_some() => return Err("it accumulates what is accumulated already".to_owned()),
            Cumulation::Window(duration) if duration.unit.seconds().is_some() => return Err(by_hours.to_owned()),
            Cumulation::ToDate(size) if size.is_within_a_day() => return Err(by_hours.to_owned()),
            Cumulation::ToDate(size) if size.of_calendar().is_some() => {
                return Err(
                    "it accumulates since the start of a period of a calendar, which Looker does not know".to_owned()
                );
            }
            Cumulation::Window(_) | Cumulation::ToDate(_) | Cumulation::AllTime => {}
        }
        match take {
            Take::Last | Take::First => Ok(Some(Self { over, to_first_day: take == Take::First })),
            Take::Avg => {
                Err("it is the mean of what is accumulated by each day, and a measure aggregates rows".to_owned())
            }
        }
    }

    /// What it is called in names: `over_28_days`, `month_to_date`, `all_time`.
    pub(super) fn name(self) -> String {
        let over = match self.over {
            Cumulation::Window(duration) => format!("over_{duration}").replace(' ', "_"),
            Cumulation::ToDate(size) => {
                format!("{}_to_date", size.standard().map_or("period", Granularity::name))
            }
            Cumulation::AllTime => "all_time".to_owned(),
        };
        if self.to_first_day { format!("{over}_at_first") } else { over }
    }

    /// What people read of it: `last 28 days`, `month to date`, `all time`.
    pub(super) fn words(self) -> String {
        let over = match self.over {
            Cumulation::Window(duration) => format!("last {duration}"),
            Cumulation::ToDate(size) => {
                format!("{} to date", size.standard().map_or("period", Granularity::name).replace('_', " "))
            }
            Cumulation::AllTime => "all time".to_owned(),
        };
        if self.to_first_day { format!("{over}, at its first day") } else { over }
    }
}

/// Finds the facts of a metric, or says why it cannot be counted over them.
pub(super) fn facts(emission: &Emission<'_>, metric: MetricId) -> Result<BTreeSet<Fact>, String> {
    let mut found = BTreeSet::new();
    gather(emission, metric, (0, None), &mut found)?;
    Ok(found)
}

fn gather(
    emission: &Emission<'_>,
    metric: MetricId,
    (later, window): (i64, Option<Window>),
    found: &mut BTreeSet<Fact>,
) -> Result<(), String> {
    let project = emission.project;
    if project.policies.restrictions.iter().any(|restriction| restriction.metrics.contains(&metric)) {
        let gathers = window.is_some() || matches!(project.metrics[metric].kind, MetricKind::Cumulative { .. });
        let explore = if gathers { "that gathers days" } else { "over several models" };
        let name = &project.metrics[metric].name;
        let kept = || format!("not everyone may see `{name}`, and an explore {explore} has no grants: ask the API");
        return Err(emission.homes[&metric].clone().err().unwrap_or_else(kept));
    }
    match &project.metrics[metric].kind {
        MetricKind::Simple(simple) if simple.balance.is_some() => Err(measure::BALANCE.to_owned()),
        MetricKind::Simple(_) => {
            let home = emission.homes[&metric].clone()?;
            if window.is_some() && home.axis.is_none() {
                return Err("it accumulates over time and has no time".to_owned());
            }
            found.insert(Fact { home, later, window });
            Ok(())
        }
        MetricKind::Derived { inputs, .. } => inputs.iter().try_for_each(|input| {
            let below = (later + moved(project, input)?, gathered(window, input)?);
            gather(emission, input.metric, below, found)
        }),
        MetricKind::Cumulative { metric, cumulation, take } => {
            gather(emission, *metric, (later, Window::of(window, *cumulation, *take)?), found)
        }
        MetricKind::Nested(_) => Err(measure::NESTED.to_owned()),
        MetricKind::Funnel(_) => Err(measure::FUNNEL.to_owned()),
    }
}

/// Returns the window of an input.
pub(super) fn gathered(above: Option<Window>, input: &Input) -> Result<Option<Window>, String> {
    input.cumulation.map_or(Ok(above), |over| Window::of(above, over, input.take))
}

/// Returns by how many days an input is taken back.
pub(super) fn moved(project: &Project, input: &Input) -> Result<i64, String> {
    let inner = &project.metrics[input.metric].name;
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
