//! A failing case → the smallest that fails alike, by leaving out rows, metrics, keys, filters and lines one by one.

use super::{
    ask::{Failure, Warehouse},
    case::{Case, Check},
    definitions::{Formula, Funnel, Kind, Metric, Take, parts},
    query::{Having, Query},
    world::{Policy, World},
};

/// How often a case is tried; shrinking ends where it takes too long.
const TRIES: usize = 3_000;

/// Returns the smallest case found and how it fails.
pub(super) fn shrink(warehouse: &Warehouse, case: &Case, check: Check<'_>, failure: &Failure) -> (Case, Failure) {
    let mut best = (case.clone(), failure.clone());
    let mut tries = 0;
    loop {
        let mut is_smaller = false;
        for smaller in candidates(&best.0) {
            tries += 1;
            if tries > TRIES {
                return best;
            }
            if let Err(failure) = check(warehouse, &smaller)
                && failure.is_like(&best.1)
            {
                best = (smaller, failure);
                is_smaller = true;
                break;
            }
        }
        if !is_smaller {
            return best;
        }
    }
}

/// Cases with one thing less, the greatest things first.
fn candidates(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let with_query = |query: Query| Case { query, ..case.clone() };
    all.extend(queries(&case.query).into_iter().map(with_query));
    all.extend(definitions(case));
    all.extend(worlds(&case.world).into_iter().map(|world| Case { world, ..case.clone() }));
    all
}

fn queries(query: &Query) -> Vec<Query> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut Query)| {
        let mut smaller = query.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    if query.filter.is_some() {
        add(&|query| query.filter = None);
    }
    if query.range.is_some() {
        add(&|query| query.range = None);
    }
    if query.having.is_some() {
        add(&|query| query.having = None);
    } else if query.hidden.is_some() {
        add(&|query| query.hidden = None);
    }
    if query.top.is_some() {
        add(&|query| query.top = None);
    }
    if query.fill {
        add(&|query| query.fill = false);
    }
    if query.zone.is_some() {
        add(&|query| query.zone = None);
    }
    for position in 0..query.metrics.len() {
        if query.metrics.len() > 1 && query.having.is_none() {
            add(&|query| {
                query.metrics.remove(position);
            });
        }
        for words in query.metrics[position].1.smaller() {
            add(&|query| query.metrics[position].1 = words);
        }
    }
    for position in 0..query.keys.len() {
        if query.top.is_none() {
            add(&|query| {
                query.keys.remove(position);
            });
        }
    }
    for filter in query.filter.iter().flat_map(|filter| filter.smaller()) {
        add(&|query| query.filter = Some(filter.clone()));
    }
    for having in query.having.iter().flat_map(smaller_having) {
        add(&|query| query.having = Some(having.clone()));
    }
    all
}

fn smaller_having(having: &Having) -> Vec<Having> {
    match having {
        Having::Compare(..) | Having::IsNull(_) => Vec::new(),
        Having::Not(inner) => vec![(**inner).clone()],
        Having::And(left, right) | Having::Or(left, right) => vec![(**left).clone(), (**right).clone()],
    }
}

fn definitions(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let is_used = |position: usize| {
        case.query.metrics.iter().any(|(metric, _)| *metric == position)
            || case.query.hidden == Some(position)
            || case.query.top.is_some_and(|top| top.by == position)
            || case.metrics.iter().any(|metric| parts(metric).contains(&position))
    };
    // From behind, so that what is removed changes no position in front of it.
    for position in (0..case.metrics.len()).rev() {
        if !is_used(position) {
            all.push(without(case, position));
            continue;
        }
        for metric in simpler(&case.metrics[position]) {
            let mut smaller = case.clone();
            smaller.metrics[position] = metric;
            all.push(smaller);
        }
        // Ask for a part in place of the whole.
        for part in parts(&case.metrics[position]) {
            if case.query.metrics.iter().any(|(metric, _)| *metric == position) {
                let mut smaller = case.clone();
                smaller.query.metrics.iter_mut().filter(|(metric, _)| *metric == position).for_each(|m| m.0 = part);
                all.push(smaller);
            }
        }
    }
    all
}

