//! Rows of a world: their dimensions, times, values, and what holds of them.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Timelike, Utc};

use super::{
    KeyValue,
    calendar::{Calendar, forward, part_of_clock},
    copies::Beside,
    number::ONE,
};
use crate::battery::{
    definitions::{Axis, Base, Value},
    query::{Constant, Dimension, Ever, Matching, Moved, Part, Predicate, Size, TimeDimension, TimeOf},
    world::{Claim, Customer, Depot, Note, Parcel, PlanVersion, Rate, Status, World},
};

/// What a row is of.
#[derive(Clone, Copy)]
pub(super) enum Of<'w> {
    Parcel(&'w Parcel),
    Claim(&'w Claim),
    Status(&'w Status),
}

/// A row, or the copy of one beside one of many others.
#[derive(Clone, Copy)]
pub(super) struct Row<'w> {
    pub(super) of: Of<'w>,
    pub(super) beside: Beside<'w>,
}

impl<'w> Row<'w> {
    pub(super) fn parcel(parcel: &'w Parcel) -> Self {
        Self { of: Of::Parcel(parcel), beside: Beside::Nothing }
    }

    pub(super) fn claim(claim: &'w Claim) -> Self {
        Self { of: Of::Claim(claim), beside: Beside::Nothing }
    }

    pub(super) fn status(status: &'w Status) -> Self {
        Self { of: Of::Status(status), beside: Beside::Nothing }
    }

    pub(super) fn id(self) -> i64 {
        match self.of {
            Of::Parcel(parcel) => parcel.id,
            Of::Claim(claim) => claim.id,
            Of::Status(status) => status.id,
        }
    }
}

/// A moment as the row has it.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    Instant(DateTime<Utc>),
    Clock(NaiveDateTime),
    Day(NaiveDate),
}

/// Rows seen from a query's zone.
#[derive(Clone, Copy)]
pub(super) struct View<'w> {
    pub(super) world: &'w World,
    pub(super) calendar: Calendar,
}

impl<'w> View<'w> {
    pub(super) fn parcel_of(self, row: Row<'w>) -> Option<&'w Parcel> {
        match row.of {
            Of::Parcel(parcel) => Some(parcel),
            Of::Claim(claim) => self.parcel(claim.parcel),
            Of::Status(status) => self.parcel(status.parcel),
        }
    }

    /// The rows of a model.
    pub(super) fn rows_of(self, base: Base) -> Vec<Row<'w>> {
        match base {
            Base::Parcels => self.world.parcels.iter().map(Row::parcel).collect(),
            Base::Claims => self.world.claims.iter().map(Row::claim).collect(),
            Base::Statuses => self.world.statuses.iter().map(Row::status).collect(),
        }
    }

