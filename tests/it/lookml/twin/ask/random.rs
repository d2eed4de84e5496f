//! Random questions about an explore.

use chrono::{Datelike, Duration, NaiveDate};

use super::{
    World,
    places::{Comparison, Dimension, Kind, Place, Span},
    question::{Filter, Key, Question, Range, Shape, Told},
};
use crate::lookml::twin::filter::text::exactly;

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
const FRAMES: [(&str, &str, Shape); 17] = [
    ("date", "day", Shape::Plain),
    ("week", "week", Shape::Plain),
    ("month", "month", Shape::Month),
    ("quarter", "quarter", Shape::Quarter),
    ("year", "year", Shape::Year),
    ("fiscal_quarter", "fiscal_quarter", Shape::FiscalQuarter),
    ("fiscal_year", "fiscal_year", Shape::FiscalYear),
    ("hour", "hour", Shape::Hour),
    ("minute", "minute", Shape::Minute),
    ("minute15", "minute15", Shape::Minute),
    ("hour6", "hour6", Shape::Hour),
    ("hour_of_day", "hour_of_day", Shape::Plain),
    ("day_of_week", "day_of_week", Shape::Weekday),
    ("day_of_month", "day_of_month", Shape::Plain),
    ("day_of_year", "day_of_year", Shape::Plain),
    ("month_num", "month_of_year", Shape::Plain),
    ("quarter_of_year", "quarter_of_year", Shape::QuarterOfYear),
];

/// A random question; mostly one that can be worked out by hand, where somebody does.
pub(in crate::lookml::twin) fn make(random: &mut Random, world: &World, place: &Place) -> Question {
    let tries = if world.small.is_some() && random.chance(75) { 20 } else { 0 };
    for _ in 0..tries {
        let question = any(random, world, place);
        if question.can_be_told() {
            return question;
        }
    }
    any(random, world, place)
}

fn any(random: &mut Random, world: &World, place: &Place) -> Question {
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
    let mut filters: Vec<Filter> =
        (0..random.below(if world.small.is_some() { 2 } else { 3 })).filter_map(|_| filter(random, place)).collect();
    // Looker has one filter for each field.
    let asked: Vec<String> = filters.iter().map(|filter| filter.field.clone()).collect();
    let mut at = 0..;
    filters.retain(|filter| at.next().is_some_and(|at| !asked[..at].contains(&filter.field)));
    let mut range = place.axis.as_ref().and_then(|axis| range(random, world, place, axis));
    if random.chance(5)
        && let Some((both, whole)) = two_months(random, world, place, &metrics)
    {
        filters.push(both);
        range = Some(whole);
    }
    Question {
        explore: place.explore.clone(),
        metrics,
        keys,
        filters,
        range,
        user: world.user.clone(),
        is_comparison: false,
        is_lenient: false,
        has_rollups: random.chance(50),
    }
}

/// A filter of two ranges, and the range that holds both; not of balances, whose moment is chosen in a range.
fn two_months(
    random: &mut Random,
    world: &World,
    place: &Place,
    metrics: &[(String, String)],
) -> Option<(Filter, Range)> {
    let axis = place.axis.as_ref()?;
    let project = &world.project;
    let is_balance = |leaf| project.simple(leaf).is_some_and(|simple| simple.balance.is_some());
    let leaves = |(metric, _): &(String, String)| project.leaves(project.metric_named(metric).expect("a metric"));
    let has_balance = metrics.iter().flat_map(leaves).any(is_balance);
    if place.is_accumulated || has_balance || !place.frames.iter().any(|frame| frame == "date") {
        return None;
    }
    let (one, other) = (month(world.days.0, random.below(3)), month(world.days.0, 3 + random.below(3)));
    if other >= world.days.1 {
        return None;
    }
    let filter = Filter {
        condition: format!("time.month in ('{one}', '{other}')"),
        field: format!("{axis}_date"),
        expression: format!("{}, {}", one.format("%Y-%m"), other.format("%Y-%m")),
        told: None,
    };
    Some((filter, Range { text: format!("{one} to {}", month(other, 1)), filter: None, days: None }))
}

