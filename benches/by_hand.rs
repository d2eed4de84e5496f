//! How the SQL that is planned compares with SQL written by hand, over a million parcels in DuckDB.
//!
//! `cargo bench --bench by_hand` asks both in turn, so that the load of the machine is the same for both, and prints the
//! median of their times, of their CPU (of all threads, from `/proc`, so Linux only), and the ratio. Goal: 1.05. The two
//! must give equal rows. DuckDB does nearly all of the work, so `--profile dev` gives the same figures.

mod duel;

use std::path::Path;

use entente::{
    plan::{self, Principal, RequestText},
    project::Project,
    sample,
    sql::{self, Dialect, Text},
    warehouse::duckdb::{Access, DuckDb},
};

/// A question, and what a careful analyst would write for it.
struct Question {
    name: &'static str,
    metrics: &'static [&'static str],
    by: &'static [&'static str],
    by_hand: &'static str,
}

const QUESTIONS: [Question; 4] = [
    Question {
        name: "revenue and parcels by month and country",
        metrics: &["revenue", "parcels_booked"],
        by: &["time.month", "customers.country"],
        by_hand: "\
SELECT CAST(date_trunc('month', CAST(timezone('Europe/Berlin', s.booked_at) AS DATE)) AS DATE) AS month, c.country,
       coalesce(sum(s.price * f.eur) FILTER (WHERE s.status <> 'cancelled'), 0) AS revenue, count(*) AS parcels_booked
FROM marts.fct_shipments s
LEFT JOIN marts.dim_customers c ON s.customer_id = c.customer_id
LEFT JOIN marts.dim_fx_rates f
       ON s.currency = f.currency AND CAST(timezone('Europe/Berlin', s.booked_at) AS DATE) = f.rate_date
WHERE s.booked_date >= DATE '2024-12-31' AND s.booked_date < DATE '2026-01-01'
  AND s.booked_at >= TIMESTAMPTZ '2024-12-31 23:00:00+00' AND s.booked_at < TIMESTAMPTZ '2025-12-31 23:00:00+00'
  AND NOT s.is_test
GROUP BY 1, 2
ORDER BY 1 NULLS LAST, 3 DESC NULLS LAST, 2 NULLS LAST",
    },
    Question {
        name: "on-time rate by region of destination",
        metrics: &["on_time_delivery_rate", "parcels_due"],
        by: &["destination.region"],
        by_hand: "\
SELECT d.region, count(*) FILTER (WHERE s.delivered_at <= s.promised_at) / count(*) AS rate, count(*) AS parcels_due
FROM marts.fct_shipments s
LEFT JOIN marts.dim_depots d ON s.destination_depot_id = d.depot_id
WHERE s.booked_date >= DATE '2024-12-11' AND s.booked_date < DATE '2026-01-01'
  AND s.promised_at >= TIMESTAMPTZ '2024-12-31 23:00:00+00' AND s.promised_at < TIMESTAMPTZ '2025-12-31 23:00:00+00'
  AND NOT s.is_test AND s.status <> 'cancelled'
GROUP BY 1
ORDER BY 2 DESC NULLS LAST, 1 NULLS LAST",
    },
    Question {
        name: "distinct customers by week",
        metrics: &["booking_customers"],
        by: &["time.week"],
        by_hand: "\
SELECT CAST(date_trunc('week', CAST(timezone('Europe/Berlin', s.booked_at) AS DATE)) AS DATE) AS week,
       count(DISTINCT s.customer_id) AS booking_customers
FROM marts.fct_shipments s
WHERE s.booked_date >= DATE '2024-12-31' AND s.booked_date < DATE '2026-01-01'
  AND s.booked_at >= TIMESTAMPTZ '2024-12-31 23:00:00+00' AND s.booked_at < TIMESTAMPTZ '2025-12-31 23:00:00+00'
  AND NOT s.is_test
GROUP BY 1
ORDER BY 1 NULLS LAST",
    },
    Question {
        name: "claims and parcels delivered, two models lined up",
        metrics: &["claims", "parcels_delivered", "claims_ratio"],
        by: &["time.month", "customers.country"],
        by_hand: "\
WITH claims AS (
  SELECT CAST(date_trunc('month', CAST(timezone('Europe/Berlin', k.opened_at) AS DATE)) AS DATE) AS month, c.country,
         count(*) AS claims
  FROM marts.fct_claims k
  LEFT JOIN marts.fct_shipments s ON k.shipment_id = s.shipment_id AND NOT s.is_test
  LEFT JOIN marts.dim_customers c ON s.customer_id = c.customer_id
  WHERE k.opened_at >= TIMESTAMPTZ '2024-12-31 23:00:00+00' AND k.opened_at < TIMESTAMPTZ '2025-12-31 23:00:00+00'
  GROUP BY 1, 2
), delivered AS (
  SELECT CAST(date_trunc('month', CAST(timezone('Europe/Berlin', s.delivered_at) AS DATE)) AS DATE) AS month, c.country,
         count(*) AS parcels
  FROM marts.fct_shipments s
  LEFT JOIN marts.dim_customers c ON s.customer_id = c.customer_id
  WHERE s.booked_date >= DATE '2024-11-01' AND s.booked_date < DATE '2026-01-01'
    AND s.delivered_at >= TIMESTAMPTZ '2024-12-31 23:00:00+00'
    AND s.delivered_at < TIMESTAMPTZ '2025-12-31 23:00:00+00'
    AND NOT s.is_test
  GROUP BY 1, 2
)
SELECT coalesce(k.month, d.month) AS month, coalesce(k.country, d.country) AS country, coalesce(k.claims, 0) AS claims,
       coalesce(d.parcels, 0) AS parcels_delivered,
       CAST(coalesce(k.claims, 0) AS DOUBLE) / nullif(coalesce(d.parcels, 0), 0) AS claims_ratio
FROM claims k
FULL JOIN delivered d ON k.month = d.month AND k.country IS NOT DISTINCT FROM d.country
ORDER BY 1 NULLS LAST, 3 DESC NULLS LAST, 2 NULLS LAST",
    },
];

