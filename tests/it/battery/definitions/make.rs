//! Random choices → metrics, each over those before it.

use super::{
    Aggregate, Axis, Balance, Base, Formula, Ignore, Input, Kind, Member, Metric, Operator, Simple, Span, Take, Use,
    Value, WhenEmpty, funnel, simple, uses,
};
use crate::battery::{
    query::{Back, Dimension, Predicate, Size},
    random::Random,
};

pub(in crate::battery) const SPANS: [Span; 13] = [
    Span::Days(7),
    Span::Days(1),
    Span::Days(30),
    Span::MonthToDate,
    Span::YearToDate,
    Span::Ever,
    Span::Minutes(360),
    Span::Minutes(90),
    Span::Minutes(1500),
    Span::HourToDate,
    Span::DayToDate,
    Span::RetailMonthToDate,
    Span::RetailYearToDate,
];
const OFFSETS: [Back; 12] = [
    Back::Months(1),
    Back::Months(12),
    Back::Days(7),
    Back::Days(1),
    Back::Days(364),
    Back::Months(3),
    Back::Minutes(60),
    Back::Minutes(24 * 60),
    Back::Minutes(90),
    Back::Retail(Size::RetailMonth, 1),
    Back::Retail(Size::RetailMonth, 2),
    Back::Retail(Size::RetailYear, 1),
];

