//! Random questions about an explore.

use chrono::{Datelike, Duration, NaiveDate};

use super::{
    World,
    places::{Dimension, Kind, Place},
    question::{Filter, Key, Question, Range, Shape},
};
use crate::lookml::twin::{filter::text::exactly, query::User};

/// A source of choices, the same on every machine (`SplitMix64`).
#[derive(Clone)]
pub(in crate::lookml::twin) struct Random(u64);

impl Random {
    pub(in crate::lookml::twin) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::lookml::twin) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("below a usize")
    }

    pub(in crate::lookml::twin) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(in crate::lookml::twin) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The timeframes that the planner knows under another name, and how Looker shows them.
const FRAMES: [(&str, &str, Shape); 13] = [
    ("date", "day", Shape::Plain),
    ("week", "week", Shape::Plain),
    ("month", "month", Shape::Month),
    ("quarter", "quarter", Shape::Quarter),
    ("year", "year", Shape::Year),
    ("fiscal_quarter", "fiscal_quarter", Shape::FiscalQuarter),
    ("fiscal_year", "fiscal_year", Shape::FiscalYear),
    ("hour_of_day", "hour_of_day", Shape::Plain),
    ("day_of_week", "day_of_week", Shape::Weekday),
    ("day_of_month", "day_of_month", Shape::Plain),
    ("day_of_year", "day_of_year", Shape::Plain),
    ("month_num", "month_of_year", Shape::Plain),
    ("quarter_of_year", "quarter_of_year", Shape::QuarterOfYear),
];

