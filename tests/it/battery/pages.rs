//! The order of an answer and its pages: rows stand as asked, and pages put end to end are the whole answer.

use std::cmp::Ordering;

use chrono::{DateTime, Days, NaiveDate};
use entente::{
    plan::{CursorValue, Order, OrderBy, Plan, Request},
    project::Project,
    sql::Literal,
    warehouse::{ColumnData, Rows},
};

use super::{
    ask::{self, Failure, Held, PREFIX, Warehouse},
    query,
    random::Random,
    run::{self, QUERIES_PER_WORLD},
};

const WORLDS: u64 = 60;

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
        // A zero is a zero, whatever its sign, which hangs on what was added first.
        ColumnData::Float(values) => values[row].map(|value| Literal::Float((value + 0.0).to_bits())),
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
    const BUCKETS: [&str; 6] = ["<1", "1–2", "2+", "<2", "2–5", "5+"];
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

/// Returns the plan of a page and its rows; nothing where DuckDB fails inside.
fn read(held: Held<'_>, project: &Project, request: &Request) -> Option<(Plan, Vec<Vec<Literal>>)> {
    let plan = ask::plan_request(project, request).unwrap_or_else(|failure| panic!("{failure:?}\n{request:#?}"));
    let rows = match held.rows(&plan.select) {
        Err(Failure::WarehouseBroken(_)) => return None,
        rows => rows.unwrap_or_else(|failure| panic!("{failure:?}\n{request:#?}")),
    };
    let mut rows = rows_of(&rows);
    // DuckDB says 0 or -0 as its plan has it; both are one number, and stand in one place.
    for value in rows.iter_mut().flatten() {
        if *value == Literal::Float((-0.0_f64).to_bits()) {
            *value = Literal::Float(0);
        }
    }
    Some((plan, rows))
}

/// A value of a metric as another run may give it: floats are added in another order.
fn a_little_off(value: &Literal, row: usize) -> Literal {
    match value {
        Literal::Float(bits) if row.is_multiple_of(2) => Literal::Float(f64::from_bits(*bits).next_up().to_bits()),
        Literal::Float(bits) => Literal::Float(f64::from_bits(*bits).next_down().to_bits()),
        other => other.clone(),
    }
}

/// Asks a request page by page.
fn paged(
    held: Held<'_>,
    project: &Project,
    request: &Request,
    plan: &Plan,
    size: usize,
    rows: usize,
) -> Option<Vec<Vec<Literal>>> {
    let mut pages: Vec<Vec<Literal>> = Vec::new();
    loop {
        let first_metric = plan.columns.len() - request.metrics.len();
        let after = pages.last().map(|row| {
            let of_column = |(column, ..): &(usize, bool, bool)| match &row[*column] {
                value if *column < first_metric => value.clone(),
                value => a_little_off(value, pages.len()),
            };
            plan.order.iter().map(of_column).collect::<Vec<CursorValue>>()
        });
        let page = Request { after, limit: Some(size as u64), ..request.clone() };
        let (_, found) = read(held, project, &page)?;
        let is_last = found.len() < size;
        pages.extend(found);
        if is_last || pages.len() > rows {
            return Some(pages);
        }
    }
}

#[test]
fn a_page_behind_a_row_that_is_gone_begins_behind_its_values() {
    let warehouse = Warehouse::open();
    let mut tried = 0;
    for seed in 0..WORLDS {
        let mut made = run::make(seed);
        let held = warehouse.hold(&made.world);
        let project = made.load(held);
        for _ in 0..QUERIES_PER_WORLD {
            let query = query::make(&mut made.random, &made.metrics);
            let mut request: Request = query.text(PREFIX).parse().expect("the query is readable");
            let by_metric = request.metrics.first().map(|metric| metric.name.clone());
            let Some(name) = by_metric.filter(|_| !request.keys.is_empty()) else { continue };
            request.order = vec![Order { by: OrderBy::Column(name), descending: true, nulls_first: false }];
            let Some((plan, whole)) = read(held, &project, &request) else { continue };
            let Some(row) = whole.get(whole.len() / 2) else { continue };
            let mut after: Vec<CursorValue> = plan.order.iter().map(|(column, ..)| row[*column].clone()).collect();
            // Nobody has a day so late, and everything else stays.
            let Some(Literal::Date(day)) = after.iter_mut().find(|value| matches!(value, Literal::Date(_))) else {
                continue;
            };
            *day = "2999-01-01".parse().expect("a day");
            let is_behind = |row: &&Vec<Literal>| {
                let terms = plan.order.iter().zip(&after).map(|((column, descending, nulls_first), value)| {
                    stand(value, &row[*column], *descending, *nulls_first)
                });
                terms.fold(Ordering::Equal, Ordering::then).is_lt()
            };
            let expected: Vec<Vec<Literal>> = whole.iter().filter(is_behind).cloned().collect();
            let page = Request { after: Some(after.clone()), ..request.clone() };
            let Some((_, found)) = read(held, &project, &page) else { continue };
            assert_eq!(found, expected, "seed {seed}: behind {after:?}\n{request:#?}\n{}", made.world.seed());
            tried += 1;
        }
    }
    assert!(tried > 50, "only {tried} pages began behind a row that is gone");
}

#[test]
fn pages_put_end_to_end_are_the_whole_answer() {
    let warehouse = Warehouse::open();
    let mut several = 0;
    for seed in 0..WORLDS {
        let mut made = run::make(seed);
        let held = warehouse.hold(&made.world);
        let project = made.load(held);
        for _ in 0..QUERIES_PER_WORLD {
            let query = query::make(&mut made.random, &made.metrics);
            let mut request: Request = query.text(PREFIX).parse().expect("the query is readable");
            if request.keys.is_empty() {
                continue;
            }
            request.order = order(&mut made.random, &request);
            let Some((plan, whole)) = read(held, &project, &request) else { continue };
            for pair in whole.windows(2) {
                let terms = plan.order.iter().map(|(column, descending, nulls_first)| {
                    stand(&pair[0][*column], &pair[1][*column], *descending, *nulls_first)
                });
                let stands = terms.fold(Ordering::Equal, Ordering::then);
                assert!(stands.is_lt(), "seed {seed}: {pair:#?} stand wrong\n{request:#?}");
            }
            // One to three rows, more where there would be too many pages.
            let size = 1 + made.random.below(3) + whole.len() / 8;
            let Some(pages) = paged(held, &project, &request, &plan, size, whole.len()) else { continue };
            assert_eq!(pages, whole, "seed {seed}: pages differ from the whole\n{request:#?}\n{}", made.world.seed());
            several += usize::from(whole.len() > size);
        }
    }
    assert!(several > 100, "only {several} answers had more than one page");
}