fn time_key(random: &mut Random, place: &Place, axis: &str) -> Option<Key> {
    if !place.periods.is_empty() && random.chance(20) {
        return Some(period_key(random.pick(&place.periods)));
    }
    let (frame, name, shape) = *random.pick(&FRAMES);
    place.frames.iter().any(|known| known == frame).then(|| Key {
        path: format!("time.{name}"),
        field: format!("{axis}_{frame}"),
        shape,
    })
}

fn period_key((path, field): &(String, String)) -> Key {
    Key { path: path.clone(), field: field.clone(), shape: Shape::Plain }
}

fn dimension_key(random: &mut Random, place: &Place) -> Option<Key> {
    if place.dimensions.is_empty() {
        return None;
    }
    Some(key_of(random.pick(&place.dimensions)))
}

fn key_of(dimension: &Dimension) -> Key {
    match dimension.kind {
        Kind::Text | Kind::Number => {
            Key { path: dimension.path.clone(), field: dimension.field.clone(), shape: Shape::Plain }
        }
        Kind::YesNo | Kind::Nullable => {
            Key { path: dimension.path.clone(), field: dimension.field.clone(), shape: Shape::Words }
        }
        Kind::Time(shape) => Key { path: dimension.path.clone(), field: dimension.field.clone(), shape },
    }
}

fn filter(random: &mut Random, place: &Place) -> Option<Filter> {
    if place.dimensions.is_empty() {
        return None;
    }
    filter_of(random, random.clone().pick(&place.dimensions))
}

fn filter_of(random: &mut Random, dimension: &Dimension) -> Option<Filter> {
    let path = dimension.path.clone();
    let said = |condition: String, expression: &str, told: Option<Told>| {
        let expression = expression.to_owned();
        Some(Filter { condition, field: dimension.field.clone(), expression, told })
    };
    match dimension.kind {
        Kind::Text => of_text(random, dimension),
        Kind::Number => of_number(random, dimension),
        Kind::YesNo if random.chance(50) => said(path.clone(), "yes", Some(Told::Holds(path))),
        Kind::YesNo => said(format!("not {path}"), "no", Some(Told::HoldsNot(path))),
        Kind::Nullable if random.chance(50) => said(path, "Yes", None),
        Kind::Nullable => said(format!("{path} is null"), "NULL", None),
        Kind::Time(_) => None,
    }
}

fn of_text(random: &mut Random, dimension: &Dimension) -> Option<Filter> {
    let path = dimension.path.clone();
    let said = |condition: String, expression: String, told: Option<Told>| {
        Some(Filter { condition, field: dimension.field.clone(), expression, told })
    };
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    if random.chance(8) {
        return said(format!("{path} is null"), "NULL".to_owned(), Some(Told::Null(path)));
    }
    if dimension.values.is_empty() {
        return None;
    }
    let (one, other) = (random.pick(&dimension.values).clone(), random.pick(&dimension.values).clone());
    let start: String = one.chars().take(2).collect();
    // No expression says of a text that it is empty and not null, nor begins with a blank and has wildcards.
    let is_plain = !start.is_empty() && start.trim() == start;
    let within: String =
        start.chars().map(|c| if "%_^\",-".contains(c) { format!("^{c}") } else { c.to_string() }).collect();
    match random.below(7) {
        0 | 1 if !one.is_empty() => {
            said(format!("{path} = {}", quote(&one)), exactly(&one), Some(Told::In(path, vec![one])))
        }
        2 if !one.is_empty() && !other.is_empty() => said(
            format!("{path} in ({}, {})", quote(&one), quote(&other)),
            format!("{},{}", exactly(&one), exactly(&other)),
            Some(Told::In(path, vec![one, other])),
        ),
        3 if !one.is_empty() => {
            let other = format!("-{}", exactly(&one));
            said(format!("({path} <> {} or {path} is null)", quote(&one)), other, None)
        }
        4 if is_plain => said(format!("starts_with({path}, {})", quote(&start)), format!("{within}%"), None),
        5 if is_plain => said(format!("contains({path}, {})", quote(&start)), format!("%{within}%"), None),
        _ => said(format!("{path} is not null"), "-NULL".to_owned(), None),
    }
}