/// A random question.
pub(in crate::lookml::twin) fn make(random: &mut Random, world: &World, place: &Place) -> Question {
    if !place.comparisons.is_empty() && random.chance(15) {
        return comparison(random, world, place);
    }
    let mut metrics: Vec<(String, String)> = Vec::new();
    for _ in 0..=random.below(3) {
        let metric = random.pick(&place.metrics).clone();
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    let mut keys: Vec<Key> = Vec::new();
    if let Some(axis) = &place.axis
        && random.chance(55)
    {
        keys.extend(time_key(random, place, axis));
    }
    for _ in 0..random.below(3) {
        let Some(key) = dimension_key(random, place) else { continue };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let filters = (0..random.below(3)).filter_map(|_| filter(random, place)).collect();
    let range = place.axis.as_ref().map(|axis| range(random, world, place, axis));
    Question { explore: place.explore.clone(), metrics, keys, filters, range: range.flatten(), user: User::default() }
}

fn time_key(random: &mut Random, place: &Place, axis: &str) -> Option<Key> {
    let (frame, name, shape) = *random.pick(&FRAMES);
    place.frames.iter().any(|known| known == frame).then(|| Key {
        path: format!("time.{name}"),
        field: format!("{axis}_{frame}"),
        shape,
    })
}

fn dimension_key(random: &mut Random, place: &Place) -> Option<Key> {
    if place.dimensions.is_empty() {
        return None;
    }
    let dimension = random.pick(&place.dimensions);
    Some(match dimension.kind {
        Kind::Text | Kind::Number => Key { path: dimension.path.clone(), field: dimension.field.clone(), shape: Shape::Plain },
        Kind::YesNo | Kind::Nullable => {
            Key { path: dimension.path.clone(), field: dimension.field.clone(), shape: Shape::Words }
        }
        Kind::Time => Key { path: format!("{}.month", dimension.path), field: dimension.field.clone(), shape: Shape::Month },
    })
}

fn filter(random: &mut Random, place: &Place) -> Option<Filter> {
    let dimension = random.pick(&place.dimensions);
    let (condition, expression) = match dimension.kind {
        Kind::Text => of_text(random, dimension)?,
        Kind::Number => of_number(random, dimension)?,
        Kind::YesNo if random.chance(50) => (dimension.path.clone(), "yes".to_owned()),
        Kind::YesNo => (format!("not {}", dimension.path), "no".to_owned()),
        Kind::Nullable if random.chance(50) => (dimension.path.clone(), "Yes".to_owned()),
        Kind::Nullable => (format!("{} is null", dimension.path), "NULL".to_owned()),
        Kind::Time => return None,
    };
    Some(Filter { condition, field: dimension.field.clone(), expression })
}

fn of_text(random: &mut Random, dimension: &Dimension) -> Option<(String, String)> {
    let path = &dimension.path;
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    if random.chance(8) {
        return Some((format!("{path} is null"), "NULL".to_owned()));
    }
    if dimension.values.is_empty() {
        return None;
    }
    let (one, other) = (random.pick(&dimension.values).clone(), random.pick(&dimension.values).clone());
    let start: String = one.chars().take(2).collect();
    let likes = |text: &str| {
        let escaped: String = text.chars().map(|c| if "%_^\"".contains(c) { format!("^{c}") } else { c.to_string() }).collect();
        escaped
    };
    Some(match random.below(7) {
        0 | 1 => (format!("{path} = {}", quote(&one)), exactly(&one)),
        2 => (
            format!("{path} in ({}, {})", quote(&one), quote(&other)),
            format!("{},{}", exactly(&one), exactly(&other)),
        ),
        3 if one.is_empty() || start.trim() != start => return None,
        3 => (format!("({path} <> {} or {path} is null)", quote(&one)), format!("-{}", exactly(&one))),
        4 if start.trim() == start && !start.is_empty() && !start.starts_with('-') && !start.contains(',') => {
            (format!("starts_with({path}, {})", quote(&start)), format!("{}%", likes(&start)))
        }
        5 if start.trim() == start && !start.is_empty() && !start.contains(',') => {
            (format!("contains({path}, {})", quote(&start)), format!("%{}%", likes(&start)))
        }
        _ => (format!("{path} is not null"), "-NULL".to_owned()),
    })
}

fn of_number(random: &mut Random, dimension: &Dimension) -> Option<(String, String)> {
    let path = &dimension.path;
    if dimension.values.is_empty() || random.chance(10) {
        return Some((format!("{path} is null"), "NULL".to_owned()));
    }
    let (one, other) = (random.pick(&dimension.values), random.pick(&dimension.values));
    if one.contains('e') || other.contains('e') {
        return None;
    }
    Some(match random.below(5) {
        0 => (format!("{path} = {one}"), one.clone()),
        1 => (format!("{path} > {one}"), format!(">{one}")),
        2 => (format!("({path} <> {one} or {path} is null)"), format!("NOT {one}")),
        3 => (format!("{path} >= {one} and {path} < {other}"), format!("[{one}, {other})")),
        _ => (format!("{path} in ({one}, {other})"), format!("{one}, {other}")),
    })
}

fn range(random: &mut Random, world: &World, place: &Place, axis: &str) -> Option<Range> {
    let has = |frame: &str| place.frames.iter().any(|known| known == frame);
    let field = ["date", "week", "month", "quarter", "year"].into_iter().find(|frame| has(frame))?;
    let with = |text: String, expression: String| {
        Some(Range { text, filter: Some((format!("{axis}_{field}"), expression)) })
    };
    let months = 1 + random.below(9);
    if field != "date" {
        let (from, to) = (month(world.days.0, random.below(4)), month(world.days.0, 5 + random.below(9)));
        return with(format!("{from} to {to}"), format!("{from} to {to}"));
    }
    let length = (world.days.1 - world.days.0).num_days();
    let from = world.days.0 + Duration::days(i64::try_from(random.below(usize::try_from(length).unwrap_or(1))).unwrap_or(0));
    match random.below(10) {
        0 => with(format!("last {months} months"), format!("{months} months ago for {months} months")),
        1 => {
            let days = 2 + random.below(90);
            with(format!("last {days} days"), format!("{days} days ago for {days} days"))
        }
        2 => with("current month".to_owned(), "this month".to_owned()),
        3 => with(format!("since {from}"), format!("after {from}")),
        4 => place.has_default.then(|| Range { text: "last 28 days".to_owned(), filter: None }),
        _ => {
            let to = from + Duration::days(1 + i64::try_from(random.below(200)).unwrap_or(0));
            with(format!("{from} to {to}"), format!("{from} to {to}"))
        }
    }
}

fn month(day: NaiveDate, later: usize) -> NaiveDate {
    let months = chrono::Months::new(u32::try_from(later).unwrap_or(0));
    day.with_day(1).expect("a month has a first day") + months
}

/// A comparison with an earlier period, over whole years, by periods of the calendar.
fn comparison(random: &mut Random, world: &World, place: &Place) -> Question {
    let axis = place.axis.clone().unwrap_or_default();
    let (frame, name, shape) = *random.pick(&FRAMES[2..5]);
    let mut keys = vec![Key { path: format!("time.{name}"), field: format!("{axis}_{frame}"), shape }];
    keys.extend(dimension_key(random, place).filter(|key| !key.path.ends_with(".month") && random.chance(50)));
    let year = world.days.1.year();
    let range = Range {
        text: format!("{year}-01-01 to {}-01-01", year + 1),
        filter: Some((format!("{axis}_year"), year.to_string())),
    };
    Question {
        explore: place.explore.clone(),
        metrics: vec![random.pick(&place.comparisons).clone()],
        keys,
        filters: Vec::new(),
        range: Some(range),
        user: User::default(),
    }
}