/// Removes a metric that nobody uses.
fn without(case: &Case, position: usize) -> Case {
    let mut smaller = case.clone();
    smaller.metrics.remove(position);
    let renumber = |metric: &mut usize| *metric -= usize::from(*metric > position);
    for metric in &mut smaller.metrics {
        match &mut metric.kind {
            Kind::Simple(_) => {}
            Kind::Derived { inputs, .. } => inputs.iter_mut().for_each(|input| renumber(&mut input.metric)),
            Kind::Accumulated { metric, .. } | Kind::Nested { metric, .. } => renumber(metric),
            Kind::Funnel(funnel) => {
                renumber(&mut funnel.base);
                funnel.steps.iter_mut().for_each(|step| renumber(&mut step.metric));
            }
        }
    }
    smaller.query.metrics.iter_mut().for_each(|(metric, _)| renumber(metric));
    smaller.query.hidden.iter_mut().for_each(renumber);
    smaller.query.top.iter_mut().for_each(|top| renumber(&mut top.by));
    smaller
}

fn simpler(metric: &Metric) -> Vec<Metric> {
    let mut all = Vec::new();
    if metric.when_empty.is_some() {
        all.push(Metric { when_empty: None, ..metric.clone() });
    }
    match &metric.kind {
        Kind::Simple(simple) => {
            if let Some(filter) = &simple.filter {
                let mut filters = vec![None];
                filters.extend(filter.smaller().into_iter().map(Some));
                for filter in filters {
                    let mut smaller = simple.clone();
                    smaller.filter = filter;
                    all.push(Metric { kind: Kind::Simple(smaller), ..metric.clone() });
                }
            }
        }
        Kind::Accumulated { metric: of, span, take } if *take != Take::Last => {
            all.push(Metric {
                kind: Kind::Accumulated { metric: *of, span: *span, take: Take::Last },
                ..metric.clone()
            });
        }
        Kind::Accumulated { .. } | Kind::Nested { .. } => {}
        Kind::Funnel(funnel) => all.extend(shorter(funnel).map(|kind| Metric { kind, ..metric.clone() })),
        Kind::Derived { formula, inputs } => {
            if let Formula::Binary(_, left, right) = formula {
                for side in [left, right] {
                    let derived = Kind::Derived { formula: (**side).clone(), inputs: inputs.clone() };
                    all.extend(renumbered(&derived).map(|kind| Metric { kind, ..metric.clone() }));
                }
            }
            for position in 0..inputs.len() {
                let input = &inputs[position];
                let mut add = |change: &dyn Fn(&mut super::definitions::Input)| {
                    let mut inputs = inputs.clone();
                    change(&mut inputs[position]);
                    let kind = Kind::Derived { formula: formula.clone(), inputs };
                    all.push(Metric { kind, ..metric.clone() });
                };
                if input.filter.is_some() {
                    add(&|input| input.filter = None);
                }
                if input.back.is_some() {
                    add(&|input| (input.back, input.by_rows) = (None, false));
                }
                if input.by_rows {
                    add(&|input| input.by_rows = false);
                }
                if input.start_of.is_some() {
                    add(&|input| input.start_of = None);
                }
                if input.span.is_some() {
                    add(&|input| input.span = None);
                }
                if input.ignore.is_some() {
                    add(&|input| input.ignore = None);
                }
                if input.when_empty.is_some() {
                    add(&|input| input.when_empty = None);
                }
            }
        }
    }
    all
}

/// A funnel with a step or a condition less.
fn shorter(funnel: &Funnel) -> impl Iterator<Item = Kind> {
    let without = (0..funnel.steps.len()).filter(|_| funnel.steps.len() > 1).map(|position| {
        let mut shorter = funnel.clone();
        shorter.steps.remove(position);
        Funnel { same_currency: false, ..shorter }
    });
    let whenever =
        (0..funnel.steps.len()).filter(|position| funnel.steps[*position].within.is_some()).map(|position| {
            let mut shorter = funnel.clone();
            shorter.steps[position].within = None;
            shorter
        });
    let other = Funnel { same_currency: false, ..funnel.clone() };
    let all: Vec<Funnel> = without.chain(whenever).chain(funnel.same_currency.then_some(other)).collect();
    all.into_iter().map(Kind::Funnel)
}

