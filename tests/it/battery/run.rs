//! Many random cases, on all cores: what was asked, and what failed.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use entente::project::Project;

use super::{
    ask::{self, Failure, Held, Warehouse},
    case::Case,
    definitions::{self, Metric},
    query,
    random::Random,
    relations::{self, Relation},
    world::{self, World},
};

/// How many queries one world is asked.
pub(super) const QUERIES_PER_WORLD: usize = 16;
/// … in a long run, in which most time would go into making worlds otherwise.
const QUERIES_PER_WORLD_OF_MANY: usize = 64;
/// How many queries make a run long.
const MANY: usize = 100_000;
/// Of how many of them one relation each is tried.
const RELATIONS_PER_WORLD: usize = 4;
/// Failures after which a run ends.
const ENOUGH: usize = 5;
/// Queries between two lines of progress.
const STEP: usize = 2_000;

/// A world with its metrics, made from a seed.
pub(super) struct Made {
    pub(super) world: World,
    pub(super) metrics: Vec<Metric>,
    pub(super) random: Random,
}

pub(super) fn make(seed: u64) -> Made {
    let mut random = Random::new(seed);
    let world = world::make(&mut random);
    let metrics = definitions::make(&mut random);
    Made { world, metrics, random }
}

impl Made {
    pub(super) fn load(&self, held: Held<'_>) -> Project {
        let yaml = ask::yaml(&self.world, &self.metrics);
        held.load(&self.world.config(), &yaml).unwrap_or_else(|failure| panic!("{failure:?}\n{yaml}"))
    }
}

/// What a run came to.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) asked: usize,
    /// Rows of all answers.
    pub(super) rows: usize,
    /// Answers that hang on the rounding of a float, which are not compared.
    pub(super) unsure: usize,
    /// Failures inside the warehouse, which say nothing of the planner.
    pub(super) broken: usize,
    /// How often each relation was tried.
    pub(super) relations: BTreeMap<Relation, usize>,
    pub(super) failures: Vec<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.rows += other.rows;
        self.unsure += other.unsure;
        self.broken += other.broken;
        for (relation, count) in other.relations {
            *self.relations.entry(relation).or_default() += count;
        }
        self.failures.extend(other.failures);
    }

    /// The counts, one a line.
    pub(super) fn show(&self) -> String {
        let mut text = format!(
            "{} queries, {} rows; {} hang on a rounding, {} failed inside DuckDB\n",
            self.asked, self.rows, self.unsure, self.broken
        );
        for (relation, count) in &self.relations {
            text.push_str(&format!("{count:>8} × {}\n", relation.text()));
        }
        text
    }
}

/// Asks so many queries, from the world of a seed on.
pub(super) fn run(queries: usize, from: u64) -> Outcome {
    let next = AtomicU64::new(from);
    let asked = AtomicUsize::new(0);
    let is_enough = AtomicBool::new(false);
    let total = Mutex::new(Outcome::default());
    let began = Instant::now();
    let is_long = queries >= MANY;
    let per_world = if is_long { QUERIES_PER_WORLD_OF_MANY } else { QUERIES_PER_WORLD };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let warehouse = if is_long { Warehouse::open_for_many() } else { Warehouse::open() };
                while asked.load(Ordering::Relaxed) < queries && !is_enough.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let outcome = of_world(&warehouse, seed, per_world);
                    let before = asked.fetch_add(outcome.asked, Ordering::Relaxed);
                    let after = before + outcome.asked;
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.add(outcome);
                    is_enough.fetch_or(total.failures.len() >= ENOUGH, Ordering::Relaxed);
                    if before / STEP != after / STEP {
                        let seconds = began.elapsed().as_secs();
                        eprintln!("{after} queries after {seconds} s; to go on, ENTENTE_BATTERY_FROM={}", seed + 1);
                    }
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Asks one world so many queries.
fn of_world(warehouse: &Warehouse, seed: u64, queries: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut made = make(seed);
    let held = warehouse.hold(&made.world);
    let project = made.load(held);
    let mut cases = Vec::new();
    for number in 0..queries {
        let query = query::make(&mut made.random, &made.metrics);
        let case = Case { world: made.world.clone(), metrics: made.metrics.clone(), query };
        let checked = ask::check(held, &project, &case.world, &case.metrics, &case.query);
        outcome.asked += 1;
        match checked {
            Ok(Some(rows)) => outcome.rows += rows,
            Ok(None) => outcome.unsure += 1,
            Err(Failure::WarehouseBroken(_)) => outcome.broken += 1,
            Err(failure) => {
                let name = format!("seed_{seed}_{number}");
                outcome.failures.push(case.report(&Case::check, &failure, &name));
                return outcome;
            }
        }
        cases.push(case);
    }
    for number in 0..RELATIONS_PER_WORLD {
        let case = made.random.pick(&cases).clone();
        let tried = relations::any(&mut made.random, &case);
        let Some((relation, case, random)) = tried else { continue };
        let check = |warehouse: &Warehouse, case: &Case| relations::check(warehouse, case, relation, random.clone());
        match check(warehouse, &case) {
            Ok(()) => *outcome.relations.entry(relation).or_default() += 1,
            Err(Failure::WarehouseBroken(_)) => outcome.broken += 1,
            Err(failure) => {
                let name = format!("seed_{seed}_{}_{number}", relation.name());
                outcome.failures.push(case.report(&check, &failure, &name));
                return outcome;
            }
        }
    }
    outcome
}
