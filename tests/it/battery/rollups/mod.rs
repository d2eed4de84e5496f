//! R5: an answer from a rollup is the one from the rows.
//!
//! Each world gets rollups of its metrics, with some of the dimensions, of periods of any size, built at some moment within
//! its data. Every query is planned with and without them.

mod bugs;
mod define;

use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use entente::{
    engine::{Storing, build},
    plan::{Plan, StoredTable},
    project::{Project, Stored},
    sql::{Dialect, Select, Statement, print_statement},
    warehouse::Rows,
};

use self::{bugs::Bug, define::Defined};
use super::{
    ask::{self, Failure, Held, PREFIX, Warehouse},
    case::Case,
    oracle::Answer,
    query,
    random::Random,
    run,
};

/// How many queries a run asks, unless `ENTENTE_BATTERY` says otherwise.
const QUERIES: usize = 2_000;
/// How many queries a world with its rollups is asked.
const QUERIES_PER_WORLD: usize = 16;
/// In how many worlds a bug has to be found.
const WORLDS: u64 = 600;

impl Storing for Held<'_> {
    type Error = Failure;

    fn ask(&mut self, select: &Select) -> Result<Rows, Failure> {
        self.rows(select)
    }

    fn execute(&mut self, statements: &[Statement]) -> Result<(), Failure> {
        let texts = statements.iter().map(|statement| print_statement(statement, Dialect::DuckDb));
        let texts: Vec<String> = texts.collect();
        let done = self.database().execute_batch(&texts.join(";\n"));
        done.map_err(|error| Failure::Warehouse(format!("{error} {}", error.detail().unwrap_or_default())))
    }
}

/// A world's projects with and without rollups.
struct Both {
    rows: Project,
    rollups: Project,
}

impl Both {
    /// Defines the rollups of a case and builds them.
    fn of(held: Held<'_>, case: &Case, defined: &Defined) -> Result<Self, Failure> {
        let yaml = format!("{}{}", ask::yaml(&case.world, &case.metrics), defined.yaml);
        let rows = held.load(&case.world.config(), &yaml)?;
        let mut rollups = rows.clone();
        store(held, &mut rollups, defined)?;
        Ok(Self { rows, rollups })
    }
}

/// Builds the rollups of a project and tells it what is stored.
fn store(mut held: Held<'_>, project: &mut Project, defined: &Defined) -> Result<(), Failure> {
    let tables = project.rollups.iter().map(|rollup| StoredTable::of(project, rollup, Dialect::DuckDb));
    let tables: Vec<StoredTable<'_>> = tables.collect::<Result<_, String>>().map_err(Failure::Definitions)?;
    for name in tables.iter().flat_map(|table| [table.name.clone(), table.state().name.clone()]) {
        Storing::execute(&mut held, &[Statement::Drop { table: name }])?;
    }
    let tables = tables.iter().map(|table| Ok(build(table, defined.built_at, &mut held)?.stored));
    let tables: Vec<Option<Stored>> = tables.collect::<Result<_, Failure>>()?;
    for (rollup, stored) in project.rollups.iter_mut().zip(tables) {
        rollup.stored = stored;
    }
    Ok(())
}

/// What the rows say, and a plan that reads a rollup, if there is one.
fn from_both(held: Held<'_>, both: &Both, case: &Case) -> Result<(Answer, Option<Plan>), Failure> {
    let plan = ask::plan_query(&both.rows, &case.query, PREFIX)?;
    let expected = held.answer(&plan.select, &plan, &case.query)?;
    let stored = ask::plan_query(&both.rollups, &case.query, PREFIX)?;
    let is_used = stored.rollups.iter().any(|used| used.is_used);
    if !is_used && plan.select != stored.select {
        return Err(Failure::Differs("no rollup is used, and the plan is another".to_owned()));
    }
    Ok((expected, is_used.then_some(stored)))
}

