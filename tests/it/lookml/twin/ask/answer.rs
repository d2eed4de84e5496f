//! Answers of both, in one form, and where they differ.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, NaiveDate};
use entente::{
    plan::{self, Context, Plan, Principal, RequestText},
    sql::{self, Dialect},
    warehouse::{ColumnData, Rows},
};

use super::{
    World,
    question::{Question, Shape},
};
use crate::lookml::twin::{Looker, refuse};

/// Values by keys.
#[derive(Clone, Debug, Default)]
pub(in crate::lookml::twin) struct Answer {
    pub(in crate::lookml::twin) rows: BTreeMap<Vec<Option<String>>, Vec<Option<String>>>,
    /// Whether it compares with an earlier period.
    pub(in crate::lookml::twin) is_comparison: bool,
    /// Whether null of Looker tells nothing.
    pub(in crate::lookml::twin) is_lenient: bool,
}

/// What the planner answers; nothing where it refuses, such as a path that leads to several places.
pub(in crate::lookml::twin) fn of_planner(world: &World, question: &Question) -> Option<Answer> {
    let plan = planned(world, question, &world.principal)?;
    let text = sql::print(&plan.select, Dialect::DuckDb);
    let rows = match world.warehouse.query_blocking(&text) {
        Ok(rows) => rows,
        // The warehouse fails inside, which says nothing of anybody.
        Err(error) if error.detail().unwrap_or_default().contains("INTERNAL Error") => return None,
        Err(error) => panic!("{:?}\n{}", error.detail(), text.sql),
    };
    let keys = question.keys.len();
    let shown = |column: &ColumnData, row: usize| match column {
        ColumnData::Timestamp(values) => values[row].map(|micros| {
            let at = DateTime::from_timestamp_micros(micros).expect("a time").with_timezone(&world.zone());
            at.format("%F %T").to_string()
        }),
        // A wall-clock time, as Looker shows it.
        column @ ColumnData::DateTime(_) => column.text(row).map(|text| text.replace('T', " ")),
        column => column.text(row),
    };
    let mut answer =
        Answer { is_comparison: question.is_comparison, is_lenient: question.is_lenient, ..Answer::default() };
    for row in 0..rows.len {
        let values: Vec<Option<String>> =
            rows.columns.iter().take(keys + question.metrics.len()).map(|column| shown(column, row)).collect();
        let (key, values) = values.split_at(keys);
        if answer.rows.insert(key.to_vec(), values.to_vec()).is_some() {
            // Two hours bear one name where a clock goes back, which Looker does not tell apart.
            return None;
        }
    }
    Some(answer)
}

fn planned(world: &World, question: &Question, principal: &Principal) -> Option<Plan> {
    let context = Context { now: world.now, dialect: Dialect::DuckDb };
    let request = question.request().parse().unwrap_or_else(|error| panic!("{question:#?}\n{error}"));
    plan::plan(&world.project, &request, principal, &context).ok()
}

/// Whether the planner answers the one who asks for metrics by some keys.
pub(in crate::lookml::twin) fn is_answered(world: &World, metrics: &[&str], by: &[&str]) -> bool {
    let words = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let text = RequestText { metrics: words(metrics), by: words(by), ..RequestText::default() };
    let context = Context { now: world.now, dialect: Dialect::DuckDb };
    let request = text.parse().expect("names are a request");
    plan::plan(&world.project, &request, &world.principal, &context).is_ok()
}

/// Whether the planner answers somebody for whom no policy holds, and not the one who asks.
pub(in crate::lookml::twin) fn is_kept(world: &World, question: &Question) -> bool {
    planned(world, question, &world.principal).is_none() && planned(world, question, &world.everyone()).is_some()
}

/// What the metrics of a question are over no rows.
pub(in crate::lookml::twin) fn empty(world: &World, question: &Question) -> Vec<Option<String>> {
    let nothing = question.without_rows();
    let answer = of_planner(world, &nothing);
    let row = answer.and_then(|answer| answer.rows.into_values().next());
    row.unwrap_or_else(|| panic!("what are they without rows?\n{}", nothing.show()))
}

/// What the oracle of the battery answers, if the world has one that has a word for the question.
pub(in crate::lookml::twin) fn of_oracle(world: &World, question: &Question) -> Option<Answer> {
    // The oracle is told of roles and claims that no user attribute says.
    let small = world.small.as_ref().filter(|small| !small.is_guarded())?;
    let rows = question.told(small)?;
    Some(Answer { rows: rows.into_iter().collect(), ..Answer::default() })
}

