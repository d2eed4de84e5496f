//! Bugs that planners have, planted into finished SELECTs, and which of them nobody notices.

mod asked;
mod expr;
mod joined;
mod list;
mod plant;
mod shape;
mod timed;

pub(super) use list::Bug;
pub(super) use plant::conditions;

use super::{
    ask::{self, Failure, PREFIX, Warehouse, now},
    oracle, query,
    run::{self, QUERIES_PER_WORLD},
};

/// In how many worlds a bug has to be found: twice as many as a run asks.
const WORLDS: u64 = 2_500;

/// The bugs that no query of a run finds.
pub(super) fn hidden() -> Vec<Bug> {
    let mut hidden: Vec<Bug> = Bug::ALL.to_vec();
    let warehouse = Warehouse::open();
    for seed in 0..WORLDS {
        if hidden.is_empty() {
            break;
        }
        let mut made = run::make(seed);
        let held = warehouse.hold(&made.world);
        let project = made.load(held);
        for _ in 0..QUERIES_PER_WORLD {
            let query = query::make(&mut made.random, &made.metrics);
            let Ok(plan) = ask::plan_query(&project, &query, PREFIX) else { continue };
            let Some(expected) = oracle::answer(&made.world, &made.metrics, &query, now()) else { continue };
            hidden.retain(|bug| match bug.plant(&plan.select) {
                Some(wrong) => match held.answer(&wrong, &plan, &query) {
                    Ok(answer) => ask::same(&answer, &expected),
                    // SQL that the warehouse refuses shows nothing of the battery.
                    Err(failure) => !matches!(failure, Failure::Differs(_)),
                },
                None => true,
            });
        }
    }
    hidden
}