    fn parcel(self, id: Option<i64>) -> Option<&'w Parcel> {
        self.world.parcels.iter().find(|parcel| Some(parcel.id) == id)
    }

    pub(super) fn customer(self, id: Option<i64>) -> Option<&'w Customer> {
        self.world.customers.iter().find(|customer| Some(customer.id) == id)
    }

    /// The customer of a row, if there is one.
    pub(super) fn customer_id(self, row: Row<'w>) -> Option<i64> {
        self.customer(self.parcel_of(row)?.customer).map(|customer| customer.id)
    }

    fn depot(self, id: Option<i64>) -> Option<&'w Depot> {
        self.world.depots.iter().find(|depot| Some(depot.id) == id)
    }

    /// The rate of a parcel: of its currency in capitals, on the day of the booking in the project's zone.
    fn rate(self, parcel: &Parcel) -> Option<&'w Rate> {
        let currency = parcel.currency.as_ref()?.to_uppercase();
        let day = parcel.booked_at?.with_timezone(&self.world.zone).date_naive();
        self.world.rates.iter().find(|rate| rate.currency == currency && rate.day == day)
    }

    /// The plan of a parcel's currency that is valid on the day on which it is done.
    fn plan(self, parcel: &Parcel) -> Option<&'w PlanVersion> {
        let (currency, day) = (parcel.currency.as_ref()?.to_uppercase(), parcel.done_on?);
        let is_valid = |plan: &&PlanVersion| plan.from <= day && plan.to.is_none_or(|to| day < to);
        self.world.plans.iter().filter(|plan| plan.currency == currency).find(is_valid)
    }

    /// The plan of the currency of the origin that is valid on the day of a metric's time, in the project's zone.
    fn plan_then(self, row: Row<'w>, axis: Axis) -> Option<&'w PlanVersion> {
        let depot = self.depot(self.parcel_of(row)?.origin)?;
        let currency = match depot.id {
            1 => "EUR",
            2 => "USD",
            _ => return None,
        };
        let day = match self.axis(row, axis)? {
            Moment::Instant(at) => at.with_timezone(&self.world.zone).date_naive(),
            Moment::Clock(at) => at.date(),
            Moment::Day(day) => day,
        };
        let is_valid = |plan: &&PlanVersion| plan.from <= day && plan.to.is_none_or(|to| day < to);
        self.world.plans.iter().filter(|plan| plan.currency == currency).find(is_valid)
    }

    /// The value of a dimension, for a metric of an axis.
    pub(super) fn dimension(self, row: Row<'w>, dimension: Dimension, axis: Axis) -> KeyValue {
        let parcel = self.parcel_of(row);
        let text = |value: Option<&String>| value.map_or(KeyValue::Null, |value| KeyValue::Text(value.clone()));
        let customer = self.customer(parcel.and_then(|parcel| parcel.customer));
        let weight = parcel.and_then(|parcel| parcel.weight);
        match dimension {
            Dimension::Kind => text(parcel.and_then(|parcel| parcel.kind.as_ref())),
            Dimension::Ok => KeyValue::Bool(parcel.and_then(|parcel| parcel.ok) == Some(true)),
            Dimension::Weight => weight.map_or(KeyValue::Null, KeyValue::Whole),
            Dimension::WeightClass => match weight {
                None => KeyValue::Null,
                Some(weight) if weight < 2 => KeyValue::Text("<2".into()),
                Some(weight) if weight < 5 => KeyValue::Text("2–5".into()),
                Some(_) => KeyValue::Text("5+".into()),
            },
            Dimension::IsClaimed => KeyValue::Bool(parcel.is_some_and(|parcel| self.has_claim(parcel, None, None))),
            Dimension::Customer => customer.map_or(KeyValue::Null, |customer| KeyValue::Whole(customer.id)),
            Dimension::Country => text(customer.and_then(|customer| customer.country.as_ref())),
            Dimension::ParentCountry => {
                let parent = self.customer(customer.and_then(|customer| customer.parent));
                text(parent.and_then(|parent| parent.country.as_ref()))
            }
            Dimension::OriginRegion => {
                text(self.depot(parcel.and_then(|parcel| parcel.origin)).and_then(|depot| depot.region.as_ref()))
            }
            Dimension::DestinationRegion => {
                text(self.depot(parcel.and_then(|parcel| parcel.destination)).and_then(|depot| depot.region.as_ref()))
            }
            Dimension::Plan => text(parcel.and_then(|parcel| self.plan(parcel)?.title.as_ref())),
            Dimension::PlanThen => text(self.plan_then(row, axis).and_then(|plan| plan.title.as_ref())),
            Dimension::ParcelsEver => {
                customer.map_or(KeyValue::Null, |customer| KeyValue::Whole(self.parcels_ever(customer)))
            }
            Dimension::ClaimClass => match customer.map(|customer| self.claims_ever(customer)) {
                None => KeyValue::Null,
                Some(0) => KeyValue::Text("<1".into()),
                Some(1) => KeyValue::Text("1–2".into()),
                Some(_) => KeyValue::Text("2+".into()),
            },
            Dimension::Tone => text(parcel.and_then(|parcel| self.note(parcel)?.tone.as_ref())),
            Dimension::Reason | Dimension::Segment | Dimension::Center => self.of_many(row, dimension),
            Dimension::Tier => text(parcel.and_then(|parcel| self.rate(parcel)?.tier.as_ref())),
        }
    }

    /// The one note of a parcel.
    fn note(self, parcel: &Parcel) -> Option<&'w Note> {
        self.world.notes.iter().find(|note| note.parcel == parcel.id)
    }

    /// How many parcels of a customer went well, whatever the query looks at.
    fn parcels_ever(self, customer: &Customer) -> i64 {
        let parcels = self.world.parcels.iter();
        let count = parcels.filter(|parcel| parcel.customer == Some(customer.id) && parcel.ok == Some(true)).count();
        i64::try_from(count).expect("a world is small")
    }

    /// A metric of the customer of a row, in millionths.
    fn ever(self, row: Row<'w>, ever: Ever) -> Option<i128> {
        let customer = self.customer_id(row)?;
        let parcels = self.world.parcels.iter().filter(|parcel| parcel.customer == Some(customer));
        match ever {
            Ever::Claims => {
                let claims = self.world.claims.iter();
                Some(claims.filter(|claim| self.customer_id(Row::claim(claim)) == Some(customer)).count() as i128 * ONE)
            }
            Ever::Weight => {
                Some(parcels.filter_map(|parcel| parcel.weight).map(|weight| i128::from(weight) * ONE).sum())
            }
            Ever::Dearest => {
                parcels.filter_map(|parcel| parcel.price).max().map(|price| i128::from(price) * (ONE / 100))
            }
        }
    }

    /// How many claims a customer ever had.
    fn claims_ever(self, customer: &Customer) -> usize {
        let claims = self.world.claims.iter();
        claims.filter(|claim| self.customer_id(Row::claim(claim)) == Some(customer.id)).count()
    }

    fn has_claim(self, parcel: &Parcel, reason: Option<&str>, above: Option<i64>) -> bool {
        self.world.claims.iter().any(|claim| {
            claim.parcel == Some(parcel.id)
                && reason.is_none_or(|reason| claim.reason.as_deref() == Some(reason))
                && above.is_none_or(|above| claim.amount.is_some_and(|amount| amount > i128::from(above) * 100))
        })
    }

    /// A value in millionths.
    pub(super) fn value(self, row: Row<'w>, value: Value) -> Option<i128> {
        match (value, row.of) {
            (Value::Price, Of::Parcel(parcel)) => parcel.price.map(|price| i128::from(price) * 10_000),
            (Value::Weight, Of::Parcel(parcel)) => parcel.weight.map(|weight| i128::from(weight) * 1_000_000),
            (Value::Customer, Of::Parcel(parcel)) => parcel.customer.map(|id| i128::from(id) * 1_000_000),
            (Value::Converted, Of::Parcel(parcel)) => {
                Some(i128::from(parcel.price?) * i128::from(self.rate(parcel)?.eur?))
            }
            (Value::Load, Of::Status(status)) => status.load.map(|load| i128::from(load) * 1_000_000),
            (Value::Amount, Of::Claim(claim)) => claim.amount.map(|amount| amount * 10_000),
            _ => panic!("the value is of another model"),
        }
    }

    pub(super) fn axis(self, row: Row<'w>, axis: Axis) -> Option<Moment> {
        match (axis, row.of) {
            (Axis::DoneOn, Of::Parcel(parcel)) => parcel.done_on.map(Moment::Day),
            (Axis::FiledAt, Of::Claim(claim)) => claim.filed_at.map(Moment::Clock),
            (Axis::Validity, Of::Status(_)) => None,
            (Axis::BookedAt | Axis::BookedAtOfParcel, _) => self.parcel_of(row)?.booked_at.map(Moment::Instant),
            _ => panic!("the axis is of another model"),
        }
    }

    pub(super) fn time(self, row: Row<'w>, time: TimeDimension) -> Option<Moment> {
        let parcel = self.parcel_of(row)?;
        match time {
            TimeDimension::Booked => parcel.booked_at.map(Moment::Instant),
            TimeDimension::Done => parcel.done_on.map(Moment::Day),
        }
    }

    pub(super) fn day(self, moment: Moment) -> NaiveDate {
        match moment {
            Moment::Instant(at) => self.calendar.local_day(at),
            Moment::Clock(at) => at.date(),
            Moment::Day(day) => day,
        }
    }

    /// The part of the day of a moment taken forward by days, as a key.
    pub(super) fn part_of_day(self, moment: Moment, days: i64, size: Size) -> KeyValue {
        match moment {
            Moment::Instant(at) => {
                let at = if days == 0 { at } else { self.calendar.same_clock(at, days) };
                KeyValue::Instant(self.calendar.part_of_day(at, size))
            }
            Moment::Clock(at) => KeyValue::Clock(part_of_clock(at + Duration::days(days), size)),
            Moment::Day(_) => panic!("a date has no hour"),
        }
    }

    /// A part of a moment, of which the day may have been moved.
    pub(super) fn part(self, moment: Moment, day: NaiveDate, part: Part) -> i64 {
        match (part, moment) {
            (Part::HourOfDay, Moment::Instant(at)) => i64::from(at.with_timezone(&self.calendar.zone).hour()),
            (Part::HourOfDay, Moment::Clock(at)) => i64::from(at.hour()),
            _ => self.calendar.part(day, part),
        }
    }

    /// The moment of a condition and its day, moved as far as the metric is where it is the metric's own time.
    fn moment(self, row: Row<'w>, time: TimeOf, axis: Axis, moved: Moved) -> Option<(Moment, NaiveDate)> {
        match time {
            TimeOf::Dimension(dimension) if !dimension.is_axis(axis) => {
                let moment = self.time(row, dimension)?;
                Some((moment, self.day(moment)))
            }
            TimeOf::Dimension(_) | TimeOf::Metric => {
                let moment = self.axis(row, axis)?;
                let day = self.moved_day(moment, moved);
                Some((moment.passed(moved.minutes), forward(day, moved.months)))
            }
        }
    }

    /// Three-valued: `None` is unknown.
    pub(super) fn holds(self, row: Row<'w>, predicate: &Predicate, axis: Axis, moved: Moved) -> Option<bool> {
        let below = |inner: &Predicate| self.holds(row, inner, axis, moved);
        match predicate {
            Predicate::Compare(dimension, comparison, constant) => {
                let value = self.known(row, *dimension, axis)?;
                Some(comparison.holds(&value, &key_value(*constant)))
            }
            Predicate::Between(dimension, from, to) => {
                let value = self.known(row, *dimension, axis)?;
                Some(value >= key_value(*from) && value <= key_value(*to))
            }
            Predicate::In(dimension, values) => {
                let value = self.known(row, *dimension, axis)?;
                Some(values.iter().any(|constant| value == key_value(*constant)))
            }
            Predicate::Matches(matching, dimension, text) => {
                let KeyValue::Text(value) = self.known(row, *dimension, axis)? else { panic!("a text is matched") };
                Some(match matching {
                    Matching::Contains => value.contains(text),
                    Matching::StartsWith => value.starts_with(text),
                    Matching::EndsWith => value.ends_with(text),
                    // A pattern that is itself a wildcard matches everything.
                    Matching::LikeStart => *text == "%" || value.starts_with(text),
                })
            }
            Predicate::IsNull(dimension) => Some(self.dimension(row, *dimension, axis) == KeyValue::Null),
            Predicate::Holds(dimension) => Some(self.dimension(row, *dimension, axis) == KeyValue::Bool(true)),
            Predicate::Ever(ever, comparison, value) => {
                Some(comparison.holds(&self.ever(row, *ever)?, &(i128::from(*value) * ONE)))
            }
            Predicate::EverIsNull(ever) => Some(self.ever(row, *ever).is_none()),
            Predicate::HasClaim(reason, above) => {
                Some(self.parcel_of(row).is_some_and(|parcel| self.has_claim(parcel, *reason, *above)))
            }
            Predicate::ReasonIs(reason) => claim(row).reason.as_deref().map(|own| own == *reason),
            Predicate::AmountAbove(least) => claim(row).amount.map(|amount| amount > i128::from(*least) * 100),
            Predicate::Time(time, comparison, day) => {
                let (_, own) = self.moment(row, *time, axis, moved)?;
                Some(comparison.holds(&own, day))
            }
            Predicate::Part(time, part, comparison, value) => {
                let (moment, day) = self.moment(row, *time, axis, moved)?;
                Some(comparison.holds(&self.part(moment, day, *part), value))
            }
            Predicate::Period(time, size, day) => {
                let (_, own) = self.moment(row, *time, axis, moved)?;
                Some(self.calendar.period(own, *size) == *day)
            }
            Predicate::Not(inner) => below(inner).map(|holds| !holds),
            Predicate::And(left, right) => {
                let not = |value: Option<bool>| value.map(|value| !value);
                not(or(not(below(left)), not(below(right))))
            }
            Predicate::Or(left, right) => or(below(left), below(right)),
            Predicate::IsUnknown(inner) => Some(below(inner).is_none()),
        }
    }

    fn known(self, row: Row<'w>, dimension: Dimension, axis: Axis) -> Option<KeyValue> {
        Some(self.dimension(row, dimension, axis)).filter(|value| *value != KeyValue::Null)
    }
}

fn claim(row: Row<'_>) -> &Claim {
    match row.of {
        Of::Claim(claim) => claim,
        Of::Parcel(_) | Of::Status(_) => panic!("the row is no claim"),
    }
}

fn key_value(constant: Constant) -> KeyValue {
    match constant {
        Constant::Text(text) => KeyValue::Text(text.to_owned()),
        Constant::Whole(value) => KeyValue::Whole(value),
    }
}

fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