fn main() {
    // `cargo test --benches` only wants to know that the two are equal.
    let (scale, times) = if std::env::args().any(|argument| argument == "--bench") { (5.0, 25) } else { (0.05, 1) };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("parcels-{scale}.duckdb"));
    if !path.exists() {
        sample::create(&path, scale, &|_, _| {}).expect("the sample is made");
    }
    let database = DuckDb::open(&path, Access::ReadOnly).expect("it opens");
    let loaded = entente::engine::load_project(Path::new(env!("CARGO_MANIFEST_DIR")));
    let project = loaded.project.expect("the example has no errors");
    duel::print_head("planned", "by hand");
    for question in &QUESTIONS {
        let texts = [plan_question(&project, question), Text { sql: question.by_hand.to_owned(), parameters: vec![] }];
        let answer = |text: &Text| database.query_blocking(text).expect("it answers");
        assert_eq!(answer(&texts[0]), answer(&texts[1]), "{}: the two do not ask the same", question.name);
        duel::run(&database, question.name, &texts[0], &texts[1], times);
    }
}

fn plan_question(project: &Project, question: &Question) -> Text {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let text = RequestText {
        metrics: words(question.metrics),
        by: words(question.by),
        time: Some("2025".to_owned()),
        ..RequestText::default()
    };
    let request = text.parse().expect("it is a request");
    let now = "2026-01-15T12:00:00Z".parse().expect("an instant");
    let context = plan::Context { now, dialect: Dialect::DuckDb };
    let plan = plan::plan(project, &request, &Principal::default(), &context).expect("it is planned");
    sql::print(&plan.select, Dialect::DuckDb)
}