/// A derived metric without the inputs that its formula does not name; nothing where it names none.
fn renumbered(derived: &Kind) -> Option<Kind> {
    let Kind::Derived { formula, inputs } = derived else { return None };
    let mut named = Vec::new();
    let formula = renumber(formula, &mut named);
    let inputs: Vec<_> = named.iter().map(|position| inputs[*position].clone()).collect();
    (!inputs.is_empty()).then_some(Kind::Derived { formula, inputs })
}

fn renumber(formula: &Formula, named: &mut Vec<usize>) -> Formula {
    match formula {
        Formula::Input(position) => {
            named.push(*position);
            Formula::Input(named.len() - 1)
        }
        Formula::Constant(value) => Formula::Constant(*value),
        Formula::Binary(operator, left, right) => {
            let left = renumber(left, named);
            Formula::Binary(*operator, Box::new(left), Box::new(renumber(right, named)))
        }
    }
}

fn worlds(world: &World) -> Vec<World> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut World)| {
        let mut smaller = world.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    add_rows(&mut add, world.parcels.len(), &|world, keep| retain(&mut world.parcels, keep));
    add_rows(&mut add, world.claims.len(), &|world, keep| retain(&mut world.claims, keep));
    add_rows(&mut add, world.customers.len(), &|world, keep| retain(&mut world.customers, keep));
    add_rows(&mut add, world.depots.len(), &|world, keep| retain(&mut world.depots, keep));
    add_rows(&mut add, world.rates.len(), &|world, keep| retain(&mut world.rates, keep));
    add_rows(&mut add, world.plans.len(), &|world, keep| retain(&mut world.plans, keep));
    add_rows(&mut add, world.statuses.len(), &|world, keep| retain(&mut world.statuses, keep));
    add_rows(&mut add, world.notes.len(), &|world, keep| retain(&mut world.notes, keep));
    add_rows(&mut add, world.segments.len(), &|world, keep| retain(&mut world.segments, keep));
    add_rows(&mut add, world.memberships.len(), &|world, keep| retain(&mut world.memberships, keep));
    add_rows(&mut add, world.shares.len(), &|world, keep| retain(&mut world.shares, keep));
    add_rows(&mut add, world.void.parcels.len(), &|world, keep| retain(&mut world.void.parcels, keep));
    add_rows(&mut add, world.void.claims.len(), &|world, keep| retain(&mut world.void.claims, keep));
    add_rows(&mut add, world.void.customers.len(), &|world, keep| retain(&mut world.void.customers, keep));
    if let Some(policy) = world.policy {
        add(&|world| world.policy = None);
        if policy.role.is_some() {
            add(&|world| world.policy = Some(Policy { role: None, ..policy }));
        }
    }
    if world.promises_matches {
        add(&|world| world.promises_matches = false);
    }
    if world.partitions.is_some() {
        add(&|world| world.partitions = None);
    }
    if world.zone != chrono_tz::UTC {
        add(&|world| world.zone = chrono_tz::UTC);
    }
    if world.week_start != 0 {
        add(&|world| world.week_start = 0);
    }
    if world.fiscal_start != 1 {
        add(&|world| world.fiscal_start = 1);
    }
    for line in world.optional_lines() {
        add(&|world| {
            world.left_out.insert(line);
        });
    }
    all
}

/// Takes a change that makes a world smaller.
type Add<'a> = dyn FnMut(&dyn Fn(&mut World)) + 'a;
/// Keeps the rows of one table that a condition names by their positions.
type Keep<'a> = &'a dyn Fn(&mut World, &dyn Fn(usize) -> bool);

/// Worlds without all, half and each of the rows of a table.
fn add_rows(add: &mut Add<'_>, count: usize, keep: Keep<'_>) {
    if count == 0 {
        return;
    }
    add(&|world| keep(world, &|_| false));
    if count > 2 {
        add(&|world| keep(world, &|row| row < count / 2));
        add(&|world| keep(world, &|row| row >= count / 2));
    }
    for without in 0..count {
        add(&|world| keep(world, &|row| row != without));
    }
}

fn retain<T>(rows: &mut Vec<T>, keep: &dyn Fn(usize) -> bool) {
    let mut position = 0;
    rows.retain(|_| {
        position += 1;
        keep(position - 1)
    });
}
