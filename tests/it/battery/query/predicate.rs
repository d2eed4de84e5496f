//! Conditions on rows.

use chrono::{Datelike, NaiveDate};

use super::{Dimension, Ever, Part, Size, TimeDimension};
use crate::battery::{
    definitions::Axis,
    random::Random,
    world::{COUNTRIES, KINDS, PLANS, REASONS, REGIONS, TIERS, TONES, day},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(in crate::battery) const ALL: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual];

    pub(in crate::battery) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    pub(in crate::battery) fn holds<T: PartialOrd + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Constant {
    Text(&'static str),
    Whole(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Matching {
    Contains,
    StartsWith,
    EndsWith,
    /// `like`, with any text behind.
    LikeStart,
}

/// Which time of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum TimeOf {
    /// The metric's own, moved where the metric is.
    Metric,
    Dimension(TimeDimension),
}

impl TimeOf {
    pub(in crate::battery) fn path(self) -> &'static str {
        match self {
            Self::Metric => "time",
            Self::Dimension(dimension) => dimension.path(),
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::battery) enum Predicate {
    Compare(Dimension, Comparison, Constant),
    Between(Dimension, Constant, Constant),
    In(Dimension, Vec<Constant>),
    Matches(Matching, Dimension, &'static str),
    IsNull(Dimension),
    Holds(Dimension),
    /// A metric of the customer, over all time.
    Ever(Ever, Comparison, i64),
    EverIsNull(Ever),
    /// `exists(claims where …)`: of a reason, if one is named, and above an amount in whole units.
    HasClaim(Option<&'static str>, Option<i64>),
    /// Of a claim itself.
    ReasonIs(&'static str),
    AmountAbove(i64),
    Time(TimeOf, Comparison, NaiveDate),
    Part(TimeOf, Part, Comparison, i64),
    Period(TimeOf, Size, NaiveDate),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// Neither true nor false.
    IsUnknown(Box<Self>),
}

impl Predicate {
    /// The values that a dimension may be compared with.
    pub(in crate::battery) fn constants(dimension: Dimension) -> Vec<Constant> {
        let texts = |texts: &[&'static str]| texts.iter().map(|text| Constant::Text(text)).collect();
        match dimension {
            Dimension::Kind => texts(&KINDS),
            Dimension::Country | Dimension::ParentCountry => texts(&COUNTRIES),
            Dimension::OriginRegion | Dimension::DestinationRegion => texts(&REGIONS),
            Dimension::Tier => texts(&TIERS),
            Dimension::Plan | Dimension::PlanThen => texts(&PLANS),
            Dimension::WeightClass => texts(&["<2", "2–5", "5+"]),
            Dimension::ClaimClass => texts(&["<1", "1–2", "2+"]),
            Dimension::Customer => [1, 2, 3, 99].map(Constant::Whole).into(),
            Dimension::ParcelsEver => [0, 1, 2, 3].map(Constant::Whole).into(),
            Dimension::Weight => [0, 1, 2, 5, 9_007_199_254_740_993, 9_007_199_254_740_992].map(Constant::Whole).into(),
            Dimension::Tone => texts(&TONES),
            Dimension::Reason | Dimension::Segment | Dimension::Center => Vec::new(),
            Dimension::Ok | Dimension::IsClaimed => Vec::new(),
        }
    }
}

impl Predicate {
    /// A condition that every model can be asked, in a query.
    pub(in crate::battery) fn of_query(random: &mut Random, depth: usize) -> Self {
        if depth > 0 && random.chance(35) {
            return Self::combined(random, &mut |random| Self::of_query(random, depth - 1));
        }
        if random.chance(30) {
            Self::of_time(random)
        } else if random.chance(10) {
            Self::of_customer(random)
        } else {
            Self::of_dimensions(random, 0, &Dimension::ALL)
        }
    }

    fn combined(random: &mut Random, part: &mut dyn FnMut(&mut Random) -> Self) -> Self {
        let left = Box::new(part(random));
        match random.below(7) {
            0 | 1 => Self::Not(left),
            2 | 3 => Self::And(left, Box::new(part(random))),
            4 | 5 => Self::Or(left, Box::new(part(random))),
            _ => Self::IsUnknown(left),
        }
    }

    pub(super) fn of_time(random: &mut Random) -> Self {
        let booked = TimeOf::Dimension(TimeDimension::Booked);
        let time = *random.pick(&[TimeOf::Metric, TimeOf::Metric, booked, TimeOf::Dimension(TimeDimension::Done)]);
        let comparison = *random.pick(&Comparison::ALL);
        if random.chance(65) {
            return Self::Time(time, comparison, day(random));
        }
        if random.chance(40) {
            let size = *random.pick(&[Size::Week, Size::Month, Size::Quarter, Size::Year, Size::FiscalYear]);
            return Self::Period(time, size, start(random));
        }
        let part = *random.pick(&Part::ALL[1..]);
        let least = match part {
            Part::HourOfDay => random.value_below(24),
            Part::DayOfWeek => 1 + random.value_below(7),
            Part::DayOfMonth => *random.pick(&[1, 28, 29, 30, 31]),
            Part::DayOfYear => *random.pick(&[1, 60, 61, 365, 366]),
            Part::MonthOfYear => 1 + random.value_below(12),
            Part::QuarterOfYear => 1 + random.value_below(4),
        };
        Self::Part(time, part, comparison, least)
    }

    /// A condition on dimensions that every model reaches.
    pub(in crate::battery) fn of_dimensions(random: &mut Random, depth: usize, dimensions: &[Dimension]) -> Self {
        if depth > 0 && random.chance(35) {
            return Self::combined(random, &mut |random| Self::of_dimensions(random, depth - 1, dimensions));
        }
        let dimension = *random.pick(dimensions);
        let values = Self::constants(dimension);
        if values.is_empty() {
            return Self::Holds(dimension);
        }
        let (one, other) = (*random.pick(&values), *random.pick(&values));
        let is_ordered = !matches!(dimension, Dimension::WeightClass | Dimension::ClaimClass);
        let text = match one {
            Constant::Text(text) if is_ordered => Some(text),
            Constant::Text(_) | Constant::Whole(_) => None,
        };
        match random.below(10) {
            0 | 1 => Self::Compare(dimension, Comparison::Equal, one),
            2 => Self::Compare(dimension, Comparison::NotEqual, one),
            3 => Self::In(dimension, vec![one, other]),
            4 => Self::Not(Box::new(Self::In(dimension, vec![one, other]))),
            5 => Self::IsNull(dimension),
            6 if is_ordered => Self::Compare(dimension, *random.pick(&Comparison::ALL), one),
            7 if is_ordered => Self::Between(dimension, one, other),
            _ => match text {
                Some(text) => {
                    let kinds = [Matching::Contains, Matching::StartsWith, Matching::EndsWith, Matching::LikeStart];
                    Self::Matches(*random.pick(&kinds), dimension, text)
                }
                None => Self::Not(Box::new(Self::IsNull(dimension))),
            },
        }
    }

    /// A condition on a metric of the customer.
    fn of_customer(random: &mut Random) -> Self {
        let ever = *random.pick(&Ever::ALL);
        if random.chance(20) {
            return Self::EverIsNull(ever);
        }
        Self::Ever(ever, *random.pick(&Comparison::ALL), *random.pick(&[0, 1, 2, 3, 5]))
    }

    /// A condition of a metric on parcels.
    pub(in crate::battery) fn of_parcels(random: &mut Random) -> Self {
        match random.below(7) {
            0 => Self::Holds(Dimension::Ok),
            1 => Self::Not(Box::new(Self::Holds(Dimension::Ok))),
            2 => Self::Compare(Dimension::Weight, Comparison::Greater, Constant::Whole(2)),
            3 => Self::HasClaim(random.pick_or_none(40, &REASONS), random.pick_or_none(60, &[0, 2])),
            4 => Self::Compare(Dimension::Country, Comparison::Equal, Constant::Text(random.pick::<&str>(&COUNTRIES))),
            5 => Self::Compare(Dimension::Kind, Comparison::NotEqual, Constant::Text(random.pick::<&str>(&KINDS))),
            _ => Self::of_dimensions(random, 1, &Dimension::ALL),
        }
    }

    /// A condition of a metric on claims.
    pub(in crate::battery) fn of_claims(random: &mut Random) -> Self {
        match random.below(3) {
            0 => Self::ReasonIs(random.pick::<&str>(&REASONS)),
            1 => Self::AmountAbove(random.value_below(3)),
            _ => Self::of_dimensions(random, 1, &Dimension::ALL),
        }
    }

    pub(in crate::battery) fn text(&self) -> String {
        match self {
            Self::Compare(dimension, comparison, constant) => {
                format!("{} {} {}", dimension.path(), comparison.sign(), constant.text())
            }
            Self::Between(dimension, from, to) => {
                format!("{} between {} and {}", dimension.path(), from.text(), to.text())
            }
            Self::In(dimension, values) => {
                let values: Vec<String> = values.iter().map(|value| value.text()).collect();
                format!("{} in ({})", dimension.path(), values.join(", "))
            }
            Self::Matches(matching, dimension, text) => {
                let (path, quoted) = (dimension.path(), quote(text));
                match matching {
                    Matching::Contains => format!("contains({path}, {quoted})"),
                    Matching::StartsWith => format!("starts_with({path}, {quoted})"),
                    Matching::EndsWith => format!("ends_with({path}, {quoted})"),
                    Matching::LikeStart => format!("{path} like {}", quote(&format!("{text}%"))),
                }
            }
            Self::IsNull(dimension) => format!("{} is null", dimension.path()),
            Self::Holds(dimension) => dimension.path().to_owned(),
            Self::Ever(ever, comparison, value) => format!("{} {} {value}", ever.path(), comparison.sign()),
            Self::EverIsNull(ever) => format!("{} is null", ever.path()),
            Self::HasClaim(reason, above) => {
                let reason = reason.map(|reason| format!("reason = {}", quote(reason)));
                let above = above.map(|above| format!("amount > {above}"));
                let conditions: Vec<String> = reason.into_iter().chain(above).collect();
                if conditions.is_empty() {
                    "exists(claims)".to_owned()
                } else {
                    format!("exists(claims where {})", conditions.join(" and "))
                }
            }
            Self::ReasonIs(reason) => format!("reason = {}", quote(reason)),
            Self::AmountAbove(amount) => format!("amount > {amount}"),
            Self::Time(time, comparison, day) => format!("{} {} '{day}'", time.path(), comparison.sign()),
            Self::Part(time, part, comparison, value) => {
                format!("{}.{} {} {value}", time.path(), part.name(), comparison.sign())
            }
            Self::Period(time, size, day) => format!("{}.{} = '{day}'", time.path(), size.name()),
            Self::Not(inner) => format!("not ({})", inner.text()),
            Self::And(left, right) => format!("({}) and ({})", left.text(), right.text()),
            Self::Or(left, right) => format!("({}) or ({})", left.text(), right.text()),
            Self::IsUnknown(inner) => format!("({}) is null", inner.text()),
        }
    }

    /// Whether it speaks of the metric's own time.
    pub(super) fn names_time(&self, axis: Axis) -> bool {
        match self {
            Self::Time(time, ..) | Self::Part(time, ..) | Self::Period(time, ..) => match time {
                TimeOf::Metric => true,
                TimeOf::Dimension(time) => time.is_axis(axis),
            },
            Self::Not(inner) | Self::IsUnknown(inner) => inner.names_time(axis),
            Self::And(left, right) | Self::Or(left, right) => left.names_time(axis) || right.names_time(axis),
            _ => false,
        }
    }

    /// Whether it speaks of a dimension.
    pub(super) fn names(&self, dimension: Dimension) -> bool {
        match self {
            Self::Compare(of, ..)
            | Self::Between(of, ..)
            | Self::In(of, _)
            | Self::Matches(_, of, _)
            | Self::IsNull(of)
            | Self::Holds(of) => *of == dimension,
            Self::Not(inner) | Self::IsUnknown(inner) => inner.names(dimension),
            Self::And(left, right) | Self::Or(left, right) => left.names(dimension) || right.names(dimension),
            _ => false,
        }
    }

    /// Conditions with one part less.
    pub(in crate::battery) fn smaller(&self) -> Vec<Self> {
        match self {
            Self::Not(inner) | Self::IsUnknown(inner) => vec![(**inner).clone()],
            Self::And(left, right) | Self::Or(left, right) => {
                let is_and = matches!(self, Self::And(..));
                let join = |left: Self, right: Self| {
                    if is_and { Self::And(left.into(), right.into()) } else { Self::Or(left.into(), right.into()) }
                };
                let mut all = vec![(**left).clone(), (**right).clone()];
                all.extend(left.smaller().into_iter().map(|left| join(left, (**right).clone())));
                all.extend(right.smaller().into_iter().map(|right| join((**left).clone(), right)));
                all
            }
            Self::HasClaim(Some(_), above) => vec![Self::HasClaim(None, *above)],
            Self::HasClaim(None, Some(_)) => vec![Self::HasClaim(None, None)],
            Self::In(dimension, values) if values.len() > 1 => {
                values.iter().map(|value| Self::In(*dimension, vec![*value])).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A day with which many periods begin.
fn start(random: &mut Random) -> NaiveDate {
    let any = day(random);
    let first = if random.chance(70) { any.with_day(1) } else { None };
    first.and_then(|first| if random.chance(40) { first.with_month(1) } else { Some(first) }).unwrap_or(any)
}

impl Constant {
    fn text(self) -> String {
        match self {
            Self::Text(text) => quote(text),
            Self::Whole(value) => value.to_string(),
        }
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
