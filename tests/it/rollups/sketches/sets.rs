//! Sets in place of sketches: they count exactly, so that what is put together wrongly is another number.
//!
//! The SQL of Snowflake runs on DuckDB, whose macros are sets by the names of Snowflake's functions.

use std::sync::Arc;

use entente::{
    plan::StoredTable,
    project::Project,
    sql::{Aggregate, AggregateFunction, Dialect, Expr, From, Leaf, Select, SqlExpr, Statement, Text, print},
    warehouse::duckdb::DuckDb,
};

use super::{Asked, COLUMNS, MAY, shop};

const SETS: &str = "\
CREATE MACRO to_date(text, format) AS CAST(text AS DATE);
CREATE MACRO dayofweekiso(day) AS isodow(day);
CREATE MACRO dateadd(unit, number, day) AS CAST(day AS DATE) + CAST(number AS INTEGER);
CREATE MACRO hll_accumulate(value) AS list(DISTINCT value) FILTER (value IS NOT NULL);
CREATE MACRO hll_combine(state) AS list_distinct(flatten(list(state) FILTER (state IS NOT NULL)));
CREATE MACRO hll_estimate(state) AS len(state);
CREATE MACRO hll_export(state) AS state;
CREATE MACRO hll_import(object) AS object;
";

/// Orders of four months: customers come again on other days, in other channels, and with returns; some values are null.
const ORDERS: &str = "\
INSERT INTO orders
SELECT i, CASE WHEN i % 13 > 0 THEN i * i % 37 END, DATE '2025-04-01' + CAST(i * 7 % 120 AS INTEGER), NULL,
       CASE WHEN i % 7 > 0 THEN ['web', 'shop', 'app'][1 + i % 3] END, 'north', NULL,
       CASE WHEN i % 11 > 0 THEN i % 5 = 0 END
FROM range(0, 300) AS numbers(i);
INSERT INTO orders SELECT 1000 + i, 100 + i % 3, NULL, NULL, 'web', 'north', NULL, true FROM range(0, 5) AS numbers(i);
";

/// A shop, and its orders in a database with the rollup.
struct World {
    project: Arc<Project>,
    database: DuckDb,
}

impl World {
    fn new() -> Self {
        let project = shop(Dialect::Snowflake);
        let database = DuckDb::in_memory().expect("a database");
        for batch in [COLUMNS, ORDERS, SETS, "CREATE SCHEMA rollups"] {
            database.execute_batch(batch).unwrap_or_else(|error| panic!("{error} {:?}", error.detail()));
        }
        let table = StoredTable::of(&project, &project.rollups[0], Dialect::Snowflake).expect("it can be stored");
        let until = project.rollups[0].stored.as_ref().expect("it is stored").until;
        let created = table.make().into_iter().find_map(|statement| match statement {
            Statement::CreateTable { table: name, select, .. } if name == table.name => Some(select),
            _ => None,
        });
        let stored = table.store("2025-04-01".parse().expect("a day"), until).into_iter();
        let stored = stored.filter_map(|statement| match statement {
            Statement::Insert { table: name, select } if name == table.name => Some(select),
            _ => None,
        });
        let text = |select: &Select| print(select, Dialect::Snowflake).sql;
        let create = format!("CREATE TABLE {} AS {}", table.name, text(&created.expect("it is made")));
        // Up to which day it is filled is told by a table that is looked at in the statement.
        let state =
            "CREATE TABLE rollups.entente_rollups AS SELECT '' AS table_name, DATE '2025-04-01' AS filled_until";
        let fill = format!("UPDATE rollups.entente_rollups SET table_name = '{}'", table.name);
        let insert = stored.map(|select| format!("INSERT INTO {} {}", table.name, text(&select)));
        for statement in [state.to_owned(), fill, create].into_iter().chain(insert) {
            database.execute_batch(&statement).unwrap_or_else(|error| panic!("{statement}: {:?}", error.detail()));
        }
        Self { project, database }
    }

    fn ask(&self, select: &Select, dialect: Dialect) -> Result<String, String> {
        let Text { sql, parameters } = print(select, dialect);
        let rows = self.database.query_blocking(&Text { sql: sql.clone(), parameters });
        let rows = rows.map_err(|error| format!("{sql}: {:?}", error.detail()))?;
        let names: Vec<String> = (0..rows.columns.len()).map(|n| n.to_string()).collect();
        Ok(rows.to_csv(&names).replace("T00:00:00", ""))
    }
}

const EXACT: [&str; 3] = ["orders_booked", "customers", "returning"];
const ABOUT: [&str; 3] = ["orders_booked", "customers_about", "returning_about"];

/// Requests that a rollup answers, with and without rows that came later.
fn requests() -> Vec<Asked<'static>> {
    let keys: [&[&str]; 6] =
        [&[], &["channel"], &["time.month"], &["time.month", "channel"], &["time.week"], &["time.day"]];
    let filters = [None, Some("channel = 'web'"), Some("channel is null or channel <> 'app'"), Some("is_returned")];
    let times = ["2025-05-01 to 2025-06-01", "2025-05-10 to 2025-07-01", "2025-06-05 to 2025-06-20"];
    let mut requests = Vec::new();
    for (by, total) in keys.into_iter().flat_map(|by| [(by, false), (by, true)]) {
        for filter in filters {
            requests.extend(times.map(|time| Asked { by, filter, time: Some(time), total, ..MAY }));
        }
    }
    requests
}