/// What the SQL of Looker answers.
pub(in crate::lookml::twin) fn of_looker(world: &World, question: &Question, sql: &str) -> Looker<Answer> {
    let rows: Rows = world.rows(sql).or_else(|error| refuse(format!("{error}\n{sql}")))?;
    let mut answer = Answer::default();
    for row in 0..rows.len {
        let shown: Vec<Option<String>> = rows.columns.iter().map(|column| column.text(row)).collect();
        let (keys, values) = shown.split_at(question.keys.len());
        let key = keys
            .iter()
            .zip(&question.keys)
            .map(|(text, key)| text.as_deref().map(|text| normal(text, key.shape, world)));
        let values = values.iter().map(|value| value.as_ref().map(|text| text.replace('T', " ")));
        if answer.rows.insert(key.collect(), values.collect()).is_some() {
            return refuse("a group is there twice");
        }
    }
    Ok(answer)
}

/// A key as the planner shows it: a period is its first day.
fn normal(text: &str, shape: Shape, world: &World) -> String {
    let quarter = |text: &str| {
        let (year, quarter) = text.split_once("-Q").expect("a quarter");
        let month = 3 * quarter.parse::<u32>().expect("a number") - 2;
        NaiveDate::from_ymd_opt(year.parse().expect("a year"), month, 1).expect("a day")
    };
    let calendar = world.project.calendar;
    let fiscal = |day: NaiveDate| (day + Months::new(calendar.fiscal_start_month - 1)).to_string();
    match shape {
        Shape::Plain => text.to_owned(),
        Shape::Hour => format!("{text}:00:00"),
        Shape::Minute => format!("{text}:00"),
        Shape::Words => (text == "Yes").to_string(),
        Shape::Month => format!("{text}-01"),
        Shape::Quarter => quarter(text).to_string(),
        Shape::Year => format!("{text}-01-01"),
        Shape::FiscalQuarter => fiscal(quarter(text.trim_start_matches("FY"))),
        Shape::FiscalYear => {
            let year = text.trim_start_matches("FY").parse().expect("a year");
            fiscal(NaiveDate::from_ymd_opt(year, 1, 1).expect("a day"))
        }
        Shape::Weekday => {
            let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
            let day = days.iter().position(|day| *day == text).expect("a weekday");
            let first = calendar.week_start.num_days_from_monday() as usize;
            ((day + 7 - first) % 7 + 1).to_string()
        }
        Shape::QuarterOfYear => text.trim_start_matches('Q').to_owned(),
    }
}

/// Says where two answers differ. Looker shows a group as soon as it has rows, even if no metric has any there: each is
/// then what it is over no rows, which `empty` tells.
pub(in crate::lookml::twin) fn difference(
    expected: &Answer,
    found: &Answer,
    empty: impl Fn() -> Vec<Option<String>>,
) -> Option<String> {
    let same = |values: &[Option<String>], others: &[Option<String>]| {
        let same = |value: &Option<String>, other: &Option<String>| {
            agree(value.as_ref(), other.as_ref()) || expected.is_lenient && other.is_none()
        };
        values.iter().zip(others).all(|(value, other)| same(value, other))
    };
    for (key, values) in &expected.rows {
        match found.rows.get(key) {
            Some(others) if same(values, others) => {}
            Some(others) => return Some(format!("at {key:?} Looker says {others:?}, the planner {values:?}")),
            // A comparison stands beside the present only.
            None if expected.is_comparison => {}
            None => return Some(format!("Looker has no row {key:?}, the planner says {values:?}")),
        }
    }
    let mut more = found.rows.iter().filter(|(key, _)| !expected.rows.contains_key(*key)).peekable();
    more.peek()?;
    let empty = empty();
    let more = more.find(|(_, values)| !same(&empty, values));
    more.map(|(key, values)| {
        format!("Looker has a row {key:?} with {values:?}, the planner none; without rows {empty:?}")
    })
}

/// The same, but for the rounding of floats.
fn agree(one: Option<&String>, other: Option<&String>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) if one == other => true,
        (Some(one), Some(other)) => match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(one), Ok(other)) => (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-3),
            _ => false,
        },
        _ => false,
    }
}
