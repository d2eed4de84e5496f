//! Bounds on partitions lose no row, are proved, and are tight; a bound that is weakened proves nothing.
//!
//! Each world's parcels are put into partitions of a random kind, size and zone, mostly the first or the last ones that a
//! random promise allows. Every query is planned with and without them.

mod month;
mod needed;
mod numbers;
mod scans;
mod weaken;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use entente::{
    project::Project,
    sql::{BinaryOp, Dialect, PartitionRule, Proof, Select, print_pretty, prove_pruning},
};

use self::{scans::Scan, weaken::Weakening};
use super::{
    ask::{self, Failure, Held, PREFIX, Warehouse},
    case::Case,
    query::{self, Query},
    random::Random,
    run,
    world::{Column, Partitions, Promised},
};

/// How many queries a run asks, unless `ENTENTE_BATTERY` says otherwise.
const QUERIES: usize = 2_000;
/// How many queries a world is asked.
const QUERIES_PER_WORLD: usize = 16;

/// What a run came to.
#[derive(Default)]
struct Seen {
    queries: usize,
    /// Scans of the table, and how many of them are held between two partitions.
    scans: usize,
    bounded: usize,
    /// How often each weakening was tried.
    weakened: BTreeMap<Weakening, usize>,
}

/// A world's projects with and without partitions.
struct Both {
    partitions: Partitions,
    pruned: Project,
    whole: Project,
}

impl Both {
    /// Reads the definitions of a case; nothing if its table is not cut any more.
    fn of(held: Held<'_>, case: &Case) -> Result<Option<Self>, Failure> {
        let Some(partitions) = case.world.partitions else { return Ok(None) };
        let pruned = held.load(&case.world.config(), &ask::yaml(&case.world, &case.metrics))?;
        let mut whole = pruned.clone();
        for id in pruned.tables.ids() {
            whole.tables[id].partition = None;
        }
        Ok(Some(Self { partitions, pruned, whole }))
    }

    /// Holds a query against the partitions.
    fn check(&self, held: Held<'_>, query: &Query, seen: &mut Seen) -> Result<(), Failure> {
        let plan = ask::plan_query(&self.pruned, query, PREFIX)?;
        let whole = ask::plan_query(&self.whole, query, PREFIX)?;
        if plan.select != whole.select {
            let pruned = held.answer(&plan.select, &plan, query)?;
            let expected = held.answer(&whole.select, &whole, query)?;
            if !ask::same(&pruned, &expected) {
                return Err(Failure::Differs(format!("pruned {pruned:#?}\nwhole {expected:#?}")));
            }
        }
        let partitions = &self.partitions;
        let proofs = prove(&plan.select, partitions);
        let found = scans::scans(&plan.select, partitions.column.name(), promised(partitions));
        if proofs.len() != found.len() {
            return Err(Failure::Differs(format!("{} scans, of which {} are seen", found.len(), proofs.len())));
        }
        let is_between = |proof: &&Proof| proof.bound.from.is_some() && proof.bound.to.is_some();
        seen.queries += 1;
        seen.scans += found.len();
        seen.bounded += proofs.iter().filter(is_between).count();
        is_tight(partitions, &found).and_then(|()| is_caught(&plan.select, partitions, &proofs, seen))
    }
}

/// The time by which partitions are found.
fn promised(partitions: &Partitions) -> &'static str {
    match partitions.column {
        Column::Axis => Promised::Booked.name(),
        Column::Day | Column::Clock | Column::Instant => partitions.of.name(),
    }
}

fn prove(select: &Select, partitions: &Partitions) -> Vec<Proof> {
    let (table, column) = (scans::TABLE.to_owned(), partitions.column.name().to_owned());
    prove_pruning(select, &[PartitionRule { table, column, required: false }])
}

/// Whether every scan within a span of the promised time reads the partitions of that span, and hardly more.
fn is_tight(partitions: &Partitions, scans: &[Scan]) -> Result<(), Failure> {
    if partitions.column == Column::Axis {
        return Ok(());
    }
    let mistake = scans.iter().find_map(|scan| needed::mistake(partitions, &scan.time, &scan.partition));
    mistake.map_or(Ok(()), |text| Err(Failure::Differs(text)))
}

