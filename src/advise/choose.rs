//! Needs → the few sets of dimensions that answer most of them for the least rows.
//!
//! A set of dimensions answers every need that it contains. Candidates are what was asked, and unions of it; taken is the one
//! that saves most of what is left, again and again.
//!
//! **Invariant:** the result does not depend on the order of the needs.

use std::collections::{BTreeMap, BTreeSet};

use super::needs::{Kept, Need};
use crate::{
    ids::{MetricId, ModelId},
    project::TimeAxis,
};

/// How many sets are looked at for one model and time.
const CANDIDATES: usize = 256;

/// What is worth less than this part of everything is not proposed, in hundredths.
const WORTH: u128 = 3;

/// A need with what it cost.
#[derive(Clone, Debug)]
pub(super) struct Weighed {
    pub(super) need: Need,
    /// What it cost, in whatever costs are counted.
    pub(super) cost: u64,
}

/// A chosen rollup.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) model: ModelId,
    pub(super) axis: TimeAxis,
    pub(super) metrics: BTreeSet<MetricId>,
    pub(super) dimensions: BTreeSet<Kept>,
}

/// Tells which part of its rows remains, in millionths, where a model is grouped by some dimensions and days.
pub(super) type Remaining<'a> = &'a dyn Fn(ModelId, &TimeAxis, &BTreeSet<Kept>) -> u64;

/// The whole, in the measure of [`Remaining`].
pub(super) const WHOLE: u64 = 1_000_000;

/// Chooses at most so many rollups.
pub(super) fn choose(weighed: &[Weighed], most: usize, remaining: Remaining<'_>) -> Vec<Choice> {
    let candidates = candidates(weighed);
    let total: u128 = weighed.iter().map(|weighed| u128::from(weighed.cost)).sum();
    let mut saved: Vec<u64> = vec![0; weighed.len()];
    let mut chosen: Vec<Choice> = Vec::new();
    while chosen.len() < most {
        let gains = candidates.iter().map(|candidate| {
            let gain: u128 = weighed
                .iter()
                .zip(&saved)
                .map(|(weighed, saved)| u128::from(saves(candidate, weighed, remaining).saturating_sub(*saved)))
                .sum();
            (gain, candidate)
        });
        // Of two that save as much the one that keeps less.
        let best = gains.max_by(|(gain, a), (other, b)| {
            gain.cmp(other)
                .then_with(|| b.dimensions.len().cmp(&a.dimensions.len()))
                .then_with(|| b.dimensions.cmp(&a.dimensions))
        });
        let Some((_, best)) = best.filter(|(gain, _)| *gain > 0 && gain * 100 >= total * WORTH) else { break };
        for (weighed, saved) in weighed.iter().zip(&mut saved) {
            *saved = (*saved).max(saves(best, weighed, remaining));
        }
        chosen.push(best.clone());
    }
    chosen
}

/// Returns what a candidate saves of a need.
fn saves(candidate: &Choice, weighed: &Weighed, remaining: Remaining<'_>) -> u64 {
    let need = &weighed.need;
    let answers = (candidate.model, &candidate.axis) == (need.model, &need.axis)
        && need.dimensions.is_subset(&candidate.dimensions)
        && need.metrics.is_subset(&candidate.metrics);
    if !answers {
        return 0;
    }
    let left = remaining(candidate.model, &candidate.axis, &candidate.dimensions).min(WHOLE);
    let saved = u128::from(weighed.cost) * u128::from(WHOLE - left) / u128::from(WHOLE);
    u64::try_from(saved).unwrap_or(u64::MAX)
}

/// Returns the sets of dimensions that were asked for, and their unions, with every metric that they can answer.
fn candidates(weighed: &[Weighed]) -> Vec<Choice> {
    let mut groups: BTreeMap<(ModelId, &TimeAxis), Vec<&Weighed>> = BTreeMap::new();
    for one in weighed {
        groups.entry((one.need.model, &one.need.axis)).or_default().push(one);
    }
    let mut candidates = Vec::new();
    for ((model, axis), group) in groups {
        let mut costs: BTreeMap<&BTreeSet<Kept>, u64> = BTreeMap::new();
        for one in &group {
            let cost = costs.entry(&one.need.dimensions).or_default();
            *cost = cost.saturating_add(one.cost);
        }
        let mut asked: Vec<(&BTreeSet<Kept>, u64)> = costs.into_iter().collect();
        asked.sort_by(|(set, cost), (other, than)| than.cmp(cost).then_with(|| set.cmp(other)));
        let mut sets: Vec<BTreeSet<Kept>> = Vec::new();
        for (set, _) in asked {
            let unions: Vec<BTreeSet<Kept>> = sets.iter().map(|known| known | set).collect();
            for new in std::iter::once(set.clone()).chain(unions) {
                if sets.len() < CANDIDATES && !sets.contains(&new) {
                    sets.push(new);
                }
            }
        }
        candidates.extend(sets.into_iter().map(|dimensions| {
            let inside = group.iter().filter(|one| one.need.dimensions.is_subset(&dimensions));
            let metrics = inside.flat_map(|one| one.need.metrics.iter().copied()).collect();
            Choice { model, axis: axis.clone(), metrics, dimensions }
        }));
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{DimensionId, Id as _},
        project::Route,
    };

    fn need(shape: usize, dimensions: &[usize], cost: u64) -> Weighed {
        let kept = |at: &usize| (Route::here(), DimensionId::from_index(*at));
        let need = Need {
            model: ModelId::from_index(0),
            axis: TimeAxis { route: Route::here(), dimension: DimensionId::from_index(99) },
            metrics: [MetricId::from_index(shape)].into(),
            dimensions: dimensions.iter().map(kept).collect(),
        };
        Weighed { need, cost }
    }

    /// Dimension 9 tells nearly every row apart; each other one leaves a hundredth more.
    fn remaining(_: ModelId, _: &TimeAxis, kept: &BTreeSet<Kept>) -> u64 {
        if kept.iter().any(|(_, dimension)| *dimension == DimensionId::from_index(9)) {
            return WHOLE;
        }
        kept.len() as u64 * 10_000
    }

    #[test]
    fn one_that_answers_all_is_better_than_two() {
        let chosen = choose(&[need(0, &[1], 500), need(1, &[2], 500)], 3, &remaining);
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].dimensions.len(), 2);
        assert_eq!(chosen[0].metrics.len(), 2);
    }

    #[test]
    fn what_keeps_nearly_every_row_is_not_proposed() {
        let chosen = choose(&[need(0, &[1], 500), need(1, &[9], 500)], 3, &remaining);
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].dimensions.len(), 1);
    }

    #[test]
    fn what_is_hardly_asked_is_not_proposed_and_the_order_is_of_no_matter() {
        let mut needs = vec![need(0, &[1, 2], 900), need(1, &[2], 80), need(2, &[3], 5)];
        let chosen = choose(&needs, 1, &remaining);
        needs.reverse();
        let again = choose(&needs, 1, &remaining);
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].dimensions, again[0].dimensions);
    }
}
