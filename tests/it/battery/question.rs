//! Random definitions and random queries, as data for the oracle and as YAML for the planner.

use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;

use super::{
    random::Random,
    world::{COUNTRIES, KINDS, REASONS, REGIONS, ZONES, day},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Parcels,
    Claims,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    BookedAt,
    DoneOn,
    FiledAt,
    /// The booking of the claimed parcel.
    BookedAtOfParcel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    CountDistinct,
    Median,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Price,
    Weight,
    Customer,
    Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Kind,
    Ok,
    WeightClass,
    IsClaimed,
    Country,
    ParentCountry,
    OriginRegion,
    DestinationRegion,
}

impl Dimension {
    const ALL: [Self; 8] = [
        Self::Kind,
        Self::Ok,
        Self::WeightClass,
        Self::IsClaimed,
        Self::Country,
        Self::ParentCountry,
        Self::OriginRegion,
        Self::DestinationRegion,
    ];

    /// The path, as every metric's model understands it.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Kind => "parcels.kind",
            Self::Ok => "parcels.ok",
            Self::WeightClass => "parcels.weight_class",
            Self::IsClaimed => "parcels.is_claimed",
            Self::Country => "customers.country",
            Self::ParentCountry => "customers.parent.country",
            Self::OriginRegion => "origin.region",
            Self::DestinationRegion => "destination.region",
        }
    }

    fn values(self) -> Vec<&'static str> {
        match self {
            Self::Kind => KINDS.to_vec(),
            Self::Country | Self::ParentCountry => COUNTRIES.to_vec(),
            Self::OriginRegion | Self::DestinationRegion => REGIONS.to_vec(),
            Self::WeightClass => vec!["<2", "2–5", "5+"],
            Self::Ok | Self::IsClaimed => Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Predicate {
    Equals(Dimension, &'static str),
    NotEquals(Dimension, &'static str),
    In(Dimension, Vec<&'static str>),
    IsNull(Dimension),
    Holds(Dimension),
    Heavier(i64),
    HasClaim(Option<&'static str>),
    BookedOnOrAfter(NaiveDate),
    BookedOnOrBefore(NaiveDate),
    /// The metric's own time, moved where the metric is.
    TimeOnOrAfter(NaiveDate),
    TimeOnOrBefore(NaiveDate),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Predicate {
    /// A condition that every model can be asked.
    fn of_query(random: &mut Random, depth: usize) -> Self {
        if depth > 0 && random.chance(35) {
            let left = Box::new(Self::of_query(random, depth - 1));
            return match random.below(3) {
                0 => Self::Not(left),
                1 => Self::And(left, Box::new(Self::of_query(random, depth - 1))),
                _ => Self::Or(left, Box::new(Self::of_query(random, depth - 1))),
            };
        }
        let dimension = *random.pick(&Dimension::ALL);
        let values = dimension.values();
        if values.is_empty() {
            return Self::Holds(dimension);
        }
        match random.below(6) {
            0 | 1 => Self::Equals(dimension, random.pick::<&str>(&values)),
            2 => Self::NotEquals(dimension, random.pick::<&str>(&values)),
            3 => Self::In(dimension, vec![*random.pick::<&str>(&values), *random.pick::<&str>(&values)]),
            4 => Self::IsNull(dimension),
            _ => {
                let day = day(random);
                match random.below(4) {
                    0 => Self::BookedOnOrAfter(day),
                    1 => Self::BookedOnOrBefore(day),
                    2 => Self::TimeOnOrAfter(day),
                    _ => Self::TimeOnOrBefore(day),
                }
            }
        }
    }

    /// A condition of a metric on parcels, over names of that model.
    fn of_parcels(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::Holds(Dimension::Ok),
            1 => Self::Not(Box::new(Self::Holds(Dimension::Ok))),
            2 => Self::Heavier(2),
            3 => Self::HasClaim(random.pick_or_none(40, &REASONS)),
            4 => Self::Equals(Dimension::Country, random.pick::<&str>(&COUNTRIES)),
            _ => Self::NotEquals(Dimension::Kind, random.pick::<&str>(&KINDS)),
        }
    }

    pub(super) fn text(&self) -> String {
        let quoted = |value: &str| format!("'{}'", value.replace('\'', "''"));
        match self {
            Self::Equals(dimension, value) => format!("{} = {}", dimension.path(), quoted(value)),
            Self::NotEquals(dimension, value) => format!("{} <> {}", dimension.path(), quoted(value)),
            Self::In(dimension, values) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("{} in ({})", dimension.path(), values.join(", "))
            }
            Self::IsNull(dimension) => format!("{} is null", dimension.path()),
            Self::Holds(dimension) => dimension.path().to_owned(),
            Self::Heavier(weight) => format!("weight > {weight}"),
            Self::HasClaim(None) => "exists(claims)".to_owned(),
            Self::HasClaim(Some(reason)) => format!("exists(claims where reason = {})", quoted(reason)),
            Self::BookedOnOrAfter(day) => format!("parcels.booked_at >= '{day}'"),
            Self::BookedOnOrBefore(day) => format!("parcels.booked_at <= '{day}'"),
            Self::TimeOnOrAfter(day) => format!("time >= '{day}'"),
            Self::TimeOnOrBefore(day) => format!("time <= '{day}'"),
            Self::Not(inner) => format!("not ({})", inner.text()),
            Self::And(left, right) => format!("({}) and ({})", left.text(), right.text()),
            Self::Or(left, right) => format!("({}) or ({})", left.text(), right.text()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    Months(u32),
    Days(i64),
}

impl Back {
    fn text(self) -> String {
        match self {
            Self::Months(1) => "1 month".to_owned(),
            Self::Months(months) => format!("{months} months"),
            Self::Days(1) => "1 day".to_owned(),
            Self::Days(days) => format!("{days} days"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Days(i64),
    MonthToDate,
    Ever,
}

#[derive(Clone, Debug)]
pub(super) enum Metric {
    Simple {
        base: Base,
        aggregate: Aggregate,
        value: Value,
        filter: Option<Predicate>,
        axis: Axis,
    },
    Ratio(usize, usize),
    Difference(usize, usize),
    /// A filtered input over the same metric.
    Share(usize, Predicate),
    /// Now less before.
    Change(usize, Back),
    Accumulated(usize, Span),
}

/// Random metrics; each may only use those before it.
pub(super) fn metrics(random: &mut Random) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for _ in 0..4 + random.below(3) {
        metrics.push(simple(random));
    }
    let simples = metrics.len();
    for _ in 0..4 {
        let one = random.below(simples);
        let other = random.below(simples);
        metrics.push(match random.below(6) {
            0 => Metric::Ratio(one, other),
            1 => Metric::Difference(one, other),
            2 if on_parcels(&metrics[one]) => Metric::Share(one, Predicate::of_parcels(random)),
            3 => Metric::Change(
                one,
                *random.pick(&[Back::Months(1), Back::Months(12), Back::Days(7), Back::Days(1), Back::Days(364)]),
            ),
            _ => Metric::Accumulated(one, *random.pick(&[Span::Days(7), Span::Days(1), Span::MonthToDate, Span::Ever])),
        });
    }
    metrics
}

fn on_parcels(metric: &Metric) -> bool {
    matches!(metric, Metric::Simple { base: Base::Parcels, .. })
}

fn simple(random: &mut Random) -> Metric {
    use Aggregate::{Avg, Count, CountDistinct, Max, Median, Min, Sum};
    if random.chance(65) {
        let (aggregate, value) = *random.pick(&[
            (Count, Value::Nothing),
            (Count, Value::Weight),
            (Sum, Value::Price),
            (Sum, Value::Weight),
            (Avg, Value::Price),
            (Min, Value::Price),
            (Max, Value::Weight),
            (CountDistinct, Value::Customer),
            (Median, Value::Price),
        ]);
        let filter = if random.chance(50) { Some(Predicate::of_parcels(random)) } else { None };
        let axis = if random.chance(75) { Axis::BookedAt } else { Axis::DoneOn };
        return Metric::Simple { base: Base::Parcels, aggregate, value, filter, axis };
    }
    let (aggregate, value) = *random.pick(&[(Count, Value::Nothing), (Sum, Value::Amount), (Max, Value::Amount)]);
    let axis = if random.chance(70) { Axis::FiledAt } else { Axis::BookedAtOfParcel };
    Metric::Simple { base: Base::Claims, aggregate, value, filter: None, axis }
}

/// The metrics as YAML, called m0, m1 and so on.
pub(super) fn metrics_yaml(metrics: &[Metric]) -> String {
    let mut yaml = String::from("metrics:\n");
    for (index, metric) in metrics.iter().enumerate() {
        let mut line = |rest: String| yaml.push_str(&format!("  - name: m{index}\n    description: A number.\n{rest}"));
        match metric {
            Metric::Simple { base, aggregate, value, filter, axis } => {
                let model = match base {
                    Base::Parcels => "parcels",
                    Base::Claims => "claims",
                };
                let agg = match aggregate {
                    Aggregate::Count => "count",
                    Aggregate::Sum => "sum",
                    Aggregate::Avg => "avg",
                    Aggregate::Min => "min",
                    Aggregate::Max => "max",
                    Aggregate::CountDistinct => "count_distinct",
                    Aggregate::Median => "median",
                };
                let mut rest = format!("    model: {model}\n    agg: {agg}\n");
                match value {
                    Value::Nothing => {}
                    Value::Price => rest.push_str("    expr: price\n"),
                    Value::Weight => rest.push_str("    expr: weight\n"),
                    Value::Customer => rest.push_str("    expr: customer_id\n"),
                    Value::Amount => rest.push_str("    expr: amount\n"),
                }
                if let Some(filter) = filter {
                    rest.push_str(&format!("    where: \"{}\"\n", filter.text().replace('\\', "\\\\")));
                }
                match axis {
                    Axis::BookedAt | Axis::FiledAt => {}
                    Axis::DoneOn => rest.push_str("    time: done_on\n"),
                    Axis::BookedAtOfParcel => rest.push_str("    time: parcels.booked_at\n"),
                }
                line(rest);
            }
            Metric::Ratio(one, other) => {
                line(format!(
                    "    expr: a / b\n    inputs: {{ a: {{ metric: m{one} }}, b: {{ metric: m{other} }} }}\n"
                ));
            }
            Metric::Difference(one, other) => {
                line(format!(
                    "    expr: a - b\n    inputs: {{ a: {{ metric: m{one} }}, b: {{ metric: m{other} }} }}\n"
                ));
            }
            Metric::Share(one, filter) => line(format!(
                "    expr: part / whole\n    inputs:\n      part: {{ metric: m{one}, where: \"{}\" }}\n      whole: {{ metric: m{one} }}\n",
                filter.text().replace('\\', "\\\\")
            )),
            Metric::Change(one, back) => line(format!(
                "    expr: a - before\n    inputs: {{ a: {{ metric: m{one} }}, before: {{ metric: m{one}, offset: {} }} }}\n",
                back.text()
            )),
            Metric::Accumulated(one, span) => {
                let span = match span {
                    Span::Days(days) => format!("window: {days} days"),
                    Span::MonthToDate => "to_date: month".to_owned(),
                    Span::Ever => "all_time: true".to_owned(),
                };
                line(format!("    metric: m{one}\n    {span}\n"));
            }
        }
    }
    yaml
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
}

impl Size {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalQuarter => "fiscal_quarter",
            Self::FiscalYear => "fiscal_year",
        }
    }

    fn months(self) -> Option<u32> {
        match self {
            Self::Hour | Self::Day | Self::Week => None,
            Self::Month => Some(1),
            Self::Quarter | Self::FiscalQuarter => Some(3),
            Self::Year | Self::FiscalYear => Some(12),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Time(Size),
    DayOfWeek,
    Dimension(Dimension),
}

#[derive(Clone, Debug)]
pub(super) struct Query {
    /// Positions of metrics, and how far back.
    pub(super) metrics: Vec<(usize, Option<Back>)>,
    pub(super) keys: Vec<Key>,
    pub(super) filter: Option<Predicate>,
    pub(super) range: Option<(NaiveDate, NaiveDate)>,
    pub(super) zone: Option<Tz>,
    /// The first metric is at least so much.
    pub(super) at_least: Option<i64>,
    pub(super) fill: bool,
}

/// A random query that the planner must answer: what it would refuse by the rules is not asked.
pub(super) fn query(random: &mut Random, metrics: &[Metric]) -> Query {
    loop {
        let query = any_query(random, metrics);
        if is_answerable(&query, metrics) {
            return query;
        }
    }
}

fn any_query(random: &mut Random, metrics: &[Metric]) -> Query {
    let mut keys = Vec::new();
    if random.chance(65) {
        let sizes = [
            Size::Hour,
            Size::Day,
            Size::Day,
            Size::Week,
            Size::Month,
            Size::Month,
            Size::Quarter,
            Size::Year,
            Size::FiscalQuarter,
            Size::FiscalYear,
        ];
        keys.push(Key::Time(*random.pick(&sizes)));
    }
    if random.chance(10) {
        keys.push(Key::DayOfWeek);
    }
    for _ in 0..random.below(3) {
        let key = Key::Dimension(*random.pick(&Dimension::ALL));
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut asked: Vec<(usize, Option<Back>)> = Vec::new();
    for _ in 0..=random.below(3) {
        let back = if random.chance(15) {
            Some(*random.pick(&[Back::Months(1), Back::Days(7), Back::Days(28)]))
        } else {
            None
        };
        let metric = (random.below(metrics.len()), back);
        if !asked.contains(&metric) {
            asked.push(metric);
        }
    }
    let range = if random.chance(70) {
        let from = day(random);
        Some((from, from + Duration::days(1 + random.value_below(100))))
    } else {
        None
    };
    Query {
        metrics: asked,
        fill: range.is_some() && keys.iter().any(|key| matches!(key, Key::Time(_))) && random.chance(25),
        keys,
        filter: if random.chance(55) { Some(Predicate::of_query(random, 2)) } else { None },
        range,
        zone: random.pick_or_none(60, &ZONES),
        at_least: if random.chance(12) { Some(random.value_below(4)) } else { None },
    }
}

fn is_answerable(query: &Query, metrics: &[Metric]) -> bool {
    let size = query.keys.iter().find_map(|key| match key {
        Key::Time(size) => Some(*size),
        Key::DayOfWeek | Key::Dimension(_) => None,
    });
    if query.fill && size == Some(Size::Hour) {
        return false;
    }
    // The hours of a wall clock and those of instants are different keys.
    let mut clocks = Vec::new();
    for (metric, back) in &query.metrics {
        for (base, ..) in uses(metrics, *metric, *back) {
            clocks.push(matches!(metrics[base], Metric::Simple { axis: Axis::FiledAt, .. }));
        }
    }
    if size == Some(Size::Hour) && clocks.iter().any(|clock| *clock != clocks[0]) {
        return false;
    }
    query.metrics.iter().all(|(metric, back)| {
        let uses = uses(metrics, *metric, *back);
        uses.iter().all(|(base, months, days, accumulated)| {
            let Metric::Simple { axis, .. } = &metrics[*base] else { return false };
            let hours_exist = *axis != Axis::DoneOn || size != Some(Size::Hour);
            let shortest = match size {
                Some(Size::Week) => 7,
                Some(Size::Month) => 28,
                Some(Size::Quarter | Size::FiscalQuarter) => 84,
                Some(Size::Year | Size::FiscalYear) => 364,
                Some(Size::Hour | Size::Day) | None => 1,
            };
            let whole_months = match size {
                Some(Size::Week | Size::Hour) => *months == 0,
                Some(size) => size.months().is_none_or(|period| months % period == 0),
                None => true,
            };
            let whole_periods = whole_months && (*months != 0 || *days == 0 || *days >= shortest);
            let dated = (*months == 0 && *days == 0) || size.is_some() || query.range.is_some();
            let bounded = !accumulated
                || (!query.keys.contains(&Key::DayOfWeek)
                    && size != Some(Size::Hour)
                    && (size.is_some() || query.range.is_some()));
            hours_exist && whole_periods && dated && bounded
        })
    })
}

/// The simple metrics below a metric, with the months and days they are taken back, and whether they accumulate.
fn uses(metrics: &[Metric], metric: usize, back: Option<Back>) -> Vec<(usize, u32, i64, bool)> {
    let (months, days) = match back {
        Some(Back::Months(months)) => (months, 0),
        Some(Back::Days(days)) => (0, days),
        None => (0, 0),
    };
    match &metrics[metric] {
        Metric::Simple { .. } => vec![(metric, months, days, false)],
        Metric::Ratio(one, other) | Metric::Difference(one, other) => {
            vec![(*one, months, days, false), (*other, months, days, false)]
        }
        Metric::Share(one, _) => vec![(*one, months, days, false)],
        Metric::Change(one, Back::Months(more)) => {
            vec![(*one, months, days, false), (*one, months + more, days, false)]
        }
        Metric::Change(one, Back::Days(more)) => vec![(*one, months, days, false), (*one, months, days + more, false)],
        Metric::Accumulated(one, _) => vec![(*one, months, days, true)],
    }
}

impl Query {
    /// The query in the words of the command line.
    pub(super) fn text(&self) -> entente::plan::RequestText {
        let metrics = self.metrics.iter().map(|(metric, back)| match back {
            None => format!("m{metric}"),
            Some(back) => format!("m{metric} previous {}", back.text()),
        });
        let keys = self.keys.iter().map(|key| match key {
            Key::Time(size) => format!("time.{}", size.name()),
            Key::DayOfWeek => "time.day_of_week".to_owned(),
            Key::Dimension(dimension) => dimension.path().to_owned(),
        });
        let metrics: Vec<String> = metrics.collect();
        let having = self.at_least.map(|least| {
            let name = metrics[0].replace(' ', "_");
            format!("{name} >= {least}")
        });
        entente::plan::RequestText {
            by: keys.collect(),
            filter: self.filter.as_ref().map(Predicate::text),
            having,
            time: self.range.map(|(from, to)| format!("{from} to {to}")),
            fill: self.fill,
            time_zone: self.zone.map(|zone| zone.to_string()),
            metrics,
            ..entente::plan::RequestText::default()
        }
    }
}
