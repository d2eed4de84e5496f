//! Random queries, as data for the oracle and as text for the planner.

mod answerable;
mod make;
mod predicate;
mod text;
mod time;
mod words;

use chrono::NaiveDate;
use chrono_tz::Tz;

pub(super) use make::make;
pub(super) use predicate::{Comparison, Constant, Matching, Predicate, TimeOf};
pub(super) use time::{Back, Moved, Part, Size};
pub(super) use words::{Show, Within, Words};

use super::definitions::{Axis, Metric, simple, uses};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Kind,
    Ok,
    Weight,
    WeightClass,
    IsClaimed,
    /// The key by which parcels meet their customer.
    Customer,
    Country,
    ParentCountry,
    OriginRegion,
    DestinationRegion,
    Tier,
    Plan,
    /// The plan of the origin at the metric's own time, by way of a depot, which has none.
    PlanThen,
    /// How many parcels of the customer went well, ever.
    ParcelsEver,
    /// How often the customer had a claim, ever, in classes.
    ClaimClass,
    /// Of the one note of the parcel.
    Tone,
    /// Of the claims; a parcel counts once for each.
    Reason,
    /// Of the segments that the customer is a member of; a row counts once for each.
    Segment,
    /// Among which the customer, and with it a row, is divided.
    Center,
}

impl Dimension {
    /// Those that a row may have several of.
    pub(super) const MANY: [Self; 3] = [Self::Reason, Self::Segment, Self::Center];
    pub(super) const ALL: [Self; 16] = [
        Self::Kind,
        Self::Ok,
        Self::Weight,
        Self::WeightClass,
        Self::IsClaimed,
        Self::Customer,
        Self::Country,
        Self::ParentCountry,
        Self::OriginRegion,
        Self::DestinationRegion,
        Self::Tier,
        Self::Plan,
        Self::PlanThen,
        Self::ParcelsEver,
        Self::ClaimClass,
        Self::Tone,
    ];

    /// Those that mean something without a time of the metric.
    pub(super) fn timeless() -> Vec<Self> {
        Self::ALL.into_iter().filter(|dimension| *dimension != Self::PlanThen).collect()
    }

    /// The path, as every metric's model understands it.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Kind => "parcels.kind",
            Self::Ok => "parcels.ok",
            Self::Weight => "parcels.weight",
            Self::WeightClass => "parcels.weight_class",
            Self::IsClaimed => "parcels.is_claimed",
            Self::Customer => "customers.number",
            Self::Country => "customers.country",
            Self::ParentCountry => "customers.parent.country",
            Self::OriginRegion => "origin.region",
            Self::DestinationRegion => "destination.region",
            Self::Tier => "rates.tier",
            Self::Plan => "plans.title",
            Self::PlanThen => "origin.then.title",
            Self::ParcelsEver => "customers.parcels_ever",
            Self::ClaimClass => "customers.claim_class",
            Self::Tone => "notes.tone",
            Self::Reason => "claims.reason",
            Self::Segment => "customers.memberships.segments.title",
            Self::Center => "customers.shares.center",
        }
    }
}

/// A metric that is not declared as a dimension, by the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ever {
    Claims,
    /// The sum of the weights.
    Weight,
    /// The highest price.
    Dearest,
}

impl Ever {
    pub(super) const ALL: [Self; 3] = [Self::Claims, Self::Weight, Self::Dearest];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Claims => "customers.claims_ever",
            Self::Weight => "customers.weight_ever",
            Self::Dearest => "customers.dearest_ever",
        }
    }
}

/// A time that every metric's model reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeDimension {
    Booked,
    Done,
}

