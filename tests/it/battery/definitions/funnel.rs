//! Funnels: events of one key that follow one another.

use super::{Axis, Base, Kind, Metric, Simple, simple};
use crate::battery::random::Random;

/// What events of one funnel have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Tie {
    Customer,
    Parcel,
    Kind,
}

impl Tie {
    /// The expression over the columns of a model.
    pub(super) fn expr(self, base: Base) -> &'static str {
        match (self, base) {
            (Self::Customer, Base::Parcels) => "customer_id",
            (_, Base::Statuses) => panic!("versions are no events"),
            (Self::Customer, Base::Claims) => "parcels.customer_id",
            (Self::Parcel, Base::Parcels) => "id",
            (Self::Parcel, Base::Claims) => "parcel_id",
            (Self::Kind, Base::Parcels) => "kind",
            (Self::Kind, Base::Claims) => "parcels.kind",
        }
    }
}

/// The time within which an event follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Within {
    Minutes(i64),
    Months(u32),
}

impl Within {
    pub(super) fn text(self) -> String {
        match self {
            Self::Months(1) => "1 month".to_owned(),
            Self::Months(months) => format!("{months} months"),
            Self::Minutes(minutes) if minutes % 10_080 == 0 => format!("{} weeks", minutes / 10_080),
            Self::Minutes(minutes) if minutes % 1_440 == 0 => format!("{} days", minutes / 1_440),
            Self::Minutes(minutes) if minutes % 60 == 0 => format!("{} hours", minutes / 60),
            Self::Minutes(minutes) => format!("{minutes} minutes"),
        }
    }
}

/// A step behind the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) struct Step {
    pub(in crate::battery) metric: usize,
    pub(in crate::battery) within: Option<Within>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum FunnelResult {
    Rate,
    Conversions,
    PerBase,
    /// A percentile, in hundredths, of the time between, in units of so many minutes.
    Between(u8, i64),
}

impl FunnelResult {
    pub(super) fn text(self) -> String {
        match self {
            Self::Rate => "rate".to_owned(),
            Self::Conversions => "conversions".to_owned(),
            Self::PerBase => "conversions_per_base".to_owned(),
            Self::Between(hundredths, minutes) => {
                let unit = match minutes {
                    1 => "minutes",
                    60 => "hours",
                    _ => "days",
                };
                format!("p{hundredths} {unit}")
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::battery) struct Funnel {
    pub(in crate::battery) base: usize,
    pub(in crate::battery) steps: Vec<Step>,
    pub(in crate::battery) tie: Tie,
    /// Whether the currencies of the first and the last event, both of parcels, must agree.
    pub(in crate::battery) same_currency: bool,
    pub(in crate::battery) result: FunnelResult,
}

/// Axes of one kind of clock can be compared.
fn clock(axis: Axis) -> usize {
    match axis {
        Axis::BookedAt | Axis::BookedAtOfParcel => 0,
        Axis::FiledAt => 1,
        Axis::DoneOn => 2,
        Axis::Validity => panic!("versions are no events"),
    }
}

/// A random funnel over metrics of rows, if there is one that may begin it.
pub(super) fn make(random: &mut Random, metrics: &[Metric]) -> Option<Kind> {
    let can_be_step = |position: &usize| matches!(&metrics[*position].kind, Kind::Simple(own) if own.balance.is_none() && own.base != Base::Statuses);
    let events: Vec<usize> = (0..metrics.len()).filter(can_be_step).collect();
    if events.is_empty() {
        return None;
    }
    let of = |position: usize| -> &Simple { simple(metrics, position) };
    let base = *random.pick(&events);
    let alike: Vec<usize> = events.into_iter().filter(|event| clock(of(*event).axis) == clock(of(base).axis)).collect();
    let withins = [
        Within::Minutes(1),
        Within::Minutes(60),
        Within::Minutes(2 * 1_440),
        Within::Minutes(2 * 1_440),
        Within::Minutes(4 * 10_080),
        Within::Months(1),
        Within::Months(3),
    ];
    let count = 1 + random.below(5) / 3;
    let steps: Vec<Step> =
        (0..count).map(|_| Step { metric: *random.pick(&alike), within: random.pick_or_none(30, &withins) }).collect();
    let last = steps.last().expect("a step").metric;
    let both_parcels = of(base).base == Base::Parcels && of(last).base == Base::Parcels;
    Some(Kind::Funnel(Funnel {
        base,
        tie: *random.pick(&[Tie::Customer, Tie::Customer, Tie::Parcel, Tie::Kind]),
        same_currency: both_parcels && random.chance(25),
        result: *random.pick(&[
            FunnelResult::Rate,
            FunnelResult::Conversions,
            FunnelResult::PerBase,
            FunnelResult::Between(50, 60),
            FunnelResult::Between(90, 1),
            FunnelResult::Between(25, 1_440),
        ]),
        steps,
    }))
}
