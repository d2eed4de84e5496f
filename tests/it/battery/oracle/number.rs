//! Values of metrics, exact as long as they can be.

use crate::battery::definitions::{Aggregate, Operator};

/// The units in which exact values are counted: millionths.
pub(super) const ONE: i128 = 1_000_000;

/// How far two floats may be apart, relative to the numbers that they come from.
const TOLERANCE: f64 = 1e-9;

/// A value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::battery) enum Number {
    Null,
    /// In millionths.
    Exact(i128),
    /// A value, and the size of the greatest number that went into it.
    Float(f64, f64),
}

impl Number {
    pub(in crate::battery) fn whole(value: i128) -> Self {
        Self::Exact(value * ONE)
    }

    /// A decimal of a scale; a float where it has more digits than millionths.
    pub(in crate::battery) fn decimal(units: i128, scale: u32) -> Self {
        if scale <= 6 {
            return Self::Exact(units * 10_i128.pow(6 - scale));
        }
        let more = 10_i128.pow(scale - 6);
        if units % more == 0 { Self::Exact(units / more) } else { Self::float(ratio(units, 10_i128.pow(scale))) }
    }

    pub(in crate::battery) fn float(value: f64) -> Self {
        Self::Float(value, value.abs())
    }

    fn parts(self) -> Option<(f64, f64)> {
        match self {
            Self::Null => None,
            Self::Exact(units) => Some((ratio(units, ONE), ratio(units, ONE).abs())),
            Self::Float(value, size) => Some((value, size)),
        }
    }

    /// How it stands to a whole number; nothing where that is within the error of a float.
    pub(super) fn against(self, whole: i64) -> Option<std::cmp::Ordering> {
        match self {
            Self::Null => panic!("null stands to nothing"),
            Self::Exact(units) => Some(units.cmp(&(i128::from(whole) * ONE))),
            Self::Float(value, size) => {
                #[allow(clippy::cast_precision_loss, reason = "a small whole number")]
                let whole = whole as f64;
                let is_clear = (value - whole).abs() > TOLERANCE * size.max(whole.abs()).max(1e-6);
                is_clear.then(|| value.total_cmp(&whole))
            }
        }
    }

    /// Whether it is zero; nothing where a float is near it.
    fn is_zero(self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Exact(units) => Some(units == 0),
            Self::Float(0.0, 0.0) => Some(true),
            Self::Float(value, size) => (value.abs() > TOLERANCE * size).then_some(false),
        }
    }
}

/// Whether two values are the same: exact ones exactly, floats nearly.
pub(in crate::battery) fn same(left: Number, right: Number) -> bool {
    match (left, right) {
        (Number::Null, Number::Null) => true,
        (Number::Exact(left), Number::Exact(right)) => left == right,
        (Number::Float(left, size), Number::Float(right, other)) => {
            (left - right).abs() <= TOLERANCE * size.max(other).max(1e-6)
        }
        _ => false,
    }
}

/// Applies an operator; nothing where the result hangs on the rounding of a float.
pub(in crate::battery) fn apply(operator: Operator, left: Number, right: Number) -> Option<Number> {
    let (Some((l, l_size)), Some((r, r_size))) = (left.parts(), right.parts()) else { return Some(Number::Null) };
    if operator == Operator::Divide {
        if right.is_zero()? {
            return Some(Number::Null);
        }
        let value = l / r;
        return Some(Number::Float(value, value.abs().max(l_size / r.abs()).max(l.abs() * r_size / (r * r))));
    }
    if let (Number::Exact(left), Number::Exact(right)) = (left, right) {
        return Some(Number::Exact(match operator {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * (right / ONE),
            Operator::Divide => unreachable!("done above"),
        }));
    }
    Some(match operator {
        Operator::Add => Number::Float(l + r, l_size.max(r_size)),
        Operator::Subtract => Number::Float(l - r, l_size.max(r_size)),
        Operator::Multiply => Number::Float(l * r, l_size * r_size),
        Operator::Divide => unreachable!("done above"),
    })
}

/// A quotient of counts; nothing where there is nothing to divide by.
pub(super) fn quotient(count: usize, by: usize) -> Number {
    if by == 0 {
        return Number::Null;
    }
    Number::float(ratio(count as i128, by as i128))
}

/// A percentile, in hundredths, of whole numbers, in units of so many.
pub(super) fn percentile_of(mut values: Vec<i64>, hundredths: u8, unit: i64) -> Number {
    values.sort_unstable();
    if values.is_empty() {
        return Number::Null;
    }
    let place = usize::from(hundredths) * (values.len() - 1);
    let (low, rest) = (place / 100, place % 100);
    let (below, above) = (i128::from(values[low]), i128::from(values[(low + 1).min(values.len() - 1)]));
    let hundredfold = below * 100 + (above - below) * rest as i128;
    Number::float(ratio(hundredfold, 100 * i128::from(unit)))
}

/// The mean of values that are not null; nothing where there are none.
pub(super) fn mean(values: &[Number]) -> Number {
    let parts: Vec<(f64, f64)> = values.iter().filter_map(|value| value.parts()).collect();
    if parts.is_empty() {
        return Number::Null;
    }
    let size = parts.iter().map(|(_, size)| *size).fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "a world is small")]
    let count = parts.len() as f64;
    // Exact values are added exactly, as those that cancel out would leave an error of their size.
    let exact: Option<i128> =
        values.iter().map(|value| if let Number::Exact(units) = value { Some(*units) } else { None }).sum();
    let sum = exact.map_or_else(|| parts.iter().map(|(value, _)| value).sum(), |sum| ratio(sum, ONE));
    Number::Float(sum / count, size)
}

/// Aggregates values that are not null, in millionths; nothing where there are none and that is not zero.
pub(super) fn aggregate(aggregate: Aggregate, mut values: Vec<i128>) -> Number {
    values.sort_unstable();
    let count = values.len() as i128;
    match aggregate {
        Aggregate::Count => Number::whole(count),
        Aggregate::CountDistinct => {
            values.dedup();
            Number::whole(values.len() as i128)
        }
        _ if values.is_empty() => Number::Null,
        Aggregate::Sum => Number::Exact(values.iter().sum()),
        Aggregate::Min => Number::Exact(values[0]),
        Aggregate::Max => Number::Exact(values[values.len() - 1]),
        Aggregate::Avg => {
            let size = values.iter().map(|value| ratio(*value, ONE).abs()).fold(0.0, f64::max);
            Number::Float(ratio(values.iter().sum(), count * ONE), size)
        }
        Aggregate::Discrete(hundredths) => {
            let place = (usize::from(hundredths) * values.len()).div_ceil(100).max(1);
            Number::Exact(values[place - 1])
        }
        Aggregate::Percentile(hundredths) => {
            let place = usize::from(hundredths) * (values.len() - 1);
            let (low, rest) = (place / 100, place % 100);
            let (below, above) = (values[low], values[(low + 1).min(values.len() - 1)]);
            let size = ratio(below, ONE).abs().max(ratio(above, ONE).abs());
            let more = (above - below) * rest as i128;
            Number::Float(ratio(below, ONE) + ratio(more, 100 * ONE), size)
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "compared with a tolerance")]
fn ratio(value: i128, by: i128) -> f64 {
    value as f64 / by as f64
}