impl TimeDimension {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Booked => "parcels.booked_at",
            Self::Done => "parcels.done_on",
        }
    }

    /// Whether it is the time axis of a metric.
    pub(super) fn is_axis(self, axis: Axis) -> bool {
        match axis {
            Axis::BookedAt | Axis::BookedAtOfParcel => self == Self::Booked,
            Axis::DoneOn => self == Self::Done,
            Axis::FiledAt | Axis::Validity => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Each metric's own time.
    Time(Size),
    Part(Part),
    Dimension(Dimension),
    DimensionTime(TimeDimension, Size),
    DimensionPart(TimeDimension, Part),
}

impl Key {
    /// The key as a metric of an axis means it: the path of its own time is its time.
    pub(super) fn meant_by(self, axis: Axis) -> Self {
        match self {
            Self::DimensionTime(time, size) if time.is_axis(axis) => Self::Time(size),
            Self::DimensionPart(time, part) if time.is_axis(axis) => Self::Part(part),
            key => key,
        }
    }

    /// The key as metrics mean it together: as it is, unless it is the time of all.
    fn meant_by_all(self, axes: &[Axis]) -> Self {
        let Some(first) = axes.first() else { return self };
        let meant = self.meant_by(*first);
        if axes.iter().all(|axis| self.meant_by(*axis) == meant) { meant } else { self }
    }
}

/// A time range, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    Between(NaiveDate, NaiveDate),
    Since(NaiveDate),
    LastDays(i64),
    /// Up to the start of this hour.
    LastHours(i64),
    LastMonths(u32),
    LastRetailMonths(usize),
    /// With the unfinished one.
    LastMonthsAndThis(u32),
    ThisMonth,
}

/// A condition on metrics, by their position in the query; behind those that are shown comes the hidden one.
#[derive(Clone, Debug)]
pub(super) enum Having {
    Compare(usize, Comparison, i64),
    IsNull(usize),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Having {
    /// Whether it speaks of the metric at a position.
    fn speaks_of(&self, position: usize) -> bool {
        match self {
            Self::Compare(of, ..) | Self::IsNull(of) => *of == position,
            Self::Not(inner) => inner.speaks_of(position),
            Self::And(left, right) | Self::Or(left, right) => left.speaks_of(position) || right.speaks_of(position),
        }
    }
}

/// The best members of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Top {
    pub(super) count: usize,
    /// The position of the key.
    pub(super) of: usize,
    /// The metric that ranks.
    pub(super) by: usize,
    /// Whether the rest is gathered in one row.
    pub(super) other: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Query {
    /// Positions of metrics, and what is done with each.
    pub(super) metrics: Vec<(usize, Words)>,
    pub(super) keys: Vec<Key>,
    pub(super) filter: Option<Predicate>,
    pub(super) range: Option<Range>,
    pub(super) zone: Option<Tz>,
    pub(super) having: Option<Having>,
    /// A metric that is not shown: the rows are ordered by it, and the condition may speak of it.
    pub(super) hidden: Option<usize>,
    pub(super) fill: bool,
    pub(super) top: Option<Top>,
}

impl Query {
    /// The metrics that it names, those that are shown first.
    pub(super) fn named(&self) -> Vec<(usize, Words)> {
        self.metrics.iter().copied().chain(self.hidden.map(|hidden| (hidden, Words::default()))).collect()
    }

    /// The keys as one of its metrics means them.
    pub(super) fn keys_of(&self, metrics: &[Metric], metric: usize) -> Vec<Key> {
        let axes: Vec<Axis> = uses(metrics, metric).iter().map(|used| simple(metrics, used.simple).axis).collect();
        self.keys.iter().map(|key| key.meant_by_all(&axes)).collect()
    }

    /// The keys as all of its metrics mean them together.
    pub(super) fn keys_of_all(&self, metrics: &[Metric]) -> Vec<Key> {
        let all = self.named().into_iter().flat_map(|(metric, _)| uses(metrics, metric));
        let axes: Vec<Axis> = all.map(|used| simple(metrics, used.simple).axis).collect();
        self.keys.iter().map(|key| key.meant_by_all(&axes)).collect()
    }

    /// Whether it has an answer, by the rules that refuse others.
    pub(in crate::battery) fn is_answerable(&self, metrics: &[Metric]) -> bool {
        answerable::is_answerable(self, metrics)
    }
}
