//! A world of the battery for other tests: its texts, its rows, and the oracle's answers in plain words.

use super::{
    ask::{Warehouse, now, yaml},
    definitions::Metric,
    oracle::{self, KeyValue, Number},
    query::{Comparison, Constant, Dimension, Key, Predicate, Query, Range, Size, Words},
    run::{Made, make},
    world::{Claim, Customer, Depot, Parcel, SEEN_REGION, Status, decimal, plans},
};

/// A world with its metrics, called `m0`, `m1` and so on.
pub(crate) struct Small(Made);

/// A condition of a question.
pub(crate) enum Condition<'c> {
    /// A dimension is one of these.
    In(&'c str, &'c [String]),
    Null(&'c str),
    Holds(&'c str),
    HoldsNot(&'c str),
}

/// Keys and values of a row as text.
pub(crate) type Row = (Vec<Option<String>>, Vec<Option<String>>);

impl Small {
    pub(crate) fn make(seed: u64) -> Self {
        Self(make(seed))
    }

    /// With the rows of further worlds, so that there is a row for every mistake.
    pub(crate) fn make_large(seed: u64, worlds: u64) -> Self {
        let mut made = make(seed);
        let world = &mut made.world;
        for number in 1..worlds {
            let more = make(seed + 1000 * number).world;
            let apart = i64::try_from(number).expect("few worlds") * 1000;
            let other = |id: Option<i64>| id.map(|id| id + apart);
            world.parcels.extend(more.parcels.into_iter().map(|row| Parcel {
                id: row.id + apart,
                customer: other(row.customer),
                origin: other(row.origin),
                destination: other(row.destination),
                // What the promise of the first world says of its partitions holds for all.
                loaded_at: row.booked_at.unwrap_or(row.loaded_at),
                ..row
            }));
            let claims = more.claims.into_iter();
            world.claims.extend(claims.map(|row| Claim { id: row.id + apart, parcel: other(row.parcel), ..row }));
            let customers = more.customers.into_iter();
            world.customers.extend(customers.map(|row| Customer {
                id: row.id + apart,
                parent: other(row.parent),
                ..row
            }));
            world.void.parcels.extend(more.void.parcels.into_iter().map(|row| Parcel { id: row.id + apart, ..row }));
            world.void.claims.extend(more.void.claims.into_iter().map(|row| Claim { id: row.id + apart, ..row }));
            world
                .void
                .customers
                .extend(more.void.customers.into_iter().map(|row| Customer { id: row.id + apart, ..row }));
            world.depots.extend(more.depots.into_iter().map(|row| Depot { id: row.id + apart, ..row }));
            let statuses = more.statuses.into_iter();
            world.statuses.extend(statuses.map(|row| Status { id: row.id + apart, parcel: other(row.parcel), ..row }));
            for rate in more.rates {
                if !world.rates.iter().any(|other| (&other.currency, other.day) == (&rate.currency, rate.day)) {
                    world.rates.push(rate);
                }
            }
        }
        world.plans = plans(&mut made.random.clone(), &world.parcels);
        Self(made)
    }

    /// Whether a policy hides rows.
    pub(crate) fn is_guarded(&self) -> bool {
        self.0.world.policy.is_some()
    }

    /// Without the policy.
    pub(crate) fn unguarded(mut self) -> Self {
        self.0.world.policy = None;
        self
    }

    pub(crate) fn config(&self) -> String {
        self.0.world.config()
    }

    pub(crate) fn definitions(&self) -> String {
        yaml(&self.0.world, &self.0.metrics)
    }

    /// The statements that make its tables.
    pub(crate) fn seed(&self) -> String {
        self.0.world.seed()
    }

    /// The tables as JSON.
    pub(crate) fn catalog(&self) -> String {
        Warehouse::open().hold(&self.0.world).catalog().to_json()
    }

    /// What the principal's claim `region` is where there is a policy.
    pub(crate) fn region() -> &'static str {
        SEEN_REGION
    }

    /// Works a question out row by row; nothing where the oracle has no word for it, or is unsure.
    pub(crate) fn answer(
        &self,
        metrics: &[String],
        keys: &[String],
        conditions: &[Condition<'_>],
        range: Option<(chrono::NaiveDate, chrono::NaiveDate)>,
    ) -> Option<Vec<Row>> {
        let metric = |name: &String| Some((name.strip_prefix('m')?.parse().ok()?, Words::default()));
        let mut filter: Option<Predicate> = None;
        for condition in conditions {
            let next = predicate(condition)?;
            filter = Some(match filter {
                None => next,
                Some(before) => Predicate::And(Box::new(before), Box::new(next)),
            });
        }
        let query = Query {
            metrics: metrics.iter().map(metric).collect::<Option<_>>()?,
            keys: keys.iter().map(|key| key_named(key)).collect::<Option<_>>()?,
            filter,
            range: range.map(|(from, to)| Range::Between(from, to)),
            zone: None,
            having: None,
            hidden: None,
            fill: false,
            top: None,
        };
        let metrics: &[Metric] = &self.0.metrics;
        let rows = oracle::answer(&self.0.world, metrics, &query, now())?;
        let shown = rows
            .into_iter()
            .map(|(key, values)| (key.iter().map(key_text).collect(), values.into_iter().map(number_text).collect()));
        Some(shown.collect())
    }
}

fn dimension(path: &str) -> Option<Dimension> {
    Dimension::ALL.into_iter().find(|dimension| dimension.path() == path)
}

fn key_named(path: &str) -> Option<Key> {
    let sizes = [Size::Day, Size::Week, Size::Month, Size::Quarter, Size::Year, Size::FiscalQuarter, Size::FiscalYear];
    match path.strip_prefix("time.") {
        Some(name) => sizes.into_iter().find(|size| size.name() == name).map(Key::Time),
        None => dimension(path).map(Key::Dimension),
    }
}

fn predicate(condition: &Condition<'_>) -> Option<Predicate> {
    Some(match condition {
        Condition::In(path, values) => {
            let dimension = dimension(path)?;
            let known = Predicate::constants(dimension);
            let constant = |value: &String| {
                known.iter().copied().find(|constant| match constant {
                    Constant::Text(text) => text == value,
                    Constant::Whole(number) => number.to_string() == *value,
                })
            };
            let constants: Vec<Constant> = values.iter().map(constant).collect::<Option<_>>()?;
            match constants.as_slice() {
                [one] => Predicate::Compare(dimension, Comparison::Equal, *one),
                _ => Predicate::In(dimension, constants),
            }
        }
        Condition::Null(path) => Predicate::IsNull(dimension(path)?),
        Condition::Holds(path) => Predicate::Holds(dimension(path)?),
        Condition::HoldsNot(path) => Predicate::Not(Box::new(Predicate::Holds(dimension(path)?))),
    })
}

fn key_text(value: &KeyValue) -> Option<String> {
    Some(match value {
        KeyValue::Null | KeyValue::Other => return None,
        KeyValue::Bool(value) => value.to_string(),
        KeyValue::Whole(value) => value.to_string(),
        KeyValue::Text(text) => text.clone(),
        KeyValue::Day(day) => day.to_string(),
        KeyValue::Instant(at) => at.to_string(),
        KeyValue::Clock(at) => at.to_string(),
    })
}

fn number_text(value: Number) -> Option<String> {
    match value {
        Number::Null => None,
        Number::Exact(units) => Some(decimal(Some(units), 6)),
        Number::Float(value, _) => Some(format!("{value:?}")),
    }
}
