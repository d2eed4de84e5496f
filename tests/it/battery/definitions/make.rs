//! Random choices → metrics, each over those before it.

use super::{
    Aggregate, Axis, Base, Formula, Input, Kind, Metric, Operator, Simple, Span, Value, WhenEmpty, simple, uses,
};
use crate::battery::{
    query::{Back, Predicate},
    random::Random,
};

const SPANS: [Span; 6] =
    [Span::Days(7), Span::Days(1), Span::Days(30), Span::MonthToDate, Span::YearToDate, Span::Ever];
const OFFSETS: [Back; 6] =
    [Back::Months(1), Back::Months(12), Back::Days(7), Back::Days(1), Back::Days(364), Back::Months(3)];

/// Random metrics.
pub(in crate::battery) fn make(random: &mut Random) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for _ in 0..4 + random.below(3) {
        let simple = simple_metric(random);
        metrics.push(Metric { kind: Kind::Simple(simple), when_empty: when_empty(random) });
    }
    for _ in 0..5 {
        let one = random.below(metrics.len());
        let kind = if random.chance(30) && !accumulates(&metrics, one) {
            Kind::Accumulated { metric: one, span: *random.pick(&SPANS) }
        } else {
            derived(random, &metrics)
        };
        metrics.push(Metric { kind, when_empty: when_empty(random) });
    }
    metrics
}

fn when_empty(random: &mut Random) -> Option<WhenEmpty> {
    random.pick_or_none(80, &[WhenEmpty::Zero, WhenEmpty::Null])
}

fn accumulates(metrics: &[Metric], metric: usize) -> bool {
    uses(metrics, metric).iter().any(|below| below.is_accumulated)
}

fn derived(random: &mut Random, metrics: &[Metric]) -> Kind {
    let count = 1 + random.below(3);
    let mut inputs: Vec<Input> = (0..count).map(|_| input(random, metrics)).collect();
    // The commonest: one metric beside itself, filtered or earlier.
    if count > 1 && random.chance(40) {
        inputs[0] = Input { metric: inputs[1].metric, filter: None, back: None, span: None, when_empty: None };
    }
    let mut formula = Formula::Input(0);
    for next in 1..count {
        let right = Formula::Input(next);
        let operator = *random.pick(&[Operator::Divide, Operator::Divide, Operator::Subtract, Operator::Add]);
        let (left, right) = if random.chance(80) { (formula, right) } else { (right, formula) };
        formula = Formula::Binary(operator, Box::new(left), Box::new(right));
    }
    if count == 1 || random.chance(15) {
        let operator = *random.pick(&[Operator::Multiply, Operator::Subtract, Operator::Divide, Operator::Add]);
        let constant = Box::new(Formula::Constant(*random.pick(&[1, 2, 0, 100])));
        formula = Formula::Binary(operator, Box::new(formula), constant);
    }
    Kind::Derived { formula, inputs }
}

fn input(random: &mut Random, metrics: &[Metric]) -> Input {
    let metric = random.below(metrics.len());
    let below = uses(metrics, metric);
    let on_parcels = below.iter().all(|below| simple(metrics, below.simple).base == Base::Parcels);
    let filter = if !random.chance(35) {
        None
    } else if on_parcels {
        Some(Predicate::of_parcels(random))
    } else {
        Some(Predicate::of_dimensions(random, 1))
    };
    let can_accumulate = !accumulates(metrics, metric);
    Input {
        metric,
        filter,
        back: random.pick_or_none(75, &OFFSETS),
        span: if can_accumulate { random.pick_or_none(85, &SPANS) } else { None },
        when_empty: when_empty(random),
    }
}

fn simple_metric(random: &mut Random) -> Simple {
    use Aggregate::{Avg, Count, CountDistinct, Max, Min, Percentile, Sum};
    if random.chance(65) {
        let (aggregate, value) = *random.pick(&[
            (Count, Value::Nothing),
            (Count, Value::Weight),
            (Sum, Value::Price),
            (Sum, Value::Weight),
            (Sum, Value::Converted),
            (Avg, Value::Price),
            (Avg, Value::Weight),
            (Min, Value::Price),
            (Max, Value::Weight),
            (CountDistinct, Value::Customer),
            (CountDistinct, Value::Price),
            (Percentile(50), Value::Price),
            (Percentile(90), Value::Weight),
        ]);
        let filter = if random.chance(50) { Some(Predicate::of_parcels(random)) } else { None };
        let axis = if random.chance(75) { Axis::BookedAt } else { Axis::DoneOn };
        return Simple { base: Base::Parcels, aggregate, value, filter, axis };
    }
    let (aggregate, value) =
        *random.pick(&[(Count, Value::Nothing), (Sum, Value::Amount), (Max, Value::Amount), (Avg, Value::Amount)]);
    let axis = if random.chance(70) { Axis::FiledAt } else { Axis::BookedAtOfParcel };
    let filter = if random.chance(30) { Some(Predicate::of_claims(random)) } else { None };
    Simple { base: Base::Claims, aggregate, value, filter, axis }
}
