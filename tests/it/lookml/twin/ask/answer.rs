//! Answers of both, in one form, and where they differ.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, NaiveDate};
use entente::{
    plan::{self, Context, Principal},
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
}

/// What the planner answers; nothing where it refuses, such as a path that leads to several places.
pub(in crate::lookml::twin) fn of_planner(world: &World, question: &Question) -> Option<Answer> {
    let context = Context { now: world.now, dialect: Dialect::DuckDb };
    let request = question.request().parse().unwrap_or_else(|error| panic!("{question:#?}\n{error}"));
    let principal = Principal::default();
    let plan = plan::plan(&world.project, &request, &principal, &context).ok()?;
    let text = sql::print(&plan.select, Dialect::DuckDb);
    let rows = world.warehouse.query_blocking(&text).unwrap_or_else(|error| panic!("{:?}\n{}", error.detail(), text.sql));
    let keys = question.keys.len();
    let shown = |column: &ColumnData, row: usize| match column {
        ColumnData::Timestamp(values) => values[row].map(|micros| {
            let at = DateTime::from_timestamp_micros(micros).expect("a time").with_timezone(&world.zone());
            at.format("%F %T").to_string()
        }),
        column => column.text(row),
    };
    let mut answer = Answer::default();
    for row in 0..rows.len {
        let values: Vec<Option<String>> =
            rows.columns.iter().take(keys + question.metrics.len()).map(|column| shown(column, row)).collect();
        let (key, values) = values.split_at(keys);
        answer.rows.insert(key.to_vec(), values.to_vec());
    }
    Some(answer)
}

/// What the SQL of Looker answers.
pub(in crate::lookml::twin) fn of_looker(world: &World, question: &Question, sql: &str) -> Looker<Answer> {
    let rows: Rows = world.rows(sql).or_else(|error| refuse(format!("{error}\n{sql}")))?;
    let mut answer = Answer::default();
    for row in 0..rows.len {
        let shown: Vec<Option<String>> = rows.columns.iter().map(|column| column.text(row)).collect();
        let (keys, values) = shown.split_at(question.keys.len());
        let key = keys.iter().zip(&question.keys).map(|(text, key)| text.as_deref().map(|text| normal(text, key.shape, world)));
        let values = values.iter().map(|value| value.as_ref().map(|text| text.replace('T', " ").to_string()));
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

/// Says where two answers differ. Looker shows a group with rows even if no metric has any there, as 0 or nothing.
pub(in crate::lookml::twin) fn difference(expected: &Answer, found: &Answer) -> Option<String> {
    for (key, values) in &expected.rows {
        match found.rows.get(key) {
            None if values.iter().all(|value| is_nothing(value.as_ref())) => {}
            None => return Some(format!("Looker has no row {key:?}, the planner says {values:?}")),
            Some(others) => {
                let agrees = values.iter().zip(others).all(|(value, other)| agree(value.as_ref(), other.as_ref()));
                if !agrees {
                    return Some(format!("at {key:?} Looker says {others:?}, the planner {values:?}"));
                }
            }
        }
    }
    let mut more = found.rows.iter().filter(|(key, _)| !expected.rows.contains_key(*key));
    let more = more.find(|(_, values)| !values.iter().all(|value| is_nothing(value.as_ref())));
    more.map(|(key, values)| format!("Looker has a row {key:?} with {values:?}, the planner none"))
}

fn is_nothing(value: Option<&String>) -> bool {
    value.is_none_or(|value| value.parse::<f64>().is_ok_and(|number| number == 0.0))
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