/// Holds a case against its rollups; whether one was used.
fn check(warehouse: &Warehouse, case: &Case, mut random: Random) -> Result<bool, Failure> {
    let held = warehouse.hold(&case.world);
    let defined = define::rollups(&mut random, case);
    let both = Both::of(held, case, &defined)?;
    compare(held, &both, case).map_err(|failure| match failure {
        Failure::Differs(text) => Failure::Differs(format!("{text}\n{}built at {}", defined.yaml, defined.built_at)),
        other => other,
    })
}

fn compare(held: Held<'_>, both: &Both, case: &Case) -> Result<bool, Failure> {
    let (expected, Some(plan)) = from_both(held, both, case)? else { return Ok(false) };
    let answer = held.answer(&plan.select, &plan, &case.query)?;
    if ask::same(&answer, &expected) {
        return Ok(true);
    }
    let sql = entente::sql::print_pretty(&plan.select, Dialect::DuckDb).sql;
    Err(Failure::Differs(format!("from a rollup {answer:#?}\nfrom the rows {expected:#?}\n{sql}")))
}

/// Asks one world; how many queries were asked and answered from a rollup, and what failed.
fn of_world(warehouse: &Warehouse, seed: u64) -> (usize, usize, Vec<String>) {
    let mut made = run::make(seed);
    let (mut asked, mut used) = (0, 0);
    let query = query::make(&mut made.random, &made.metrics);
    let mut case = Case { world: made.world.clone(), metrics: made.metrics.clone(), query };
    let rollups = Random::new(seed);
    let held = warehouse.hold(&case.world);
    let both = Both::of(held, &case, &define::rollups(&mut rollups.clone(), &case));
    let both = both.unwrap_or_else(|failure| panic!("the rollups of world {seed} are not built: {failure:?}"));
    for number in 0..QUERIES_PER_WORLD {
        asked += 1;
        match compare(held, &both, &case) {
            Ok(is_used) => used += usize::from(is_used),
            Err(Failure::WarehouseBroken(_)) => {}
            Err(failure) => {
                let again = |warehouse: &Warehouse, case: &Case| check(warehouse, case, rollups.clone()).map(drop);
                return (asked, used, vec![case.report(&again, &failure, &format!("seed_{seed}_r5_{number}"))]);
            }
        }
        case.query = query::make(&mut made.random, &made.metrics);
    }
    (asked, used, Vec::new())
}

#[test]
fn answers_from_rollups_are_those_from_rows() {
    let queries = super::number("ENTENTE_BATTERY").unwrap_or(QUERIES);
    let next = AtomicU64::new(super::number("ENTENTE_BATTERY_FROM").unwrap_or(0));
    let (asked, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    let failed = || failures.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let warehouse = Warehouse::open();
                while asked.load(Ordering::Relaxed) < queries && failed().len() < 3 {
                    let (more, from_rollups, found) = of_world(&warehouse, next.fetch_add(1, Ordering::Relaxed));
                    asked.fetch_add(more, Ordering::Relaxed);
                    used.fetch_add(from_rollups, Ordering::Relaxed);
                    failed().extend(found);
                }
            });
        }
    });
    let (asked, used) = (asked.into_inner(), used.into_inner());
    eprintln!("{used} of {asked} queries were answered from a rollup");
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(used * 8 > asked, "rollups are hardly ever used: {used} of {asked}");
}

#[test]
fn bugs_of_rollups_are_found() {
    let warehouse = Warehouse::open();
    let mut hidden: Vec<Bug> = Bug::ALL.to_vec();
    let worlds = Cell::new(0);
    for seed in 0..WORLDS {
        if hidden.is_empty() {
            break;
        }
        worlds.set(seed + 1);
        bugs::retain_hidden(&warehouse, seed, &mut hidden);
    }
    eprintln!("looked for bugs of rollups in {} worlds", worlds.get());
    assert!(hidden.is_empty(), "these bugs were not found: {hidden:?}");
}