/// Random metrics.
pub(in crate::battery) fn make(random: &mut Random) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for _ in 0..4 + random.below(3) {
        let simple = simple_metric(random);
        metrics.push(Metric { kind: Kind::Simple(simple), when_empty: when_empty(random) });
    }
    for _ in 0..5 {
        let one = random.below(metrics.len());
        let funnel = if random.chance(15) { funnel::make(random, &metrics) } else { None };
        let kind = if let Some(funnel) = funnel {
            funnel
        } else if random.chance(20) && can_nest(&metrics, one) {
            Kind::Nested {
                metric: one,
                per: *random.pick(&[Member::Customer, Member::Kind, Member::Day]),
                aggregate: *random.pick(&[
                    Aggregate::Avg,
                    Aggregate::Sum,
                    Aggregate::Max,
                    Aggregate::Min,
                    Aggregate::Count,
                    Aggregate::Percentile(50),
                ]),
            }
        } else if random.chance(30) && !accumulates(&metrics, one) {
            // A mean of days over what is told for each of them is refused.
            let take = if counts_days(&metrics, one) { Take::Last } else { take(random) };
            Kind::Accumulated { metric: one, span: *random.pick(&SPANS), take }
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

/// Whether members' values of a metric are exact and each of one moment.
fn can_nest(metrics: &[Metric], metric: usize) -> bool {
    match &metrics[metric].kind {
        Kind::Simple(simple) => {
            simple.balance.is_none()
                && simple.base != Base::Statuses
                && !matches!(simple.aggregate, Aggregate::Avg | Aggregate::Percentile(_))
        }
        _ => false,
    }
}

/// Whether a metric cannot be accumulated (again).
pub(in crate::battery) fn accumulates(metrics: &[Metric], metric: usize) -> bool {
    uses(metrics, metric).iter().any(|below| {
        below.span.is_some()
            || below.per.is_some_and(|member| member != Member::Day)
            || below.is_base
            || below.ignores
            || simple(metrics, below.simple).balance.is_some()
            || simple(metrics, below.simple).base == Base::Statuses
    })
}

fn counts_days(metrics: &[Metric], metric: usize) -> bool {
    uses(metrics, metric).iter().any(|below| below.per == Some(Member::Day))
}

fn derived(random: &mut Random, metrics: &[Metric]) -> Kind {
    let count = 1 + random.below(3);
    let mut inputs: Vec<Input> = (0..count).map(|_| input(random, metrics)).collect();
    // The commonest: one metric beside itself, filtered or earlier.
    if count > 1 && random.chance(40) {
        inputs[0] = Input { metric: inputs[1].metric, ..Input::default() };
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
    let has_funnel = below.iter().any(|below| below.is_base);
    let filter = if has_funnel || !random.chance(35) {
        None
    } else if on_parcels {
        Some(Predicate::of_parcels(random))
    } else {
        Some(Predicate::of_dimensions(random, 1, &Dimension::timeless()))
    };
    let can_accumulate = !accumulates(metrics, metric);
    let ignore = if random.chance(15) && can_ignore(&below) { Some(ignore(random)) } else { None };
    // Versions that are all counted have no time in which they could be moved.
    let is_timed = |below: &Use| simple(metrics, below.simple).axis != Axis::Validity || is_balance(metrics, below);
    let is_plain = ignore.is_none() && below.iter().all(is_timed);
    let mut input = Input {
        metric,
        filter,
        back: if is_plain { random.pick_or_none(75, &OFFSETS) } else { None },
        span: if can_accumulate && is_plain { random.pick_or_none(85, &SPANS) } else { None },
        when_empty: when_empty(random),
        ignore,
        ..Input::default()
    };
    if let Some(Back::Months(_)) = input.back {
        input.by_rows = input.span.is_none() && !has_funnel && can_ignore(&below) && random.chance(35);
    } else if is_plain && input.back.is_none() && input.span.is_none() && can_ignore(&below) {
        let has_time = below.iter().all(|below| simple(metrics, below.simple).axis != Axis::Validity);
        input.start_of = random.pick_or_none(85, &[Size::Month, Size::Quarter, Size::Year]).filter(|_| has_time);
    }
    input
}

fn is_balance(metrics: &[Metric], used: &Use) -> bool {
    simple(metrics, used.simple).balance.is_some()
}

fn take(random: &mut Random) -> Take {
    *random.pick(&[Take::Last, Take::Last, Take::First, Take::Avg])
}

fn can_ignore(below: &[Use]) -> bool {
    below.iter().all(|below| below.moved.is_none() && below.span.is_none() && !below.ignores)
}

fn ignore(random: &mut Random) -> Ignore {
    match random.below(4) {
        0 | 1 => Ignore::All,
        2 => Ignore::Time,
        _ => Ignore::Dimensions(vec![*random.pick(&Dimension::ALL), *random.pick(&Dimension::ALL)]),
    }
}

fn simple_metric(random: &mut Random) -> Simple {
    use Aggregate::{Avg, Count, CountDistinct, Discrete, Max, Min, Percentile, Sum};
    if random.chance(10) {
        let (aggregate, value) = *random.pick(&[
            (Count, Value::Nothing),
            (Sum, Value::Load),
            (Count, Value::Load),
            (CountDistinct, Value::Load),
            (Max, Value::Load),
            (Avg, Value::Load),
        ]);
        let balance = random.chance(85).then(|| Balance { is_last: random.chance(60), per_kind: false });
        let filter =
            if random.chance(30) { Some(Predicate::of_dimensions(random, 1, &Dimension::timeless())) } else { None };
        return Simple { base: Base::Statuses, aggregate, value, filter, axis: Axis::Validity, balance };
    }
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
            (Discrete(50), Value::Price),
            (Discrete(90), Value::Price),
        ]);
        let filter = if random.chance(50) { Some(Predicate::of_parcels(random)) } else { None };
        let axis = if random.chance(65) { Axis::BookedAt } else { Axis::DoneOn };
        let balance = if aggregate == Sum && axis == Axis::DoneOn && random.chance(50) {
            Some(Balance { is_last: random.chance(60), per_kind: random.chance(30) })
        } else {
            None
        };
        return Simple { base: Base::Parcels, aggregate, value, filter, axis, balance };
    }
    let (aggregate, value) =
        *random.pick(&[(Count, Value::Nothing), (Sum, Value::Amount), (Max, Value::Amount), (Avg, Value::Amount)]);
    let axis = if random.chance(70) { Axis::FiledAt } else { Axis::BookedAtOfParcel };
    let filter = if random.chance(30) { Some(Predicate::of_claims(random)) } else { None };
    Simple { base: Base::Claims, aggregate, value, filter, axis, balance: None }
}
