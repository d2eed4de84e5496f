//! Estimates of different values from rollups: which are answered from sketches, and why others are not.

mod sets;

use std::{fs, sync::Arc};

use entente::{
    dbt,
    engine::load_project_with,
    plan::{self, Context, Plan, PlanError, Principal, RequestText, StoredTable},
    project::{Project, Stored},
    sql::{Dialect, print, print_statement},
    warehouse::duckdb::DuckDb,
};

use super::{CONFIG, now};
use crate::command::{Project as Command, Scale};

const DEFINITIONS: &str = "\
models:
  - name: orders
    description: One row per order.
    table: orders
    primary_key: order_id
    time: booked_on
    dimensions:
      - { name: booked_on, type: time, granularity: day }
      - { name: channel, type: string }
      - { name: shop, type: string }
      - { name: customer, type: number, expr: customer_id }
      - { name: email, type: string, mask: sha256 }
      - { name: is_returned, type: boolean }
metrics:
  - { name: orders_booked, description: Orders., model: orders, agg: count }
  - { name: customers, description: Customers., model: orders, agg: count_distinct, expr: customer_id }
  - { name: customers_about, description: Customers., model: orders, agg: count_distinct, expr: customer_id, approximate: true }
  - { name: returning, description: Customers., model: orders, agg: count_distinct, expr: customer_id, where: is_returned }
  - { name: returning_about, description: Customers., model: orders, agg: approx_count_distinct, expr: customer_id, where: is_returned }
  - { name: emails_about, description: Addresses., model: orders, agg: approx_count_distinct, expr: email }
  - { name: days_about, description: Days of delivery., model: orders, agg: approx_count_distinct, expr: delivered_on }
  - { name: channels_about, description: Channels., model: orders, agg: approx_count_distinct, expr: channel }
  - { name: shops_about, description: Shops., model: orders, agg: approx_count_distinct, expr: shop }
  - { name: orders_of_each, description: Orders for each., expr: orders_booked / customers_about }
rollups:
  - name: daily
    model: orders
    metrics: [orders_of_each, customers_about, returning_about, emails_about, days_about, channels_about]
    dimensions: [channel]
    time: { dimension: booked_on, granularity: day }
    table: rollups.daily
    refresh: { lookback: 2 days }
policies:
  - { name: addresses, dimensions: [orders.email], visible_to: [support] }
  - { name: own_channel, model: orders, rows: channel = 'web', unless: [support, seller] }
  - { name: own_shop, model: orders, rows: shop = 'north', unless: [support, web] }
";

const COLUMNS: &str = "CREATE TABLE orders (order_id INTEGER, customer_id INTEGER, booked_on DATE, delivered_on DATE, \
                       channel VARCHAR, shop VARCHAR, email VARCHAR, is_returned BOOLEAN);";

/// The shop, of whose rollup all before 10 June 2025 is stored.
fn shop(dialect: Dialect) -> Arc<Project> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("metrics")).expect("a folder");
    fs::write(folder.path().join("entente.yml"), CONFIG).expect("written");
    fs::write(folder.path().join("metrics/shop.yml"), DEFINITIONS).expect("written");
    let database = DuckDb::in_memory().expect("a database");
    database.execute_batch(COLUMNS).expect("a table");
    let loaded = load_project_with(folder.path(), Some(database.catalog_blocking(None).expect("a catalog")));
    let mut project = Project::clone(&loaded.project.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics)));
    let table = StoredTable::of(&project, &project.rollups[0], dialect).expect("it can be stored").name;
    let until = "2025-06-10".parse().expect("a day");
    project.set_stored(vec![Some(Stored { table, until, rows: 100 })]);
    Arc::new(project)
}

/// What is asked, and by whom.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    metrics: &'a [&'a str],
    by: &'a [&'a str],
    filter: Option<&'a str>,
    time: Option<&'a str>,
    roles: &'a [&'a str],
    total: bool,
}

impl Asked<'_> {
    fn plan(&self, project: &Project, dialect: Dialect) -> Plan {
        self.answer(project, dialect).unwrap_or_else(|error| panic!("{error}"))
    }

    fn answer(&self, project: &Project, dialect: Dialect) -> Result<Plan, PlanError> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let text = RequestText {
            metrics: texts(self.metrics),
            by: texts(self.by),
            filter: self.filter.map(str::to_owned),
            time: self.time.map(str::to_owned),
            total: self.total,
            ..RequestText::default()
        };
        let request = text.parse().unwrap_or_else(|error| panic!("{error}"));
        let roles = self.roles.iter().map(|role| (*role).to_owned()).collect();
        let principal = Principal { roles, ..Principal::default() };
        plan::plan(project, &request, &principal, &Context { now: now(), dialect })
    }
}

/// Everybody may see everything, and May is asked for.
const MAY: Asked<'_> = Asked {
    metrics: &["customers_about"],
    by: &["time.month"],
    filter: None,
    time: Some("2025-05-01 to 2025-06-01"),
    roles: &["support"],
    total: false,
};