fn of_number(random: &mut Random, dimension: &Dimension) -> Option<Filter> {
    let path = dimension.path.clone();
    let said = |condition: String, expression: String, told: Option<Told>| {
        Some(Filter { condition, field: dimension.field.clone(), expression, told })
    };
    if dimension.values.is_empty() || random.chance(10) {
        return said(format!("{path} is null"), "NULL".to_owned(), Some(Told::Null(path)));
    }
    let (one, other) = (random.pick(&dimension.values).clone(), random.pick(&dimension.values).clone());
    if one.contains('e') || other.contains('e') {
        return None;
    }
    match random.below(5) {
        0 => said(format!("{path} = {one}"), one.clone(), Some(Told::In(path, vec![one]))),
        1 => said(format!("{path} > {one}"), format!(">{one}"), None),
        2 => said(format!("({path} <> {one} or {path} is null)"), format!("NOT {one}"), None),
        3 => said(format!("{path} >= {one} and {path} < {other}"), format!("[{one}, {other})"), None),
        _ => {
            let told = Some(Told::In(path.clone(), vec![one.clone(), other.clone()]));
            said(format!("{path} in ({one}, {other})"), format!("{one}, {other}"), told)
        }
    }
}

fn range(random: &mut Random, world: &World, place: &Place, axis: &str) -> Option<Range> {
    // A default range would stay beside the one of a calendar.
    if !place.has_default && !place.spans.is_empty() && random.chance(25) {
        let Span { field, value, from, to } = random.pick(&place.spans).clone();
        return Some(Range { text: format!("{from} to {to}"), filter: Some((field, exactly(&value))), days: None });
    }
    let kind = random.below(10);
    range_of(random, world, place, axis, kind)
}

fn range_of(random: &mut Random, world: &World, place: &Place, axis: &str, kind: usize) -> Option<Range> {
    let has = |frame: &str| place.frames.iter().any(|known| known == frame);
    let field = ["date", "week", "month", "quarter", "year"].into_iter().find(|frame| has(frame))?;
    let with = |text: String, expression: String| {
        Some(Range { text, filter: Some((format!("{axis}_{field}"), expression)), days: None })
    };
    let months = 1 + random.below(9);
    if field != "date" {
        let (from, to) = (month(world.days.0, random.below(4)), month(world.days.0, 5 + random.below(9)));
        return with(format!("{from} to {to}"), format!("{from} to {to}"));
    }
    let length = (world.days.1 - world.days.0).num_days();
    let from =
        world.days.0 + Duration::days(i64::try_from(random.below(usize::try_from(length).unwrap_or(1))).unwrap_or(0));
    match kind {
        0 => with(format!("last {months} months"), format!("{months} months ago for {months} months")),
        1 => {
            let days = 2 + random.below(90);
            with(format!("last {days} days"), format!("{days} days ago for {days} days"))
        }
        2 => with("current month".to_owned(), "this month".to_owned()),
        3 if !place.is_accumulated => with(format!("since {from}"), format!("after {from}")),
        4 => place.has_default.then(|| Range { text: "last 28 days".to_owned(), filter: None, days: None }),
        _ => {
            let to = from + Duration::days(1 + i64::try_from(random.below(200)).unwrap_or(0));
            let range = with(format!("{from} to {to}"), format!("{from} to {to}"));
            range.map(|range| Range { days: Some((from, to)), ..range })
        }
    }
}

fn month(day: NaiveDate, later: usize) -> NaiveDate {
    let months = chrono::Months::new(u32::try_from(later).unwrap_or(0));
    day.with_day(1).expect("a month has a first day") + months
}

