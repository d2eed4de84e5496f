//! The shape of a request: what is kept of it in a log.
//!
//! `revenue by customers.segment, time.month where service = 'express' time 2025` → metrics `revenue`, keys
//! `customers.segment` and `time.month`, filters `service`, 365 days that begin and end with a year.
//!
//! **Invariant:** no value of a request and nothing of who asked is in a shape.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    plan::{Key, KeyKind, OrderBy, PlanError, Request, RequestText},
    project::{Project, Size},
    sql::Name,
    time::{DateRange, Granularity, NaiveDate, Tz, add_periods, period_start},
};

/// The shape of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shape {
    /// The metrics that are computed, by name.
    pub metrics: Vec<String>,
    /// The keys, as paths.
    pub keys: Vec<String>,
    /// The dimensions of the filter, as paths.
    pub filters: Vec<String>,
    /// The days of the range; nothing if it has no end or no beginning.
    pub days: Option<i64>,
    /// The longest period with which the range begins and ends: `day` to `year`, `none` if it does so within a day.
    pub cut: String,
    /// The zone in which periods are cut.
    pub time_zone: String,
    /// Whether only rows tell it: a metric over a window, or a condition that rows of another table are there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_rows: bool,
}

/// What requests of one shape came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// How many there were.
    pub count: u64,
    /// For how many of them the warehouse was asked.
    pub asked: u64,
    /// The bytes that were billed, or read where nothing is billed, as far as is known.
    pub bytes: u64,
    /// The rows of the answers.
    pub rows: u64,
    /// The time that the warehouse took, with what it waited for.
    pub millis: u64,
}

impl Cost {
    /// Adds what others came to.
    pub fn add(&mut self, other: Self) {
        let Self { count, asked, bytes, rows, millis } = other;
        self.count = self.count.saturating_add(count);
        self.asked = self.asked.saturating_add(asked);
        self.bytes = self.bytes.saturating_add(bytes);
        self.rows = self.rows.saturating_add(rows);
        self.millis = self.millis.saturating_add(millis);
    }
}

/// A shape and what its requests came to: a line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The shape.
    #[serde(flatten)]
    pub shape: Shape,
    /// The cost.
    #[serde(flatten)]
    pub cost: Cost,
}

/// The sizes with which a range may begin and end, the longest first.
const CUTS: [Granularity; 5] =
    [Granularity::Year, Granularity::Quarter, Granularity::Month, Granularity::Week, Granularity::Day];

impl Shape {
    /// Takes the shape of a request whose range is known.
    pub fn of(project: &Project, request: &Request, range: DateRange, zone: Tz) -> Self {
        let mut metrics: BTreeSet<String> = request.metrics.iter().map(|metric| metric.metric.clone()).collect();
        let mut name_metric = |name: &Name| metrics.extend(path_of(name));
        request.having.iter().for_each(|having| having.for_each_leaf(&mut name_metric));
        let ordered = request.order.iter().filter_map(|order| match &order.by {
            OrderBy::Metric(metric) => Some(metric.clone()),
            OrderBy::Column(_) => None,
        });
        metrics.extend(ordered);
        metrics.extend(request.top.iter().map(|top| top.by.clone()));
        let mut filters = BTreeSet::new();
        let mut needs_rows = request.metrics.iter().any(|metric| metric.over.is_some());
        request.filter.iter().for_each(|filter| {
            filter.for_each_leaf(&mut |name| match path_of(name) {
                Some(path) => {
                    filters.insert(path);
                }
                None => needs_rows = true,
            });
        });
        let mut keys: Vec<String> = request.keys.iter().map(|key| text_of_key(project, key)).collect();
        keys.sort();
        keys.dedup();
        Self {
            metrics: metrics.into_iter().filter(|name| project.metric_named(name).is_some()).collect(),
            keys,
            filters: filters.into_iter().collect(),
            days: range.from.zip(range.to).map(|(from, to)| (to - from).num_days()),
            cut: cut_of(project, range).map_or("none", Granularity::name).to_owned(),
            time_zone: zone.name().to_owned(),
            needs_rows,
        }
    }

    /// Returns a request of this shape that ends with the last whole period before a day.
    pub fn request(&self, project: &Project, today: NaiveDate) -> Result<Request, PlanError> {
        let conditions: Vec<String> = self.filters.iter().map(|path| format!("{path} is not null")).collect();
        let cut = Granularity::from_name(&self.cut).unwrap_or(Granularity::Day);
        let time = self.days.map(|days| {
            let to = period_start(today, cut, project.calendar);
            // Months are not of one length: a few days more or less begin with the same one.
            let about = add_periods(to, Granularity::Day, -days);
            let slack = cut.months().map_or(0, |_| 4);
            let from = period_start(add_periods(about, Granularity::Day, slack), cut, project.calendar);
            format!("{} to {to}", from.min(add_periods(to, Granularity::Day, -1)))
        });
        RequestText {
            metrics: self.metrics.clone(),
            by: self.keys.clone(),
            filter: (!conditions.is_empty()).then(|| conditions.join(" and ")),
            time,
            time_zone: Some(self.time_zone.clone()),
            ..RequestText::default()
        }
        .parse()
    }

    /// Tells the shape in one line.
    pub fn told(&self) -> String {
        let mut text = self.metrics.join(", ");
        if !self.keys.is_empty() {
            text.push_str(&format!(" by {}", self.keys.join(", ")));
        }
        if !self.filters.is_empty() {
            text.push_str(&format!(" where {}", self.filters.join(", ")));
        }
        if let Some(days) = self.days {
            text.push_str(&format!(", {days} days"));
        }
        text
    }
}

/// Returns the path that a name is; nothing of a name that is none.
fn path_of(name: &Name) -> Option<String> {
    match name {
        Name::Path(words) => Some(words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(".")),
        _ => None,
    }
}

/// Writes a key as people write it.
fn text_of_key(project: &Project, key: &Key) -> String {
    let size = |size: Size| match size {
        Size::Standard(granularity) => granularity.name().to_owned(),
        Size::Calendar(id) | Size::FirstDay(id) => project.granularities[id].name.clone(),
    };
    match &key.kind {
        KeyKind::Time(of) => format!("time.{}", size(*of)),
        KeyKind::TimePart(part) => format!("time.{}", part.name()),
        KeyKind::Dimension { path, granularity, part } => {
            let mut words = path.clone();
            words.extend(granularity.map(size));
            words.extend(part.map(|part| part.name().to_owned()));
            words.join(".")
        }
    }
}

/// Returns the longest period with which a range begins and ends; nothing if it does so within a day.
fn cut_of(project: &Project, range: DateRange) -> Option<Granularity> {
    if range.is_within_days() {
        return None;
    }
    let ends = [range.from, range.to];
    CUTS.into_iter().find(|cut| ends.iter().flatten().all(|day| period_start(*day, *cut, project.calendar) == *day))
}