/// Returns the SQL of what is answered from the rollup, or why it is not.
fn told(asked: Asked<'_>, dialect: Dialect) -> Result<String, String> {
    let plan = asked.plan(&shop(dialect), dialect);
    let [used] = plan.rollups.as_slice() else { panic!("one rollup is tried: {:?}", plan.rollups) };
    let sql = print(&plan.select, dialect).sql;
    assert_eq!(used.is_used, sql.contains("rollups.daily_"), "{sql}");
    assert!(used.is_used || !sql.contains("HLL_"), "{sql}");
    if used.is_used { Ok(sql) } else { Err(used.reason.clone()) }
}

fn is_answered(asked: Asked<'_>, dialect: Dialect, parts: &[&str]) {
    let sql = told(asked, dialect).unwrap_or_else(|reason| panic!("not used: {reason}"));
    for part in parts {
        assert!(sql.contains(part), "no `{part}` in\n{sql}");
    }
}

fn is_not(asked: Asked<'_>, dialect: Dialect, why: &str) {
    assert_eq!(told(asked, dialect).expect_err("it is not used"), why);
}

#[test]
fn an_estimate_comes_from_sketches_where_there_are_some() {
    is_answered(MAY, Dialect::BigQuery, &["COALESCE(HLL_COUNT.MERGE(daily.customers_about_sketch), 0)"]);
    let merged = "COALESCE(HLL_ESTIMATE(HLL_COMBINE(HLL_IMPORT(daily.customers_about_sketch))), 0)";
    is_answered(MAY, Dialect::Snowflake, &[merged]);
    is_answered(Asked { metrics: &["orders_of_each"], ..MAY }, Dialect::BigQuery, &["HLL_COUNT.MERGE("]);
    is_not(MAY, Dialect::DuckDb, "DuckDB has no sketch of different values");
    is_not(MAY, Dialect::Postgres, "Postgres has no sketch of different values");
}

#[test]
fn an_exact_count_never_does() {
    let exact = "a number of different values is not put together from parts";
    for dialect in [Dialect::BigQuery, Dialect::Snowflake] {
        is_not(Asked { metrics: &["customers"], ..MAY }, dialect, exact);
        is_not(Asked { metrics: &["customers_about", "customers"], ..MAY }, dialect, exact);
        is_not(Asked { metrics: &["returning"], ..MAY }, dialect, exact);
    }
}

#[test]
fn what_the_rollup_keeps_is_counted_without_a_sketch() {
    for dialect in Dialect::ALL {
        let sql = told(Asked { metrics: &["channels_about"], ..MAY }, dialect).expect("it is used");
        assert!(sql.contains("daily.channel") && !sql.contains("HLL_"), "{sql}");
    }
}

#[test]
fn a_filter_has_to_be_on_what_is_kept_or_stored() {
    let dialect = Dialect::BigQuery;
    is_answered(Asked { filter: Some("channel = 'web'"), ..MAY }, dialect, &["daily.channel = @p1"]);
    is_not(Asked { filter: Some("customer = 7"), ..MAY }, dialect, "it does not keep `orders.customer_id`");
    is_not(Asked { filter: Some("shop = 'north'"), ..MAY }, dialect, "it does not keep `orders.shop`");
    is_not(Asked { by: &["customer"], ..MAY }, dialect, "it does not keep `orders.customer_id`");
    // Of returned orders it has a sketch, which is another than that of all.
    let returned = Asked { filter: Some("is_returned"), ..MAY };
    is_answered(returned, dialect, &["HLL_COUNT.MERGE(daily.returning_about_sketch)"]);
    is_not(Asked { metrics: &["emails_about"], ..returned }, dialect, "it does not keep `orders.is_returned`");
    is_not(Asked { filter: Some("not is_returned"), ..MAY }, dialect, "it does not keep `orders.is_returned`");
    is_not(Asked { metrics: &["shops_about"], ..MAY }, dialect, "it does not store a sketch of such values");
}

#[test]
fn policies_are_conditions_and_what_is_masked_is_not_counted() {
    let dialect = Dialect::BigQuery;
    is_answered(Asked { roles: &["web"], ..MAY }, dialect, &["daily.channel = 'web'"]);
    is_not(Asked { roles: &["seller"], ..MAY }, dialect, "it does not keep `orders.shop`");
    let emails = Asked { metrics: &["emails_about"], ..MAY };
    is_answered(emails, dialect, &["HLL_COUNT.MERGE(daily.emails_about_sketch)"]);
    // Whoever sees a mask for the value does not get a number of the values, wherever it comes from.
    let refused = Asked { roles: &["web"], ..emails }.answer(&shop(dialect), dialect).expect_err("it is refused");
    assert_eq!(refused.to_string(), "UNKNOWN_METRIC: there is no metric `emails_about`");
    is_not(Asked { by: &["email"], roles: &["web"], ..MAY }, dialect, "it does not keep `orders.email`");
}