/// Returns the select that is answered from the rollup, and the exact answer from the rows.
fn both(world: &World, asked: Asked<'static>) -> (Select, String) {
    let plan = Asked { metrics: &ABOUT, ..asked }.plan(&world.project, Dialect::Snowflake);
    let sql = print(&plan.select, Dialect::Snowflake).sql;
    assert!(plan.rollups.iter().all(|used| used.is_used) && sql.contains("HLL_"), "{:?}\n{sql}", plan.rollups);
    // The row over all groups is asked for apart where a part is stored and a part is not.
    let exact = Asked { metrics: &EXACT, total: plan.has_total(), ..asked }.plan(&world.project, Dialect::DuckDb);
    assert!(plan.rollups.len() == 1 && exact.rollups.iter().all(|used| !used.is_used));
    (plan.select, world.ask(&exact.select, Dialect::DuckDb).expect("it is asked"))
}

#[test]
fn sets_in_place_of_sketches_count_what_the_rows_do() {
    let world = World::new();
    for asked in requests() {
        let (select, exact) = both(&world, asked);
        let answer = world.ask(&select, Dialect::Snowflake).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer, exact, "{:?} {:?} {:?}", asked.by, asked.filter, asked.time);
    }
}

/// A mistake of whoever puts sketches together.
#[derive(Clone, Copy, Debug)]
enum Bug {
    /// One of the sketches stands for all.
    OneForAll,
    /// What came later is forgotten.
    FreshForgotten,
    /// What is stored is forgotten.
    StoredForgotten,
    /// A sketch of all stands for one of some.
    ConditionForgotten,
    /// The conditions on stored rows are forgotten.
    FilterForgotten,
    /// The sketch of another metric is read.
    AnotherSketch,
    /// A group without values has no number.
    NoNumber,
}

impl Bug {
    const ALL: [Self; 7] = [
        Self::OneForAll,
        Self::FreshForgotten,
        Self::StoredForgotten,
        Self::ConditionForgotten,
        Self::FilterForgotten,
        Self::AnotherSketch,
        Self::NoNumber,
    ];

    fn plant(self, select: &mut Select) {
        for cte in &mut select.with {
            self.plant(&mut cte.select);
        }
        if let Some(From::Select { select, .. }) = &mut select.from {
            self.plant(select);
        }
        let is_rollup = matches!(&select.from, Some(From::Table { name, .. }) if name.starts_with("rollups."));
        match self {
            Self::FreshForgotten if is_rollup => select.union_all.clear(),
            Self::StoredForgotten if is_rollup && !select.union_all.is_empty() => {
                let further = select.union_all.split_off(0);
                let mut further = further.into_iter();
                *select = further.next().expect("there is one");
                select.union_all = further.collect();
            }
            Self::FilterForgotten if is_rollup => select.filter = None,
            _ => {}
        }
        for further in &mut select.union_all {
            self.plant(further);
        }
        for item in &mut select.items {
            let expr = std::mem::replace(&mut item.expr, Expr::null());
            item.expr = expr.rebuild(&mut |part| self.in_part(part));
        }
    }

    fn in_part(self, part: SqlExpr) -> SqlExpr {
        let no_number = matches!(self, Self::NoNumber);
        match part {
            Expr::Leaf(Leaf::Aggregate(aggregate)) => {
                Expr::Leaf(Leaf::Aggregate(Box::new(self.in_aggregate(*aggregate))))
            }
            Expr::Call { args, .. } if no_number && args.iter().any(|arg| print_of(arg).contains("HLL_ESTIMATE")) => {
                args.into_iter().next().expect("there is one")
            }
            part => part,
        }
    }

    fn in_aggregate(self, aggregate: Aggregate) -> Aggregate {
        let Aggregate { function, arg } = aggregate;
        let is_sketch = matches!(function, AggregateFunction::Sketch);
        let is_merged = matches!(function, AggregateFunction::MergedSketch | AggregateFunction::SketchEstimate);
        match (self, arg) {
            (Self::OneForAll, arg) if function == AggregateFunction::MergedSketch => {
                Aggregate { function: AggregateFunction::AnyValue, arg }
            }
            (Self::ConditionForgotten, Some(Expr::Case { branches, .. })) if is_sketch || is_merged => {
                Aggregate { function, arg: branches.into_iter().next().map(|(_, then)| then) }
            }
            (Self::AnotherSketch, Some(arg)) if is_merged => {
                let other = arg.map(&mut |leaf| match leaf {
                    Leaf::Column(column) if column.name == "returning_about_sketch" => {
                        Expr::Leaf(Leaf::Column(entente::sql::Column {
                            name: "customers_about_sketch".to_owned(),
                            ..column.clone()
                        }))
                    }
                    leaf => Expr::Leaf(leaf.clone()),
                });
                Aggregate { function, arg: Some(other) }
            }
            (_, arg) => Aggregate { function, arg },
        }
    }
}

fn print_of(expr: &SqlExpr) -> String {
    entente::sql::print_expression(expr, Dialect::Snowflake)
}

#[test]
fn mistakes_in_putting_them_together_are_found() {
    let world = World::new();
    let asked: Vec<(Select, String)> = requests().into_iter().map(|asked| both(&world, asked)).collect();
    for bug in Bug::ALL {
        let is_noticed = asked.iter().any(|(select, exact)| {
            let mut wrong = select.clone();
            bug.plant(&mut wrong);
            wrong != *select && world.ask(&wrong, Dialect::Snowflake).is_ok_and(|answer| answer != *exact)
        });
        assert!(is_noticed, "nothing notices {bug:?}");
    }
}
