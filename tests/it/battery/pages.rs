//! The order of an answer and its pages: rows stand as asked, and pages put end to end are the whole answer.

use std::cmp::Ordering;

use chrono::{DateTime, Days, NaiveDate};
use entente::{
    plan::{self, CursorValue, Order, OrderBy, Plan, Principal, Request},
    sql::{self, Dialect, Literal},
    warehouse::{ColumnData, Rows},
};

use super::{Case, Context, QUERIES_PER_WORLD, case, now, question, random::Random};

const WORLDS: u64 = 40;

fn value(column: &ColumnData, row: usize) -> Literal {
    let clock = |micros: i64| DateTime::from_timestamp_micros(micros).expect("a time").naive_utc();
    let value = match column {
        ColumnData::Boolean(values) => values[row].map(Literal::Boolean),
        ColumnData::Integer(values) => values[row].map(|value| match i64::try_from(value) {
            Ok(value) => Literal::Integer(value),
            Err(_) => Literal::Decimal(value.to_string()),
        }),
        ColumnData::Decimal { values, scale } => values[row].map(|value| {
            let sign = if value < 0 { "-" } else { "" };
            let digits = format!("{:0>1$}", value.unsigned_abs(), usize::from(*scale) + 1);
            let (whole, fraction) = digits.split_at(digits.len() - usize::from(*scale));
            Literal::Decimal(format!("{sign}{whole}.{fraction}"))
        }),
        ColumnData::Float(values) => values[row].map(|value| Literal::Float(value.to_bits())),
        ColumnData::String(values) => values[row].clone().map(Literal::String),
        ColumnData::Date(values) => values[row].map(|days| {
            let day = NaiveDate::default().checked_add_days(Days::new(days.try_into().expect("after 1970")));
            Literal::Date(day.expect("a day"))
        }),
        ColumnData::DateTime(values) => values[row].map(|micros| Literal::DateTime(clock(micros))),
        ColumnData::Timestamp(values) => values[row].map(|micros| Literal::Timestamp(clock(micros))),
    };
    value.unwrap_or(Literal::Null)
}

fn rows_of(rows: &Rows) -> Vec<Vec<Literal>> {
    (0..rows.len).map(|row| rows.columns.iter().map(|column| value(column, row)).collect()).collect()
}

/// How two values that are not null stand; buckets stand from low to high.
fn compare(left: &Literal, right: &Literal) -> Ordering {
    const BUCKETS: [&str; 3] = ["<2", "2–5", "5+"];
    let bucket = |text: &str| BUCKETS.iter().position(|label| *label == text);
    match (left, right) {
        (Literal::Boolean(left), Literal::Boolean(right)) => left.cmp(right),
        (Literal::String(left), Literal::String(right)) => match (bucket(left), bucket(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        },
        (Literal::Date(left), Literal::Date(right)) => left.cmp(right),
        (Literal::DateTime(left), Literal::DateTime(right)) | (Literal::Timestamp(left), Literal::Timestamp(right)) => {
            left.cmp(right)
        }
        (Literal::Float(left), Literal::Float(right)) => f64::from_bits(*left).total_cmp(&f64::from_bits(*right)),
        _ => unscaled(left).cmp(&unscaled(right)),
    }
}

/// A number without its point: all values of a column have the same scale.
fn unscaled(value: &Literal) -> i128 {
    match value {
        Literal::Integer(value) => i128::from(*value),
        Literal::Decimal(text) => text.replace('.', "").parse().expect("a number"),
        other => panic!("{other:?} is no number"),
    }
}

fn stand(left: &Literal, right: &Literal, descending: bool, nulls_first: bool) -> Ordering {
    match (left, right) {
        (Literal::Null, Literal::Null) => Ordering::Equal,
        (Literal::Null, _) if nulls_first => Ordering::Less,
        (Literal::Null, _) => Ordering::Greater,
        (_, Literal::Null) => stand(right, left, descending, nulls_first).reverse(),
        _ if descending => compare(right, left),
        _ => compare(left, right),
    }
}

/// A random order of the query's columns, without one of which the default stands behind.
fn order(random: &mut Random, request: &Request) -> Vec<Order> {
    let keys = request.keys.iter().map(|key| key.name.clone());
    let mut columns: Vec<String> = keys.chain(request.metrics.iter().map(|metric| metric.name.clone())).collect();
    let mut order = Vec::new();
    for _ in 0..random.below(3) {
        let column = columns.remove(random.below(columns.len()));
        let (descending, nulls_first) = (random.chance(50), random.chance(40));
        order.push(Order { by: OrderBy::Column(column), descending, nulls_first });
        if columns.is_empty() {
            break;
        }
    }
    order
}

impl Case {
    fn read(&self, request: &Request) -> (Plan, Vec<Vec<Literal>>) {
        let context = Context { now: now(), dialect: Dialect::DuckDb };
        let plan = plan::plan(&self.project, request, &Principal::default(), &context)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{request:#?}", self.yaml));
        let text = sql::print(&plan.select, Dialect::DuckDb);
        let rows = self.database.query_blocking(&text).unwrap_or_else(|error| panic!("{error}\n{}", text.sql));
        (plan, rows_of(&rows))
    }
}

#[test]
fn pages_put_end_to_end_are_the_whole_answer() {
    let mut several = 0;
    for seed in 0..WORLDS {
        let (case, mut random) = case(seed);
        for _ in 0..QUERIES_PER_WORLD {
            let query = question::query(&mut random, &case.metrics);
            let mut request: Request = query.text().parse().expect("the query is readable");
            if request.keys.is_empty() {
                continue;
            }
            request.order = order(&mut random, &request);
            let (plan, whole) = case.read(&request);
            for pair in whole.windows(2) {
                let terms = plan.order.iter().map(|(column, descending, nulls_first)| {
                    stand(&pair[0][*column], &pair[1][*column], *descending, *nulls_first)
                });
                let stands = terms.fold(Ordering::Equal, Ordering::then);
                assert!(stands.is_lt(), "seed {seed}: {pair:#?} stand wrong\n{request:#?}");
            }
            let size = 1 + random.below(3);
            let mut pages: Vec<Vec<Literal>> = Vec::new();
            loop {
                let after = pages.last().map(|row| {
                    plan.order.iter().map(|(column, ..)| row[*column].clone()).collect::<Vec<CursorValue>>()
                });
                let page = Request { after, limit: Some(size as u64), ..request.clone() };
                let (_, rows) = case.read(&page);
                let last = rows.len() < size;
                pages.extend(rows);
                if last || pages.len() > whole.len() {
                    break;
                }
            }
            assert_eq!(pages, whole, "seed {seed}: pages differ from the whole\n{request:#?}\n{}", case.world.seed());
            several += usize::from(whole.len() > size);
        }
    }
    assert!(several > 100, "only {several} answers had more than one page");
}