/// A comparison with an earlier period, over whole periods.
fn comparison(random: &mut Random, world: &World, place: &Place) -> Question {
    let axis = place.axis.clone().unwrap_or_default();
    let Comparison { metric, field, period, tells_nothing } = random.pick(&place.comparisons).clone();
    let year = world.days.1.year();
    let (finer, text, expression): (&[usize], String, String) = match period.as_str() {
        "year" => (&[2, 3, 4], format!("{year}-01-01 to {}-01-01", year + 1), year.to_string()),
        "quarter" => (&[2, 3], "last 3 quarters".to_owned(), "3 quarters ago for 3 quarters".to_owned()),
        "month" => (&[2], "last 5 months".to_owned(), "5 months ago for 5 months".to_owned()),
        "week" => (&[0, 1], "last 6 weeks".to_owned(), "6 weeks ago for 6 weeks".to_owned()),
        _ => (&[0], "last 30 days".to_owned(), "30 days ago for 30 days".to_owned()),
    };
    let (frame, name, shape) = FRAMES[*random.pick(finer)];
    let mut keys = vec![Key { path: format!("time.{name}"), field: format!("{axis}_{frame}"), shape }];
    keys.extend(
        dimension_key(random, place).filter(|key| key.path.rsplit('.').next() != Some("month") && random.chance(50)),
    );
    // Not the year: the explore filters the days by itself where nobody does.
    let range = Range { text, filter: Some((format!("{axis}_date"), expression)), days: None };
    Question {
        explore: place.explore.clone(),
        metrics: vec![(metric, field)],
        keys,
        filters: Vec::new(),
        range: Some(range),
        user: world.user.clone(),
        is_comparison: true,
        is_lenient: tells_nothing,
        has_rollups: false,
    }
}

/// A question of each dimension, of each timeframe and of each metric, and some with comparisons.
pub(in crate::lookml::twin) fn every(random: &mut Random, world: &World, place: &Place) -> Vec<Question> {
    let mut questions = Vec::new();
    let plain = |random: &mut Random, keys: Vec<Key>, metric: (String, String)| {
        let text = format!("{} to {}", world.days.0, world.days.1);
        let field = ["date", "week", "month", "quarter", "year"]
            .into_iter()
            .find(|frame| place.frames.iter().any(|known| known == frame));
        let wide = place.axis.as_ref().zip(field).map(|(axis, field)| Range {
            filter: Some((format!("{axis}_{field}"), text.clone())),
            text: text.clone(),
            days: None,
        });
        let range = if random.chance(70) {
            wide
        } else {
            place.axis.as_ref().and_then(|axis| self::range(random, world, place, axis))
        };
        Question {
            explore: place.explore.clone(),
            metrics: vec![metric],
            keys,
            filters: Vec::new(),
            range,
            user: world.user.clone(),
            is_comparison: false,
            is_lenient: false,
            has_rollups: random.chance(50),
        }
    };
    let one = |random: &mut Random| random.pick(&place.metrics).clone();
    for dimension in &place.dimensions {
        let metric = one(random);
        questions.push(plain(random, vec![key_of(dimension)], metric));
        let metric = one(random);
        let mut filtered = plain(random, Vec::new(), metric);
        filtered.filters.extend(filter_of(random, dimension));
        questions.push(filtered);
    }
    for (frame, name, shape) in FRAMES {
        if let Some(axis) = place.axis.as_ref().filter(|_| place.frames.iter().any(|known| known == frame)) {
            let key = Key { path: format!("time.{name}"), field: format!("{axis}_{frame}"), shape };
            let metric = one(random);
            questions.push(plain(random, vec![key], metric));
        }
    }
    for period in &place.periods {
        let metric = one(random);
        questions.push(plain(random, vec![period_key(period)], metric));
    }
    for metric in &place.metrics {
        let keys = dimension_key(random, place).into_iter().collect();
        questions.push(plain(random, keys, metric.clone()));
        questions.push(plain(random, Vec::new(), metric.clone()));
    }
    if let Some(axis) = &place.axis {
        for number in 0..6 {
            let metric = one(random);
            let range = range_of(random, world, place, axis, [1, 4, 6][number % 3]);
            questions.push(Question { range, ..plain(random, Vec::new(), metric) });
        }
    }
    for _ in 0..3 * place.comparisons.len() {
        questions.push(comparison(random, world, place));
    }
    questions
}
