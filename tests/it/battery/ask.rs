//! A world, its metrics and a query → what the planner's SQL answers on DuckDB.

use std::{
    cell::{OnceCell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use entente::{
    catalog::Catalog,
    diagnostics::Diagnostics,
    engine,
    files::SourceMap,
    plan::{self, Claim, ColumnRole, Context, Plan, Principal, Request},
    project::Project,
    resolve, sql,
    sql::{Dialect, Select},
    syntax,
    warehouse::{ColumnData, Rows, duckdb::DuckDb},
};

use super::{
    definitions::{self, Metric},
    oracle::{self, Answer, KeyValue, Number},
    query::Query,
    world::{ROLE, SEEN_REGION, World},
};

/// What metrics are called, with their position behind.
pub(super) const PREFIX: &str = "m";

/// The moment at which everything is asked.
pub(super) fn now() -> DateTime<Utc> {
    "2024-07-10T12:00:00Z".parse().expect("a moment")
}

/// Why an answer is not what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The definitions are not accepted.
    Definitions(String),
    /// The planner refuses.
    Refused(String),
    /// The planner panics.
    Panicked,
    /// The warehouse refuses the SQL.
    Warehouse(String),
    /// The warehouse fails inside, which says nothing of the planner.
    WarehouseBroken(String),
    /// The answer is another one.
    Differs(String),
}

impl Failure {
    /// Whether both are of one kind, so that a smaller case shows the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// A warehouse that holds one world at a time.
pub(super) struct Warehouse {
    database: DuckDb,
    /// The statements that made what it holds.
    held: RefCell<String>,
    /// The columns, which are the same in every world.
    catalog: OnceCell<Catalog>,
}

impl Warehouse {
    pub(super) fn open() -> Self {
        let database = DuckDb::in_memory().expect("an empty database opens");
        // Everything is small: threads would only wait for one another.
        database.execute_batch("SET threads = 1").expect("a setting of DuckDB");
        Self { database, held: RefCell::default(), catalog: OnceCell::new() }
    }

    /// … without DuckDB's optimizer, which takes longer than it saves on a few rows.
    pub(super) fn open_for_many() -> Self {
        let warehouse = Self::open();
        warehouse.database.execute_batch("PRAGMA disable_optimizer").expect("a setting of DuckDB");
        warehouse
    }

    /// Puts a world in place of the one before.
    pub(super) fn hold(&self, world: &World) -> Held<'_> {
        let seed = world.seed();
        if *self.held.borrow() != seed {
            self.database.execute_batch(&seed).expect("the tables can be made");
            self.held.replace(seed);
        }
        Held { warehouse: self }
    }
}

/// A warehouse with a world in it.
#[derive(Clone, Copy)]
pub(super) struct Held<'w> {
    warehouse: &'w Warehouse,
}

impl<'w> Held<'w> {
    /// Changes the world that is held.
    pub(super) fn execute(self, statements: &str) {
        self.warehouse.held.take();
        self.warehouse.database.execute_batch(statements).expect("the statements are right");
    }

    pub(super) fn database(self) -> DuckDb {
        self.warehouse.database.clone()
    }

    pub(super) fn catalog(self) -> &'w Catalog {
        let database = &self.warehouse.database;
        self.warehouse.catalog.get_or_init(|| database.catalog_blocking(None).expect("the tables can be read"))
    }

    /// Reads definitions, and the periods of their calendars.
    pub(super) fn load(self, config: &str, yaml: &str) -> Result<Project, Failure> {
        let mut project = load(config, yaml, self.catalog())?;
        let all = project.granularities.ids().collect();
        engine::refresh_periods(&mut project, &all, |select| self.rows(select))?;
        Ok(project)
    }

    pub(super) fn rows(self, select: &Select) -> Result<Rows, Failure> {
        let text = sql::print(select, Dialect::DuckDb);
        self.warehouse.database.query_blocking(&text).map_err(|error| {
            let shown = format!("{error} {}", error.detail().unwrap_or_default());
            if shown.contains("INTERNAL Error") { Failure::WarehouseBroken(shown) } else { Failure::Warehouse(shown) }
        })
    }

    /// What the warehouse answers to a planned select.
    pub(super) fn answer(self, select: &Select, plan: &Plan, query: &Query) -> Result<Answer, Failure> {
        to_answer(&self.rows(select)?, plan, query).map_err(Failure::Differs)
    }
}

fn load(config: &str, yaml: &str, catalog: &Catalog) -> Result<Project, Failure> {
    let mut files = SourceMap::new();
    let config_file = files.add("entente.yml", config);
    let metrics_file = files.add("metrics/world.yml", yaml);
    let config = syntax::load_config(&files, config_file, &|_| None).expect("the project file is right");
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::load(&files, metrics_file, &mut diagnostics);
    let resolved = resolve::resolve(&config, &definitions, Some(catalog));
    diagnostics.extend(resolved.diagnostics);
    if diagnostics.has_errors() {
        return Err(Failure::Definitions(format!("{:#?}", diagnostics.sorted())));
    }
    resolved.project.ok_or_else(|| Failure::Definitions("no project".to_owned()))
}

/// The definitions of a world and its metrics as YAML.
pub(super) fn yaml(world: &World, metrics: &[Metric]) -> String {
    format!("{}{}", world.models(), definitions::yaml(metrics, PREFIX))
}