/// How many sides of bounds are proved.
fn sides(proofs: &[Proof]) -> usize {
    let sides = proofs.iter().map(|proof| [proof.bound.from.is_some(), proof.bound.to.is_some()]);
    sides.flatten().filter(|has| *has).count()
}

/// Whether the prover misses the bound that each weakening takes away.
fn is_caught(select: &Select, partitions: &Partitions, proofs: &[Proof], seen: &mut Seen) -> Result<(), Failure> {
    for weakening in Weakening::ALL {
        for side in [BinaryOp::GtEq, BinaryOp::Lt] {
            let Some(weak) = weakening.weaken(select, partitions.column.name(), side) else { continue };
            *seen.weakened.entry(weakening).or_default() += 1;
            if sides(&prove(&weak, partitions)) >= sides(proofs) {
                let sql = print_pretty(&weak, Dialect::DuckDb).sql;
                return Err(Failure::Differs(format!("{weakening:?} of {side:?} is taken for a bound:\n{sql}")));
            }
        }
    }
    Ok(())
}

/// Asks one world.
fn of_world(warehouse: &Warehouse, seed: u64, seen: &mut Seen) -> Option<String> {
    let mut made = run::make(seed);
    let mut own = Random::new(seed);
    let partitions = Partitions::any(&mut own);
    let world = made.world.clone().partitioned(&mut own, partitions);
    let held = warehouse.hold(&world);
    let query = query::make(&mut made.random, &made.metrics);
    let case = Case { world, metrics: made.metrics.clone(), query };
    let both = Both::of(held, &case).unwrap_or_else(|failure| panic!("world {seed} is not read: {failure:?}"))?;
    for number in 0..QUERIES_PER_WORLD {
        let query = query::make(&mut made.random, &made.metrics);
        let checked = both.check(held, &query, seen);
        let case = Case { query, ..case.clone() };
        match checked {
            Ok(()) | Err(Failure::WarehouseBroken(_)) => {}
            Err(failure) => {
                let again = |warehouse: &Warehouse, case: &Case| {
                    let held = warehouse.hold(&case.world);
                    let both = Both::of(held, case)?;
                    both.map_or(Ok(()), |both| both.check(held, &case.query, &mut Seen::default()))
                };
                return Some(case.report(&again, &failure, &format!("seed_{seed}_pruning_{number}")));
            }
        }
    }
    None
}

#[test]
fn partitions_change_nothing_and_bounds_are_tight() {
    let queries = super::number("ENTENTE_BATTERY").unwrap_or(QUERIES);
    let next = AtomicU64::new(super::number("ENTENTE_BATTERY_FROM").unwrap_or(0));
    let asked = AtomicUsize::new(0);
    let total = Mutex::new((Seen::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let warehouse = Warehouse::open();
                while asked.fetch_add(QUERIES_PER_WORLD, Ordering::Relaxed) < queries {
                    let mut seen = Seen::default();
                    let failure = of_world(&warehouse, next.fetch_add(1, Ordering::Relaxed), &mut seen);
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.0.add(seen);
                    total.1.extend(failure);
                    if total.1.len() >= 3 {
                        break;
                    }
                }
            });
        }
    });
    let (seen, failures) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    eprintln!(
        "{} queries, {} scans, {} of them between two partitions; weakened: {:?}",
        seen.queries, seen.scans, seen.bounded, seen.weakened
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(seen.bounded * 5 > seen.scans, "hardly any scan is bounded: {} of {}", seen.bounded, seen.scans);
    let missing = Weakening::ALL.into_iter().filter(|weakening| !seen.weakened.contains_key(weakening));
    let missing: Vec<Weakening> = missing.collect();
    assert!(missing.is_empty(), "these were never tried: {missing:?}");
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.queries += other.queries;
        self.scans += other.scans;
        self.bounded += other.bounded;
        for (weakening, count) in other.weakened {
            *self.weakened.entry(weakening).or_default() += count;
        }
    }
}