#[test]
fn values_are_of_types_of_which_the_warehouse_has_sketches() {
    let days = Asked { metrics: &["days_about"], ..MAY };
    is_not(days, Dialect::BigQuery, "BigQuery has no sketch of values of type `date`");
    is_answered(days, Dialect::Snowflake, &["HLL_IMPORT(daily.days_about_sketch)"]);
    let project = shop(Dialect::BigQuery);
    let without =
        |dialect| StoredTable::of(&project, &project.rollups[0], dialect).expect("it can be stored").without();
    let names = |dialect| without(dialect).into_iter().map(|(metric, _)| metric).collect::<Vec<_>>();
    assert_eq!(names(Dialect::BigQuery), ["days_about"]);
    assert_eq!(names(Dialect::Snowflake), [""; 0]);
    assert_eq!(names(Dialect::DuckDb), ["customers_about", "returning_about", "emails_about", "days_about"]);
}

#[test]
fn builds_and_models_of_dbt_store_them() {
    let project = shop(Dialect::BigQuery);
    let stored = |dialect| StoredTable::of(&project, &project.rollups[0], dialect).expect("it can be stored");
    let sketches = [
        (Dialect::BigQuery, "HLL_COUNT.INIT(orders.customer_id, 15) AS customers_about_sketch"),
        (Dialect::BigQuery, "HLL_COUNT.INIT(CASE WHEN orders.is_returned IS TRUE THEN orders.customer_id END, 15)"),
        (Dialect::Snowflake, "HLL_EXPORT(HLL_ACCUMULATE(orders.customer_id)) AS customers_about_sketch"),
    ];
    for (dialect, sketch) in sketches {
        let table = stored(dialect);
        let (from, until) = ("2025-05-01".parse().expect("a day"), "2025-06-01".parse().expect("a day"));
        let statements = table.make().into_iter().chain(table.store(from, until));
        let texts: Vec<String> = statements.map(|statement| print_statement(&statement, dialect)).collect();
        let n_with_it = texts.iter().filter(|text| text.contains(sketch)).count();
        assert_eq!(n_with_it, 2, "the table is made and filled with `{sketch}`: {texts:#?}");
        let files = dbt::models(&project, &[table], dialect);
        assert!(files["models/entente/daily.sql"].contains(sketch), "{}", files["models/entente/daily.sql"]);
        let properties = &files["models/entente/entente_rollups.yml"];
        assert!(properties.contains("A sketch of the different values for `customers_about`."), "{properties}");
    }
    let names = [Dialect::BigQuery, Dialect::Snowflake, Dialect::DuckDb].map(|dialect| stored(dialect).name);
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
}

#[test]
fn a_warehouse_without_sketches_is_told_of() {
    let project = Command::parcel(Scale::Hundredth);
    project.write(
        "metrics/senders.yml",
        "metrics:\n  - { name: senders_about, description: Senders., owner: web, model: shipments, agg: \
         approx_count_distinct, expr: customer_id }\nrollups:\n  - { name: senders_daily, model: shipments, metrics: \
         [senders_about], time: { dimension: booked_at, granularity: day }, table: rollups.senders_daily, refresh: { \
         lookback: 3 days } }\n",
    );
    let without = "; without `senders_about`: DuckDB has no sketch of different values";
    for action in ["status", "build", "plan"] {
        let told = project.run(["rollups", action, "senders_daily"]).worked();
        assert!(told.lines().next().is_some_and(|line| line.ends_with(without)), "{told}");
    }
    let json = project.run(["rollups", "status", "senders_daily", "--format", "json"]).worked();
    assert!(json.contains("\"metric\": \"senders_about\""), "{json}");
    let explained = project.run(["explain", "-m", "senders_about", "-b", "time.month", "-t", "2025"]).worked();
    assert!(explained.contains("senders_daily: not used; DuckDB has no sketch of different values"), "{explained}");
}

#[test]
fn what_came_later_is_put_into_sketches_and_those_together() {
    let june = Asked { by: &["channel"], time: Some("2025-06-01 to 2025-07-01"), ..MAY };
    let parts = [
        "COALESCE(HLL_COUNT.MERGE(stored_and_fresh.customers_about_value), 0)",
        "HLL_COUNT.MERGE_PARTIAL(daily.customers_about_sketch) AS customers_about_value",
        "UNION ALL",
        "HLL_COUNT.INIT(orders.customer_id, 15)",
    ];
    is_answered(june, Dialect::BigQuery, &parts);
    let parts = [
        "COALESCE(HLL_ESTIMATE(HLL_COMBINE(HLL_IMPORT(stored_and_fresh.customers_about_value))), 0)",
        "HLL_EXPORT(HLL_COMBINE(HLL_IMPORT(daily.customers_about_sketch))) AS customers_about_value",
        "UNION ALL",
        "HLL_EXPORT(HLL_ACCUMULATE(orders.customer_id))",
    ];
    is_answered(june, Dialect::Snowflake, &parts);
}