/// Who asks, which matters where there is a policy.
pub(super) fn principal(region: &str) -> Principal {
    let claim = Claim::One(sql::Literal::String(region.to_owned()));
    Principal { claims: [("region".to_owned(), claim)].into(), roles: [ROLE.to_owned()].into(), ..Principal::default() }
}

/// What plans depend on beside the project, the request and who asks.
pub(super) fn context() -> Context {
    Context { now: now(), dialect: Dialect::DuckDb }
}

/// Plans a request; a panic of the planner is a failure like others.
pub(super) fn plan_request(project: &Project, request: &Request) -> Result<Plan, Failure> {
    let planned = catch_unwind(AssertUnwindSafe(|| plan::plan(project, request, &principal(SEEN_REGION), &context())));
    planned.map_err(|_| Failure::Panicked)?.map_err(|error| Failure::Refused(error.to_string()))
}

/// Reads and plans a query.
pub(super) fn plan_query(project: &Project, query: &Query, prefix: &str) -> Result<Plan, Failure> {
    let request = query.text(prefix).parse().map_err(|error| Failure::Refused(error.to_string()))?;
    plan_request(project, &request)
}

/// Asks the planner and compares with the oracle; how many rows, or nothing where the answer hangs on a rounding.
pub(super) fn check(
    held: Held<'_>,
    project: &Project,
    world: &World,
    metrics: &[Metric],
    query: &Query,
) -> Result<Option<usize>, Failure> {
    let plan = plan_query(project, query, PREFIX)?;
    let answer = held.answer(&plan.select, &plan, query)?;
    let Some(expected) = oracle::answer(world, metrics, query, now()) else { return Ok(None) };
    compare(&answer, &expected)?;
    Ok(Some(expected.len()))
}

/// Compares the planner's answer with what it has to be.
pub(super) fn compare(answer: &Answer, expected: &Answer) -> Result<(), Failure> {
    if same(answer, expected) {
        return Ok(());
    }
    Err(Failure::Differs(format!("answered {answer:#?}\nexpected {expected:#?}")))
}

/// Whether two answers have the same rows.
pub(super) fn same(left: &Answer, right: &Answer) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|((key, values), (other_key, other_values))| {
            key == other_key
                && values.len() == other_values.len()
                && values.iter().zip(other_values).all(|(value, other)| oracle::same(*value, *other))
        })
}

/// The rows by their keys; nothing may be there twice.
pub(super) fn to_answer(rows: &Rows, plan: &Plan, query: &Query) -> Result<Answer, String> {
    let n_keys = query.keys.len();
    let is_other = plan.columns.iter().position(|column| column.role == ColumnRole::IsOther);
    let metrics: Vec<usize> = plan
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| matches!(column.role, ColumnRole::Metric(_)))
        .map(|(position, _)| position)
        .collect();
    let mut answer = Answer::new();
    for row in 0..rows.len {
        let mut key: Vec<KeyValue> = (0..n_keys).map(|column| key_value(&rows.columns[column], row)).collect();
        if let (Some(column), Some(top)) = (is_other, query.top)
            && key_value(&rows.columns[column], row) == KeyValue::Bool(true)
        {
            if key[top.of] != KeyValue::Null {
                return Err(format!("the others have a name: {key:?}"));
            }
            key[top.of] = KeyValue::Other;
        }
        let values = metrics.iter().map(|column| number(&rows.columns[*column], row)).collect();
        if answer.insert(key.clone(), values).is_some() {
            return Err(format!("the group {key:?} is there twice"));
        }
    }
    Ok(answer)
}

fn key_value(column: &ColumnData, row: usize) -> KeyValue {
    let value = match column {
        ColumnData::Boolean(values) => values[row].map(KeyValue::Bool),
        ColumnData::Integer(values) => values[row].map(|value| KeyValue::Whole(value.try_into().expect("small"))),
        ColumnData::String(values) => values[row].clone().map(KeyValue::Text),
        ColumnData::Date(values) => values[row].map(|days| {
            let epoch = NaiveDate::default();
            KeyValue::Day(epoch.checked_add_days(Days::new(days.try_into().expect("after 1970"))).expect("a day"))
        }),
        ColumnData::DateTime(values) => values[row]
            .map(|micros| KeyValue::Clock(DateTime::from_timestamp_micros(micros).expect("a time").naive_utc())),
        ColumnData::Timestamp(values) => {
            values[row].map(|micros| KeyValue::Instant(DateTime::from_timestamp_micros(micros).expect("a time")))
        }
        ColumnData::Decimal { .. } | ColumnData::Float(_) => panic!("no key is a decimal"),
    };
    value.unwrap_or(KeyValue::Null)
}

fn number(column: &ColumnData, row: usize) -> Number {
    match column {
        ColumnData::Integer(values) => values[row].map_or(Number::Null, Number::whole),
        ColumnData::Decimal { values, scale } => {
            values[row].map_or(Number::Null, |value| Number::decimal(value, u32::from(*scale)))
        }
        ColumnData::Float(values) => values[row].map_or(Number::Null, Number::float),
        // A column that is null throughout may have any type.
        _ => Number::Null,
    }
}
